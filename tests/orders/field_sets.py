"""Which fields a manager holds: sets of paths, read from an object, and written as ``fieldsV1`` trees.

A path is a tuple of the keys of such a tree: ``f:name``, ``k:{"name":"web"}``, ``v:"x"``, and ``.`` for the item
itself.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

import orjson

from ailtire_operator.model.crd import definition

Path = tuple[str, ...]
Paths = frozenset[Path]

ATOMIC: Final = "atomic"
SET: Final = "set"
_KEYS: Final[dict[str, tuple[str, ...]]] = {
    "conditions": ("type",),
    "containers": ("name",),
    "initContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "imagePullSecrets": ("name",),
    "ownerReferences": ("uid",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
}
_SETS: Final = frozenset({"finalizers"})
_ATOMIC_MAPS: Final = frozenset({"selector", "podSelector", "secretKeyRef", "configMapKeyRef"})
_ADDRESS: Final = frozenset({"name", "namespace", "uid", "resourceVersion", "managedFields", "creationTimestamp"})
_CUSTOM: Final = "AiltireStack"


def list_keys(kind: str, path: Path) -> tuple[str, ...] | str:
    """The keys by which the items of the list at a path are told apart; or that it is a set, or atomic."""
    name = path[-1].removeprefix("f:")
    if name in _SETS:
        return SET
    if kind == _CUSTOM and path[0] == "f:spec":
        return ATOMIC
    if name == "ports" and kind == "Service":
        return ("port", "protocol")
    if name == "ports" and kind in ("Deployment", "StatefulSet", "DaemonSet", "Job"):
        return ("containerPort", "protocol")
    return _KEYS.get(name, ATOMIC)


def key_of(item: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    """The path element of an item of a list."""
    found = {key: item.get(key, "TCP" if key == "protocol" else None) for key in sorted(keys)}
    return f"k:{orjson.dumps(found).decode()}"


def paths_of(obj: Mapping[str, Any], subresource: str = "") -> Paths:
    """What an apply of this object sets: all but what only addresses it."""
    found: set[Path] = set()
    for part, value in obj.items():
        if part in ("apiVersion", "kind") or (subresource and part != subresource):
            continue
        if part == "metadata":
            value = {key: each for key, each in value.items() if key not in _ADDRESS}
            if not value:
                continue
        found.update(_paths(obj["kind"], value, (f"f:{part}",)))
    return frozenset(found)


def _paths(kind: str, value: Any, path: Path) -> Iterator[Path]:
    if isinstance(value, Mapping) and value and path[-1].removeprefix("f:") not in _ATOMIC_MAPS:
        for key, below in value.items():
            step = (*path, f"f:{key}")
            if isinstance(below, Mapping) and below and kind == _CUSTOM and path[0] == "f:spec" and is_map(path):
                yield (*step, ".")
            yield from _paths(kind, below, step)
    elif isinstance(value, list) and value:
        yield from _list_paths(kind, value, path)
    else:
        yield path


def _list_paths(kind: str, items: list[Any], path: Path) -> Iterator[Path]:
    keys = list_keys(kind, path)
    if keys == ATOMIC:
        yield path
        return
    for item in items:
        if isinstance(keys, str):
            yield (*path, f"v:{orjson.dumps(item).decode()}")
            continue
        step = (*path, key_of(item, keys))
        if path[-1] == "f:ownerReferences":  # each of these references is one value
            yield step
            continue
        yield (*step, ".")
        for key, below in item.items():
            yield from _paths(kind, below, (*step, f"f:{key}"))


def as_tree(paths: Iterable[Path]) -> dict[str, Any]:
    """The set as ``fieldsV1`` has it."""
    tree: dict[str, Any] = {}
    for path in sorted(paths):
        node = tree
        for step in path:
            node = node.setdefault(step, {})
    return tree


def from_tree(tree: Mapping[str, Any], path: Path = ()) -> Iterator[Path]:
    """The set that a tree stands for."""
    for key, below in tree.items():
        if below:
            yield from from_tree(below, (*path, key))
        else:
            yield (*path, key)


def merged(kind: str, live: Any, applied: Any, path: Path = ()) -> Any:
    """The live value with all that is applied put over it."""
    if isinstance(live, Mapping) and isinstance(applied, Mapping) and _granular(path):
        out = dict(live)
        for key, value in applied.items():
            out[key] = merged(kind, live[key], value, (*path, f"f:{key}")) if key in live else value
        return out
    if isinstance(live, list) and isinstance(applied, list) and path:
        return _merged_list(kind, live, applied, path)
    return applied


def _granular(path: Path) -> bool:
    return not path or path[-1].removeprefix("f:") not in _ATOMIC_MAPS


def _merged_list(kind: str, live: list[Any], applied: list[Any], path: Path) -> list[Any]:
    keys = list_keys(kind, path)
    if keys == ATOMIC:
        return applied
    if isinstance(keys, str):
        return [*live, *(item for item in applied if item not in live)]
    wanted = {key_of(item, keys): item for item in applied}
    known = {key_of(item, keys): item for item in live}
    found = {
        key: merged(kind, known[key], item, (*path, key)) if key in known else item for key, item in wanted.items()
    }
    return [*found.values(), *(item for key, item in known.items() if key not in wanted)]


def value_at(kind: str, obj: Any, path: Path) -> Any:
    """What is at a path; None where nothing is."""
    for index, step in enumerate(path):
        if step == ".":
            continue
        if step.startswith("f:"):
            obj = obj.get(step[2:]) if isinstance(obj, Mapping) else None
        elif step.startswith("v:"):
            return orjson.loads(step[2:]) if isinstance(obj, list) and orjson.loads(step[2:]) in obj else None
        else:
            keys = list_keys(kind, path[:index])
            items = obj if isinstance(obj, list) and not isinstance(keys, str) else []
            obj = next((item for item in items if key_of(item, keys) == step), None)  # type: ignore[arg-type]
        if obj is None:
            return None
    return obj


def without(kind: str, obj: Any, path: Path, at: Path = ()) -> Any:
    """The object without what is at a path, and without the maps and lists that are empty then."""
    step, rest = path[0], path[1:]
    if isinstance(obj, Mapping) and step.startswith("f:") and step[2:] in obj:
        name = step[2:]
        if rest == (".",):
            return {key: value for key, value in obj.items() if key != name}
        below = without(kind, obj[name], rest, (*at, step)) if rest else None
        return {key: below if key == name else value for key, value in obj.items() if key != name or below}
    if isinstance(obj, list):
        return _without_item(kind, obj, path, at)
    return obj


def _without_item(kind: str, items: list[Any], path: Path, at: Path) -> list[Any]:
    step, rest = path[0], path[1:]
    if step.startswith("v:"):
        return [item for item in items if item != orjson.loads(step[2:])]
    keys = list_keys(kind, at)
    if isinstance(keys, str):
        return items
    if rest in ((), (".",)):
        return [item for item in items if key_of(item, keys) != step]
    return [without(kind, item, rest, (*at, step)) if key_of(item, keys) == step else item for item in items]


@lru_cache
def _schema() -> dict[str, Any]:
    versions: list[dict[str, Any]] = definition()["spec"]["versions"]
    return dict(versions[0]["schema"]["openAPIV3Schema"])


@lru_cache(maxsize=10_000)
def is_map(path: Path) -> bool:
    """Whether the keys at a path of a stack are entries of a map, and no fields that the schema names."""
    schema: Any = _schema()
    for step in path:
        if not isinstance(schema, Mapping):
            return True
        if schema.get("x-kubernetes-preserve-unknown-fields"):
            return True
        properties = schema.get("properties") or {}
        schema = properties.get(step[2:], schema.get("additionalProperties"))
    if not isinstance(schema, Mapping):
        return True
    return bool(schema.get("x-kubernetes-preserve-unknown-fields")) or not schema.get("properties")
