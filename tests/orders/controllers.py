"""Kubernetes' own controllers, as far as a tree needs them; each does one thing at each step, when it may.

Deployments have their pods without a ReplicaSet between them; a pod gets ready at a step of its own.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from ailtire_operator.cluster.kinds import Ref, controller_of
from ailtire_operator.cluster.managed_fields import fingerprint
from orders.api_server import FOREGROUND, ApiServer
from orders.managers import Object
from support.conditions import is_true

ACTOR: Final = "controllers"
_TEMPLATE: Final = "orders/template"
Step = tuple[str, Callable[[], object]]


class Controllers:
    """What the controllers would do next, in any order."""

    def __init__(self, server: ApiServer) -> None:
        self._server = server
        self._found: tuple[int, list[Step]] = (0, [])
        self._revisions: dict[tuple[str, int], str] = {}

    def pending(self) -> list[Step]:
        """Name and deed of everything that is to be done."""
        if self._found[0] != self._server.version:
            self._found = (self._server.version, list(self._pending()))
        return self._found[1]

    def _revision(self, owner: Object) -> str:
        """The revision of the pod template of a workload."""
        key = (owner["metadata"]["uid"], owner["metadata"]["generation"])
        if key not in self._revisions:
            self._revisions[key] = fingerprint(owner["spec"]["template"])
        return self._revisions[key]

    def _pending(self) -> Iterator[Step]:
        uids = {obj["metadata"]["uid"] for obj in self._server.objects.values()}
        for ref, obj in list(self._server.objects.items()):
            yield from self._collection(ref, obj, uids)
            if "deletionTimestamp" in obj["metadata"]:
                continue
            if ref.kind == "Deployment":
                yield from self._deployment(ref, obj)
            elif ref.kind == "Job":
                yield from self._job(ref, obj)
            elif ref.kind == "Pod":
                yield from self._pod(ref, obj)

    def _collection(self, ref: Ref, obj: Object, uids: set[str]) -> Iterator[Step]:
        """The garbage collector: what has lost all owners goes; so does what an owner waits for."""
        metadata = obj["metadata"]
        owners = [each["uid"] for each in metadata.get("ownerReferences") or ()]
        if owners and not uids.intersection(owners):
            yield f"collect {ref}", lambda: self._server.remove(ACTOR, ref)
            return
        if "deletionTimestamp" not in metadata or FOREGROUND not in (metadata.get("finalizers") or ()):
            return
        below = [each for each, other in self._server.objects.items() if _owns(obj, other)]
        for each in below:
            yield f"collect {each}", lambda each=each: self._server.remove(ACTOR, each)  # type: ignore[misc]
        if not below:
            yield f"finalize {ref}", lambda: self._server.remove(ACTOR, ref)

    def _deployment(self, ref: Ref, obj: Object) -> Iterator[Step]:
        spec, status, metadata = obj["spec"], obj.get("status") or {}, obj["metadata"]
        wanted = spec.get("replicas", 1)
        pods = self._pods(obj)
        current = [pod for pod in pods if pod["metadata"]["annotations"][_TEMPLATE] == self._revision(obj)]
        outdated = [pod for pod in pods if pod not in current]
        ready = [pod for pod in current if is_ready(pod)]
        if len(current) < wanted:
            yield f"start {ref}", lambda: self._start(obj)
        elif len(current) > wanted:
            yield f"stop {ref}", lambda: self._server.remove(ACTOR, Ref.of(current[-1]))
        elif outdated and len(ready) == wanted:
            yield f"stop {ref}", lambda: self._server.remove(ACTOR, Ref.of(outdated[0]))
        all_ready = len(ready) + sum(map(is_ready, outdated))
        counts = {
            "observedGeneration": metadata["generation"],
            "replicas": len(pods),
            "updatedReplicas": len(current),
            "readyReplicas": all_ready,
            "availableReplicas": all_ready,
        }
        if {key: status.get(key) for key in counts} != counts:
            yield f"status {ref}", lambda: self._server.write(ACTOR, {**obj, "status": counts})

    def _pods(self, owner: Object) -> list[Object]:
        found = self._server.objects.items()
        return [each for ref, each in found if ref.kind == "Pod" and _owns(owner, each)]

    def _job(self, ref: Ref, obj: Object) -> Iterator[Step]:
        status = obj.get("status") or {}
        pods = self._pods(obj)
        if status.get("succeeded"):
            return
        if not pods:
            yield f"start {ref}", lambda: self._start(obj)
        elif pods[0].get("status", {}).get("phase") == "Succeeded":
            done = {"succeeded": 1, "conditions": [{"type": "Complete", "status": "True"}]}
            yield f"status {ref}", lambda: self._server.write(ACTOR, {**obj, "status": done})

    def _start(self, owner: Object) -> None:
        template, metadata = owner["spec"]["template"], owner["metadata"]
        reference = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": metadata["name"]}
        reference |= {"uid": metadata["uid"], "controller": True, "blockOwnerDeletion": True}
        pod = {
            "name": f"{metadata['name']}-{self._server.version}",
            "namespace": metadata["namespace"],
            "labels": (template.get("metadata") or {}).get("labels") or {},
            "annotations": {_TEMPLATE: self._revision(owner)},
            "ownerReferences": [reference],
        }
        self._server.create(ACTOR, {"apiVersion": "v1", "kind": "Pod", "metadata": pod, "spec": template["spec"]})

    def _pod(self, ref: Ref, obj: Object) -> Iterator[Step]:
        if (obj.get("status") or {}).get("phase") is None:
            yield f"run {ref}", lambda: self._run(obj)

    def _run(self, pod: Object) -> None:
        ended = controller_of(pod)["kind"] == "Job"  # type: ignore[index]
        number = int(pod["metadata"]["uid"].rpartition("-")[2])
        status: dict[str, Any] = {
            "phase": "Succeeded" if ended else "Running",
            "podIPs": [{"ip": f"10.244.{number // 250}.{number % 250 + 1}"}],
            "conditions": [{"type": "Ready", "status": str(not ended)}],
        }
        self._server.write(ACTOR, {**pod, "status": status})


def _owns(owner: Object, other: Object) -> bool:
    uid = owner["metadata"]["uid"]
    return any(each["uid"] == uid for each in other["metadata"].get("ownerReferences") or ())


def is_ready(pod: Object) -> bool:
    """Whether a pod says that it is ready."""
    return is_true(pod)
