"""From a plan, what became of it and what is in the store, to the facts that a status is made of."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ailtire_operator import naming
from ailtire_operator.cluster.drift import FieldChange
from ailtire_operator.cluster.kinds import (
    AUTOSCALER,
    DAEMON_SET,
    DEPLOYMENT,
    JOB,
    POD,
    STACK,
    STATEFUL_SET,
    VOLUME_CLAIM,
    Manifest,
    Ref,
)
from ailtire_operator.cluster.ownership import is_retained, waits_for
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.model.report import Notice
from ailtire_operator.model.status import RouteStatus
from ailtire_operator.plan.types import ChildPlan, Plan, ServicePlan
from ailtire_operator.reconcile.apply_errors import CONFLICTING, Attribution, attribute
from ailtire_operator.reconcile.definitions import Definitions
from ailtire_operator.reconcile.mode import root_of, spec_of
from ailtire_operator.status.conditions import DELETING, INVALID_SPEC, PROGRESSING
from ailtire_operator.status.health import Health, health
from ailtire_operator.status.observed import Child, Held, LiveObject, Member, Problem, Summary
from ailtire_operator.status.rollup import Branch, branch
from ailtire_operator.status.stack_status import Facts, Refusal

Warnings = Mapping[Ref, tuple[str, str]]
"""The newest Warning Event of a workload, where it was asked for."""


@dataclass(frozen=True, slots=True)
class PassResult:
    """What one reconcile at a stack did, as far as the status tells of it."""

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
    released: bool = False
    """Some member does not have to wait any more, and was not written in this pass."""


class StackSnapshot:
    """What the store holds of one stack, sorted for its members."""

    def __init__(self, record: Record, store: Store) -> None:
        self.record = record
        self._store = store
        self._pods: dict[str, list[Record]] = defaultdict(list)
        self._claims: dict[str, Summary] = {}
        for each in store.by_label(record.ref.namespace, naming.LABEL_STACK, record.ref.name):
            if each.ref.kind == POD.kind and not each.deleting:
                self._pods[str(each.summary.get("service", ""))].append(each)
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
        stacks below that have gone, and nobody else tells of.
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

    def running(self, service: ServicePlan) -> int:
        """How many pods of a service run, or have ended well; of a job, of this very one."""
        return sum(
            pod.get("phase") in ("Running", "Succeeded")
            and (service.kind != JOB.kind or pod.get("owner", ("", ""))[:2] == (service.kind, service.name))
            for pod in self.pods(service.key)
        )

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
            first=done is not None and service.key in done.first,
        )
        return health(member)


def facts(snapshot: StackSnapshot, done: PassResult, definitions: Definitions, warnings: Warnings) -> Facts:
    """Everything there is to say of a stack that is acted upon."""
    plan = done.plan
    blame = attribute(done.problems, done.manifests)
    least = floors(done.manifests)
    services = [
        snapshot.health(
            service,
            blame.services.get(naming.sanitize(service.key)),
            warnings,
            least.get((service.kind, service.name), 0),
            done,
        )
        for service in plan.services.values()
    ]
    gateway = snapshot.health(plan.gateway, blame.services.get(""), warnings, done=done) if plan.gateway else None
    branches = [
        _branch(snapshot, child, blame, definitions, done.waiting.get(child.key)) for child in plan.children.values()
    ]
    absent = {child.key: child for child in plan.children.values() if child.missing is not None}
    return Facts(
        generation=snapshot.record.generation,
        app_name=plan.stack.app_name,
        parent=plan.stack.spec.place.parent if plan.stack.spec.place else "",
        url=plan.urls[0] if plan.urls else "",
        services=tuple(services),
        gateway=gateway,
        branches=tuple(branches),
        routes=tuple(_routes(plan)),
        notices=(*plan.notices, *done.notices, *(_overridden(ref) for ref in done.overridden), *map(_told, done.hosts)),
        missing={key: str(child.missing) for key, child in absent.items() if not child.optional},
        optional={key: str(child.missing) for key, child in absent.items() if child.optional},
        refusals=tuple(_refusals(done, blame)),
        foreign=tuple(snapshot.describe(ref) for ref in _conflicting(done) if ref not in done.orphans),
        orphans=tuple(str(ref) for ref in _conflicting(done) if ref in done.orphans),
        root=plan.stack.root,
        contested=tuple(done.contested),
        hosts=tuple(_shared(host, other) for host, other in done.hosts),
        leaving=tuple(map(waits_for, snapshot.leaving())),
        pending=_pending(done),
    )


def _conflicting(done: PassResult) -> list[Ref]:
    return [ref for ref, problem in done.problems.items() if problem.reason == CONFLICTING]


def running(snapshot: StackSnapshot) -> Facts:
    """What runs of a stack whose definition cannot be acted upon, by the objects that it owns."""
    old = snapshot.record.summary.get("status") or {}
    keys = {str(each.get("name")): str(key) for key, each in (old.get("services") or {}).items()}
    services: list[Health] = []
    branches: list[Branch] = []
    for each in snapshot.owned():
        label = each.labels.get(naming.LABEL_SERVICE)
        if each.ref.kind in (DEPLOYMENT.kind, STATEFUL_SET.kind, DAEMON_SET.kind, JOB.kind) and label is not None:
            key = keys.get(each.ref.name, label)
            services.append(snapshot.health(ServicePlan(key, each.ref.kind, each.ref.name, None)))
        elif each.ref.kind == STACK.kind:
            place = spec_of(each).get("place") or {}
            branches.append(branch(Child(str(place.get("parentKey", each.ref.name)), each.ref.name, live_of(each))))
    return Facts(generation=snapshot.record.generation, services=tuple(services), branches=tuple(branches))


def unexplained(found: Facts, snapshot: StackSnapshot) -> Iterator[Record]:
    """StatefulSets that do not make their pods and do not say why: only their Events do."""
    for each in found.services:
        if each.kind == STATEFUL_SET.kind and each.problem is not None and each.problem.reason == PROGRESSING:
            workload = snapshot.get(each.kind, each.name)
            if workload is not None and int(workload.summary.get("replicas", 0)) < each.wanted:
                yield workload


def _branch(
    snapshot: StackSnapshot, child: ChildPlan, blame: Attribution, definitions: Definitions, held: Problem | None
) -> Branch:
    error, missing = blame.children.get(child.name), child.missing
    if child.problem is not None:
        error = invalid_child(child)
    elif missing is not None and definitions.has_template(snapshot.record.ref.namespace, missing):
        error, missing = Problem("TemplateInvalid", f"stack {child.key}: the template '{missing}' is not valid"), None
    resource = live_of(snapshot.get(STACK.kind, child.name))
    return branch(Child(child.key, child.name, resource, missing, child.optional, error, held))


def invalid_child(child: ChildPlan) -> Problem | None:
    """Why a child has no resource, where its definition is wrong."""
    return None if child.problem is None else Problem(INVALID_SPEC, str(child.problem))


def _pending(done: PassResult) -> str:
    """What could not be written yet, though nobody forbids it: the definition is not acted upon in full."""
    waiting = (
        f"{ref} is not written yet: {problem.message}"
        for ref, problem in done.problems.items()
        if problem.transient and problem.reason != DELETING  # that is told of each object that has to go
    )
    return next(waiting, "")


def floors(manifests: Mapping[Ref, Manifest]) -> dict[tuple[str, str], int]:
    """The fewest replicas that the autoscaler of a workload asks for."""
    autoscalers = (manifest["spec"] for ref, manifest in manifests.items() if ref.kind == AUTOSCALER.kind)
    return {
        (spec["scaleTargetRef"]["kind"], spec["scaleTargetRef"]["name"]): spec["minReplicas"] for spec in autoscalers
    }


def live_of(record: Record | None) -> LiveObject | None:
    """The object as the status reads it."""
    return None if record is None else LiveObject(record.generation, record.summary, record.deleting)


def _routes(plan: Plan) -> Iterator[RouteStatus]:
    for route in plan.routes:
        url = route.urls[0] if route.urls else None
        yield RouteStatus(path=route.prefix or "/", service=route.service, port=route.port, url=url)


def _overridden(ref: Ref) -> Notice:
    return Notice(
        str(ref),
        "approximate",
        "OverriddenByCluster: the cluster changes what is written here, so it is not written again.",
        "Look for an admission policy, or for a feature that this Kubernetes does not have.",
    )


def _shared(host: str, other: str) -> str:
    """A host that is not the stack's alone, in words; an empty one is every host."""
    what = f"the host {host}" if host else "every host"
    who = f"stack {other}" if other else "a stack of another namespace"
    return f"{what} was published by {who} before"


def _told(shared: tuple[str, str]) -> Notice:
    return Notice(
        "spec.edge.hosts",
        "approximate",
        f"{_shared(*shared)}: the controller decides which of the two answers, most often the older one.",
        "Name another host, another className or parentRef, or remove one of the two.",
    )


def _refusals(done: PassResult, blame: Attribution) -> Iterator[Refusal]:
    """What waiting does not heal, for the stack as a whole first: nothing else tells of it."""
    for ref, problem in sorted(done.problems.items(), key=lambda each: each[0] not in blame.others):
        if not problem.transient:
            yield Refusal(f"object {ref}", problem, reported=ref not in blame.others)
    for child in done.plan.children.values():
        if (invalid := invalid_child(child)) is not None:
            yield Refusal(f"stack {child.key}", invalid, reported=True)
    for key, problem in done.waiting.items():
        if not problem.transient:
            sort = "stack" if key in done.plan.children else "service"
            yield Refusal(f"{sort} {key}" if key else "gateway", problem, reported=True)
