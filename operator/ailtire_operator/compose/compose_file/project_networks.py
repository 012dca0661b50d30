"""Translates networks of a project: the default one is the stack's own, the others are declared."""

from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.compose.compose_file import reimport
from ailtire_operator.compose.compose_file.entry import Entry
from ailtire_operator.compose.compose_file.labels import metadata
from ailtire_operator.compose.compose_file.ports import is_everywhere
from ailtire_operator.compose.host_names import host_names
from ailtire_operator.model.field_path import FieldPath
from ailtire_operator.model.network import Network

DEFAULT: Final = "default"
_BUILT_IN: Final = naming.OWN_NETWORKS | {naming.PARENT_NETWORK}
_PLAIN_DRIVERS: Final = frozenset({"bridge", "overlay", "default", "nat", "local"})
_ALIAS_LIMIT: Final = 32
_NONE: Final = "none"
_BRIDGES: Final = frozenset({"bridge", "default", "nat"})
"""Docker's global bridge network, which is separate from all networks of projects."""
_BRIDGE: Final = "com.docker.network.bridge."
_FALSE: Final = frozenset({"false", "0", "f"})


class ProjectNetworks:
    """The networks of a project, by their keys in the spec."""

    def __init__(self, top: Entry, project: str) -> None:
        self.declared: dict[str, dict[str, Any]] = {}
        self._keys: dict[str, str] = {}
        self._none: set[str] = set()
        """Keys of Docker's network none, whose members have no other network."""
        self._apart: dict[str, FieldPath] = {}
        """The option that isolates a network's members from each other, by its key."""
        self._bindings: dict[str, str] = {}
        """The default address for published ports of a network's members, by its key."""
        for key, entry in top.each("networks"):
            self._declare(key, entry, project)

    def _declare(self, key: str, entry: Entry, project: str) -> None:
        if reimport.is_own_network(key, entry.data):
            self._keys[key] = key
            if own := reimport.own_network(entry):
                self.declared[key] = own
            return
        name, driver = entry.take("name"), entry.take("driver")
        fields: dict[str, Any] = {}
        if name and name != f"{project}_{key}":
            fields["name"] = name
            if not entry.data.get("external"):
                entry.note("name")
        if driver:
            fields["driver"] = driver
        for field in ("external", "internal", "attachable"):
            if (value := entry.take(field)) is True or (field == "attachable" and value is not None):
                fields[field] = value
        if "attachable" in fields:
            entry.note("attachable")
        if (name or key) == _NONE and fields.get("external"):
            self._none.add(key)
        if self._options(key, entry):
            fields["internal"] = True
        labels = metadata(entry.take("labels") or {}, entry, "labels")
        entry.put(Network, fields, "labels", labels, "labels")
        if key == DEFAULT and not fields.keys() & {"external", "internal"}:
            self._own(entry, fields)
        else:
            self._keys[key] = spec_key = f"{key}-network" if key in _BUILT_IN else key
            self.declared[spec_key] = fields

    def _options(self, key: str, entry: Entry) -> bool:
        """Read the driver's options that restrict access; return whether the network is internal."""
        internal = False
        for option, value in (entry.take("driver_opts") or {}).items():
            text, path = str(value).lower(), entry.where("driver_opts", option)
            name = option.removeprefix(_BRIDGE)
            if name == "enable_icc" and text in _FALSE:
                self._apart[key] = path
            elif (
                (name == "enable_ip_masquerade" and text in _FALSE) or text == "isolated" or name.startswith("inhibit")
            ):
                internal = True
                entry.report.approximate(path, "the network is internal: its members reach only each other and DNS.")
            elif name.startswith("host_binding") and not is_everywhere(value):
                self._bindings[key] = str(value)
                entry.report.resolved(path, f"ports that services of the network publish are only for {value}.")
            elif name == "encrypted" and text not in _FALSE:
                message = "the cluster's administrator decides whether traffic between nodes is encrypted."
                entry.report.rejected(path, message, "Use a network plugin with encryption, or TLS between services.")
            else:
                entry.note("driver_opts", option)
        return internal

    def binding(self, service: Entry) -> str | None:
        """The default address for a service's published ports; None for all addresses."""
        joined = service.data.get("networks") or {DEFAULT: None}
        return next((self._bindings[key] for key in joined if key in self._bindings), None)

    def _own(self, entry: Entry, fields: dict[str, Any]) -> None:
        """The default network, whose settings are mostly lost."""
        self._keys[DEFAULT] = DEFAULT
        for field in fields:
            if field != "driver" or fields[field] not in _PLAIN_DRIVERS:
                message = "the stack's own network is built in and does not support it."
                entry.report.ignored(entry.where(field), message)

    def membership(self, service: Entry, further: list[str]) -> dict[str, Any]:
        """The networks of a service; ``further`` are its additional names in each of them."""
        if mode := str(service.take("network_mode") or ""):
            return self._by_mode(mode, service, further)
        result: dict[str, Any] = {}
        for key, entry in service.each("networks"):
            if key in self._none:
                self._without_network(service, "networks", key)
            if key in self._apart:
                service.close_service(
                    "members of this network must not reach each other, and here they do", "networks", key
                )
            names = host_names(entry.texts("aliases"), entry.where("aliases"), service.report)
            listed = list(dict.fromkeys([*names, *further]))[:_ALIAS_LIMIT]
            result[self._keys.get(key, key)] = {"aliases": listed} if listed else {}
        if not result and further:
            result = {DEFAULT: {"aliases": further[:_ALIAS_LIMIT]}}
        return {} if result == {DEFAULT: {}} else result

    def _by_mode(self, mode: str, service: Entry, further: list[str]) -> dict[str, Any]:
        """The networks of a service with network_mode, which has none of the project's."""
        names = {"aliases": further[:_ALIAS_LIMIT]} if further else {}
        if mode in _BRIDGES:
            return {self._separate("bridge"): names}
        if mode == _NONE:
            self._without_network(service, "network_mode")
            return {self._separate(f"only-{service.location[-1]}", internal=True): names}
        if mode == "host":
            service.note("network_mode")
            return {DEFAULT: names} if names else {}
        other = mode.partition(":")[2]
        why = f"it has no network but that of {other or mode}, and here it would reach, and be reached, past it"
        service.close_service(why, "network_mode", remedy="Use networks of the project.")
        return {DEFAULT: names} if names else {}

    @staticmethod
    def _without_network(service: Entry, *keys: str) -> None:
        why = "it has no network at all, and here every service reaches at least DNS"
        service.close_service(why, *keys, remedy="Give it a separate internal network.")

    def _separate(self, name: str, **fields: Any) -> str:
        """The key of an additional network."""
        key = naming.shorten(name, 63)
        key = key if key not in self._keys.values() else naming.shorten(f"{name}-{naming.digest(name)}", 63)
        self.declared.setdefault(key, fields)
        return key
