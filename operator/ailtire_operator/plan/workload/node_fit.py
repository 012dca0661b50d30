"""Which nodes take a pod, judged as Kubernetes' scheduler does: by its selector, its affinity and their taints."""

from collections.abc import Iterable, Mapping
from typing import Any

from ailtire_operator.model.selectors import selects
from ailtire_operator.plan.types import Node


def fits(node: Node, pod: Mapping[str, Any]) -> bool:
    """Whether a node takes a pod of this spec, if there is room."""
    labels = node.get("labels") or {}
    if not selects({"matchLabels": pod.get("nodeSelector")}, labels) or not _attracts(pod, labels):
        return False
    return all(_tolerated(taint, pod.get("tolerations") or ()) for taint in node.get("taints") or ())


def _attracts(pod: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    affinity = (pod.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    return required is None or any(selects(term, labels) for term in required["nodeSelectorTerms"])


def _tolerated(taint: Mapping[str, Any], tolerations: Iterable[Mapping[str, Any]]) -> bool:
    """The plan's tolerations are for a key, whatever its value."""
    if taint["effect"] == "PreferNoSchedule":
        return True
    return any((each["key"], each["effect"]) == (taint["key"], taint["effect"]) for each in tolerations)
