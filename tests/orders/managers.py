"""Server-side apply and its bookkeeping: who holds which field of an object (``metadata.managedFields``)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orders.field_sets import Path, Paths, as_tree, from_tree, merged, paths_of, value_at, without

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Manager:
    """An entry of the list: who, by which operation, of which subresource."""

    name: str
    operation: str
    subresource: str = ""


Holdings = dict[Manager, Paths]


def holdings(obj: Mapping[str, Any]) -> Holdings:
    """What each manager holds of an object."""
    return {
        Manager(each["manager"], each["operation"], each.get("subresource", "")): frozenset(from_tree(each["fieldsV1"]))
        for each in obj["metadata"].get("managedFields") or ()
    }


def with_holdings(obj: Object, held: Holdings, api_version: str, now: str, before: Object | None) -> Object:
    """The object with this list; an entry that has not changed keeps its time."""
    old = {} if before is None else {_manager(each): each for each in before["metadata"].get("managedFields") or ()}
    entries = []
    for manager, paths in held.items():
        if not paths:
            continue
        known = old.get(manager)
        if known is not None and frozenset(from_tree(known["fieldsV1"])) == paths:
            entries.append(known)
            continue
        entry = {
            "manager": manager.name,
            "operation": manager.operation,
            "apiVersion": api_version,
            "time": now,
            "fieldsType": "FieldsV1",
            "fieldsV1": as_tree(paths),
        }
        entries.append({**entry, "subresource": manager.subresource} if manager.subresource else entry)
    return {**obj, "metadata": {**obj["metadata"], "managedFields": entries}}


def _manager(entry: Mapping[str, Any]) -> Manager:
    return Manager(entry["manager"], entry["operation"], entry.get("subresource", ""))


def applied(live: Object | None, body: Object, manager: Manager) -> tuple[Object, Holdings]:
    """The object after an apply by force, and who holds what of it then."""
    kind = body["kind"]
    wanted = paths_of(body, manager.subresource)
    if live is None:
        return body, {manager: wanted}
    held = holdings(live)
    former = held.get(manager, frozenset())
    others = {each: paths for each, paths in held.items() if each != manager}
    out = merged(kind, live, _content(live, body, manager))
    kept = frozenset().union(wanted, *others.values())
    # Items of lists first: without its key an item could not be found any more.
    for path in sorted(former - wanted, key=lambda path: (path[-1] != ".", len(path))):
        if not _is_held(path, kept):
            out = without(kind, out, path)
    taken = {path for path in wanted if path[-1] != "." and _differs(kind, path, live, out)}
    others = {each: paths - taken for each, paths in others.items()}
    return out, {**others, manager: wanted}


def _differs(kind: str, path: Path, one: Object, other: Object) -> bool:
    return bool(value_at(kind, one, path) != value_at(kind, other, path))


def _is_held(path: Path, kept: Paths) -> bool:
    """Whether somebody still holds the path or something below it."""
    stem = path[:-1] if path[-1] == "." else path
    return any(each[: len(stem)] == stem for each in kept)


def _content(live: Object, body: Object, manager: Manager) -> Object:
    """What of the body is merged: its address stays that of the live object."""
    if manager.subresource:
        return {manager.subresource: body.get(manager.subresource) or {}}
    metadata = {key: value for key, value in body["metadata"].items() if key not in ("uid", "resourceVersion")}
    return {**{key: value for key, value in body.items() if key != "status"}, "metadata": metadata}


def updated(live: Object | None, obj: Object, manager: Manager) -> Holdings:
    """Who holds what after somebody has written the whole object, or patched it."""
    kind = obj["kind"]
    now = paths_of(obj)
    if live is None:
        return {manager: now}
    held = holdings(live)
    before = paths_of(live)
    changed = {path for path in now if path not in before or (path[-1] != "." and _differs(kind, path, live, obj))}
    gone = {path for path in before if value_at(kind, obj, path) is None}
    out = {each: paths - changed - gone for each, paths in held.items() if each != manager}
    return {**out, manager: (held.get(manager, frozenset()) | frozenset(changed)) - gone}
