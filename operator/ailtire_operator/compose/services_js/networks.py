"""Translates networks of services.js: the stack's own under its names, the parent's, and declared ones."""

from collections.abc import Mapping
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.compose.host_names import host_names
from ailtire_operator.compose.reporting import Report, described
from ailtire_operator.model.field_path import FieldPath, path_of
from ailtire_operator.plan.network.membership import OWN

_BUILT_IN: Final = naming.OWN_NETWORKS | {naming.PARENT_NETWORK}
_KEYS: Final = ("driver", "attachable", "external", "name", "internal")
_ATTACHABLE: Final = "kept for Swarm: only stacks of the same tree share a network here."
_KEY_LIMIT: Final = 63
_NAME_LIMIT: Final = 253
_ALIAS_LIMIT: Final = 32
_COUNT_LIMIT: Final = 32


class Networks:
    """The networks that one stack declares, and those that its ancestors share by name."""

    def __init__(self, value: Any, above: Mapping[str, str], path: FieldPath, report: Report) -> None:
        self._path = path_of(path, "networks")
        self._above = above
        self._report = report
        self.declared: dict[str, dict[str, Any]] = {}
        for key, entry in report.mapping(value, self._path).items():
            self._declare(key, entry)

    @property
    def named(self) -> dict[str, str]:
        """Networks that the stack's children may share: name by key."""
        own = {key: str(network["name"]) for key, network in self.declared.items() if "name" in network}
        return {**self._above, **own}

    def membership(self, value: Any, path: FieldPath) -> dict[str, dict[str, Any]]:
        """The networks of a service; always with its stack's own, as in upstream's generator."""
        own: list[str] = []
        others: dict[str, dict[str, Any]] = {}
        listed = (
            {each: {} for each in value if isinstance(each, str)}
            if isinstance(value, list)
            else self._report.mapping(value, path)
        )
        for key, entry in listed.items():
            where = path_of(path, key)
            aliases = self._aliases(self._report.mapping(entry, where), where)
            if key in naming.OWN_NETWORKS:
                own += aliases
            elif key == naming.PARENT_NETWORK or self._known(key, where):
                others[key] = {"aliases": aliases} if aliases else {}
        if not own and not others:
            return {}
        return {OWN: {"aliases": list(dict.fromkeys(own))[:_ALIAS_LIMIT]} if own else {}, **others}

    def _declare(self, key: str, entry: Any) -> None:
        path = path_of(self._path, key)
        if key in _BUILT_IN:
            said = self._report.mapping(entry, path)
            message = "this network is built in"
            if said:
                self._report.ignored(path, f"{message}; its settings here have no effect.")
            else:
                self._report.resolved(path, f"{message}.")
            return
        fields = self._report.mapping(entry, path)
        self._report.unknown(fields, _KEYS, path)
        external = fields.get("external")
        name = fields.get("name") or (external.get("name") if isinstance(external, dict) else None)
        result: dict[str, Any] = {}
        if isinstance(name, str) and len(name) <= _NAME_LIMIT:
            result["name"] = name
        elif name is not None:
            self._report.rejected(
                path_of(path, "name"), f"{described(name)} is not a name; the network belongs to this stack alone."
            )
        if external:
            result["external"] = True
        if fields.get("internal") is True:
            result["internal"] = True
        if isinstance(driver := fields.get("driver"), str) and len(driver) <= _KEY_LIMIT:
            result["driver"] = driver
        if isinstance(attachable := fields.get("attachable"), bool):
            result["attachable"] = attachable
            self._report.approximate(path_of(path, "attachable"), _ATTACHABLE)
        if not 1 <= len(key) <= _KEY_LIMIT or len(self.declared) >= _COUNT_LIMIT:
            self._report.rejected(
                path,
                f"left out: a stack has at most {_COUNT_LIMIT} networks, keys at most {_KEY_LIMIT} characters.",
            )
            return
        self.declared[key] = result

    def _known(self, key: str, path: FieldPath) -> bool:
        """Whether the network is declared; one that a stack above shares is declared now."""
        if key in self.declared:
            return True
        name = self._above.get(key)
        if name is None:
            self._report.rejected(
                path,
                f"no stack above declares a network '{key}'; it is left out.",
                f"Declare it: {self._path}.{key}.",
            )
            return False
        self.declared[key] = {"external": True, "name": name}
        self._report.resolved(path, f"declared as {self._path}.{key}: a stack above shares '{name}'.")
        return True

    def _aliases(self, fields: Mapping[str, Any], path: FieldPath) -> list[str]:
        self._report.unknown(fields, ("aliases",), path)
        aliases = fields.get("aliases") or []
        listed = aliases if isinstance(aliases, list) else [aliases]
        return host_names(listed, path_of(path, "aliases"), self._report)[:_ALIAS_LIMIT]
