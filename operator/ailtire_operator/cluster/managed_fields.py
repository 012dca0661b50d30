"""What our field manager owns of a live object, in the same form as what it would apply: equal means nothing to do.

Comparing whole objects would fight the server's defaults and every other writer; comparing a hash kept in an annotation
would miss drift. The API server itself keeps the list of the fields that we set (``metadata.managedFields``), so the
live values of just those fields are what has to equal the manifest. Pure: no I/O, no clock. The recursion here is
bounded: what comes from the API server nests no deeper than ``cluster.decoding`` lets it.

A ``fieldsV1`` tree has these keys: ``f:name`` a field, ``k:{...}`` the item of a list with these key fields,
``v:value`` an element of a set, ``.`` the thing itself. A node without children is a leaf: its whole value is ours.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import orjson

from ailtire_operator.model.nesting import loads
from ailtire_operator.naming import FIELD_MANAGER, HANDOVER_MANAGER

Tree = Mapping[str, Any]

_ADDRESS: Final = frozenset({"name", "namespace", "uid", "resourceVersion", "creationTimestamp", "managedFields"})
NOBODY: Final = "before-first-apply"
"""The manager that the API server invents for the fields of an object without a list of managers."""
_ZERO: Final = None
"""Stands for every zero value: the server drops many (``value: ""``) from the object, yet keeps them as owned."""


def owned_fields(obj: Mapping[str, Any], manager: str = FIELD_MANAGER) -> Tree:
    """The ``fieldsV1`` tree of what the manager has applied to the object itself; empty where it has not."""
    for entry in obj["metadata"].get("managedFields") or ():
        if entry.get("manager") == manager and entry.get("operation") == "Apply" and not entry.get("subresource"):
            fields: Tree = entry.get("fieldsV1") or {}
            return fields
    return {}


def owned_projection(obj: Mapping[str, Any], manager: str = FIELD_MANAGER) -> dict[str, Any]:
    """The live values of the fields that the manager owns by server-side apply."""
    fields = owned_fields(obj, manager)
    projection: dict[str, Any] = _project(fields, obj) if fields else {}
    return projection


def is_own(entry: Mapping[str, Any]) -> bool:
    """Whether an entry of managedFields is the operator's: of its status, and of replicas that it hands over, too."""
    return entry.get("manager") in (FIELD_MANAGER, HANDOVER_MANAGER)


def latest(entries: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """What was written after the operator's last write, or in the same second. A scaling has no time at all."""
    entries = list(entries)
    last = max((each.get("time") or "" for each in entries if is_own(each)), default="")
    return [each for each in entries if not each.get("time") or each["time"] >= last]


def is_touched(metadata: Mapping[str, Any]) -> bool:
    """Whether others have set fields of an object since the operator did; what controllers say in its status is none.

    Of a list of managers that makes no sense the answer is yes.
    """
    try:
        found = latest(metadata.get("managedFields") or ())
        return any(not is_own(each) and each.get("subresource") != "status" for each in found)
    except Exception:  # whoever may write the object may write that list, and anything into it
        return True


def spec_author(metadata: Mapping[str, Any]) -> tuple[str, str]:
    """When the spec of an object was written last and by whom, the operator aside; both empty where nobody is named."""
    try:
        found = [
            (str(each.get("time") or ""), str(each.get("manager") or ""))
            for each in metadata.get("managedFields") or ()
            if not is_own(each) and not each.get("subresource") and "f:spec" in (each.get("fieldsV1") or {})
        ]
    except Exception:  # whoever may write the object may write that list, and anything into it
        return "", ""
    return max(found, default=("", ""))


def before_first_apply_index(obj: Mapping[str, Any]) -> int | None:
    """The index in managedFields of an owner that is nobody: where the list was wiped, an apply invents one.

    It holds every field that was there, and would keep alive what we no longer name.
    """
    entries = obj["metadata"].get("managedFields") or ()
    return next((index for index, entry in enumerate(entries) if entry.get("manager") == NOBODY), None)


def desired_projection(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest without what only addresses the object: nobody owns those fields."""
    projection = {key: value for key, value in manifest.items() if key not in ("apiVersion", "kind", "metadata")}
    metadata = {key: value for key, value in manifest["metadata"].items() if key not in _ADDRESS}
    return {**projection, "metadata": metadata} if metadata else projection


def fingerprint(projection: Mapping[str, Any]) -> str:
    """A hash that is the same for what the server considers the same.

    The order of map keys never counts, nor that of a list of maps: the server merges those lists by key and may give
    them back in another order. The order of scalars does (a command line).
    """
    return hashlib.blake2b(_dump(_normalise(projection)), digest_size=16).hexdigest()


def extra_paths(desired: Any, live: Any, path: str = "") -> list[str]:
    """JSON pointers to what the live value has beyond the desired one, in an order in which they can be removed.

    Differing values are not listed: applying corrects those. Only additions survive an apply, as others own them.
    """
    if isinstance(desired, Mapping) and isinstance(live, Mapping):
        extra = []
        for key, value in live.items():
            pointer = f"{path}/{pointer_step(key)}"
            extra += extra_paths(desired[key], value, pointer) if key in desired else [pointer]
        return extra
    if isinstance(desired, list) and isinstance(live, list) and len(live) > len(desired):
        # Backwards, as each removal moves the items behind it.
        surplus = (index for index in reversed(range(len(live))) if live[index] not in desired)
        return [f"{path}/{index}" for index in surplus][: len(live) - len(desired)]
    return []


def covers(live: Any, desired: Any) -> bool:
    """Whether the live value has all that the desired one has; what is beyond that, in maps, is of others."""
    if isinstance(desired, Mapping) and isinstance(live, Mapping):
        return all(covers(live.get(key), value) for key, value in desired.items())
    if isinstance(desired, list) and isinstance(live, list) and len(live) == len(desired):
        return all(map(covers, live, desired))
    return bool(_normalise_field(live) == _normalise_field(desired))


def pointer_step(key: str) -> str:
    """A key as one step of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def pointer_keys(pointer: str) -> list[str]:
    """The keys that a JSON pointer follows."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def leads_somewhere(value: Any, pointer: str) -> bool:
    """Whether a JSON pointer finds something in the value."""
    for key in pointer_keys(pointer):
        if isinstance(value, Mapping) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            return False
    return True


def _project(fields: Tree, live: Any) -> Any:
    if not fields:
        return live
    if isinstance(live, dict) or isinstance(live, Mapping):  # noqa: SIM101  # asking for a dict is ten times faster
        projected = {}
        for key, below in fields.items():
            if key.startswith("f:"):
                name = key[2:]
                projected[name] = _project(below, live[name]) if name in live else _ZERO
        return projected
    if isinstance(live, list):
        return list(_items(fields, live))
    return live


def _items(fields: Tree, live: list[Any]) -> Iterator[Any]:
    """The owned elements of a list, in the tree's order: by key for maps, by value for a set."""
    indices: dict[tuple[str, ...], dict[tuple[Any, ...], Any]] = {}
    for field, below in fields.items():
        if field.startswith("k:"):
            wanted = loads(field[2:])
            names = tuple(wanted)
            if names not in indices:
                indices[names] = {tuple(item.get(name) for name in names): item for item in reversed(live)}
            if (item := indices[names].get(tuple(wanted.values()))) is not None:
                yield _project(below, item)
    owned = {_dump(loads(field[2:])) for field in fields if field.startswith("v:")}
    yield from (item for item in live if owned and _dump(item) in owned)


def _dump(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _normalise(value: Any) -> Any:
    if isinstance(value, str):  # most are; and to ask for a Mapping costs ten times as much as for a dict
        return value
    if isinstance(value, dict) or isinstance(value, Mapping):  # noqa: SIM101
        # A field has one type, so that its zero value is not taken for that of another; in a list every value counts.
        return {key: _normalise(item) if item else _ZERO for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        items = [_normalise(item) for item in value]
        if any(isinstance(item, dict) for item in items):
            items.sort(key=_dump)
        return items
    return value


def _normalise_field(value: Any) -> Any:
    return _normalise(value) if value else _ZERO
