"""What to do about the difference between a plan and what is there. Pure: records in, decisions out.

Two gates stand before every removal of what is no longer planned: the plan is whole, and every apply has succeeded.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import (
    AUTOSCALER,
    CONFIG_MAP,
    CONTROLLER_REVISION,
    SERVICE,
    STACK,
    VOLUME_CLAIM,
    WORKLOAD_KINDS,
    Manifest,
    Ref,
)
from ailtire_operator.cluster.store import Record
from ailtire_operator.model.stack import Stack
from ailtire_operator.plan.types import Plan
from ailtire_operator.reconcile.isolation import selects

_WORKLOADS = tuple(kind.kind for kind in WORKLOAD_KINDS)
_GATED = (*_WORKLOADS, AUTOSCALER.kind, STACK.kind)
"""What of a member waits for its dependencies. Its Service, its files and volumes do not: they start nothing."""


def owned(manifest: Manifest, stack: Stack) -> Manifest:
    """The planned object as it stands in the cluster: in the stack's namespace, and going with the stack.

    A volume that is to be retained belongs to nobody, so that the garbage collector leaves it.
    """
    metadata = {**manifest["metadata"], "namespace": stack.namespace}
    if not is_retained(manifest["kind"], metadata.get("labels") or {}):
        metadata["ownerReferences"] = [reference(stack.name, stack.uid)]
    return {**manifest, "metadata": metadata}


def reference(name: str, uid: str) -> Manifest:
    """The ownerReference of what goes with the stack of this name and uid."""
    return {
        "apiVersion": naming.API_VERSION,
        "kind": naming.KIND,
        "name": name,
        "uid": uid,
        "controller": True,
        # True would ask for a right on finalizers, and give nothing: deletion of a tree goes from its root.
        "blockOwnerDeletion": False,
    }


def is_retained(kind: str, labels: Mapping[str, str]) -> bool:
    """Whether an object outlives its stack and its place in the plan."""
    return kind == VOLUME_CLAIM.kind and naming.LABEL_RETAIN in labels


def autoscalers(manifests: Mapping[Ref, Manifest]) -> dict[Ref, Ref]:
    """The autoscaler of each workload that has one."""
    found = {}
    for ref, manifest in manifests.items():
        if ref.kind == AUTOSCALER.kind:
            target = manifest["spec"]["scaleTargetRef"]
            found[Ref(target["kind"], ref.namespace, target["name"])] = ref
    return found


@dataclass(frozen=True, slots=True)
class PruneGate:
    """What of a plan came true."""

    whole: bool
    """The plan names everything that should exist."""
    failed: int
    """Objects that could not be applied."""

    @property
    def may_prune(self) -> bool:
        """An object may be missing from a plan, or still be needed, only because something went wrong."""
        return self.whole and self.failed == 0


@dataclass(frozen=True, slots=True)
class HeldBack:
    """What is not written while members wait for what they depend on."""

    keys: frozenset[str] = frozenset()
    """The members."""
    refs: frozenset[Ref] = frozenset()
    """Their objects that wait."""
    outdated: bool = False
    """Whether any of the members runs as it was before."""


def held_back(manifests: Mapping[Ref, Manifest], present: Iterable[Record], held: Collection[str]) -> HeldBack:
    """What is not written while these members (by key) are held.

    A stack that is to become a plain service keeps all its names until then, the Service of its gateway among them.
    """
    if not held:
        return HeldBack()
    labels = {naming.sanitize(key) for key in held}
    running = {
        (record.labels.get(naming.LABEL_SERVICE), record.ref.kind)
        for record in present
        if record.ref.kind in (*_WORKLOADS, STACK.kind) and record.labels.get(naming.LABEL_SERVICE) in labels
    }
    refs = set()
    for ref, manifest in manifests.items():
        label = (manifest["metadata"].get("labels") or {}).get(naming.LABEL_SERVICE)
        if label in labels and (ref.kind in _GATED or (label, STACK.kind) in running):
            refs.add(ref)
    return HeldBack(frozenset(held), frozenset(refs), bool(running))


def to_prune(
    plan: Plan, planned: Collection[Ref], present: Iterable[Record], gate: PruneGate, *, settled: bool
) -> Iterator[Record]:
    """What the stack (by uid) owns and no longer wants; ``settled``: no pod is of a definition before."""
    if not gate.may_prune:
        return
    present = list(present)
    kept = {each.ref: each for each in present if _is_last_good(each, plan)}
    needed = {tuple(each) for record in kept.values() for each in record.summary.get("refers", ())}
    run_again = [record.summary.get("pods", {}) for record in kept.values()]
    waiting = {naming.sanitize(child.key) for child in plan.children.values() if child.missing or child.problem}
    for record in present:
        if record.ref in planned or record.deleting or is_retained(record.ref.kind, record.labels):
            continue
        # Whatever a member was goes on while its template is missing or its new definition is wrong.
        if record.labels.get(naming.LABEL_SERVICE) in waiting:
            continue
        if _is_revision(record) and plan.stack.spec.place is None:
            continue  # how many are kept is decided by whoever writes them
        # Which definition to go back to is not the plan's decision; what it needs is kept with it.
        if record.ref in kept or (record.ref.kind, record.ref.name) in needed or selects(record, run_again):
            continue
        # Pods of a definition before may be started again until the last of them is replaced.
        if record.ref.kind == CONFIG_MAP.kind and not settled:
            continue
        yield record


def _is_revision(record: Record) -> bool:
    """Whether the record is a revision of a whole tree."""
    return record.ref.kind == CONTROLLER_REVISION.kind and naming.LABEL_REVISION in record.labels


def _is_last_good(record: Record, plan: Plan) -> bool:
    """Whether the record is a definition that a service of the plan may go back to."""
    if record.ref.kind != CONTROLLER_REVISION.kind:
        return False
    label = record.labels.get(naming.LABEL_SERVICE)
    return any(each.on_failure and naming.sanitize(each.key) == label for each in plan.services.values())


def in_the_way(
    plan: Plan, planned: Collection[Ref], present: Iterable[Record], held: Collection[str] = ()
) -> Iterator[Record]:
    """What of our own must go before something planned can take its name: a member has become another kind of thing.

    A plain service and the gateway of a child have one Service name; a Deployment and a StatefulSet of one service
    would select each other's pods and write to the same volumes. What is held (by key) takes nobody's place yet.
    """
    waiting = {naming.sanitize(key) for key in held}
    children = {child.name for child in plan.children.values() if child.missing is None and child.problem is None}
    members = {ref.name for ref in planned if ref.kind == SERVICE.kind}
    workloads = {ref.name: ref.kind for ref in planned if ref.kind in _WORKLOADS}
    expected = {(workload.key, workload.kind) for workload in _workloads(plan)}
    kinds = {naming.sanitize(key): kind for key, kind in expected if key}
    for record in present:
        if record.ref in planned or is_retained(record.ref.kind, record.labels):
            continue
        name, kind = record.ref.name, record.ref.kind
        label = record.labels.get(naming.LABEL_SERVICE, "")
        if label in waiting:
            continue
        becomes_plain = kind == STACK.kind and name in members and name not in children
        becomes_stack = kind in (SERVICE.kind, *_WORKLOADS) and name in children
        other_workload = kind in _WORKLOADS and (workloads.get(name, kind) != kind or kinds.get(label, kind) != kind)
        if becomes_plain or becomes_stack or other_workload:
            yield record


def kept_waiting(manifests: Mapping[Ref, Manifest], leaving: Iterable[Record]) -> dict[Ref, Record]:
    """What of a member is not started while an object that is to make room for it is still there, and which one."""
    found: dict[Ref, Record] = {}
    for record in leaving:
        label = record.labels.get(naming.LABEL_SERVICE)
        for ref, manifest in manifests.items():
            same = label is not None and (manifest["metadata"].get("labels") or {}).get(naming.LABEL_SERVICE) == label
            if ref.kind in _GATED and (same or ref.name == record.ref.name):
                found.setdefault(ref, record)
    return found


def _workloads(plan: Plan) -> Iterator[Any]:
    yield from plan.services.values()
    if plan.gateway is not None:
        yield plan.gateway
