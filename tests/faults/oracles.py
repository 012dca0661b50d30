"""What must be true beside the end state: of statuses at any moment, of foreign objects, of secrets, of writes."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ailtire_operator.cluster.kinds import (
    AUTOSCALER,
    CONFIG_MAP,
    DEPLOYMENT,
    KINDS,
    POD,
    STACK,
    controller_of,
)
from ailtire_operator.plan.tree_revisions import DEFAULT_LIMIT, definition_of
from faults.lane import LABELLED, UNLABELLED, Lane
from faults.state import CANARY, NO_OWNER, State, differences, is_revision, neutral, objects, state
from faults.story import ROOT, SECRET_VALUE
from lab.errors import LabError
from support.background import Background
from support.conditions import is_ready

MEMORY_MEBIBYTES = 256.0
_SAMPLE_SECONDS = 0.2
_KEPT_LATER = "ControllerRevision/"
"""A definition is kept as the last good one once it is Ready."""
_ENDED = ("Succeeded", "Failed")
"""Phases of a pod."""
_WRITTEN_BY_OTHERS = (".annotations", ".status")
_NOT_RUN: dict[str, dict[str, Any]] = {
    "Deployment": {"replicas": 0},
    "StatefulSet": {"replicas": 0},
    "Job": {"suspend": True},
}
"""So that no canary needs a pod."""


class StatusWatch(Background):
    """Five times a second: whenever the root becomes Ready for its generation, nothing of that generation may lack."""

    def __init__(self, lane: Lane, expected: State, *, since: int, before: int = 0) -> None:
        """``since``: the generation of the step; ``before``: the one that the root was Ready for before it, if any."""
        super().__init__()
        self.problems: list[str] = []
        self._lane = lane
        self._expected = expected
        self._since = since
        self._was_ready = since in (0, before)  # 0: the root is being deleted

    def _run(self) -> None:
        while not self._ended.wait(_SAMPLE_SECONDS):
            try:
                self._sample()
            except LabError:
                continue  # the API server is away, or the root is

    def _sample(self) -> None:
        root = self._lane.plane.api.get(STACK.path(self._lane.namespace, ROOT))
        ready = root["metadata"]["generation"] >= self._since and is_ready(root)
        if ready and not self._was_ready:
            existing = objects(self._lane.plane.api, self._lane.namespace)
            found = state(existing, self._lane.namespace)
            pods = self._lane.plane.api.get(POD.path(self._lane.namespace))["items"]
            again = self._lane.plane.api.get(STACK.path(self._lane.namespace, ROOT))
            if again["metadata"]["generation"] == root["metadata"]["generation"]:
                lacks = lacking(self._expected, found) + unended(existing, pods)
                self.problems += [f"Ready, while {each}" for each in lacks]
        self._was_ready = ready


def ready_generation(lane: Lane) -> int:
    """The generation that the root is Ready for; 0 where it is not, or is not there."""
    try:
        root = lane.plane.api.get(STACK.path(lane.namespace, ROOT))
    except LabError:
        return 0
    return int(root["metadata"]["generation"]) if is_ready(root) else 0


def unkept(found: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What is wrong with the revisions of a tree, by all objects of its namespace.

    There are no more than the limit, and if the root is Ready the newest one has the definition in force.
    """
    root = found.get(f"{STACK.kind}/{ROOT}")
    if root is None:
        return []
    uid = root["metadata"]["uid"]
    own = [each for each in found.values() if is_revision(each) and (controller_of(each) or {}).get("uid") == uid]
    revisions = sorted(own, key=lambda each: int(each["revision"]))
    problems = [f"{len(revisions)} revisions are kept"] if len(revisions) > DEFAULT_LIMIT else []
    if not is_ready(root):
        return problems
    kept = definition_of(revisions[-1]) if revisions else None
    if kept is None:
        return [*problems, "no revision of the tree can be read"]
    templates = {name: (found.get(f"{STACK.kind}/{name}") or {}).get("spec") for name in kept.templates}
    if (kept.spec, kept.templates) != (root["spec"], templates):
        problems.append(f"the newest revision, {revisions[-1]['metadata']['name']}, is of another definition")
    return problems


def lacking(expected: State, found: State) -> list[str]:
    """What a stack that says Ready lacks or has too much; what Kubernetes writes or ends later does not count.

    Nor does a configuration too many: it stays for as long as a pod of a definition before may need it, and a stack is
    ready before the last of them has ended. At the end of the step it has to be gone.
    """
    leaving = {key for key, each in found.items() if each["dying"] or NO_OWNER in each["owners"]}
    found = {key: each for key, each in found.items() if key not in leaving and not key.startswith(_KEPT_LATER)}
    expected = {key: each for key, each in expected.items() if not key.startswith(_KEPT_LATER)}
    return [
        str(each)
        for each in differences(expected, found)
        if not (each.key.startswith(f"{STACK.kind}/") and each.path)
        and not (each.key.startswith(f"{CONFIG_MAP.kind}/") and each.key not in expected)
        and (each.path == ".status.runs" or not each.path.startswith(_WRITTEN_BY_OTHERS))
    ]


def unended(found: Mapping[str, Mapping[str, Any]], pods: Iterable[Mapping[str, Any]]) -> list[str]:
    """Pods of Deployments of which none is wanted: of a stack that says Ready all of them have ended."""
    stopped = [
        each["spec"]["selector"]["matchLabels"].items()
        for key, each in found.items()
        if each["kind"] == DEPLOYMENT.kind and each["spec"].get("replicas") == 0 and not key.endswith(CANARY)
    ]
    return [
        f"Pod/{pod['metadata']['name']} has not ended, and none is wanted"
        for pod in pods
        if (pod.get("status") or {}).get("phase") not in _ENDED
        and any(labels <= (pod["metadata"].get("labels") or {}).items() for labels in stopped)
    ]


class Canaries:
    """Objects that belong to nobody, under every name of the story: all of them must stay as they are."""

    def __init__(self, lane: Lane, samples: Iterable[dict[str, Any]]) -> None:
        self._lane = lane
        for each in samples:
            name, labels = str(each["metadata"]["name"]), each["metadata"].get("labels") or {}
            self._create(each, lane.namespace + LABELLED, name, labels)
            self._create(each, lane.namespace + UNLABELLED, name, {})
            self._create(each, lane.namespace, name + CANARY, labels)
        self._before = self._objects()

    def __len__(self) -> int:
        return len(self._before)

    def changed(self) -> list[str]:
        """The canaries that are not what they were."""
        now = self._objects()
        return [f"{key}, which is nobody's, was changed" for key, each in self._before.items() if now.get(key) != each]

    def _create(self, sample: dict[str, Any], namespace: str, name: str, labels: dict[str, str]) -> None:
        kind = KINDS[sample["kind"]]
        spec = {**sample["spec"], **_NOT_RUN.get(kind.kind, {})} if "spec" in sample else None
        if kind == AUTOSCALER and spec:  # it is not to scale what is the tree's
            spec["scaleTargetRef"] = {**spec["scaleTargetRef"], "name": name + CANARY}
        rest = {key: value for key, value in sample.items() if key not in ("metadata", "spec")}
        body = {**rest, "metadata": {"name": name, "labels": labels}, **({"spec": spec} if spec is not None else {})}
        self._lane.plane.api.create(kind.path(namespace), body)

    def _objects(self) -> dict[str, Any]:
        return {
            f"{namespace}: {key}": _essence(each)
            for namespace in self._lane.namespaces
            for key, each in objects(self._lane.plane.api, namespace, everything=True).items()
            if namespace != self._lane.namespace or key.endswith(CANARY)
        }


def _essence(obj: dict[str, Any]) -> Any:
    """All that only the operator could have changed."""
    metadata = obj["metadata"]
    managers = sorted({each["manager"] for each in metadata.get("managedFields", ()) if "ailtire" in each["manager"]})
    spec = {key: value for key, value in (obj.get("spec") or {}).items() if key != "volumeName"}
    rest = {key: metadata.get(key) for key in ("uid", "labels", "ownerReferences", "finalizers", "deletionTimestamp")}
    return {**rest, "managers": managers, "spec": spec, "data": obj.get("data")}


def sample(obj: dict[str, Any], namespace: str) -> dict[str, Any] | None:
    """An object as it can be created again anywhere; None of what cannot be without an owner."""
    if obj["kind"] == STACK.kind or (controller_of(obj) or {"kind": STACK.kind})["kind"] != STACK.kind:
        return None
    spec = {key: value for key, value in (obj.get("spec") or {}).items() if key != "clusterIPs"}
    if spec.get("clusterIP") != "None":
        spec.pop("clusterIP", None)
    if obj["kind"] == "PersistentVolumeClaim":
        spec.pop("volumeName", None)
    if obj["kind"] == "Job":
        spec.pop("selector", None)
        spec["template"] = {**spec["template"], "metadata": {}}
    if obj["kind"] == "DaemonSet":
        spec["template"]["spec"]["nodeSelector"] = {"no": "node"}
    metadata = {key: obj["metadata"][key] for key in ("name", "labels") if key in obj["metadata"]}
    rest = {key: value for key, value in obj.items() if key not in ("metadata", "spec", "status")}
    neutralised = json.loads(neutral(json.dumps({**rest, "metadata": metadata, "spec": spec}), namespace))
    return {key: value for key, value in neutralised.items() if key != "spec" or value}


def secrets_shown(lane: Lane, lines: Sequence[str]) -> list[str]:
    """Where something secret can be read: in the log, in a status, in an Event."""
    values = {"the Secret's value": SECRET_VALUE}
    values |= {f"the token of replica {each.number}": each.token for each in lane.replicas}
    api = lane.plane.api
    places = {
        "the log": "\n".join(lines),
        "a status": json.dumps([each.get("status") for each in api.get(STACK.path(lane.namespace))["items"]]),
        "an Event": json.dumps(api.get(f"/api/v1/namespaces/{lane.namespace}/events")["items"]),
    }
    return [
        f"{name} can be read in {place}"
        for place, text in places.items()
        for name, value in values.items()
        if value in text
    ]


def unfenced(lane: Lane) -> list[str]:
    """Writes of a replica that did not hold the lease when it sent them; of a lane with several replicas."""
    if len(lane.replicas) == 1:
        return []
    holder, problems = -1, []
    for entry in lane.journal.entries:
        if entry.holds_lease:
            holder = entry.replica
        elif entry.committed and entry.replica != holder:
            problems.append(f"replica {entry.replica} wrote while replica {holder} held the lease: {entry}")
    return problems[:3]


def traces(lines: Sequence[str]) -> list[str]:
    """Errors in the log that nobody has foreseen."""
    return [f"log: {line}" for line in lines if "Traceback (most recent call last)" in line][:1]
