"""Addresses of objects by what they have in common."""

from typing import Generic, TypeVar

from ailtire_operator.cluster.kinds import Ref

Key = TypeVar("Key")


class RefIndex(Generic[Key]):
    """A map of several addresses for each key, which keeps the order of arrival and no empty entries."""

    def __init__(self) -> None:
        self._refs: dict[Key, Ref | dict[Ref, None]] = {}
        """One address is kept without a map around it: most owners of pods have one."""

    def of(self, key: Key) -> list[Ref]:
        """The addresses of a key."""
        found = self._refs.get(key, {})
        return [found] if isinstance(found, Ref) else list(found)

    def mark(self, key: Key, ref: Ref, *, add: bool) -> None:
        """Add an address to a key, or take it away."""
        found = self._refs.get(key)
        if add:
            if found is None:
                self._refs[key] = ref
            elif isinstance(found, dict):
                found[ref] = None
            elif found != ref:
                self._refs[key] = {found: None, ref: None}
        elif isinstance(found, dict):
            found.pop(ref, None)
            if not found:
                del self._refs[key]
        elif found == ref:
            del self._refs[key]
