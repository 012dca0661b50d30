"""Names that two stacks want. The one that has it cannot see that the other does, so it is told here.

``shop`` with a member ``a-b`` and its child ``shop-a`` with a member ``b`` meet in ``shop-a-b``: both say so.
"""

from collections.abc import Callable, Mapping

from ailtire_operator.cluster.kinds import STACK, Ref
from ailtire_operator.cluster.store import Record, Store


class NameConflicts:
    """Objects by the stacks that want them in vain. Not lost in a restart: those stacks try again."""

    def __init__(self, store: Store, wake: Callable[[Record], None]) -> None:
        self._store = store
        self._wake = wake
        self._wanted: dict[Ref, dict[str, str]] = {}
        """By object: the uids and names of the stacks that want it and do not have it."""

    def update(self, stack: Record, foreign: Mapping[Ref, Record | None]) -> None:
        """What this stack wants in vain, as of now."""
        for ref in [ref for ref, wanting in self._wanted.items() if stack.uid in wanting and ref not in foreign]:
            self._drop(ref, stack.uid, origin=stack.uid)
        for ref, holder in foreign.items():
            if holder is not None and self._owner(holder) is not None and stack.uid not in self._wanted.get(ref, {}):
                self._wanted.setdefault(ref, {})[stack.uid] = stack.ref.name
                self._report(ref, stack.uid)

    def forget(self, uid: str) -> None:
        """The stack is gone and wants nothing more."""
        for ref in [ref for ref, wanting in self._wanted.items() if uid in wanting]:
            self._drop(ref, uid)

    def of(self, stack: Record) -> list[str]:
        """The objects of this stack that others want too."""
        found = []
        for ref, wanting in self._wanted.items():
            record = self._store.get(ref)
            owner = self._owner(record) if record is not None else None
            if owner is not None and owner.uid == stack.uid:
                found.append(f"{ref} (wanted by {', '.join(sorted(wanting.values()))})")
        return sorted(found)

    def _drop(self, ref: Ref, uid: str, origin: str | None = None) -> None:
        self._wanted[ref].pop(uid)
        if not self._wanted[ref]:
            del self._wanted[ref]
        self._report(ref, origin)

    def _report(self, ref: Ref, origin: str | None) -> None:
        record = self._store.get(ref)
        owner = self._owner(record) if record is not None else None
        if owner is not None and owner.uid != origin:
            self._wake(owner)

    def _owner(self, holder: Record) -> Record | None:
        owner = self._store.owner_of(holder)
        return owner if owner is not None and owner.ref.kind == STACK.kind else None
