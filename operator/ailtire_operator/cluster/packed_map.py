"""A map as few bytes: what is kept of thousands of objects and read of a few at a time."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

import orjson

from ailtire_operator.cluster.compression import Compression
from ailtire_operator.model.nesting import TooDeep

_LARGE: Final = 512
"""Bytes as JSON from which on a map is worth to be packed."""
_compression: Final = Compression()
_OPEN: Final = 64
"""Maps that stay open: those of a stack and its children, while these are reconciled."""


class PackedMap(Mapping[str, Any]):
    """Reads and compares like the map that it was made of, whose content nobody may change."""

    __slots__ = ("_data",)

    def __init__(self, written: bytes) -> None:
        self._data = _compression.compress(written)

    def __getitem__(self, key: str) -> Any:
        return _opened(self._data)[key]

    def __iter__(self) -> Iterator[str]:
        return iter(_opened(self._data))

    def __len__(self) -> int:
        return len(_opened(self._data))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, PackedMap):
            return self._data == other._data or _opened(self._data) == _opened(other._data)
        return _opened(self._data) == other

    __hash__ = None  # type: ignore[assignment]  # like that of every map

    def __repr__(self) -> str:
        return repr(_opened(self._data))


def packed(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The map as few bytes; itself where it is small, or where a part was cut off, whose mark JSON does not have."""
    if type(values) is not dict or _is_cut(values):
        return values
    written = orjson.dumps(values)  # which has decoded it, and nests no deeper than it writes
    return values if len(written) < _LARGE else PackedMap(written)


@lru_cache(_OPEN)
def _opened(data: bytes) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(_compression.decompress(data))
    return found


def _is_cut(value: Any) -> bool:
    """Whether something in it was too deep to be read."""
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, TooDeep):
            return True
        waiting.extend(found.values() if isinstance(found, dict) else found if isinstance(found, list) else ())
    return False
