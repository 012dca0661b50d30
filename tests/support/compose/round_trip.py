"""A stack to Swarm and back: export, the files on disk, import; and where the two stacks differ."""

import copy
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ailtire_operator.compose.compose_file.project import ComposeOptions
from ailtire_operator.compose.exporting import Exported, export_tree
from ailtire_operator.compose.importing import Imported, import_compose
from ailtire_operator.model.loading import parse_spec
from ailtire_operator.model.values import amount, seconds
from ailtire_operator.plan.values import canonical
from support.compose.exporting import write

Json = dict[str, Any]
Path_ = tuple[str, ...]
NAME = "shop"
_DURATIONS = frozenset(
    {"stopGracePeriod", "interval", "timeout", "startPeriod", "startInterval", "delay", "monitor", "window"}
)
_QUANTITIES = frozenset({"size", "sizeLimit", "shmSize", "cpu", "memory"})
_FILES = {"configs": "/", "secrets": "/run/secrets/"}


@dataclass(frozen=True)
class RoundTrip:
    """Both stacks, as their authors could have written them, without what is the default anyway."""

    before: Json
    after: Json
    exported: Exported
    imported: Imported

    @property
    def told(self) -> list[str]:
        """The places of which the export says something."""
        return [notice.path for notice in self.exported.notices]


def there_and_back(spec: Json) -> RoundTrip:
    """Raises InvalidStack where the spec cannot be had."""
    exported = export_tree(NAME, parse_spec(spec), {})
    imported = reimported(exported)
    before, after = said(spec), said(imported.resources[-1]["spec"])
    return RoundTrip(before, aligned(before, after), exported, imported)


def reimported(exported: Exported, stack: str = NAME) -> Imported:
    """What an import makes of the file of one stack of an export."""
    with tempfile.TemporaryDirectory() as folder:
        return import_compose([write(exported, Path(folder))[stack]], options=ComposeOptions(), name=stack)


def said(spec: Json) -> Json:
    """The spec without defaults, and each value in one of the spellings that it may have."""
    found: Json = parse_spec(spec).model_dump(mode="json", by_alias=True, exclude_defaults=True)
    for service in found.get("services", {}).values():
        if service.get("healthcheck", {}).get("test") == ["NONE"]:
            service["healthcheck"] = {"disable": True}
        networks: Json = {}
        for key, membership in service.get("networks", {}).items():
            own = "siblings" if key in ("children", "default") else key
            aliases = networks.get(own, {}).get("aliases", []) + membership.get("aliases", [])
            networks[own] = {"aliases": sorted({each.lower() for each in aliases})} if aliases else {}
        service["networks"] = networks
    return {key: _plainly(value, key) for key, value in found.items()}


def _plainly(value: Any, field: str) -> Any:
    if isinstance(value, dict):
        return {key: _plainly(each, key) for key, each in value.items()}
    if field in ("capAdd", "capDrop"):
        return [each.removeprefix("CAP_") for each in value]
    if isinstance(value, list) and field in ("db.example", "cache"):
        return sorted(value)  # addresses of one host
    if field in _DURATIONS and isinstance(value, str) and value.endswith(("s", "m", "h")):
        return seconds(value)
    if field in _QUANTITIES and isinstance(value, str):
        return canonical(str(int(amount(value)))) if field != "cpu" else canonical(value)
    return value


def with_plain_keys(spec: Json) -> Json:
    """The spec with keys that a Compose file can have as they are: s0, s1, ... and d0, d1, ..."""
    volumes = {key: f"d{number}" for number, key in enumerate(spec.get("data", {}))}
    names = {key: f"s{number}" for number, key in enumerate(spec["services"])}
    services = {names[key]: copy.deepcopy(each) for key, each in spec["services"].items()}
    for service in services.values():
        if "dependsOn" in service:
            service["dependsOn"] = {names[key]: each for key, each in service["dependsOn"].items()}
        for mount in service.get("volumes", {}).values():
            if mount.get("source") in volumes:
                mount["source"] = volumes[mount["source"]]
    return {**spec, "services": services, "data": {volumes[key]: each for key, each in spec.get("data", {}).items()}}


def aligned(before: Json, after: Json) -> Json:
    """The second with the keys of the first, where Compose has lists and an import must make a key up."""
    result = copy.deepcopy(after)
    for key, service in result.get("services", {}).items():
        original = before.get("services", {}).get(key, {})
        _as_tmpfs(service, original)
        for field, identity in (("volumes", _target), ("ports", _port), ("configs", _file), ("secrets", _file)):
            keys = {identity(field, name, each): name for name, each in original.get(field, {}).items()}
            entries = service.get(field, {})
            renamed = {keys.get(identity(field, name, each), name): each for name, each in entries.items()}
            if field in _FILES:
                renamed = {
                    name: _shortest(field, name, each, original.get(field, {})) for name, each in renamed.items()
                }
            if renamed:
                service[field] = renamed
    return result


def _as_tmpfs(service: Json, original: Json) -> None:
    """Memory at a path is ``tmpfs`` in Compose; the model has two words for it."""
    for target, entry in list(service.get("tmpfs", {}).items()):
        for name, mount in original.get("volumes", {}).items():
            if mount["target"] == target and target not in original.get("tmpfs", {}):
                read_only = {"readOnly": True} if mount.get("readOnly") else {}
                service.setdefault("volumes", {})[name] = {"target": target, "medium": "Memory", **entry, **read_only}
                del service["tmpfs"][target]
    if not service.get("tmpfs", True):
        del service["tmpfs"]


def _target(field: str, name: str, mount: Json) -> Any:
    return mount["target"]


def _port(field: str, name: str, port: Json) -> Any:
    return port["port"], port.get("protocol", "TCP")


def _file(field: str, name: str, mount: Json) -> Any:
    return mount.get("target") or _FILES[field] + (mount.get("source") or name)


def _shortest(field: str, name: str, mount: Json, original: Json) -> Json:
    """A mount without what its key says already, as the first stack says it."""
    theirs = original.get(name, {})
    source = mount.get("source") or name
    implied = {"source": name, "target": _FILES[field] + source}
    return {key: each for key, each in mount.items() if key in theirs or each != implied.get(key)}


def differences(before: Any, after: Any, path: Path_ = ()) -> Iterator[tuple[Path_, Any, Any]]:
    """Path, value before and value after, wherever they are not the same; None is nothing."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}):
            yield from differences(before.get(key), after.get(key), (*path, key))
    elif isinstance(before or after, dict) and (before or {}) != (after or {}):
        inner = before or after
        empty: Json = {}
        if not inner:
            yield path, before, after
        yield from differences(before or empty, after or empty, path)
    elif before != after and not (before in (None, {}) and after in (None, {})):
        yield path, before, after


def is_told(told: list[str], place: str, *, below: bool = False) -> bool:
    """Whether a report has something to say of this place, or of one above it; or, where that counts too, below it."""
    return any(_is_in(place, each) or (below and _is_in(each, place)) for each in told)


def _is_in(place: str, other: str) -> bool:
    return place == other or place.startswith((f"{other}.", f"{other}["))
