"""Networks of a project: the one that every service has by default is the stack's own, the others are declared."""

from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.compose.canonical import exported
from ailtire_operator.compose.canonical.entry import Entry
from ailtire_operator.compose.canonical.labels import metadata
from ailtire_operator.compose.networks import host_names
from ailtire_operator.model.stack import Network

DEFAULT: Final = "default"
_BUILT_IN: Final = naming.OWN_NETWORKS | {naming.PARENT_NETWORK}
_PLAIN_DRIVERS: Final = frozenset({"bridge", "overlay", "default", "nat", "local"})
_ALIAS_LIMIT: Final = 32


class ProjectNetworks:
    """The networks of a project, by the keys that they get in the spec."""

    def __init__(self, top: Entry, project: str) -> None:
        self.declared: dict[str, dict[str, Any]] = {}
        self._keys: dict[str, str] = {}
        for key, entry in top.each("networks"):
            self._declare(key, entry, project)

    def _declare(self, key: str, entry: Entry, project: str) -> None:
        if exported.is_own_network(key, entry.data):
            self._keys[key] = key
            if own := exported.own_network(entry):
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
        labels = metadata(entry.take("labels") or {}, entry, "labels")
        entry.put(Network, fields, "labels", labels, "labels")
        if key == DEFAULT and not fields.keys() & {"external", "internal"}:
            self._own(entry, fields)
        else:
            self._keys[key] = spec_key = f"{key}-network" if key in _BUILT_IN else key
            self.declared[spec_key] = fields

    def _own(self, entry: Entry, fields: dict[str, Any]) -> None:
        """The network that every service has by default: what is said of it here beside its being there is lost."""
        self._keys[DEFAULT] = DEFAULT
        for field in fields:
            if field != "driver" or fields[field] not in _PLAIN_DRIVERS:
                message = "the stack's own network is there by itself, and has nothing of this kind."
                entry.report.ignored(entry.where(field), message)

    def membership(self, service: Entry, further: list[str]) -> dict[str, Any]:
        """The networks of a service; ``further`` are names that it has in each of them."""
        result: dict[str, Any] = {}
        for key, entry in service.each("networks"):
            names = host_names(entry.texts("aliases"), entry.where("aliases"), service.report)
            listed = list(dict.fromkeys([*names, *further]))[:_ALIAS_LIMIT]
            result[self._keys.get(key, key)] = {"aliases": listed} if listed else {}
        if not result and further:
            result = {DEFAULT: {"aliases": further[:_ALIAS_LIMIT]}}
        return {} if result == {DEFAULT: {}} else result
