"""Edits of a definition as people make them: drawn from the schema, and tied to what the definition itself names."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any, Final

from hypothesis import strategies as st

from ailtire_operator.model.values import seconds
from sequences.schema import SERVICE, SPEC, Json, Node, choices, keys, values

DEPTH: Final = 3
"""Levels of a tree at most."""
MEMBERS: Final = 4
"""Services and children of one stack at most."""
IMAGES: Final = ("docker.io/library/web:1", "docker.io/library/web:2", "docker.io/library/db:1")
TROUBLED: Final = ("lab.invalid/missing:1", "lab.invalid/crashing:1", "lab.invalid/unready:1")
"""Images whose pods never get ready: see lab/kwok/pods.yaml."""
_KEYS: Final = ("web", "api", "db", "mail", "queue_1")
_STRUCTURAL: Final = frozenset(
    {"type", "stack", "stackRef", "image", "services", "template", "templateOnly", "place", "suspend"}
)
"""What edits of other kinds change."""
_RIGHTS: Final = frozenset(
    {"reconcileAs", "serviceAccounts", "serviceAccountName", "automountServiceAccountToken", "adopt"}
)
"""An account without rights: its tree stays ready until there is something to do, so that Ready would say little. And
accounts of pods, and claims and Deployments to take over, of which the namespace has none."""
_OWN_NETWORK: Final = "siblings"
_ENOUGH: Final = "1m"


@st.composite
def services(draw: st.DrawFn) -> Json:
    """A plain service with a few fields of the schema."""
    made: Json = {"image": draw(st.sampled_from(IMAGES)), "user": "1000"}
    if draw(st.booleans()):
        made["interface"] = {"/": {"path": "/", "port": 8080}}
    if draw(st.integers(0, 3)) == 0:
        _set_field(draw, made, SERVICE)
    return made


@st.composite
def stacks(draw: st.DrawFn, depth: int, template: str = "") -> Json:
    """A small stack with up to ``depth`` levels; ``template`` names one that its children may refer to."""
    names = draw(st.lists(st.sampled_from(_KEYS), unique=True, min_size=1, max_size=2))
    made: Json = {"services": {name: draw(services()) for name in names}}
    if depth > 1 and draw(st.booleans()):
        made["services"]["sub"] = draw(children(depth - 1, template))
    return tied(made)


@st.composite
def children(draw: st.DrawFn, depth: int, template: str) -> Json:
    """A member that is a stack: spelled out, or by reference."""
    made: Json = {"type": "stack", "interface": {"/sub": {"path": "/"}}}
    if template and draw(st.booleans()):
        return made | {"stackRef": {"name": template}}
    return made | {"stack": draw(stacks(depth, ""))}


@st.composite
def edited(draw: st.DrawFn, spec: Json, template: str) -> Json:
    """The definition after one edit that a person could mean."""
    new = deepcopy(spec)
    level, depth = draw(st.sampled_from(list(levels(new))))
    edit = draw(st.sampled_from(_EDITS))
    edit(draw, level, depth, template)
    return tied(new)


def levels(spec: Json, depth: int = 1) -> Iterator[tuple[Json, int]]:
    """Every stack that a definition spells out, with the number of its level."""
    yield spec, depth
    for member in (spec.get("services") or {}).values():
        if isinstance(member.get("stack"), dict):
            yield from levels(member["stack"], depth + 1)


def _plain(level: Json) -> list[Json]:
    return [each for each in level["services"].values() if "image" in each]


def _image(draw: st.DrawFn, level: Json, depth: int, template: str) -> None:
    if plain := _plain(level):
        draw(st.sampled_from(plain))["image"] = draw(st.sampled_from([*IMAGES, *IMAGES, *TROUBLED]))


def _service_field(draw: st.DrawFn, level: Json, depth: int, template: str) -> None:
    if plain := _plain(level):
        _set_field(draw, draw(st.sampled_from(plain)), SERVICE)


def _stack_field(draw: st.DrawFn, level: Json, depth: int, template: str) -> None:
    _set_field(draw, level, SPEC)


def _replicas(draw: st.DrawFn, level: Json, depth: int, template: str) -> None:
    if plain := _plain(level):
        deploy = draw(st.sampled_from(plain)).setdefault("deploy", {})
        deploy["replicas"] = draw(st.integers(0, 3))
        if deploy.get("mode", "").startswith("global"):
            del deploy["mode"]


def _add_service(draw: st.DrawFn, level: Json, depth: int, template: str) -> None:
    free = [key for key in _KEYS if key not in level["services"]]
    if free and len(level["services"]) < MEMBERS:
        level["services"][draw(st.sampled_from(free))] = draw(services())


def _add_child(draw: st.DrawFn, level: Json, depth: int, template: str) -> None:
    if depth < DEPTH and "sub" not in level["services"]:
        level["services"]["sub"] = draw(children(DEPTH - depth, template))


def _remove(draw: st.DrawFn, level: Json, depth: int, template: str) -> None:
    if len(level["services"]) > 1:
        del level["services"][draw(st.sampled_from(sorted(level["services"])))]


def _rename(draw: st.DrawFn, level: Json, depth: int, template: str) -> None:
    free = [key for key in ("other", *_KEYS) if key not in level["services"]]
    old = draw(st.sampled_from(sorted(level["services"])))
    level["services"][draw(st.sampled_from(free))] = level["services"].pop(old)


def _volume(draw: st.DrawFn, level: Json, depth: int, template: str) -> None:
    if plain := _plain(level):
        mounts = draw(st.sampled_from(plain)).setdefault("volumes", {})
        if mounts and draw(st.booleans()):
            mounts.clear()
        else:
            mounts["data"] = {"source": draw(st.sampled_from(["rows", "files"])), "target": "/data"}


_EDITS: Final[list[Callable[[st.DrawFn, Json, int, str], None]]] = [
    _image,
    _replicas,
    _service_field,
    _service_field,
    _service_field,
    _service_field,
    _stack_field,
    _stack_field,
    _add_service,
    _add_child,
    _remove,
    _rename,
    _volume,
]


def _set_field(draw: st.DrawFn, holder: Json, node: Node) -> None:
    """Set, change or remove one field somewhere below an object."""
    if "additionalProperties" in node:
        known = sorted(holder)
        key = draw(st.sampled_from(known) | keys(node)) if known else draw(keys(node))
        below = node["additionalProperties"]
    else:
        key = draw(st.sampled_from(sorted(set(node["properties"]) - _STRUCTURAL - _RIGHTS)))
        below = node["properties"][key]
        for choice in choices(node):
            if key in choice.fields:
                for other in set(choice.fields) - {key}:
                    holder.pop(other, None)
    if isinstance(holder.get(key), dict) and holder[key] and draw(st.booleans()):
        _set_field(draw, holder[key], below)
    elif key in holder and key not in node.get("required", ()) and draw(st.integers(0, 2)) == 0:
        del holder[key]
    else:
        holder[key] = draw(values(below))


def tied(spec: Json) -> Json:
    """The same with everything declared that its services name: the schema does not know what refers to what.

    A check of the whole stack has time enough, unless its time is one that is refused: on a busy machine its pod does
    not end within the seconds that are drawn, and a definition whose check has failed is not tried again.
    """
    for level, _ in levels(spec):
        check = level.get("verify") or {}
        if "timeout" in check and seconds(check["timeout"]) >= 1:
            check["timeout"] = _ENOUGH
        for key, service in level["services"].items():
            _declare(level, key, service)
    return spec


def _declare(level: Json, key: str, service: Json) -> None:
    for network in service.get("networks") or {}:
        if network not in (_OWN_NETWORK, "parent"):
            _entry(level, "networks", network, {})
    for mount in (service.get("volumes") or {}).values():
        source = mount.get("source")
        if source and not source.startswith("/"):
            _entry(level, "data", source, {})
    for field, made in (("configs", {"content": "a: 1\n"}), ("secrets", {"secret": "passwords"})):
        for name, mount in (service.get(field) or {}).items():
            _entry(level, field, (mount or {}).get("source") or name, made)
    if needed := service.get("dependsOn"):
        before = [other for other in sorted(level["services"]) if other < key]
        service["dependsOn"] = dict(zip(before, needed.values(), strict=False))


def _entry(level: Json, field: str, key: str, made: Any) -> None:
    if not level.get(field):
        level[field] = {}
    level[field].setdefault(key, dict(made))
