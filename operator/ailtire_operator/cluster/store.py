"""What the operator knows of the cluster: one small record per object, in memory, used from one event loop.

Fed by the watches and by the answers of our own writes, which often come first. Three rules keep it from going back in
time: an older version never replaces a newer one; what was seen deleted does not come back by a late answer; and what a
complete list did not contain is not brought back by anything older than that list.
"""

import logging
import sys
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cluster.interning import shared_map
from ailtire_operator.cluster.kinds import Ref, controller_of
from ailtire_operator.cluster.managed_fields import fingerprint, is_touched, owned_projection
from ailtire_operator.cluster.record_index import INDEXED_LABELS, RecordIndex, indexed_alike
from ailtire_operator.cluster.summaries import summarize
from ailtire_operator.cluster.summary_parts import Summary
from ailtire_operator.model.field_path import FieldPath
from ailtire_operator.model.nesting import SENTENCE, TooDeep

logger = logging.getLogger(__name__)

Listener = Callable[["Record | None", "Record | None"], None]
Trigger = Callable[["Record | None", "Record | None", "str | None"], None]

_OUR_LABELS: Final = (f"{naming.GROUP}/", naming.NETWORK_LABEL_PREFIX)
_OTHERS: Final = (naming.LABEL_MANAGED_BY, naming.LABEL_COMPONENT)
_TOMBSTONES: Final = 5_000
"""An answer that is late by more deletions than this does not happen; a list settles it if it does."""


@dataclass(slots=True)
class Record:
    """One live object, as far as anybody here needs it."""

    ref: Ref
    uid: str
    resource_version: str
    generation: int
    owner_uid: str | None
    """The uid of the controller in its ownerReferences."""
    labels: dict[str, str]
    """Those under our own prefixes, who manages it, and what part of a stack it is."""
    deleting: bool
    owned_hash: str
    """The fingerprint of the live values of what our field manager owns; empty where it owns nothing."""
    summary: Mapping[str, Any]
    unreadable: str = ""
    """What of the object cannot be read and why, in words; empty where all of it can."""
    finalizers: tuple[str, ...] = ()
    """What keeps an object that is being deleted from going."""
    touched: bool = False
    """Whether others have set fields of it since we did: worth to be read before it is put back. No news by itself."""

    @property
    def version(self) -> int:
        """The resourceVersion as the ordered number that it is (KEP-5504 promises what has always been so)."""
        return version_of(self.resource_version)

    def looks_like(self, other: "Record") -> bool:
        """Whether the two differ in nothing but their version: no reader can tell them apart."""
        return (
            self.uid == other.uid
            and self.generation == other.generation
            and self.owner_uid == other.owner_uid
            and self.deleting == other.deleting
            and self.finalizers == other.finalizers
            and self.owned_hash == other.owned_hash
            and self.labels == other.labels
            and self.unreadable == other.unreadable
            and self.summary == other.summary
        )


def version_of(resource_version: str) -> int:
    """A resourceVersion as a number; 0 for what is none, so that it loses against every other."""
    return int(resource_version) if resource_version.isdigit() else 0


def record_of(obj: Mapping[str, Any]) -> Record:
    """The record of a live object. Whatever the object holds, there is one: it exists, and hides no other."""
    metadata = obj["metadata"]
    controller = controller_of(obj)
    summary, unreadable = _summary(obj)
    return Record(
        ref=Ref(sys.intern(obj["kind"]), sys.intern(metadata.get("namespace", "")), metadata["name"]),
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
        generation=metadata.get("generation", 0),
        owner_uid=sys.intern(controller["uid"]) if controller else None,
        labels=_our_labels(metadata.get("labels") or {}),
        deleting="deletionTimestamp" in metadata,
        owned_hash=_owned_hash(obj),
        summary=summary,
        unreadable=unreadable,
        finalizers=_finalizers(metadata),
        touched=is_touched(metadata),
    )


def _finalizers(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    """Those of an object that is being deleted: of any other they hold nothing up."""
    return tuple(map(sys.intern, metadata.get("finalizers") or ())) if "deletionTimestamp" in metadata else ()


def _owned_hash(obj: Mapping[str, Any]) -> str:
    """Of a list of fields that makes no sense for the object nothing is ours: an apply puts it right."""
    try:
        projection = owned_projection(obj)
        return fingerprint(projection) if projection else ""
    except Exception as error:  # whoever may write the object may write that list, and anything into it
        logger.info("%s: its managedFields cannot be read: %r", Ref.of(obj), error)
        return ""


def _summary(obj: Mapping[str, Any]) -> tuple[Summary, str]:
    """The summary, and what of the object cannot be read."""
    cut = (
        f"{FieldPath(key, tuple(part.location))}: {SENTENCE}" for key, part in obj.items() if isinstance(part, TooDeep)
    )
    try:
        return summarize(obj), next(cut, "")
    except Exception as error:  # one object that is unlike all others must not end the reading of the others
        return {}, f"it is unlike any {obj['kind']} that is known: {error!r}"


def _our_labels(labels: Mapping[str, str]) -> dict[str, str]:
    ours = (each for each in labels if each.startswith(_OUR_LABELS) or each in _OTHERS)
    return shared_map({sys.intern(each): sys.intern(labels[each]) for each in ours})


class Store:
    """The records of all watched kinds, found by address, uid, owner, kind or label."""

    def __init__(self) -> None:
        self.listeners: list[Listener] = []
        """Called with the old and the new record of every visible change; they must neither fail nor wait."""
        self.triggers: list[Trigger] = []
        """Called after them, with the origin as well: the uid of the stack for which this process wrote or read it."""
        self._records: dict[str, dict[Ref, Record]] = defaultdict(dict)
        self._index = RecordIndex()
        self._tombstones: OrderedDict[str, int] = OrderedDict()
        self._listed: dict[tuple[str, str | None], int] = {}
        """The version of the last list of a kind in a namespace, or in all of them (None)."""

    def put(self, obj: Mapping[str, Any], *, listed: bool = True, origin: str | None = None) -> Record | None:
        """Remember a live object, unless something newer is known; the record that counts then, if any.

        Without ``listed`` it has just been read, so that it is there although the last list did not have it.
        """
        metadata, ref = obj["metadata"], Ref.of(obj)
        if not self._is_news(ref, metadata["uid"], version_of(metadata["resourceVersion"]), listed=listed):
            return self.get(ref)
        return self._accept(record_of(obj), origin)

    def offer(self, record: Record, *, origin: str | None = None) -> Record | None:
        """Like ``put``, for those who have made the record already."""
        news = self._is_news(record.ref, record.uid, record.version)
        return self._accept(record, origin) if news else self.get(record.ref)

    def remove(
        self, ref: Ref, uid: str | None = None, resource_version: str | None = None, *, origin: str | None = None
    ) -> None:
        """Forget an object that is gone: that of this uid, if one is given, and not one younger than the version."""
        known = self._records[ref.kind].get(ref)
        uid = uid or (known.uid if known else None)
        version = version_of(resource_version) if resource_version else sys.maxsize
        if uid is not None:
            # What leaves a selector is "deleted" too and may come back with a later version; a dead uid never does.
            self._tombstones[uid] = max(version, self._tombstones.pop(uid, 0))
            if len(self._tombstones) > _TOMBSTONES:
                self._tombstones.popitem(last=False)
        if known is not None and known.uid == uid and known.version <= version:
            self._replace(known, None, origin)

    def listed(self, kind: str, namespace: str | None, refs: set[Ref], resource_version: str) -> None:
        """A complete list was read at this version: what it lacks and is not younger is gone, however it went."""
        version = version_of(resource_version)
        for record in list(self._records[kind].values()):
            scoped = namespace is None or record.ref.namespace == namespace
            if scoped and record.ref not in refs and record.version <= version:
                self.remove(record.ref, record.uid, resource_version)
        self._listed[kind, namespace] = version

    def clear(self, kind: str, namespace: str | None = None) -> None:
        """The cluster does not serve the kind any more, or does not show it (in this namespace): it has no objects.

        It may show them again as they were (a right was given back), older than the last list.
        """
        self._listed.pop((kind, namespace), None)
        for record in list(self._records[kind].values()):
            if namespace in (None, record.ref.namespace):
                self._replace(record, None)

    def rewind(self, kind: str) -> None:
        """The cluster's history has started again (a restored database): no version seen so far means anything."""
        self._listed = {listed: version for listed, version in self._listed.items() if listed[0] != kind}
        self._tombstones.clear()
        for record in self._records[kind].values():
            record.resource_version = "0"

    def get(self, ref: Ref) -> Record | None:
        """The record of an address."""
        return self._records[ref.kind].get(ref)

    def by_uid(self, uid: str) -> Record | None:
        """The record of a uid."""
        ref = self._index.uids.get(uid)
        return self.get(ref) if ref else None

    def owned_by(self, namespace: str, uid: str) -> Iterator[Record]:
        """Everything in the namespace whose controller has this uid.

        An owner counts in its own namespace alone: anybody may write any uid into an object of another one.
        """
        return self._resolve(self._index.owned.of((namespace, uid)))

    def owner_of(self, record: Record) -> Record | None:
        """The controller of an object, if it is known and of the same namespace."""
        owner = self.by_uid(record.owner_uid) if record.owner_uid else None
        return owner if owner is not None and owner.ref.namespace == record.ref.namespace else None

    def deleting(self, namespace: str) -> Iterator[Record]:
        """Everything in the namespace that has been deleted and has not gone yet."""
        return self._resolve(self._index.deleting.of(namespace))

    def of_kind(self, kind: str) -> Iterator[Record]:
        """All objects of a kind."""
        return iter(list(self._records[kind].values()))

    def by_label(self, namespace: str, label: str, value: str) -> Iterator[Record]:
        """Everything in the namespace with this label: by index for a stack's name, else by search."""
        if label in INDEXED_LABELS:
            return self._resolve(self._index.labelled.of((namespace, label, value)))
        everything = (record for records in self._records.values() for record in list(records.values()))
        return (one for one in everything if one.ref.namespace == namespace and one.labels.get(label) == value)

    def __len__(self) -> int:
        return len(self._index.uids)

    def _is_news(self, ref: Ref, uid: str, version: int, *, listed: bool = True) -> bool:
        if version <= self._tombstones.get(uid, -1):
            return False
        known = self.get(ref)
        if known is not None:
            return version > known.version
        if not listed:
            return True
        return version > max(self._listed.get((ref.kind, each), -1) for each in (None, ref.namespace))

    def _accept(self, record: Record, origin: str | None) -> Record:
        known = self.get(record.ref)
        if known is not None and record.looks_like(known):
            known.resource_version, known.touched = record.resource_version, record.touched
            return known
        self._replace(known, record, origin)
        return record

    def _resolve(self, refs: list[Ref]) -> Iterator[Record]:
        found = (self.get(ref) for ref in refs)
        return (record for record in found if record is not None)

    def _replace(self, old: Record | None, new: Record | None, origin: str | None = None) -> None:
        if old is not None and new is not None and indexed_alike(old, new):
            new.ref = old.ref
            self._records[new.ref.kind][new.ref] = new
        else:
            if old is not None:
                del self._records[old.ref.kind][old.ref]
                self._index.mark(old, add=False)
            if new is not None:
                self._records[new.ref.kind][new.ref] = new
                self._index.mark(new, add=True)
        for listener in self.listeners:
            _call(listener, old, new)
        for trigger in self.triggers:
            _call(trigger, old, new, origin)


def _call(listener: Callable[..., None], old: Record | None, new: Record | None, *more: str | None) -> None:
    try:
        listener(old, new, *more)
    except Exception:  # the record is in its place all the same, and the other listeners are called
        logger.exception("a change of %s was not understood", getattr(new or old, "ref", None))
