"""When the check of a stack (``spec.verify``) may start: once everything else of it is as defined, and ready.

Asked of the store alone, so that it comes out the same after a restart. A check that has been made stays, whatever
becomes of the stack: it is about the definition.
"""

from collections.abc import Mapping
from dataclasses import replace

from ailtire_operator.cluster.kinds import JOB, STACK, Ref
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.plan.types import Plan
from ailtire_operator.reconcile.planner import Comparer, Planned
from ailtire_operator.reconcile.pruning import HeldBack
from ailtire_operator.reconcile.snapshot import StackSnapshot, floors, live_of
from ailtire_operator.status.observed import Child, Problem
from ailtire_operator.status.rollup import branch
from ailtire_operator.status.verification import Check, check_of


def check_in(snapshot: StackSnapshot, plan: Plan) -> Check | None:
    """How the stack's check has gone; None for a stack without one."""
    if plan.verification is None:
        return None
    name = plan.verification.name
    check = check_of(name, live_of(snapshot.get(JOB.kind, name)), snapshot.check_pods(name))
    return replace(check, stopped=plan.verification.stopped)


def with_check(
    held: HeldBack, record: Record, planned: Planned, waiting: Mapping[str, Problem], store: Store, applier: Comparer
) -> HeldBack:
    """What is held back, and with it the check, unless that has been made already or may be made now."""
    if planned.plan.verification is None:
        return held
    check = planned.plan.verification
    ref = Ref(JOB.kind, record.ref.namespace, check.name)
    if store.get(ref) is not None:
        return held
    if not check.stopped and not waiting and _is_rolled_out(record, planned, ref, store, applier):
        return held
    return replace(held, refs=held.refs | {ref})


def _is_rolled_out(record: Record, planned: Planned, check: Ref, store: Store, applier: Comparer) -> bool:
    """Whether all objects are as planned, all services and children ready, and nothing is on its way out."""
    if not all(planned.in_sync(ref, store, applier) for ref in planned.manifests if ref != check):
        return False
    snapshot, plan = StackSnapshot(record, store), planned.plan
    least = floors(planned.manifests)
    workloads = [*plan.services.values(), *([plan.gateway] if plan.gateway else [])]
    for each in workloads:
        if each.held is not None or not snapshot.health(each, floor=least.get((each.kind, each.name), 0)).ok:
            return False
    for child in plan.children.values():
        if child.missing is not None and child.optional:
            continue
        resource = live_of(snapshot.get(STACK.kind, child.name))
        if child.problem is not None or not branch(Child(child.key, child.name, resource, child.missing)).ready:
            return False
    # A check before this one goes when this one is planned, and need not have gone.
    return not any(each.ref.kind != JOB.kind for each in snapshot.leaving())
