"""Addresses of objects by what they have in common."""

from typing import Final, Generic, TypeVar

from ailtire_operator.cluster.kinds import Ref

Key = TypeVar("Key")

_FEW: Final = 32
"""Addresses that are searched one by one: a list of them takes a fourth of what a map takes."""


class RefIndex(Generic[Key]):
    """A map of several addresses for each key, which keeps the order of arrival and no empty entries."""

    def __init__(self) -> None:
        self._refs: dict[Key, Ref | list[Ref] | dict[Ref, None]] = {}
        """One address is kept without a list around it: most owners of pods have one."""

    def of(self, key: Key) -> list[Ref]:
        """The addresses of a key."""
        found = self._refs.get(key, [])
        return [found] if isinstance(found, Ref) else list(found)

    def mark(self, key: Key, ref: Ref, *, add: bool) -> None:
        """Add an address to a key, or take it away."""
        found = self._refs.get(key)
        if add:
            self._refs[key] = _with(found, ref)
        elif isinstance(found, dict | list):
            if isinstance(found, dict):
                found.pop(ref, None)
            elif ref in found:
                found.remove(ref)
            if not found:
                del self._refs[key]
        elif found == ref:
            del self._refs[key]


def _with(found: Ref | list[Ref] | dict[Ref, None] | None, ref: Ref) -> Ref | list[Ref] | dict[Ref, None]:
    if found is None or found == ref:
        return ref
    if isinstance(found, Ref):
        return [found, ref]
    if isinstance(found, list) and len(found) >= _FEW:
        found = dict.fromkeys(found)
    if isinstance(found, dict):
        found[ref] = None
    elif ref not in found:
        found.append(ref)
    return found
