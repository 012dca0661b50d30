"""Which members that are to stop run on for now: until everything that depends on them, and is to stop too, has ended.

Only where something of the member runs and is to end. Who depends on it and is not to stop runs on, and is not waited
for; nor is a stack that is suspended, as nothing changes there, nor members that depend on each other. The stack's
gateway answers for a route before the service behind it ends, so that no caller finds it gone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import DAEMON_SET, DEPLOYMENT, JOB, POD, STACK, STATEFUL_SET, Ref
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.plan.types import ServicePlan
from ailtire_operator.printable import plural
from ailtire_operator.reconcile.ancestry import Ancestry
from ailtire_operator.reconcile.mode import ReconcileMode, mode_of
from ailtire_operator.reconcile.planner import Planned
from ailtire_operator.reconcile.snapshot import live_of
from ailtire_operator.status import waiting
from ailtire_operator.status.health import settled
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
        found = {}
        for key, service in planned.plan.services.items():
            if service.stopped and self._is_to_end(record, planned, service):
                stacks, running = self._before(record, key)
                running += self._gateway(record, planned, key)
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

    def _before(self, record: Record, key: str) -> tuple[set[str], list[str]]:
        """What has to end before a member does: the stacks in which it is, and each in words."""
        order = self._ancestry.order(record)
        stacks: set[str] = set()
        running: list[str] = []
        for stack, member in order.dependents(record.ref.name, key):
            if order.is_stopped(stack, member) and (left := self._left(record.ref.namespace, stack, member)):
                stacks.add(stack)
                running.append(f"{order.path(stack, member)} ({left})")
        return stacks, running

    def _left(self, namespace: str, stack: str, key: str) -> str:
        """What runs of a service that is to stop, in words; empty if nothing does."""
        holder = self._store.get(Ref(STACK.kind, namespace, stack))
        if holder is None or mode_of(holder, self._store).mode is not ReconcileMode.RUN:
            return ""
        objects = list(self._objects(holder, key))
        pods = sum(
            each.ref.kind == POD.kind and each.summary.get("phase") not in ("Succeeded", "Failed") for each in objects
        )
        if pods:
            return f"{plural(pods, 'pod')} left"
        return "not stopped yet" if any(each.ref.kind in _WORKLOADS and _runs(each) for each in objects) else ""

    def _objects(self, holder: Record, key: str) -> Iterator[Record]:
        """The pods and the workloads of a service."""
        label = naming.sanitize(key)
        for each in self._store.by_label(holder.ref.namespace, naming.LABEL_STACK, holder.ref.name):
            if (each.ref.kind == POD.kind and each.summary.get("service") == label) or (
                each.owner_uid == holder.uid and each.labels.get(naming.LABEL_SERVICE) == label
            ):
                yield each

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
        return [] if status == "False" else ["the gateway, which answers 503 then"]


def _runs(workload: Record) -> bool:
    """Whether a workload may have pods by what it says of itself."""
    summary = workload.summary
    if workload.ref.kind == JOB.kind:
        states = summary.get("conditions") or {}
        return not any(states.get(name, ("",))[0] == "True" for name in ("Suspended", "Complete", "Failed"))
    observed = int(summary.get("observedGeneration", 0)) >= workload.generation
    return not observed or int(summary.get("specReplicas", 0)) > 0
