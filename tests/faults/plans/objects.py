"""What somebody else does to the tree's objects, and to what it needs, while it changes."""

import time
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from typing import Any

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import (
    CONTROLLER_REVISION,
    DEPLOYMENT,
    KINDS,
    NETWORK_POLICY,
    OWNED_KINDS,
    SERVICE,
    STACK,
    VOLUME_CLAIM,
    Kind,
)
from faults.journal import Entry
from faults.lane import Lane
from faults.plans.admission import BY_OPERATOR, in_namespace, writes_of
from faults.plans.plan import Plan, always
from faults.story import ROOT, definition
from lab.api import Refused
from lab.waiting import eventually

_FINALIZER = "example.com/held"
_QUOTAS = "/api/v1/namespaces/{}/resourcequotas"
_POLICIES = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"
_BINDINGS = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings"


def of_objects() -> Iterator[Plan]:
    """Objects of the tree are deleted and changed."""
    acts: dict[str, Callable[[Lane], None]] = {
        "a Deployment deleted": _deleting(DEPLOYMENT),
        "a Service deleted": _deleting(SERVICE),
        "a NetworkPolicy deleted": _deleting(NETWORK_POLICY),
        "a child deleted": _deleting(STACK),
        "everything deleted": _delete_everything,
        "a Deployment scaled to 0": _merging(DEPLOYMENT, {"spec": {"replicas": 0}}),
        "an image edited": _edit_image,
        "labels taken away": _merging(DEPLOYMENT, {"metadata": {"labels": None}}),
        "a selector changed": _merging(SERVICE, {"spec": {"selector": {"of": "another"}}}),
        "a NetworkPolicy opened": _merging(NETWORK_POLICY, {"spec": {"ingress": [{}]}}),
        "a child's definition changed": _merging(STACK, {"spec": {"environment": "elsewhere"}}),
        "managedFields wiped": _merging(DEPLOYMENT, {"metadata": {"managedFields": [{}]}}),
        "annotations taken away": _merging(DEPLOYMENT, {"metadata": {"annotations": None}}),
        "a child's status forged": _forge_status,
        "a deleted Job": _deleting(KINDS["Job"]),
    }
    for name, act in acts.items():
        yield Plan("objects", name, "after the edit", act=act, fired=always, exact=False)
    yield Plan("objects", "a finalizer held", "on a Service", act=_hold, heal=_let_go, fired=always, exact=False)
    yield Plan("objects", "an owner taken away", "of a Deployment", act=_disown, heal=_adopt, fired=always, exact=False)
    again = "the root deleted and made again"
    yield Plan("objects", again, "at once", act=_again, fired=always, exact=False, makes_again=True)
    past = _deleting(CONTROLLER_REVISION, 1)
    yield Plan(
        "objects", "the history deleted", "after the edit", act=past, fired=always, exact=False, makes_again=True
    )
    yield Plan("objects", "edited there and back", "before the edit", before=_there_and_back, fired=always, exact=False)


def of_admission() -> Iterator[Plan]:
    """The API server refuses for a while, for a reason of the cluster's."""
    for resource in ("deployments.apps", "services"):
        limit, lift = _quota(resource)
        yield Plan("admission", "a quota", resource, before=limit, heal=lift, fired=_refused)
    for kind in (DEPLOYMENT, NETWORK_POLICY, STACK):
        deny, allow = _policy(kind)
        yield Plan("admission", "a policy that denies", kind.kind, before=deny, heal=allow, fired=_refused)


def _refused(entries: Sequence[Entry]) -> bool:
    return any(entry.writes and entry.status in (403, 422) for entry in entries)


def _mine(lane: Lane, kind: Kind) -> list[dict[str, Any]]:
    items = lane.plane.api.get(kind.path(lane.namespace))["items"]
    mine = [each for each in items if (each["metadata"].get("labels") or {}).get(naming.LABEL_ROOT) == ROOT]
    return sorted((each for each in mine if "ownerReferences" in each["metadata"]), key=_name)


def _name(obj: dict[str, Any]) -> str:
    return str(obj["metadata"]["name"])


def _tolerant(change: Callable[[], object]) -> None:
    """Do it, unless the operator or Kubernetes was faster."""
    try:
        change()
    except Refused as error:
        if error.code not in (404, 409, 422):
            raise


def _each(lane: Lane, kind: Kind, change: Callable[[str], object], step: int = 2) -> None:
    """To every second object of the kind, so that some are left alone."""
    for each in _mine(lane, kind)[::step]:
        path = kind.path(lane.namespace, _name(each))
        _tolerant(lambda path=path: change(path))  # type: ignore[misc]


def _first(lane: Lane, kind: Kind, change: Callable[[str], object]) -> None:
    """To one object of the kind."""
    _each(lane, kind, change, 10**6)


def _deleting(kind: Kind, step: int = 2) -> Callable[[Lane], None]:
    return lambda lane: _each(lane, kind, lane.plane.api.delete, step)


def _delete_everything(lane: Lane) -> None:
    """Whatever a definition makes. Of a history that is deleted before an update has failed nothing can be restored."""
    for kind in OWNED_KINDS:
        if kind not in (STACK, VOLUME_CLAIM, CONTROLLER_REVISION):
            _each(lane, kind, lane.plane.api.delete, 1)


def _merging(kind: Kind, patch: dict[str, Any]) -> Callable[[Lane], None]:
    return lambda lane: _each(lane, kind, lambda path: lane.plane.api.merge(path, patch))


def _edit_image(lane: Lane) -> None:
    for each in _mine(lane, DEPLOYMENT)[::2]:
        containers = deepcopy(each["spec"]["template"]["spec"]["containers"])
        containers[0]["image"] = "docker.io/library/another:1"
        patch = {"spec": {"template": {"spec": {"containers": containers}}}}
        path = DEPLOYMENT.path(lane.namespace, _name(each))
        _tolerant(lambda path=path, patch=patch: lane.plane.api.merge(path, patch))  # type: ignore[misc]


def _forge_status(lane: Lane) -> None:
    condition = {"type": "Ready", "status": "False", "reason": "Forged", "message": "by nobody"}
    patch = {"status": {"conditions": [{**condition, "lastTransitionTime": "2026-01-01T00:00:00Z"}]}}
    _each(lane, STACK, lambda path: lane.plane.api.merge(path + "/status", patch))


def _hold(lane: Lane) -> None:
    def hold(path: str) -> None:
        lane.plane.api.merge(path, {"metadata": {"finalizers": [_FINALIZER]}})
        lane.plane.api.delete(path)

    _first(lane, SERVICE, hold)


def _let_go(lane: Lane) -> None:
    for each in lane.plane.api.get(SERVICE.path(lane.namespace))["items"]:
        if _FINALIZER in each["metadata"].get("finalizers", ()):
            path = SERVICE.path(lane.namespace, _name(each))
            _tolerant(lambda path=path: lane.plane.api.merge(path, {"metadata": {"finalizers": None}}))  # type: ignore[misc]


def _disown(lane: Lane) -> None:
    _first(lane, DEPLOYMENT, lambda path: lane.plane.api.merge(path, {"metadata": {"ownerReferences": None}}))


def _adopt(lane: Lane) -> None:
    """Ask for it as docs/operations.md says, and take the request back once it is done."""
    _annotate(lane, "true")
    eventually(lambda: not _orphans(lane), 60, "the adoption of the Deployment")
    _annotate(lane, None)


def _annotate(lane: Lane, value: str | None) -> None:
    path = STACK.path(lane.namespace, ROOT)
    _tolerant(lambda: lane.plane.api.merge(path, {"metadata": {"annotations": {"ailtire.io/adopt": value}}}))


def _orphans(lane: Lane) -> list[str]:
    items = lane.plane.api.get(DEPLOYMENT.path(lane.namespace))["items"]
    planned = [each for each in items if not _name(each).endswith("-canary")]
    return [_name(each) for each in planned if not each["metadata"].get("ownerReferences")]


def _again(lane: Lane) -> None:
    """Delete the root, and create it again from what it was."""
    path = STACK.path(lane.namespace, ROOT)
    root = lane.plane.api.get(path)
    lane.plane.api.delete(path)
    eventually(lambda: lane.plane.api.find(path) is None, 30, "the end of the root")
    metadata = {"name": ROOT, "namespace": lane.namespace}
    lane.plane.api.apply(path, {**{key: root[key] for key in ("apiVersion", "kind", "spec")}, "metadata": metadata})


def _there_and_back(lane: Lane) -> None:
    """Another definition, and the old one again before anybody can have carried the other out."""
    path = STACK.path(lane.namespace, ROOT)
    old = lane.plane.api.get(path)
    base = {key: old[key] for key in ("apiVersion", "kind")} | {"metadata": {"name": ROOT, "namespace": lane.namespace}}
    for spec in (definition(), old["spec"], definition(), old["spec"]):
        lane.plane.api.apply(path, {**base, "spec": spec})
        time.sleep(0.05)


def _quota(resource: str) -> tuple[Callable[[Lane], None], Callable[[Lane], None]]:
    """One of the resource may be there, which is fewer than there are: no further one is created."""

    def limit(lane: Lane) -> None:
        quota = {"metadata": {"name": "none"}, "spec": {"hard": {f"count/{resource}": "1"}}}
        path = _QUOTAS.format(lane.namespace)
        lane.plane.api.create(path, quota)
        eventually(lambda: "hard" in lane.plane.api.get(f"{path}/none").get("status", {}), 30, "the quota counted")

    def lift(lane: Lane) -> None:
        lane.plane.api.delete(f"{_QUOTAS.format(lane.namespace)}/none")

    return limit, lift


def _policy(kind: Kind) -> tuple[Callable[[Lane], None], Callable[[Lane], None]]:
    """Nothing of the kind may be created or changed in the namespace by the operator."""

    def deny(lane: Lane) -> None:
        name = f"deny-{lane.namespace}"
        spec = {
            "failurePolicy": "Fail",
            "matchConstraints": {"resourceRules": [writes_of(kind)], "namespaceSelector": in_namespace(lane)},
            "validations": [{"expression": f"!{BY_OPERATOR}", "message": "denied by a test"}],
        }
        lane.plane.api.create(_POLICIES, {"metadata": {"name": name}, "spec": spec})
        binding = {"metadata": {"name": name}, "spec": {"policyName": name, "validationActions": ["Deny"]}}
        lane.plane.api.create(_BINDINGS, binding)

    def allow(lane: Lane) -> None:
        name = f"deny-{lane.namespace}"
        for path in (f"{_BINDINGS}/{name}", f"{_POLICIES}/{name}"):
            lane.plane.api.delete(path)

    return deny, allow
