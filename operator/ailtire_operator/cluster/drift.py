"""Who has changed what of an object that is about to be put back. Pure: no I/O, no clock.

The API server keeps for each field who set it (``metadata.managedFields``). Who changes a field of ours takes it from
us: so a field was changed by others where it differs from the manifest and is not ours any more. Paths and managers are
reported and never a value, which may be a secret. The recursion is as deep as the manifest.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import orjson

from ailtire_operator import printable
from ailtire_operator.cluster.managed_fields import (
    Tree,
    covers,
    desired_projection,
    is_own,
    latest,
    owned_fields,
    pointer_keys,
)
from ailtire_operator.model.nesting import loads

MOST: Final = 50
"""At most so many fields of one object are reported."""
_LENGTH: Final = 60
"""Characters that are shown of a manager's name, or of one step of a path."""
_ABSENT: Final = object()


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field that others have changed."""

    path: str
    """As ``spec.template.spec.containers[name=web].image``; printable. Empty for an object that was deleted."""
    managers: tuple[str, ...]
    """Who holds the field now; nobody where it was removed, as the API server does not keep who removed it."""

    def __str__(self) -> str:
        if not self.path:
            return "(deleted)"
        return f"{self.path} (changed by {' and '.join(self.managers)})" if self.managers else f"{self.path} (removed)"


@dataclass(frozen=True, slots=True)
class _Node:
    """One place of the object, and what each manager's tree of fields has for it: None where it holds nothing there."""

    ours: Tree | None
    others: tuple[tuple[str, Tree], ...]

    def below(self, step: str) -> "_Node":
        """The place of a field (``f:name``), or of a list's item in a node of ``by_item``."""
        others = ((name, _part(tree, step)) for name, tree in self.others)
        ours = None if self.ours is None else _part(self.ours, step)
        return _Node(ours, tuple((name, tree) for name, tree in others if tree is not None))

    def by_item(self) -> "_Node":
        """The same place, of a list, with its items under keys that do not depend on how they are written."""
        return _Node(
            None if self.ours is None else _canonical(self.ours),
            tuple((name, _canonical(tree)) for name, tree in self.others),
        )

    @property
    def managers(self) -> tuple[str, ...]:
        """Who else holds something here."""
        return tuple(sorted({_shown(name) for name, _ in self.others}))


def changed_by_others(manifest: Mapping[str, Any], obj: Mapping[str, Any], *, unchanged: bool) -> list[FieldChange]:
    """The fields of a live object that others have changed since it was as the manifest says: ``MOST`` at most.

    ``unchanged``: the object is known to have been as this very manifest says. Where that is not known, as after a
    restart, a field counts that is held by somebody who has written after the operator: one that is absent may be new.
    Raises whatever comes of a list of managers that makes no sense.
    """
    entries = obj["metadata"].get("managedFields") or ()
    root = _root(obj, entries if unchanged else latest(entries))
    found = _differences(desired_projection(manifest), obj, root, "")
    return list(islice((each for each in found if unchanged or each.managers), MOST))


def added_by_others(obj: Mapping[str, Any], pointers: Iterable[str]) -> list[FieldChange]:
    """Of what a live stack's spec has beyond its manifest (JSON pointers), what somebody else has added."""
    found, root = [], _root(obj, obj["metadata"].get("managedFields") or ())
    for pointer in islice(pointers, MOST):
        node, path = root, ""
        for key in ("spec", *pointer_keys(pointer)):
            node, path = node.below(f"f:{key}"), _join(path, key)
        if node.others:
            found.append(FieldChange(path, node.managers))
    return found


def _root(obj: Mapping[str, Any], entries: Iterable[Mapping[str, Any]]) -> _Node:
    others = ((str(each.get("manager")), each.get("fieldsV1")) for each in entries if not is_own(each))
    return _Node(owned_fields(obj) or None, tuple((name, tree) for name, tree in others if tree))


def _differences(desired: Any, live: Any, node: _Node, path: str) -> Iterator[FieldChange]:
    if isinstance(desired, Mapping) and isinstance(live, Mapping) and desired:
        for key, value in desired.items():
            yield from _differences(value, live.get(key, _ABSENT), node.below(f"f:{key}"), _join(path, key))
    elif isinstance(desired, list) and isinstance(live, list) and (names := _key_names(node)):
        yield from _items(desired, live, node, path, names)
    elif node.ours is None and not covers(None if live is _ABSENT else live, desired):
        yield FieldChange(path, node.managers)


def _items(
    desired: Sequence[Any], live: Sequence[Any], node: _Node, path: str, names: tuple[str, ...]
) -> Iterator[FieldChange]:
    """The items of a list that the API server merges by these keys; a key that an item leaves out has its default."""
    there: dict[tuple[str, ...], dict[str, Any]] = {}
    node = node.by_item()
    for item in desired:
        given = tuple(name for name in names if name in item)
        if given not in there:
            there[given] = {_dump({name: each.get(name) for name in given}): each for each in reversed(live)}
        keys = {name: item[name] for name in given}
        found = there[given].get(_dump(keys), _ABSENT)
        full = keys if found is _ABSENT else {name: found[name] for name in names if name in found}
        said = ",".join(f"{name}={value}" for name, value in keys.items())
        yield from _differences(item, found, node.below(_dump(full)), f"{path}[{_shown(said)}]")


def _key_names(node: _Node) -> tuple[str, ...]:
    """The names of the keys that tell the items of a list apart; empty for a list that is one value."""
    trees = (node.ours or {}, *(tree for _, tree in node.others))
    key = next((key for tree in trees for key in tree if key.startswith("k:")), None)
    return () if key is None else tuple(loads(key[2:]))


def _part(tree: Tree, step: str) -> Tree | None:
    """What a tree has one step below. Who holds a place without parts holds all below."""
    part: Tree | None = tree.get(step) if tree else tree
    return part


def _canonical(tree: Tree) -> Tree:
    return {_dump(loads(key[2:])) if key.startswith("k:") else key: below for key, below in tree.items()}


def _dump(keys: Any) -> str:
    return orjson.dumps(keys, option=orjson.OPT_SORT_KEYS).decode()


def _join(path: str, key: str) -> str:
    plain = key.replace("_", "a").replace("-", "a").isalnum()
    step = _shown(key) if plain else f'["{_shown(key)}"]'
    return f"{path}.{step}" if path and plain else f"{path}{step}"


def _shown(text: str) -> str:
    line = printable.line(text)
    return line if len(line) <= _LENGTH else f"{line[: _LENGTH - 1]}…"
