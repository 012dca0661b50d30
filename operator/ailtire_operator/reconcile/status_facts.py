"""From a plan, what became of it and what is in the store, to the facts that a status is made of."""

from collections.abc import Iterator

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import (
    DAEMON_SET,
    DEPLOYMENT,
    JOB,
    STACK,
    STATEFUL_SET,
    Ref,
)
from ailtire_operator.cluster.ownership import waits_for
from ailtire_operator.cluster.store import Record
from ailtire_operator.model.field_path import SPEC, FieldPath, path_of
from ailtire_operator.model.report import Notice
from ailtire_operator.model.stack import Stack
from ailtire_operator.model.status import RouteStatus
from ailtire_operator.plan.types import ChildPlan, Plan, ServicePlan
from ailtire_operator.reconcile.apply_errors import CONFLICTING, Attribution, attribute, is_unwritten, unwritten
from ailtire_operator.reconcile.definitions import Definitions
from ailtire_operator.reconcile.mode import spec_of
from ailtire_operator.reconcile.snapshot import PassResult, StackSnapshot, Warnings, floors, live_of
from ailtire_operator.reconcile.verification import check_in
from ailtire_operator.status.conditions import INVALID_SPEC, PROGRESSING
from ailtire_operator.status.health import Health
from ailtire_operator.status.observed import Child, Problem
from ailtire_operator.status.rollup import Branch, branch
from ailtire_operator.status.stack_status import Facts, Refusal


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
        notices=(
            *plan.notices,
            *done.notices,
            *(_overridden(ref) for ref in done.overridden),
            *map(_host, done.hosts),
        ),
        missing={key: str(child.missing) for key, child in absent.items() if not child.optional},
        optional={key: str(child.missing) for key, child in absent.items() if child.optional},
        refusals=tuple(_refusals(done, blame)),
        foreign=tuple(snapshot.describe(ref) for ref in _conflicting(done) if ref not in done.orphans),
        orphans=tuple(str(ref) for ref in _conflicting(done) if ref in done.orphans),
        root=plan.stack.root,
        contested=tuple(done.contested),
        hosts=tuple(_shared(host, other) for host, other in done.hosts),
        stopped=_stopped(plan.stack),
        leaving=tuple(map(waits_for, snapshot.leaving())),
        pending=_pending(done),
        check=check_in(snapshot, plan),
    )


def _stopped(stack: Stack) -> str:
    """Where it is said that the whole stack is stopped."""
    if stack.spec.stopped:
        return "spec.stopped is set"
    place = stack.spec.place
    return f"stopped in the stack '{place.parent}' or above" if place is not None and place.stopped else ""


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
    return next((unwritten(ref, problem) for ref, problem in done.problems.items() if is_unwritten(problem)), "")


def _routes(plan: Plan) -> Iterator[RouteStatus]:
    for route in plan.routes:
        url = route.urls[0] if route.urls else None
        yield RouteStatus(path=route.prefix or "/", service=route.service, port=route.port, url=url)


def _overridden(ref: Ref) -> Notice:
    return Notice(
        FieldPath(str(ref)),
        "approximate",
        "OverriddenByCluster: the cluster changes what is written here, so it is not written again.",
        "Look for an admission policy, or for a feature that this Kubernetes does not have.",
    )


def _shared(host: str, other: str) -> str:
    """A host that is not the stack's alone, in words; an empty one is every host."""
    what = f"the host {host}" if host else "every host"
    who = f"stack {other}" if other else "a stack of another namespace"
    return f"{what} was published by {who} before"


def _host(shared: tuple[str, str]) -> Notice:
    return Notice(
        path_of(SPEC, "edge", "hosts"),
        "approximate",
        f"{_shared(*shared)}: the controller decides which of the two answers, most often the older one.",
        "Name another host, another className or parentRef, or remove one of the two.",
    )


def _refusals(done: PassResult, blame: Attribution) -> Iterator[Refusal]:
    """What waiting does not heal, for the stack as a whole first: nothing else reports it."""
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
