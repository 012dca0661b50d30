"""Pods and their use by the stack that they belong to, reduced to what is shown of them."""

from collections.abc import Iterable, Sequence
from typing import Any

from ailtire_operator import naming
from ailtire_operator.cli.pod_facts import PodFacts, facts
from ailtire_operator.cli.trees import Member

Json = dict[str, Any]
StackName = tuple[str, str]
"""Namespace and name."""


class PodIndex:
    """All pods of the operator's; ``changed`` collects the stacks whose pods say something else."""

    def __init__(self, changed: set[StackName]) -> None:
        self._changed = changed
        self._pods: dict[str, Json] = {}
        """By uid; each no more than ``_reduced``."""
        self._stacks: dict[StackName, set[str]] = {}
        self._metrics: dict[StackName, Json] = {}
        """By namespace and name of the pod."""

    def put(self, pod: Json) -> None:
        """A pod as it is now."""
        uid, reduced = pod["metadata"]["uid"], _reduced(pod)
        before = self._pods.get(uid)
        if before == reduced:
            return
        if before is not None and _stack_of(before) != _stack_of(reduced):
            self.remove(uid)
        self._pods[uid] = reduced
        self._stacks.setdefault(_stack_of(reduced), set()).add(uid)
        self._changed.add(_stack_of(reduced))

    def remove(self, uid: str) -> None:
        """A pod that is gone."""
        pod = self._pods.pop(uid, None)
        if pod is None:
            return
        stack = _stack_of(pod)
        self._stacks[stack].discard(uid)
        if not self._stacks[stack]:
            del self._stacks[stack]
        self._changed.add(stack)

    def keep(self, uids: set[str]) -> None:
        """All others are gone."""
        for uid in self._pods.keys() - uids:
            self.remove(uid)

    def measure(self, metrics: Iterable[Json]) -> None:
        """What all pods use now: PodMetrics."""
        found = {(each["metadata"].get("namespace", ""), each["metadata"]["name"]): each for each in metrics}
        for pod in self._pods.values():
            name = pod["metadata"]["namespace"], pod["metadata"]["name"]
            if _usage(found.get(name)) != _usage(self._metrics.get(name)):
                self._changed.add(_stack_of(pod))
        self._metrics = found

    def images(self, stack: StackName) -> dict[str, str]:
        """By the service the image of its youngest pod: a definition's may be completed or replaced on the way."""
        pods = [self._pods[uid] for uid in self._stacks.get(stack, ())]
        pods.sort(key=lambda each: (each["metadata"]["creationTimestamp"] or "", each["metadata"]["name"]))
        return {each["metadata"]["labels"].get(naming.LABEL_SERVICE, ""): each["image"] for each in pods}

    def facts(self, stack: StackName) -> dict[str, PodFacts]:
        """What the pods of a stack say, by the service as it stands in names; empty for the gateway's."""
        pods = [self._pods[uid] for uid in self._stacks.get(stack, ())]
        names = [(each["metadata"]["namespace"], each["metadata"]["name"]) for each in pods]
        found = facts(pods, [self._metrics[each] for each in names if each in self._metrics])
        return {_service(member): each for member, each in found.items()}


def _reduced(pod: Json) -> Json:
    metadata, labels = pod["metadata"], pod["metadata"].get("labels") or {}
    kept = {each: labels[each] for each in (naming.LABEL_STACK, naming.LABEL_SERVICE) if each in labels}
    containers: Sequence[Json] = (pod.get("spec") or {}).get("containers") or ({},)
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    return {
        "image": str(containers[0].get("image") or ""),
        "metadata": {
            "namespace": metadata.get("namespace", ""),
            "name": metadata["name"],
            "labels": kept,
            "creationTimestamp": metadata.get("creationTimestamp"),
        },
        "status": {"containerStatuses": [{"restartCount": each.get("restartCount", 0)} for each in statuses]},
    }


def _stack_of(pod: Json) -> StackName:
    return pod["metadata"]["namespace"], pod["metadata"]["labels"].get(naming.LABEL_STACK, "")


def _usage(metrics: Json | None) -> list[Any]:
    return [] if metrics is None else [each.get("usage") for each in metrics.get("containers") or ()]


def _service(member: Member) -> str:
    return member[1]
