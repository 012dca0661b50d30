"""Who may talk to whom, by what NetworkPolicies say: an evaluator of their API, for all objects of a tree.

No cluster of the tests enforces policies, so they are proved here: every pod of a tree against every other.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ailtire_operator import naming
from ailtire_operator.model.loading import parse_stack
from ailtire_operator.model.stack import Stack
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Manifest, Observed
from stacks import SETTINGS

OUTSIDE = "outside"
"""Anything that is no pod of the tree: the internet, other pods of the cluster."""
_DNS_PORT = 53
_WORKLOADS = ("Deployment", "StatefulSet")


@dataclass(frozen=True)
class Pod:
    """The pods of one workload."""

    name: str
    labels: tuple[tuple[str, str], ...]


def objects_of(top: Stack, observed: Observed | None = None) -> list[Manifest]:
    """All objects of a stack and every stack below it."""
    found: list[Manifest] = []
    waiting = [top]
    while waiting:
        made = plan(waiting.pop(), SETTINGS, observed or Observed())
        found += made.objects
        for each in made.objects:
            if each["kind"] == naming.KIND:
                metadata = {**each["metadata"], "namespace": top.namespace}
                waiting.append(parse_stack({**each, "metadata": metadata}))
    return found


def pods(objects: Iterable[Manifest]) -> list[Pod]:
    """One pod for each workload."""
    return [
        Pod(each["metadata"]["name"], tuple(sorted(each["spec"]["template"]["metadata"]["labels"].items())))
        for each in objects
        if each["kind"] in _WORKLOADS
    ]


def matrix(objects: list[Manifest]) -> set[tuple[str, str]]:
    """All pairs (from, to) of workloads, and of workloads and the outside, of which the first may dial the second."""
    policies = [each["spec"] for each in objects if each["kind"] == "NetworkPolicy"]
    everyone = [*pods(objects), Pod(OUTSIDE, ())]
    return {
        (source.name, target.name)
        for source in everyone
        for target in everyone
        if source is not target and _leaves(policies, source, target) and _enters(policies, source, target)
    }


def _enters(policies: list[dict[str, Any]], source: Pod, target: Pod) -> bool:
    return _allowed(policies, target, source, "Ingress", "from")


def _leaves(policies: list[dict[str, Any]], source: Pod, target: Pod) -> bool:
    return _allowed(policies, source, target, "Egress", "to")


def _allowed(policies: list[dict[str, Any]], subject: Pod, peer: Pod, direction: str, side: str) -> bool:
    """Policies add up; a pod that none of them is about is open."""
    if subject.name == OUTSIDE:
        return True
    about = [each for each in policies if direction in each["policyTypes"] and selects(each["podSelector"], subject)]
    rules = [rule for each in about for rule in each.get(direction.lower(), [])]
    return not about or any(_admits(rule, side, peer) for rule in rules)


def _admits(rule: dict[str, Any], side: str, peer: Pod) -> bool:
    """Rules for DNS alone let nobody talk; one for other ports without peers (the edge's) is for the outside."""
    if {port["port"] for port in rule.get("ports", [])} == {_DNS_PORT}:
        return False
    if side not in rule:
        return peer.name == OUTSIDE or "ports" not in rule
    return any(
        "podSelector" in each and peer.name != OUTSIDE and selects(each["podSelector"], peer) for each in rule[side]
    )


def selects(selector: dict[str, Any], pod: Pod) -> bool:
    """Whether a label selector is about the pod; an empty one is about all."""
    labels = dict(pod.labels)
    wanted = selector.get("matchLabels", {})
    assert set(selector) <= {"matchLabels"}, "the evaluator knows no expressions yet"
    return all(labels.get(key) == value for key, value in wanted.items())
