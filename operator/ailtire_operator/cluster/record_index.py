"""By what records are found beside their addresses: uid, owner, label, and that they are being deleted."""

from typing import TYPE_CHECKING, Final

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import Ref
from ailtire_operator.cluster.ref_index import RefIndex

if TYPE_CHECKING:
    from ailtire_operator.cluster.store import Record

INDEXED_LABELS: Final = (naming.LABEL_STACK,)


class RecordIndex:
    """The addresses of records by each of these."""

    def __init__(self) -> None:
        self.uids: dict[str, Ref] = {}
        self.owned = RefIndex[tuple[str, str]]()
        """By namespace and uid of the controller."""
        self.labelled = RefIndex[tuple[str, str, str]]()
        """By namespace, label and value."""
        self.deleting = RefIndex[str]()
        """By namespace."""

    def mark(self, record: "Record", *, add: bool) -> None:
        """Add a record, or take it away."""
        if add:
            self.uids[record.uid] = record.ref
        else:
            self.uids.pop(record.uid, None)
        if record.deleting:
            self.deleting.mark(record.ref.namespace, record.ref, add=add)
        if record.owner_uid:
            self.owned.mark((record.ref.namespace, record.owner_uid), record.ref, add=add)
        for label in INDEXED_LABELS:
            if label in record.labels:
                self.labelled.mark((record.ref.namespace, label, record.labels[label]), record.ref, add=add)


def indexed_alike(old: "Record", new: "Record") -> bool:
    """Whether two records of one address are found by the same, as nearly all changes are of what objects report."""
    return (
        old.uid == new.uid
        and old.owner_uid == new.owner_uid
        and old.deleting == new.deleting
        and all(old.labels.get(label) == new.labels.get(label) for label in INDEXED_LABELS)
    )
