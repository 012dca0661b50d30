"""Stacks in every state that their status can tell of, as the operator's own code writes it.

What judges a status elsewhere (Argo CD's health check, kstatus) is tried on them. The states that come of a story are
those of a whole reconcile; the others are made by the status functions, a state for each reason.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cluster.errors import Denied
from ailtire_operator.model.field_path import FieldPath
from ailtire_operator.model.report import Notice
from ailtire_operator.model.unobserved import UNOBSERVED
from ailtire_operator.status import conditions as c
from ailtire_operator.status.health import Health
from ailtire_operator.status.observed import Held, Problem
from ailtire_operator.status.rollup import Branch
from ailtire_operator.status.stack_status import Facts, Refusal, as_json, status_of, status_of_invalid, status_of_new
from ailtire_operator.status.stack_status import status_of_suspended as suspended
from ailtire_operator.status.verification import Check
from support.fake_cluster.world import World

NOON: Final = "2026-01-01T12:00:00Z"
SPEC: Final[dict[str, Any]] = {
    "services": {
        "web": {"image": "shop_web:2", "user": "1000"},
        "db": {"image": "postgres:17", "user": "999"},
    }
}
GENERATION: Final = 2


@dataclass(frozen=True, slots=True)
class State:
    """A stack in one state, and what others have to make of it."""

    name: str
    stack: Mapping[str, Any]
    argocd: str
    """Argo CD's health: Healthy, Progressing, Degraded, Suspended."""
    kstatus: str
    """Current, InProgress, Failed, Terminating."""
    message: str
    """What Argo CD shows."""

    @property
    def reasons(self) -> set[tuple[str, str]]:
        """The types of its conditions with their reasons."""
        return {(each["type"], each["reason"]) for each in self.stack.get("status", {}).get("conditions", ())}


def states() -> Iterator[State]:
    """Every state, each with a name of its own."""
    yield from _beginnings_and_ends()
    yield from _at_rest()
    yield from _healthy()
    yield from _under_way()
    yield from _stalled()
    yield from _stalled_below()
    yield from _stories()


def _stack(status: Mapping[str, Any], spec: Mapping[str, Any] | None = None, **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": naming.API_VERSION,
        "kind": naming.KIND,
        "metadata": {"name": "shop", "namespace": "prod", "generation": GENERATION, **metadata},
        "spec": dict(SPEC if spec is None else spec),
        "status": dict(status),
    }


def _message(status: Mapping[str, Any], kind: str = c.READY) -> str:
    return next(str(each["message"]) for each in status["conditions"] if each["type"] == kind)


def _state(name: str, argocd: str, kstatus: str, facts: Facts, told: str = c.READY) -> State:
    status = as_json(status_of(facts, {}, NOON))
    return State(name, _stack(status), argocd, kstatus, _message(status, told))


def _facts(*services: Health, **more: Any) -> Facts:
    return Facts(generation=GENERATION, app_name="shop", root="shop", services=services, **more)


def _well(key: str = "web") -> Health:
    return Health(key, "Deployment", f"shop-{key}", 1, 1)


def _unwell(reason: str, message: str, *, transient: bool = False, held: Held | None = None) -> Health:
    return Health("web", "Deployment", "shop-web", 0, 1, Problem(reason, message, transient=transient), held)


def _beginnings_and_ends() -> Iterator[State]:
    first = "waits for the operator's first status"
    yield State("new", _stack(UNOBSERVED), "Progressing", "InProgress", first)
    status = as_json(status_of_new(GENERATION, NOON))
    yield State("seen", _stack(status), "Progressing", "InProgress", _message(status))
    ready = as_json(status_of(_facts(_well()), {}, NOON))
    edited = "waits for the operator to read the new definition"
    yield State("edited", _stack(ready, generation=GENERATION + 1), "Progressing", "InProgress", edited)
    invalid = as_json(status_of_invalid(_facts(), c.INVALID_SPEC, "spec.services.web: 'imge' is unknown", {}, NOON))
    yield State("edited-while-stalled", _stack(invalid, generation=GENERATION + 1), "Progressing", "InProgress", edited)
    deleting = _stack(ready, deletionTimestamp=NOON, finalizers=["foregroundDeletion"])
    yield State("deleting", deleting, "Progressing", "Terminating", "is being deleted")


def _at_rest() -> Iterator[State]:
    before = as_json(status_of(_facts(_well()), {}, NOON))
    failing = as_json(status_of(_facts(_unwell("CrashLoopBackOff", "exit code 1")), {}, NOON))
    spec = {**SPEC, "suspend": True}
    for name, kstatus, old in (
        ("suspended-while-ready", "Current", before),
        ("suspended-while-not-ready", "InProgress", failing),
        ("suspended-from-the-start", "InProgress", {}),
    ):
        status = as_json(suspended(GENERATION, "", old, NOON))
        yield State(name, _stack(status, spec), "Suspended", kstatus, _message(status, c.SUSPENDED))
    facts = _facts(Health("web", "Deployment", "shop-web", 0, 0), stopped="spec.stopped is set")
    status = as_json(status_of(facts, {}, NOON))
    yield State(
        "stopped", _stack(status, {**SPEC, "stopped": True}), "Suspended", "Current", _message(status, c.STOPPED)
    )


def _healthy() -> Iterator[State]:
    yield _state("ready", "Healthy", "Current", _facts(_well(), _well("db")))
    deviation = Notice(FieldPath("spec", ("services", "web", "volumes")), "approximate", "works differently")
    yield _state("ready-with-deviations", "Healthy", "Current", _facts(_well(), notices=(deviation,)))
    gated = Notice(FieldPath("spec", ("services", "web", "devices")), "gated", "needs the operator's permission")
    yield _state("ready-with-something-not-allowed", "Healthy", "Current", _facts(_well(), notices=(gated,)))
    yield _state("ready-without-an-optional-template", "Healthy", "Current", _facts(optional={"extra": "extra"}))
    yield _state("ready-with-a-contested-name", "Healthy", "Current", _facts(_well(), contested=("Service shop-a-b",)))
    yield _state("ready-with-a-shared-host", "Healthy", "Current", _facts(_well(), hosts=("shop.example is shared",)))


UNDER_WAY: Final = {
    c.PROGRESSING: "replicas of the current definition are starting",
    c.NOT_READY: "running, but the health check has not passed",
    c.WAITING: "waits for db to be healthy",
    c.DELETING: "Deployment shop-web is being deleted",
    c.STOPPING: "1 pod not ended yet",
    c.ROLLING_BACK: "the update to shop_web:2 failed and was rolled back to shop_web:1",
    "CrashLoopBackOff": "the process ended with exit code 1 (3 restarts)",
    "CreateContainerConfigError": "a Secret or ConfigMap that the service refers to is missing",
    "CreateContainerError": "the container cannot be created",
    "ErrImageNeverPull": "the image is not on the node",
    "ErrImagePull": "the image cannot be pulled",
    "Failed": "the job has failed",
    "FailedCreate": "pods cannot be created",
    "FailedMount": "a volume cannot be mounted",
    "ImagePullBackOff": "no such tag",
    "InvalidImageName": "the image's name is not valid",
    "OOMKilled": "exceeded its memory limit (1 restart)",
    "PodFailed": "the pod has failed",
    "ProgressDeadlineExceeded": "the roll-out makes no progress",
    "QuotaExceeded": "exceeded quota: pods",
    "RefusedByAdmission": "violates PodSecurity",
    "RegistryUnavailable": "the registry does not answer",
    "RunContainerError": "the container does not start",
    "Unschedulable": "no node fits the pod",
    "VolumePending": "volume claim shop-data is not bound",
}
"""Reasons of a service that is not ready, none of which is final: a node, an image or a quota may come yet."""


def _under_way() -> Iterator[State]:
    for reason, message in UNDER_WAY.items():
        facts = _facts(_unwell(reason, message, transient=reason in c.UNDER_WAY), _well("db"))
        yield _state(f"not-ready-{reason.lower()}", "Progressing", "InProgress", facts)
    verifying = Check("shop-verify", "Running", "the check runs")
    yield _state("verifying", "Progressing", "InProgress", _facts(_well(), check=verifying))
    leaving = _facts(_well(), leaving=("Deployment shop-old waits for the finalizer example.com/hold",))
    yield _state("waiting-for-deletion", "Progressing", "InProgress", leaving)
    missing = _facts(_unwell("TemplateMissing", "there is no template 'orders'"), missing={"orders": "orders"})
    yield _state("template-missing", "Progressing", "InProgress", missing)
    invalid = _facts(_unwell("TemplateInvalid", "the template 'orders' is not valid"))
    yield _state("template-invalid", "Progressing", "InProgress", invalid)


REFUSED: Final = (
    c.CONFLICTING, "Denied", "Forbidden", "NotExpanded", "NotReplaced", "QuotaExceeded", "Refused",
    "RefusedByAdmission",
)  # fmt: skip
"""Reasons for which an object is not written."""


def _stalled() -> Iterator[State]:
    for reason, message in (
        (c.INVALID_SPEC, "spec.services.web.image: must be a string (quote it)"),
        ("NotPlaced", "spec: no stack owns this one, as spec.place says"),
    ):
        status = as_json(status_of_invalid(_facts(_well()), reason, message, {}, NOON))
        name = f"stalled-{reason.lower()}"
        yield State(name, _stack(status), "Degraded", "Failed", _message(status, c.STALLED))
    for reason in REFUSED:
        refusal = Refusal("object Service shop-web", Problem(reason, "the write is refused"))
        yield _state(f"stalled-{reason.lower()}", "Degraded", "Failed", _facts(_well(), refusals=(refusal,)), c.STALLED)
    foreign = Refusal("object Service shop-web", Problem(c.CONFLICTING, "it belongs to others"))
    for name, more in (("foreign-object", {"foreign": ("Service shop-web",)}), ("orphan", {"orphans": ("Service x",)})):
        yield _state(f"stalled-{name}", "Degraded", "Failed", _facts(_well(), refusals=(foreign,), **more), c.STALLED)
    for action, reason in (("rollback", c.ROLLED_BACK), ("pause", c.UPDATE_PAUSED)):
        held = Held(action, ("web:2", "b"), ("web:1", "a"), Problem("ImagePullBackOff", "no such tag"))  # type: ignore[arg-type]
        service = _unwell(reason, str(held), held=held)
        yield _state(f"stalled-service-{reason.lower()}", "Degraded", "Failed", _facts(service), c.STALLED)
    failed = Check("shop-verify", "Failed", "exit code 1", "no answer from web")
    yield _state("stalled-verificationfailed", "Degraded", "Failed", _facts(_well(), check=failed), c.STALLED)
    for kind, reason in ((c.ROLLED_BACK, c.TREE_ROLLED_BACK), (c.UPDATE_PAUSED, c.TREE_UPDATE_PAUSED)):
        finding = c.Finding(kind, "True", reason, "the update of the tree failed (orders/api: ImagePullBackOff)")
        facts = _facts(_well(), tree_update=finding)
        yield _state(f"stalled-{reason.lower()}", "Degraded", "Failed", facts, c.STALLED)


STALLED_BELOW: Final = (
    c.INVALID_SPEC, c.CONFLICTING, "Denied", "Forbidden", "Refused", "NotExpanded", "NotReplaced", c.ROLLED_BACK,
    c.UPDATE_PAUSED, c.VERIFICATION_FAILED, "NotPlaced",
)  # fmt: skip
"""Reasons of a stack below for which somebody has to act."""


def _stalled_below() -> Iterator[State]:
    for reason in STALLED_BELOW:
        problem = Problem(reason, "somebody has to act", path=("dm",))
        branch = Branch("cpl", "shop-cpl", False, services=(1, 2), stacks=(0, 1), problem=problem, stalled=problem)
        facts = _facts(_well(), branches=(branch,))
        yield _state(f"stalled-below-{reason.lower()}", "Degraded", "Failed", facts, c.STALLED)
    problem = Problem("ImagePullBackOff", "no such tag", path=("dm",), subject="service api")
    branch = Branch("cpl", "shop-cpl", ready=False, services=(1, 2), stacks=(0, 1), problem=problem)
    yield _state("not-ready-below", "Progressing", "InProgress", _facts(_well(), branches=(branch,)))


def _stories() -> Iterator[State]:
    """What whole reconciles write, from the definition to the status."""
    world = World()
    world.write(SPEC)
    world.reconcile()
    world.time += 60
    world.reconcile()
    yield _of(world, "story-starting", "Progressing", "InProgress")
    world.roll_out()
    world.reconcile()
    yield _of(world, "story-ready", "Healthy", "Current")
    world.write({**SPEC, "suspend": True})
    world.reconcile()
    yield _of(world, "story-suspended", "Suspended", "Current", c.SUSPENDED)
    world.write({"services": {"web": {"image": 7}}})
    world.reconcile()
    yield _of(world, "story-invalid", "Degraded", "Failed", c.STALLED)
    world.write({**SPEC, "stopped": True})
    for _ in range(2):
        world.reconcile()
        world.roll_out()
    world.reconcile()
    yield _of(world, "story-stopped", "Suspended", "Current", c.STOPPED)
    world = World()
    world.write({"templateOnly": True, **SPEC})
    world.reconcile()
    yield _of(world, "story-template", "Healthy", "Current")
    world = World()
    world.cluster.refuses["apply Deployment shop-web"] = Denied('User "tenant" cannot patch resource "deployments"')
    world.write(SPEC)
    world.reconcile()
    world.reconcile()
    yield _of(world, "story-forbidden", "Degraded", "Failed", c.STALLED)


def _of(world: World, name: str, argocd: str, kstatus: str, told: str = c.READY) -> State:
    record = next(each for each in world.store.of_kind(naming.KIND) if each.ref.name == "shop")
    status = world.status()
    stack = _stack(status, record.summary["spec"], generation=record.generation)
    return State(name, stack, argocd, kstatus, _message(status, told))
