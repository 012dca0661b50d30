"""What the store holds of one stack, and what a pass over it did: what its status is made from."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ailtire_operator import naming
from ailtire_operator.cluster.apply_result import ApplyResult
from ailtire_operator.cluster.drift import FieldChange
from ailtire_operator.cluster.kinds import AUTOSCALER, JOB, POD, SERVICE, VOLUME_CLAIM, Manifest, Ref
from ailtire_operator.cluster.ownership import is_retained
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.model.report import Notice
from ailtire_operator.plan.types import Plan, ServicePlan
from ailtire_operator.reconcile.mode import root_of
from ailtire_operator.reconcile.plan_inputs import serves
from ailtire_operator.status.health import Health, health
from ailtire_operator.status.observed import Held, LiveObject, Member, Problem, Summary

Warnings = Mapping[Ref, tuple[str, str]]
"""The newest Warning Event of a workload, where it was asked for."""


@dataclass(frozen=True, slots=True)
class PassResult:
    """What one reconcile at a stack did, as far as the status reports it."""

    plan: Plan
    manifests: Mapping[Ref, Manifest] = field(default_factory=dict)
    problems: Mapping[Ref, Problem] = field(default_factory=dict)
    overridden: Sequence[Ref] = ()
    """Objects of which the cluster keeps answering something else than what is sent."""
    contested: Sequence[str] = ()
    """Objects whose name another stack wants too."""
    hosts: Sequence[tuple[str, str]] = ()
    """Hosts that another stack has published before, and its name; empty where it is of another namespace."""
    held: Mapping[str, Held] = field(default_factory=dict)
    """Updates that have failed, by the service's key."""
    first: frozenset[str] = frozenset()
    """Services (by key) that would be rolled back, had they ever run."""
    again: float | None = None
    """Seconds after which time alone may change something."""
    waiting: Mapping[str, Problem] = field(default_factory=dict)
    """Members that wait for others, and why they do."""
    notices: Sequence[Notice] = ()
    """What does not run as written, beside what the plan says of it."""
    orphans: Sequence[Ref] = ()
    """Objects that have lost their owner, and stay as they are until somebody asks for them to be taken over."""
    adopted: Sequence[Ref] = ()
    """Objects that had lost their owner and were taken over."""
    put_back: Sequence[tuple[Ref, FieldChange]] = ()
    """What others had changed, and what is as planned again."""
    rolled: Sequence[ApplyResult] = ()
    """Workloads whose pods are replaced by what was written."""
    released: bool = False
    """Some member does not have to wait any more, and was not written in this pass."""


class StackSnapshot:
    """What the store holds of one stack, sorted for its members."""

    def __init__(self, record: Record, store: Store) -> None:
        self.record = record
        self._store = store
        self._pods: dict[str, list[Record]] = defaultdict(list)
        self._ending: dict[str, list[Record]] = defaultdict(list)
        self._claims: dict[str, Summary] = {}
        for each in store.by_label(record.ref.namespace, naming.LABEL_STACK, record.ref.name):
            if each.ref.kind == POD.kind:
                pods = self._ending if each.deleting else self._pods
                pods[str(each.summary.get("service", ""))].append(each)
            elif each.ref.kind == VOLUME_CLAIM.kind:
                self._claims[each.ref.name] = each.summary

    def get(self, kind: str, name: str) -> Record | None:
        """The object of this name, if the stack owns it."""
        found = self._store.get(Ref(kind, self.record.ref.namespace, name))
        return found if found is not None and found.owner_uid == self.record.uid else None

    def describe(self, ref: Ref) -> str:
        """The name of an object that is in the way, and whether it is what its stack left behind on purpose."""
        found = self._store.get(ref)
        return f"{ref} (retained: say so again)" if found is not None and is_retained(found) else str(ref)

    def owned(self) -> list[Record]:
        """Everything that the stack owns, in the order of names."""
        return sorted(self._store.owned_by(self.record.ref.namespace, self.record.uid), key=lambda each: each.ref)

    def leaving(self) -> list[Record]:
        """What has been deleted of the stack and has not gone yet, in the order of names.

        Of pods only those that a finalizer holds: all others end in their own time. At the root also what is left of
        stacks below that have gone, and nobody else reports.
        """
        found = (
            each
            for each in self._store.deleting(self.record.ref.namespace)
            if each.ref.kind != POD.kind or each.finalizers
        )
        return sorted((each for each in found if self._is_part(each)), key=lambda each: each.ref)

    def _is_part(self, each: Record) -> bool:
        if each.ref.kind == POD.kind:
            return bool(each.summary.get("stack") == self.record.ref.name)
        if each.owner_uid == self.record.uid:
            return True
        root, name = root_of(self.record), self.record.ref.name
        if each.ref == self.record.ref or each.labels.get(naming.LABEL_ROOT) != root:
            return False
        if each.ref.kind == VOLUME_CLAIM.kind and each.labels.get(naming.LABEL_STACK) == name:
            return True  # one that is retained has no owner, those of replicas have their workload
        return root == name and each.owner_uid is not None and self._store.owner_of(each) is None

    def pods(self, key: str) -> tuple[Summary, ...]:
        """The pods of a service, or of the gateway (its key is empty), as the status reads them."""
        return tuple(each.summary for each in self.pod_records(key))

    def pod_records(self, key: str) -> tuple[Record, ...]:
        """The same pods, by name and uid."""
        return tuple(self._pods.get(naming.sanitize(key) if key else "", ()))

    def unended(self, key: str) -> int:
        """How many pods of a service have not ended, those that are being deleted included."""
        label = naming.sanitize(key)
        found = [*self._pods.get(label, ()), *self._ending.get(label, ())]
        return sum(pod.summary.get("phase") not in ("Succeeded", "Failed") for pod in found)

    def check_pods(self, job: str) -> tuple[Summary, ...]:
        """The pods of the Job of this name that checks the stack."""
        pods = (each.summary for each in self._pods.get(naming.VERIFICATION_LABEL, ()))
        return tuple(each for each in pods if each.get("owner", ("", ""))[:2] == (JOB.kind, job))

    def running(self, service: ServicePlan) -> int:
        """How many pods of a service run, or have ended well; of a job, of this very one."""
        return sum(
            pod.get("phase") in ("Running", "Succeeded")
            and (service.kind != JOB.kind or pod.get("owner", ("", ""))[:2] == (service.kind, service.name))
            for pod in self.pods(service.key)
        )

    def _addressed(self, service: ServicePlan) -> int | None:
        """How many pods stand in the zones of a service's networks; None where its Service has an address itself.

        During a rollout pods of the definition before count too, as the zones have them until they are unready.
        """
        found = self.get(SERVICE.kind, naming.member(self.record.ref.name, service.key)) if service.key else None
        if service.kind == JOB.kind or found is None or not found.summary.get("headless"):
            return None
        return sum(map(serves, self.pod_records(service.key)))

    def health(
        self,
        service: ServicePlan,
        error: Problem | None = None,
        warnings: Warnings | None = None,
        floor: int = 0,
        done: PassResult | None = None,
    ) -> Health:
        """How one service is, after a pass over the stack if there was one."""
        workload = self.get(service.kind, service.name)
        warning = (warnings or {}).get(Ref(service.kind, self.record.ref.namespace, service.name))
        member = Member(
            key=service.key,
            kind=service.kind,
            name=service.name,
            replicas=service.replicas,
            floor=floor,
            workload=live_of(workload),
            pods=self.pods(service.key),
            claims=self._claims,
            warnings=(warning,) if warning else (),
            error=error,
            held=done.held.get(service.key) if done else None,
            waits=done.waiting.get(service.key) if done else None,
            stopped=service.stopped,
            unended=self.unended(service.key) if service.stopped else 0,
            first=done is not None and service.key in done.first,
            addressed=self._addressed(service),
        )
        return health(member)


def floors(manifests: Mapping[Ref, Manifest]) -> dict[tuple[str, str], int]:
    """The fewest replicas that the autoscaler of a workload asks for."""
    autoscalers = (manifest["spec"] for ref, manifest in manifests.items() if ref.kind == AUTOSCALER.kind)
    return {
        (spec["scaleTargetRef"]["kind"], spec["scaleTargetRef"]["name"]): spec["minReplicas"] for spec in autoscalers
    }


def live_of(record: Record | None) -> LiveObject | None:
    """The object as the status reads it."""
    return None if record is None else LiveObject(record.generation, record.summary, record.deleting)
