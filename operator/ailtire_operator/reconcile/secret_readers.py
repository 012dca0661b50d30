"""Which stacks are reconciled after a change of a Secret: those with a service whose pods are replaced for it."""

from collections.abc import Callable, Collection

from ailtire_operator.cluster.kinds import SECRET, Ref
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.reconcile.subscriptions import Subscriptions


class SecretReaders:
    """The stacks whose plans have asked for a version of a Secret. Not lost in a restart: all are planned then."""

    def __init__(self, store: Store, wake: Callable[[Record], None]) -> None:
        self._store = store
        self._wake = wake
        self._readers = Subscriptions[Ref]()
        store.triggers.append(self._changed)

    def update(self, stack: Record, names: Collection[str]) -> None:
        """What this stack asks for, as of now."""
        self._readers.set(stack.uid, {Ref(SECRET.kind, stack.ref.namespace, name) for name in names})

    def forget(self, uid: str) -> None:
        """The stack is gone."""
        self._readers.set(uid, ())

    def _changed(self, old: Record | None, new: Record | None, origin: str | None) -> None:
        record = new or old
        if record is None or record.ref.kind != SECRET.kind:
            return
        for uid in sorted(self._readers.of(record.ref)):
            stack = self._store.by_uid(uid)
            if stack is not None:
                self._wake(stack)
