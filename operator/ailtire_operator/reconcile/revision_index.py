"""The ControllerRevisions of each stack, kept current by the store: those of services, or those of whole trees."""

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress

from ailtire_operator import naming
from ailtire_operator.cluster.applier import Applier
from ailtire_operator.cluster.errors import Denied, Foreign, Invalid
from ailtire_operator.cluster.kinds import CONTROLLER_REVISION, Ref
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.reconcile.mode import root_of
from ailtire_operator.reconcile.pruning import reference

_Owner = tuple[str, str]
"""Namespace and uid of a stack: what names the uid in another namespace is nothing of the stack's."""


class RevisionIndex:
    """Those that ``chosen`` takes, by the stack that owns them."""

    def __init__(self, store: Store, chosen: Callable[[Record], bool]) -> None:
        self._chosen = chosen
        self._kept: dict[_Owner, dict[Ref, Record]] = {}
        store.listeners.append(self._changed)

    def of(self, stack: Record) -> Collection[Record]:
        """Those of one stack, in no order."""
        return self._kept.get((stack.ref.namespace, stack.uid), {}).values()

    def _changed(self, old: Record | None, new: Record | None) -> None:
        for record, present in ((old, False), (new, True)):
            if record is None or record.ref.kind != CONTROLLER_REVISION.kind or record.owner_uid is None:
                continue
            if not self._chosen(record):
                continue
            owner = record.ref.namespace, record.owner_uid
            if present and not record.deleting:
                self._kept.setdefault(owner, {})[record.ref] = record
            elif record.ref in self._kept.get(owner, {}):
                del self._kept[owner][record.ref]
                if not self._kept[owner]:
                    del self._kept[owner]


async def take_over(applier: Applier, stack: Record, record: Record, labels: Mapping[str, str | None]) -> None:
    """Make a ControllerRevision that has lost its owner the stack's own, with these labels beside those of all.

    What belongs to somebody else, is none that this operator wrote, or may not be written stays as it is: the stack
    goes on without what was kept. Raises ClusterError.
    """
    wanted = record.ref.address()
    wanted["metadata"]["labels"] = {
        naming.LABEL_MANAGED_BY: naming.OPERATOR_NAME,
        naming.LABEL_ROOT: root_of(stack),
        naming.LABEL_STACK: stack.ref.name,
        **labels,
    }
    wanted["metadata"]["ownerReferences"] = [reference(stack.ref.name, stack.uid)]
    with suppress(Foreign, Invalid, Denied):
        await applier.adopt(wanted, stack.uid)


def is_of_a_tree(record: Record) -> bool:
    """Whether it is a revision of a whole tree, and not the last good definition of a service."""
    return naming.LABEL_REVISION in record.labels
