"""Which members that are to stop run on for now: until everything that depends on them, and is to stop too, has ended.

Only where something of the member runs and is to end. Who depends on it and is not to stop runs on, and is not waited
for; nor is a stack that is suspended, as nothing changes there, nor members that depend on each other. The stack's
gateway answers for a route before the service behind it ends, so that no caller finds it gone.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import DAEMON_SET, DEPLOYMENT, JOB, POD, STACK, STATEFUL_SET, Ref
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.plan.stop_order import Member
from ailtire_operator.plan.types import ServicePlan
from ailtire_operator.printable import plural
from ailtire_operator.reconcile.ancestry import Ancestry
from ailtire_operator.reconcile.mode import ReconcileMode, mode_of
from ailtire_operator.reconcile.planner import Planned
from ailtire_operator.reconcile.snapshot import StackSnapshot, live_of
from ailtire_operator.status import waiting
from ailtire_operator.status.health import pod_trouble, settled
from ailtire_operator.status.observed import Problem

_WORKLOADS: Final = (DEPLOYMENT.kind, STATEFUL_SET.kind, DAEMON_SET.kind, JOB.kind)


@dataclass(frozen=True, slots=True)
class Stopping:
    """A member that runs on for now."""

    problem: Problem
    """What it waits for."""
    stacks: frozenset[str]
    """The stacks in which that is."""


class StopGate:
    """Decides which members are not stopped yet."""

    def __init__(self, store: Store, ancestry: Ancestry) -> None:
        self._store = store
        self._ancestry = ancestry

    def held(self, record: Record, planned: Planned) -> dict[str, Stopping]:
        """The members (by key) that are to stop and run on for now."""
        services = planned.plan.services
        ending = [key for key, each in services.items() if each.stopped and self._is_to_end(record, planned, each)]
        if not ending:
            return {}
        order, state = self._ancestry.order(record), _State(self._store, record.ref.namespace)
        held = order.stop_order.held(
            [(record.ref.name, key) for key in ending], lambda member: bool(state.left(member))
        )
        found = {}
        for key in ending:
            running, stacks = self._gateway(record, planned, key), set()
            by = held.get((record.ref.name, key))
            if by is not None and not order.cycle(record.ref.name, key):
                running.append(f"{order.path(*by)} ({state.left(by)})")
                stacks.add(by[0])
            if running:
                found[key] = Stopping(waiting.stopping(running), frozenset(stacks))
        return found

    def _is_to_end(self, record: Record, planned: Planned, service: ServicePlan) -> bool:
        """Whether something of the service may run that its plan does not want any more."""
        ref = Ref(service.kind, record.ref.namespace, service.name)
        live = self._store.get(ref)
        if live is None or live.owner_uid != record.uid or self._ancestry.in_sync(planned, ref):
            return False
        return _runs(live)

    def _gateway(self, record: Record, planned: Planned, key: str) -> list[str]:
        """The stack's gateway, while one of its pods still leads to a service that is to stop."""
        gateway = planned.plan.gateway
        if gateway is None or all(route.service != key for route in planned.plan.routes):
            return []
        ref = Ref(gateway.kind, record.ref.namespace, gateway.name)
        live = live_of(self._store.get(ref))
        if live is None or not live.summary.get("replicas"):
            return []
        replaced = int(live.summary.get("replicas", 0)) <= int(live.summary.get("updated", 0))
        if self._ancestry.in_sync(planned, ref) and settled(live) and replaced:
            return []
        # A gateway that cannot be replaced is no reason to run on.
        status, _, _ = (live.summary.get("conditions") or {}).get("Progressing", ("", "", ""))
        stuck = any(map(pod_trouble, StackSnapshot(record, self._store).pods(gateway.key)))
        return [] if stuck or status == "False" else ["the gateway, which answers 503 then"]


class _State:
    """What runs of the services of a tree, looked up once for each stack."""

    def __init__(self, store: Store, namespace: str) -> None:
        self._store = store
        self._namespace = namespace
        self._known: dict[str, dict[str, str]] = {}

    def left(self, member: Member) -> str:
        """What runs of a service that is to stop, in words; empty if nothing does, or its stack is not acted upon."""
        stack, key = member
        if stack not in self._known:
            self._known[stack] = self._of_stack(stack)
        return self._known[stack].get(naming.sanitize(key), "")

    def _of_stack(self, stack: str) -> dict[str, str]:
        """The same for every service of a stack of which something runs, by its label."""
        holder = self._store.get(Ref(STACK.kind, self._namespace, stack))
        if holder is None or mode_of(holder, self._store).mode is not ReconcileMode.RUN:
            return {}
        pods, workloads = Counter[str](), set[str]()
        for each in self._store.by_label(self._namespace, naming.LABEL_STACK, stack):
            if each.ref.kind == POD.kind:
                pods[str(each.summary.get("service", ""))] += each.summary.get("phase") not in ("Succeeded", "Failed")
            elif each.ref.kind in _WORKLOADS and each.owner_uid == holder.uid and _runs(each):
                workloads.add(each.labels.get(naming.LABEL_SERVICE, ""))
        found = dict.fromkeys(workloads, "not stopped yet")
        return found | {label: f"{plural(count, 'pod')} left" for label, count in pods.items() if count}


def _runs(workload: Record) -> bool:
    """Whether a workload may have pods by what it says of itself."""
    summary = workload.summary
    if workload.ref.kind == JOB.kind:
        states = summary.get("conditions") or {}
        return not any(states.get(name, ("",))[0] == "True" for name in ("Suspended", "Complete", "Failed"))
    observed = int(summary.get("observedGeneration", 0)) >= workload.generation
    return not observed or int(summary.get("specReplicas", 0)) > 0
