"""Decides which nodes fit a pod, as the scheduler does: by node selector, affinity and taints."""

from collections.abc import Iterable, Mapping
from typing import Any

from ailtire_operator.model.selectors import selects
from ailtire_operator.plan.types import Node


def fits(node: Node, pod: Mapping[str, Any]) -> bool:
    """Whether a node fits a pod of this spec, resources aside."""
    labels = node.get("labels") or {}
    if not selects({"matchLabels": pod.get("nodeSelector")}, labels) or not _matches_affinity(pod, labels):
        return False
    return all(_tolerated(taint, pod.get("tolerations") or ()) for taint in node.get("taints") or ())


def _matches_affinity(pod: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    affinity = (pod.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    return required is None or any(selects(term, labels) for term in required["nodeSelectorTerms"])


def _tolerated(taint: Mapping[str, Any], tolerations: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a taint is tolerated. Tolerations in our plans match by key only."""
    if taint["effect"] == "PreferNoSchedule":
        return True
    return any((each["key"], each["effect"]) == (taint["key"], taint["effect"]) for each in tolerations)
