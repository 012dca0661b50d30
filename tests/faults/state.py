"""The state of a namespace, less what differs from one run to the next: two runs that ended alike compare equal."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import (
    AUTOSCALER,
    DEPLOYMENT,
    JOB,
    OWNED_KINDS,
    SERVICE,
    STACK,
    VOLUME_CLAIM,
    controller_of,
)
from faults.story import LATE_MEMBERS
from lab.api import Api
from support.names import unused

State = dict[str, Any]
"""By ``Kind/name``: the object as it counts."""

CANARY = "-canary"
"""How the names of objects end that lie in the story's namespace and are nobody's."""
_DIGEST = re.compile(r"-[0-9a-f]{8}(?![0-9a-z])")
"""In names of gateways' files and of jobs: of their content, and so of the namespace's name too."""
INJECTED = "example.com/injected"
"""An annotation that a webhook of the cluster adds to what is written, and that nobody takes away again."""
_NUMBERED = re.compile(r"\b(generation|revision) [0-9]+")
"""In messages: a root that was deleted and made again counts from 1."""
_PARTS = [member.split("/") for member in LATE_MEMBERS]
_LATE = re.compile(
    rf"(the update of the tree \(generation N\) failed): (?:{'|'.join(f'{a}(?:/{b})?' for a, b in _PARTS)}): "
    r"(?:Progressing|ErrImagePull|ImagePullBackOff): [^()]*( \(not ready within 5 s\))"
)
"""In the messages of a tree that has gone back at its deadline: which of the members that the step changes is named,
or that a stack has not applied its definition."""
_METADATA = ("labels", "annotations", "finalizers")
_OF_OTHERS = (
    "batch.kubernetes.io/controller-uid",
    "controller-uid",
    "deprecated.daemonset.template.generation",
    "pv.kubernetes.io/bind-completed",
    "pv.kubernetes.io/bound-by-controller",
    "volume.beta.kubernetes.io/storage-provisioner",
    "volume.kubernetes.io/storage-provisioner",
    "volume.kubernetes.io/selected-node",
    INJECTED,
)
"""Labels and annotations with uids, or that come at a time of their own."""
_ASSIGNED = {
    SERVICE.kind: ("clusterIP", "clusterIPs", "healthCheckNodePort"),
    VOLUME_CLAIM.kind: ("volumeName",),
    JOB.kind: ("selector",),
}


class _Anything:
    """In the place of what differs between runs without a fault."""

    def __repr__(self) -> str:
        return "anything"


ANYTHING = _Anything()


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where a state is not as it was to be."""

    key: str
    """The object, as ``Kind/name``."""
    text: str
    path: str = ""
    """In the object; empty where the whole object is missing or too many."""

    def __str__(self) -> str:
        return f"{self.key}{self.path} {self.text}"


def objects(api: Api, namespace: str, *, everything: bool = False) -> dict[str, dict[str, Any]]:
    """The objects of all kinds that stacks own, by ``Kind/name``; with our label alone, unless ``everything``."""
    found: dict[str, dict[str, Any]] = {}
    for kind in OWNED_KINDS:
        selector = f"?labelSelector={naming.MANAGED_SELECTOR}" if kind.selected and not everything else ""
        for item in api.get(f"{kind.path(namespace)}{selector}")["items"]:
            name = f"{kind.kind}/{item['metadata']['name']}"
            found[name] = {**item, "kind": kind.kind, "apiVersion": kind.api_version}
    return found


def state(found: Mapping[str, dict[str, Any]], namespace: str) -> State:
    """What counts of these objects, but for canaries, and what other controllers have made."""
    names = {each["metadata"]["uid"]: key for key, each in found.items()}
    scaled = {each["spec"]["scaleTargetRef"]["name"] for each in found.values() if each["kind"] == AUTOSCALER.kind}
    made: State = {}
    for key, each in sorted(found.items(), key=lambda item: str(item[1]["metadata"]["creationTimestamp"])):
        if not key.endswith(CANARY) and _is_of_a_tree(each):
            counted = json.loads(neutral(json.dumps(_counted(each, names, scaled)), namespace))
            made[unused(neutral(key, namespace), made)] = counted
    return made


def neutral(text: str, namespace: str) -> str:
    """A text without the namespace's name and without what that name makes different in it."""
    return _DIGEST.sub("-digest", text.replace(namespace, "any-namespace"))


def _is_of_a_tree(obj: Mapping[str, Any]) -> bool:
    if is_revision(obj):  # when one is written depends on the order of statuses; see oracles.unkept
        return False
    controller = controller_of(obj)
    return controller is None or controller["kind"] == STACK.kind


def is_revision(obj: Mapping[str, Any]) -> bool:
    """Whether it is a revision of a whole tree."""
    return naming.LABEL_REVISION in (obj["metadata"].get("labels") or {})


def _counted(obj: Mapping[str, Any], names: Mapping[str, str], scaled: Iterable[str]) -> dict[str, Any]:
    metadata = obj["metadata"]
    about = {key: _known(metadata.get(key)) for key in _METADATA}
    owners = [names.get(each["uid"], NO_OWNER) for each in metadata.get("ownerReferences") or ()]
    spec = {key: value for key, value in (obj.get("spec") or {}).items() if key not in _ASSIGNED.get(obj["kind"], ())}
    if obj["kind"] == DEPLOYMENT.kind and metadata["name"] in scaled:
        spec.pop("replicas", None)
    if obj["kind"] == SERVICE.kind:
        spec["ports"] = [{k: v for k, v in port.items() if k != "nodePort"} for port in spec.get("ports") or ()]
    if obj["kind"] == JOB.kind:
        spec["template"] = {**spec["template"], "metadata": {"labels": _known(spec["template"]["metadata"]["labels"])}}
    rest = {key: obj[key] for key in ("data", "binaryData") if key in obj}
    dying = "deletionTimestamp" in metadata
    return {**about, "owners": owners, "spec": spec, **rest, "dying": dying, "status": _status(obj)}


NO_OWNER = "an owner that is gone"


def _known(labels: Any) -> Any:
    if not isinstance(labels, dict):
        return labels
    return {key: value for key, value in labels.items() if key not in _OF_OTHERS} or None


def _status(obj: Mapping[str, Any]) -> Any:
    """Of a stack its conditions without times; of a Deployment whether that runs which is wanted; of others nothing."""
    status = obj.get("status") or {}
    current = status.get("observedGeneration") == obj["metadata"].get("generation")
    if obj["kind"] == DEPLOYMENT.kind:
        replicas, updated, available = _counts(obj, "replicas", "updatedReplicas", "availableReplicas")
        return {"runs": runs(obj), "alone": replicas == updated, "available": replicas == available}
    if obj["kind"] != STACK.kind:
        return None
    conditions = {
        each["type"]: [each["status"], each["reason"], neutral_message(each["message"])]
        for each in status.get("conditions") or ()
    }
    return {"conditions": conditions, "current": current, "counts": status.get("counts")}


def neutral_message(message: str) -> str:
    """A message of a condition without numbers, and without which of those that were late is named.

    Where requests are slow, a good member of the update may not be ready at the deadline either.
    """
    return _LATE.sub(r"\1: a member\2", _NUMBERED.sub(r"\1 N", message))


def runs(deployment: Mapping[str, Any]) -> bool:
    """Whether as many replicas as are wanted are ready and of its definition, whether available for long yet or not."""
    status, wanted = deployment.get("status") or {}, deployment["spec"].get("replicas", 1)
    replicas, updated, ready = _counts(deployment, "replicas", "updatedReplicas", "readyReplicas")
    current = status.get("observedGeneration") == deployment["metadata"].get("generation")
    if wanted == 0:  # the controller counts pods for a while yet that are gone
        return bool(current)
    # Of those that are ready as many may be of the old definition as there are old ones left.
    return bool(current and updated == wanted and ready - (replicas - updated) >= wanted)


def _counts(deployment: Mapping[str, Any], *names: str) -> list[int]:
    status = deployment.get("status") or {}
    return [int(status.get(each, 0)) for each in names]


def differences(expected: State, found: State) -> list[Difference]:
    """Where a state is not as it is to be."""
    keys = sorted(key for key in expected.keys() | found.keys() if expected.get(key) is not ANYTHING)
    lines = [Difference(key, "is missing") for key in keys if key not in found]
    lines += [Difference(key, "should not be there") for key in keys if key not in expected]
    for key in keys:
        if key in expected and key in found:
            unlike = _unlike(expected[key], found[key])
            lines += [Difference(key, f"is {have!r}, not {want!r}", path) for path, want, have in unlike]
    return lines


def _unlike(want: Any, have: Any, path: str = "") -> list[tuple[str, Any, Any]]:
    if want is ANYTHING:
        return []
    if isinstance(want, dict) and isinstance(have, dict):
        keys = sorted(want.keys() | have.keys())
        return [each for key in keys for each in _unlike(want.get(key), have.get(key), f"{path}.{key}")]
    if isinstance(want, list) and isinstance(have, list) and len(want) == len(have):
        pairs = enumerate(zip(want, have, strict=True))
        return [each for number, (a, b) in pairs for each in _unlike(a, b, f"{path}[{number}]")]
    return [] if want == have else [(path, want, have)]


def common(first: Any, second: Any) -> Any:
    """What two runs without a fault have in common; ANYTHING where they differ."""
    if isinstance(first, dict) and isinstance(second, dict):
        keys = first.keys() | second.keys()
        return {key: common(first.get(key, ANYTHING), second.get(key, ANYTHING)) for key in keys}
    if isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        return [common(a, b) for a, b in zip(first, second, strict=True)]
    return first if first == second else ANYTHING
