"""Which stacks have to be reconciled after a change in the cluster. Called for each change; must neither fail nor wait.

It only says which: one reconcile too many costs a few milliseconds and writes nothing, one too few leaves something
undone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import POD, SERVICE, STACK, Ref
from ailtire_operator.cluster.ownership import asks_to_adopt
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.model.templates import references
from ailtire_operator.reconcile.definitions import is_template
from ailtire_operator.reconcile.mode import parent_of, spec_of
from ailtire_operator.reconcile.plan_inputs import serves
from ailtire_operator.reconcile.queue import Priority, Queue
from ailtire_operator.reconcile.reconciler import Key

COALESCE: Final = 0.05
"""Seconds in which further changes of children and objects cause no reconcile of their own: they come in bursts."""
ADDRESS_PAUSE: Final = 0.25
"""The same for addresses: the children of a new stack get theirs at about one time, and stand in one zone."""


class EventRouter:
    """Translates changes in the store into keys in the queue."""

    def __init__(self, store: Store, queue: Queue[Key]) -> None:
        self._store = store
        self._queue = queue
        self.synced = False
        """Whether the first lists are in: what they bring is no news, and may wait behind what is."""
        store.triggers.append(self._changed)

    def wake(self, record: Record, priority: Priority = Priority.STATUS, pause: float = COALESCE) -> None:
        """Ask for a reconcile at a stack; one for its status' sake may wait a little."""
        if not self.synced:
            priority = Priority.BACKGROUND
        self._queue.add(_key(record), priority, pause if priority is Priority.STATUS else 0.0)

    def resync(self) -> None:
        """Ask for a reconcile at every stack."""
        for record in self._store.of_kind(STACK.kind):
            self._queue.add(_key(record), Priority.BACKGROUND)

    def _changed(self, old: Record | None, new: Record | None, origin: str | None) -> None:
        """``origin``: the uid of the stack that has written this itself: to that one it is no news.

        An edit always is: the answer to a status may bring one that somebody has made meanwhile, and no reconcile
        edits its own stack.
        """
        if old is not None and new is None and old.ref.kind == STACK.kind:
            self._queue.forget(_key(old))
        for each in self._requests(old, new):
            if each.edited or each.stack.uid != origin:
                self.wake(each.stack, each.priority, each.pause)

    def _requests(self, old: Record | None, new: Record | None) -> Iterator["_Request"]:
        record = new or old
        if record is None:
            return iter(())
        if record.ref.kind == STACK.kind:
            return self._stack_changed(old, new)
        if record.ref.kind == POD.kind:
            return self._pod_changed(old, new, record)
        return self._object_changed(old, new, record)

    def _stack_changed(self, old: Record | None, new: Record | None) -> Iterator["_Request"]:
        edited = old is None or new is None or _differ(old, new)
        parents = {record.uid: record for each in (old, new) if each and (record := parent_of(each, self._store))}
        for parent in parents.values():
            yield _Request(parent, Priority.USER if edited and old is not None else Priority.STATUS)
        if new is not None:
            # A status that this process has not written is somebody else's, and not to stay.
            yield _Request(new, _edit_of(new) if edited else Priority.STATUS, edited=edited)
        asked = asks_to_adopt(old) != asks_to_adopt(new)
        if asked and new is not None:
            yield _Request(new, Priority.USER)
        if asked or _suspends(old) != _suspends(new) or (new is not None and old is None):
            for each in self._below(new):
                yield _Request(each, Priority.TREE)
        if (old and is_template(old)) or (new and is_template(new)):
            yield from self._template_changed(old, new)

    def _template_changed(self, old: Record | None, new: Record | None) -> Iterator["_Request"]:
        if old is not None and new is not None and old.generation == new.generation and old.uid == new.uid:
            return
        template = new or old
        if template is None:
            return
        names = {template.ref.name}
        stacks = [each for each in self._store.of_kind(STACK.kind) if each.ref.namespace == template.ref.namespace]
        referred = {each.ref: set(references(spec_of(each))) for each in stacks}
        # A template that refers to the changed one is changed too, and so on.
        grown = True
        while grown:
            more = {each.ref.name for each in stacks if is_template(each) and referred[each.ref] & names} - names
            grown = bool(more)
            names |= more
        for each in stacks:
            if referred[each.ref] & names:
                yield _Request(each, Priority.TREE)

    def _object_changed(self, old: Record | None, new: Record | None, record: Record) -> Iterator["_Request"]:
        for each in {id(owner): owner for owner in self._owners(old, new)}.values():
            yield _Request(each)
            if record.ref.kind == SERVICE.kind and _addresses(old) != _addresses(new):
                for other in self._networks_of(each):
                    yield _Request(other, pause=ADDRESS_PAUSE)

    def _owners(self, *records: Record | None) -> Iterator[Record]:
        for record in records:
            if record is None:
                continue
            owner = self._store.owner_of(record)
            if owner is None and naming.LABEL_STACK in record.labels:
                owner = self._stack(record, record.labels[naming.LABEL_STACK])
            if owner is None and record.deleting:  # of a stack that has gone before it: the root reports it
                owner = self._stack(record, record.labels.get(naming.LABEL_ROOT, ""))
            if owner is not None and owner.ref.kind == STACK.kind:
                yield owner

    def _pod_changed(self, old: Record | None, new: Record | None, record: Record) -> Iterator["_Request"]:
        stack = self._stack(record, str(record.summary.get("stack", "")))
        if stack is None:
            return
        yield _Request(stack)
        if _served(old) != _served(new):
            for other in self._networks_of(stack):
                yield _Request(other, pause=ADDRESS_PAUSE)

    def _networks_of(self, stack: Record) -> Iterator[Record]:
        """The other stacks in whose zones a Service of this one may stand."""
        parent = parent_of(stack, self._store)
        if parent is None:
            return
        yield parent
        place = spec_of(stack).get("place")
        networks = place.get("networks") if isinstance(place, Mapping) else None
        for network in networks.values() if isinstance(networks, Mapping) else ():
            owner = self._stack(stack, str(network).partition("/")[0])
            if owner is not None and owner.uid != parent.uid:
                yield owner

    def _below(self, record: Record | None) -> Iterator[Record]:
        """All stacks under this one."""
        waiting = [record] if record is not None else []
        while waiting:
            above = waiting.pop()
            for each in self._store.owned_by(above.ref.namespace, above.uid):
                if each.ref.kind == STACK.kind:
                    waiting.append(each)
                    yield each

    def _stack(self, near: Record, name: str) -> Record | None:
        return self._store.get(Ref(STACK.kind, near.ref.namespace, name))


@dataclass(frozen=True, slots=True)
class _Request:
    """A stack to be reconciled."""

    stack: Record
    priority: Priority = Priority.STATUS
    pause: float = COALESCE
    edited: bool = False
    """Whether the stack itself was edited."""


def _key(record: Record) -> Key:
    return record.ref.namespace, record.ref.name


def _edit_of(record: Record) -> Priority:
    """How urgent an edit of a stack is: people write roots and templates, and what they write makes many children."""
    return Priority.TREE if record.owner_uid else Priority.USER


def _differ(old: Record, new: Record) -> bool:
    """Whether more than the status has changed."""
    return (
        old.uid != new.uid
        or old.generation != new.generation
        or old.deleting != new.deleting
        or old.owner_uid != new.owner_uid
        or old.owned_hash != new.owned_hash
    )


def _suspends(record: Record | None) -> bool:
    return record is not None and spec_of(record).get("suspend") is True


def _addresses(record: Record | None) -> Any:
    if record is None or record.deleting:
        return None
    return record.summary.get("headless"), record.summary.get("clusterIPs")


def _served(pod: Record | None) -> Any:
    return pod.summary.get("podIPs") if pod is not None and serves(pod) else None
