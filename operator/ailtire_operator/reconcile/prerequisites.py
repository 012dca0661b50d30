"""What has to be in place before a workload is written: the policies that select its pods, and what they mount.

A pod without its policies is open to all, and one that mounts a volume or a file of somebody else's, as that has the
planned name, reads and writes what it must not. So a workload is neither made nor changed nor scaled until then, and
what runs runs on. Policies of networks above are written by other stacks, which this one reads and waits for.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ailtire_operator.cluster.apply_result import ApplyResult
from ailtire_operator.cluster.errors import ClusterError
from ailtire_operator.cluster.kinds import (
    CONFIG_MAP,
    NETWORK_POLICY,
    STACK,
    STATEFUL_SET,
    VOLUME_CLAIM,
    Manifest,
    Ref,
)
from ailtire_operator.cluster.ownership import claim_in_the_way, is_ours
from ailtire_operator.cluster.store import Record, Store, record_of
from ailtire_operator.plan.types import ServicePlan
from ailtire_operator.reconcile.ancestry import Ancestry
from ailtire_operator.reconcile.apply_errors import CONFLICTING, problems
from ailtire_operator.reconcile.dependency_index import DependencyIndex
from ailtire_operator.reconcile.isolation import (
    Labels,
    Policies,
    is_alone_in_selecting,
    network_labels,
    networks_above,
    policies_above,
)
from ailtire_operator.reconcile.planner import Planned
from ailtire_operator.reconcile.pruning import autoscalers
from ailtire_operator.status.conditions import PROGRESSING, WAITING
from ailtire_operator.status.observed import Problem
from ailtire_operator.status.text import bounded

Claims = Callable[[str], Awaitable[Sequence[Manifest]]]
"""All PersistentVolumeClaims of a namespace."""

GROUND: Final = frozenset({NETWORK_POLICY.kind, CONFIG_MAP.kind, VOLUME_CLAIM.kind})
"""What is written before any workload. It needs nothing itself."""
PATIENCE: Final = 15.0
"""Seconds until the next reconcile where only the change of another stack's policy would have caused one."""


@dataclass(frozen=True, slots=True)
class Missing:
    """What is not to be written now, and why."""

    members: Mapping[str, Problem] = field(default_factory=dict)
    """By the service's key; the gateway's is empty."""
    refs: frozenset[Ref] = frozenset()
    """The workloads, and the autoscalers that would scale them."""
    found: Mapping[Ref, Problem] = field(default_factory=dict)
    """Objects of others that pods would take for their own."""
    holders: Mapping[Ref, Record] = field(default_factory=dict)
    """Those of them whose going would change that."""

    @property
    def passes(self) -> bool:
        """Whether anything of it may pass without a change of this stack or its objects."""
        return any(problem.transient for problem in self.members.values())


class Prerequisites:
    """Judges the workloads of a plan. What it reads is the store, but for volumes of others, which no watch brings."""

    def __init__(self, store: Store, ancestry: Ancestry, waits: DependencyIndex, claims: Claims) -> None:
        self._store = store
        self._ancestry = ancestry
        self._dependents = waits
        self._claims = claims

    async def missing(self, record: Record, planned: Planned, done: Iterable[ApplyResult]) -> Missing:
        """What the workloads that are to change lack, after a try to write all else (``done``)."""
        scalers = autoscalers(planned.manifests)
        changing = [each for each in _workloads(planned, record) if self._changes(planned, each, scalers)]
        check = _Check(record, planned, problems(done, record, self._store))
        # Before anything is read: what happens from now on must not be missed.
        self._dependents.update(record, None, check.owners() if changing else ())
        members, found = {}, dict[Ref, Problem]()
        for member, ref in changing:
            manifest = planned.manifests[ref]
            problem = self._problem_of(check, manifest) or await self._taken(check, manifest, found)
            if problem is not None:
                members[member.key] = self._held(ref, problem)
        if not members:
            self._dependents.update(record, None, ())
        held = [ref for member, ref in changing if member.key in members]
        late = frozenset([*held, *(scalers[ref] for ref in held if ref in scalers)])
        return Missing(members, late, found, {ref: check.holders[ref] for ref in found if ref in check.holders})

    def _changes(self, planned: Planned, workload: "tuple[ServicePlan, Ref]", scalers: Mapping[Ref, Ref]) -> bool:
        """Whether anything would be written that makes or changes pods, or their number."""
        _, ref = workload
        refs = [ref, *filter(None, [scalers.get(ref)])]
        return any(not self._ancestry.in_sync(planned, each) for each in refs)

    def _held(self, ref: Ref, problem: Problem) -> Problem:
        verb = "waits with its update for" if self._store.get(ref) is not None else "waits for"
        return Problem(problem.reason, bounded(f"{verb} {problem.message}"), problem.transient)

    def _problem_of(self, check: "_Check", workload: Manifest) -> Problem | None:
        """The first thing that the pods of a workload lack."""
        template = workload["spec"]["template"]
        labels = template["metadata"]["labels"]
        found = (*self._open(check, labels), *self._foreign(check, template["spec"]))
        return next(iter(found), None)

    def _open(self, check: "_Check", pod: Labels) -> Iterator[Problem]:
        """Policies that a pod with these labels needs and that are not in place."""
        covered = set[str]()
        for ref, selector in check.policies.selecting(pod):
            covered.update(selector if len(selector) == 1 else ())
            if not self._ancestry.in_sync(check.planned, ref):
                yield check.why(ref, "without which its pods would be open to others")
        for label in network_labels(pod):
            if label not in covered and label not in check.above and not self._is_left(check, label):
                yield Problem(WAITING, f"the NetworkPolicy of a network that no stack has any more ({label})", True)
        for label in network_labels(pod):
            network = check.above.get(label)
            if network is None or label in covered:
                continue
            for ref, wanted in policies_above(network, check.namespace, pod):
                if not self._is_in_place(ref, wanted, network.owner):
                    words = f"{ref} of stack '{network.owner}', without which its pods would be open to others"
                    yield Problem(WAITING, words, True)

    def _is_in_place(self, ref: Ref, wanted: Mapping[str, Any], owner: str) -> bool:
        """Whether the policy of another stack is as that stack would write it."""
        live = self._store.get(ref)
        stack = self._store.owner_of(live) if live is not None else None
        if live is None or live.deleting or stack is None or stack.ref != Ref(STACK.kind, ref.namespace, owner):
            return False
        return self._ancestry.overridden(ref) or all(live.summary.get(key) == value for key, value in wanted.items())

    def _is_left(self, check: "_Check", label: str) -> bool:
        """Whether a policy that is planned no more still selects the pods: they run a definition of before."""
        present = self._store.owned_by(check.namespace, check.record.uid)
        return any(each.ref.kind == NETWORK_POLICY.kind and is_alone_in_selecting(each, label) for each in present)

    def _foreign(self, check: "_Check", pod: Mapping[str, Any]) -> Iterator[Problem]:
        """Volumes and files of the plan that the pods mount and that are not the stack's, or not there."""
        for kind, name in _mounted(pod):
            ref = Ref(kind, check.namespace, name)
            manifest, live = check.planned.manifests.get(ref), self._store.get(ref)
            if manifest is None:  # somebody else's, as the definition says, or one of a definition before
                continue
            if live is None or not is_ours(live, manifest, check.record.uid):
                yield check.why(ref, "which its pods mount")

    async def _taken(self, check: "_Check", workload: Manifest, found: dict[Ref, Problem]) -> Problem | None:
        """A claim that is there under the name of one of the replicas' own, which Kubernetes would take for it."""
        live = self._store.get(Ref.of(workload))
        first = _next_ordinal(workload, live)
        if first is None:
            return None
        try:
            claims = await check.claims(self._claims)
        except ClusterError as error:
            return Problem(PROGRESSING, f"a reconcile at the volumes of its namespace: {error}", True)
        for claim in claims:
            taken = claim_in_the_way(workload, claim, live.uid if live else None, first)
            if taken is not None:
                problem = Problem(PROGRESSING if taken[1] else CONFLICTING, *taken)
                found[Ref.of(claim)] = problem
                check.holders[Ref.of(claim)] = record_of(claim)
                return Problem(problem.reason, f"a volume of its own: {problem.message}", problem.transient)
        return None


class _Check:
    """One reconcile at one stack: what all of its workloads have in common."""

    def __init__(self, record: Record, planned: Planned, failed: Mapping[Ref, Problem]) -> None:
        self.record = record
        self.namespace = record.ref.namespace
        self.planned = planned
        self.policies = Policies(planned.manifests)
        self.above = networks_above(planned.plan.stack.spec.place)
        self.holders: dict[Ref, Record] = {}
        """Claims that replicas would take for their own, as they were read."""
        self._failed = failed
        self._claims: Sequence[Manifest] | None = None

    def owners(self) -> set[str]:
        """The stacks whose policies select pods of this one."""
        return {network.owner for network in self.above.values()} - {self.record.ref.name}

    def why(self, ref: Ref, what_for: str) -> Problem:
        """Why an object of the plan is not in place, and what it is needed for."""
        problem = self._failed.get(ref)
        if problem is None:
            return Problem(WAITING, f"{ref}, {what_for}", True)
        return Problem(problem.reason, f"{ref}, {what_for}: {problem.message}", problem.transient)

    async def claims(self, ask: Claims) -> Sequence[Manifest]:
        """All volume claims of the namespace, asked for once. Raises ClusterError."""
        if self._claims is None:
            self._claims = await ask(self.namespace)
        return self._claims


def _workloads(planned: Planned, record: Record) -> Iterator[tuple[ServicePlan, Ref]]:
    plan = planned.plan
    for each in (*plan.services.values(), *([plan.gateway] if plan.gateway else [])):
        yield each, Ref(each.kind, record.ref.namespace, each.name)


def _mounted(pod: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Kind and name of the ConfigMaps and claims that a pod of this spec mounts."""
    for volume in pod.get("volumes") or ():
        if "configMap" in volume:
            yield CONFIG_MAP.kind, volume["configMap"]["name"]
        if "persistentVolumeClaim" in volume:
            yield VOLUME_CLAIM.kind, volume["persistentVolumeClaim"]["claimName"]


def _next_ordinal(workload: Manifest, live: Record | None) -> int | None:
    """The ordinal of the first replica with volumes of its own that would be made; None where none would be."""
    spec = workload["spec"]
    if workload["kind"] != STATEFUL_SET.kind or not spec.get("volumeClaimTemplates"):
        return None
    start = int((spec.get("ordinals") or {}).get("start", 0))
    if live is None:
        return start
    count = int(live.summary.get("specReplicas", 0))
    return start + count if spec.get("replicas", 0) > count else None
