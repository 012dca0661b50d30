"""Who waits for whom across stacks: what happens to the one is news to the other.

Whom a stack depends on counts only while something of it is held, so a tree at rest wakes nobody. An edit anywhere in
its tree counts always: it may close a circle, or take away what somebody needs. Not lost in a restart: every stack is
reconciled then.
"""

from collections.abc import Callable, Collection
from typing import Final

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import POD, STACK
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.reconcile.mode import root_of
from ailtire_operator.reconcile.subscriptions import Subscriptions

_Topic = tuple[str, str, bool]
"""Namespace and name of a stack; and whether it stands for edits of the tree under it, or for what happens to it."""
_NOTHING: Final = frozenset[_Topic]()


class DependencyIndex:
    """The stacks with dependencies, and the stacks that they wait for now."""

    def __init__(self, store: Store, wake: Callable[[Record], None]) -> None:
        self._store = store
        self._wake = wake
        self._readers = Subscriptions[_Topic]()
        store.triggers.append(self._changed)

    def update(self, stack: Record, root: str | None, names: Collection[str]) -> None:
        """What this stack waits for, as of now: these stacks. ``root``: its tree; None if it depends on nothing."""
        namespace = stack.ref.namespace
        tree = _NOTHING if root is None else {(namespace, root, True)}
        self._readers.set(stack.uid, {*tree, *((namespace, name, False) for name in names)})

    def forget(self, uid: str) -> None:
        """The stack is gone and waits for nobody."""
        self._readers.set(uid, _NOTHING)

    def _changed(self, old: Record | None, new: Record | None, origin: str | None) -> None:
        record = new or old
        if record is None or not self._readers:
            return
        readers = set(self._readers.of((record.ref.namespace, _stack_of(record), False)))
        if record.ref.kind == STACK.kind and _edited(old, new):
            readers |= set(self._readers.of((record.ref.namespace, root_of(record), True)))
        for uid in sorted(readers - {origin}):
            stack = self._store.by_uid(uid)
            if stack is not None:
                self._wake(stack)


def _stack_of(record: Record) -> str:
    """The stack that an object belongs to; a stack itself."""
    if record.ref.kind == STACK.kind:
        return record.ref.name
    if record.ref.kind == POD.kind:
        return str(record.summary.get("stack", ""))
    return record.labels.get(naming.LABEL_STACK, "")


def _edited(old: Record | None, new: Record | None) -> bool:
    if old is None or new is None:
        return True
    return (old.uid, old.generation, old.deleting) != (new.uid, new.generation, new.deleting)
