"""Equal parts of definitions, kept once: the children of one template differ in their place alone.

Each stack's resource holds a copy of its definition, and the API server sends every copy. A part is known by a hash of
its content, and forgotten with the last definition that holds it.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Final
from weakref import WeakValueDictionary

import orjson

from ailtire_operator.model.nesting import with_entries

_SMALL: Final = 256
"""Bytes below which a part is not worth a place in the table."""
_OF_THE_PLACE: Final = "place"
"""The one field whose parts, not itself, are the same for many: what is inherited."""


class SharedMap(dict[str, Any]):
    """A map that several definitions hold. Nobody changes one: records are only ever replaced."""

    __slots__ = ("__weakref__",)


_known: "WeakValueDictionary[bytes, SharedMap]" = WeakValueDictionary()
_small: dict[int, dict[str, Any]] = {}
"""Those of late alone: to know of each whether somebody still holds it would take more than the map itself."""
_SMALL_MAPS: Final = 4096
_EMPTY: Final[dict[str, Any]] = {}


def shared(definition: Any) -> Any:
    """The definition, each large map in it exchanged for an equal one that is held already, if there is one.

    One that was cut off stays marked as such (TooDeep), and what is no map stays as it is.
    """
    if not isinstance(definition, dict):
        return definition
    parts = {
        name: _parts(value) if name == _OF_THE_PLACE and isinstance(value, Mapping) else _part(value)
        for name, value in definition.items()
    }
    return with_entries(definition, parts)


def _parts(place: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _part(value) for name, value in place.items()}


def _part(value: Any) -> Any:
    """The value, each large map in it exchanged, the innermost first: a child's part is a part of its parent's."""
    if isinstance(value, list):
        return [_part(each) for each in value]
    if not isinstance(value, dict) or not value:
        return value
    written = orjson.dumps(value)  # which has decoded it, and nests no deeper than it writes
    if len(written) < _SMALL:
        return value
    key = hashlib.blake2b(written, digest_size=16).digest()
    found = _known.get(key)
    if found is None:
        found = _known[key] = SharedMap({name: _part(each) for name, each in value.items()})
    return found


def shared_map(values: dict[str, Any]) -> dict[str, Any]:
    """An equal map that is held already, or this one: for small ones, which most objects of a service have alike."""
    if not values:
        return _EMPTY
    key = hash(orjson.dumps(values))
    found = _small.get(key)
    if found is None:
        if len(_small) >= _SMALL_MAPS:
            _small.clear()
        found = _small[key] = values
    return found if found == values else values


def forget_resting() -> None:
    """Forget small maps: who has one keeps it, and the next that are equal to each other share another."""
    _small.clear()


def count() -> int:
    """How many parts are held."""
    return len(_known)
