"""Addresses of objects by what they have in common."""

from typing import Generic, TypeVar

from ailtire_operator.cluster.kinds import Ref

Key = TypeVar("Key")


class RefIndex(Generic[Key]):
    """A map of several addresses for each key, which keeps the order of arrival and no empty entries."""

    def __init__(self) -> None:
        self._refs: dict[Key, dict[Ref, None]] = {}

    def of(self, key: Key) -> list[Ref]:
        """The addresses of a key."""
        return list(self._refs.get(key, ()))

    def mark(self, key: Key, ref: Ref, *, add: bool) -> None:
        """Add an address to a key, or take it away."""
        if add:
            self._refs.setdefault(key, {})[ref] = None
        elif key in self._refs:
            self._refs[key].pop(ref, None)
            if not self._refs[key]:
                del self._refs[key]
