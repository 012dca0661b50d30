"""Make the cluster equal to a stack's plan: make room, apply, let go, prune.

First come Services, whose addresses stand in the zones, which are then written once; and what no workload may run
without: its policies, files and volumes. Autoscalers come last: a workload lets go of its replica count before they
take it over. All else goes at once. A policy is taken away when no pod is left that it selects.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ailtire_operator import naming
from ailtire_operator.cluster.applier import Applier
from ailtire_operator.cluster.apply_result import ApplyResult
from ailtire_operator.cluster.changes import Change
from ailtire_operator.cluster.errors import NotGone, Orphaned
from ailtire_operator.cluster.kinds import AUTOSCALER, JOB, NETWORK_POLICY, POD, SERVICE, VOLUME_CLAIM, Manifest, Ref
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.model.stack import Stack
from ailtire_operator.plan.adoption import adopted_claims
from ailtire_operator.plan.types import Plan, ServicePlan
from ailtire_operator.reconcile import changes
from ailtire_operator.reconcile.apply_errors import CONFLICTING, problems
from ailtire_operator.reconcile.dependency_gate import DependencyGate
from ailtire_operator.reconcile.isolation import Policies, only_opens, selects
from ailtire_operator.reconcile.mode import adopts
from ailtire_operator.reconcile.name_conflicts import ForeignObjects, NameConflicts
from ailtire_operator.reconcile.object_applier import ObjectApplier
from ailtire_operator.reconcile.planner import Planned, Planner
from ailtire_operator.reconcile.prerequisites import GROUND, PATIENCE, Missing, Prerequisites
from ailtire_operator.reconcile.pruning import HeldBack, PruneGate, autoscalers, held_back
from ailtire_operator.reconcile.rollback import Rollback
from ailtire_operator.reconcile.rollouts import is_rollout
from ailtire_operator.reconcile.sessions import Sessions
from ailtire_operator.reconcile.shared_hosts import SharedHosts
from ailtire_operator.reconcile.snapshot import PassResult
from ailtire_operator.reconcile.takeovers import Takeover, Takeovers
from ailtire_operator.reconcile.tree_gateways import TreeGateways
from ailtire_operator.reconcile.verification import with_check
from ailtire_operator.reconcile.volume_growth import VolumeGrowth, explained, smaller
from ailtire_operator.status.health import rolled_out
from ailtire_operator.status.observed import LiveObject, Problem

_FIRST: Final = GROUND | {SERVICE.kind}
_LAST: Final = AUTOSCALER.kind
LATER: Final = 5.0
"""Seconds until the next reconcile at policies whose pods are still there."""


class PlanExecutor:
    """Does what a plan asks for, in an order that is safe. Whether to do anything at all is decided before."""

    def __init__(
        self,
        store: Store,
        applier: Applier,
        planner: Planner,
        name_conflicts: NameConflicts,
        hosts: SharedHosts,
        rollback: Rollback,
        gate: DependencyGate,
        prerequisites: Prerequisites,
        foreign_objects: ForeignObjects,
        sessions: Sessions,
        tree_gateways: TreeGateways,
    ) -> None:
        self._store = store
        self._applier = applier
        self._objects = ObjectApplier(store, applier, sessions)
        self._planner = planner
        self._name_conflicts = name_conflicts
        self._shared_hosts = hosts
        self._rollback = rollback
        self._gate = gate
        self._prerequisites = prerequisites
        self._foreign_objects = foreign_objects
        self._tree_gateways = tree_gateways
        self._growth = VolumeGrowth(store, applier, sessions)
        self._takeovers = Takeovers(store, applier, sessions)

    async def execute(self, record: Record, stack: Stack, *, retry_refused: bool) -> PassResult:
        """One pass over one stack. ``retry_refused``: what was refused is tried again. Raises InvalidStack, NotLeader.

        It is planned once, and again where what the plan was made from has changed by the pass itself.
        """
        await self._rollback.load(record)
        await self._planner.prepare(record, stack)
        planned = self._planner.plan(record, stack)
        judgement = await self._rollback.judge(record, planned)
        planned = self._planner.plan(record, stack) if judgement.changed else planned
        named = await self._takeovers.take_over(record, planned, retry_refused=retry_refused)
        this = self._begin(record, planned, self._gate.held(record, planned), retry_refused, named)
        done = [*named.done.values(), *await self._first(this)]
        if any(each.ref.kind == SERVICE.kind for each in done):  # there are other addresses now
            this = self._begin(record, self._planner.plan(record, stack), this.waiting, retry_refused, named)
        tables, next_note = await self._tree_gateways.write(record, this.planned)
        done += tables
        missing = await self._prerequisites.missing(record, this.planned, done)
        done = [*self._kept_waiting(this, missing), *done]
        late = {*missing.refs, *(each.ref for each in done if isinstance(each.error, NotGone))}
        late |= this.named.without_service(done)
        late |= {scaler for workload, scaler in autoscalers(this.planned.manifests).items() if workload in late}
        done += await self._apply(this, lambda kind: kind not in (*_FIRST, _LAST), late)
        late |= _unsafe(this.planned.manifests, done)
        done += await self._apply(this, lambda kind: kind == _LAST, late)
        done += await self._rollback.keep(record, this.planned)
        pruned, later = await self._prune(this, done, missing)
        again = [judgement.again, LATER if later else None, PATIENCE if missing.passes else None, next_note]
        done += pruned
        grown = await self._growth.grow(record, this.planned, retry_refused=retry_refused)
        done += judgement.refused  # after all else: it holds back nothing
        return self._result(this, done, min(filter(None, again), default=None), missing, grown)

    def _begin(
        self, record: Record, planned: Planned, waiting: Mapping[str, Problem], retry_refused: bool, named: Takeover
    ) -> "_Pass":
        held = held_back(planned.manifests, self._present(record), waiting.keys())
        held = with_check(held, record, planned, waiting, self._store, self._applier)
        return _Pass(record, planned, waiting, held, retry_refused, named)

    async def _first(self, this: "_Pass") -> list[ApplyResult]:
        """Write what no workload may do without, and Services; make room for them where something is in their way.

        What runs is not taken away for something that may not take its place yet.
        """
        if not self._room(this, this.held.keys):
            return await self._apply(this, lambda kind: kind in _FIRST)
        done = await self._apply(this, lambda kind: kind in GROUND)
        missing = await self._prerequisites.missing(this.record, this.planned, [*this.named.done.values(), *done])
        done += await self._remove(this, self._room(this, {*this.held.keys, *filter(None, missing.members)}))
        return done + await self._apply(this, lambda kind: kind == SERVICE.kind)

    def _room(self, this: "_Pass", held: Collection[str]) -> list[Change]:
        planned = this.planned
        return changes.room(planned.plan, planned.manifests.keys(), self._present(this.record), held)

    def _present(self, record: Record) -> list[Record]:
        return list(self._store.owned_by(record.ref.namespace, record.uid))

    def _kept_waiting(self, this: "_Pass", missing: Missing) -> list[ApplyResult]:
        """What is to take the place of something of ours that has been deleted and has not gone yet."""
        room = self._room(this, {*this.held.keys, *filter(None, missing.members)})
        return [
            ApplyResult(each.ref, False, each.record, NotGone(each.why), "none")
            for each in changes.kept_by(this.planned.manifests, room, self._store.get)
        ]

    async def _apply(
        self, this: "_Pass", chosen: Callable[[str], bool], late: Collection[Ref] = ()
    ) -> list[ApplyResult]:
        """Bring the objects of some kinds in line, all at once, but for what is ``late`` and members that are held."""
        record, planned = this.record, this.planned
        listed = changes.planned_objects(
            planned.manifests,
            self._store.get,
            record.uid,
            settled=lambda ref: planned.in_sync(ref, self._store, self._applier),
            wanted=lambda ref: chosen(ref.kind) and ref not in late and ref not in this.named.done,
            held=this.held.refs,
        )
        adopt, adopted = adopts(record, self._store), adopted_claims(planned.plan)
        return await _all(
            self._objects.bring(
                each,
                record,
                planned.synced,
                account=planned.account,
                retry_refused=this.retry_refused,
                adopt=adopt,
                take=each.ref in this.named.due,
                must_exist=each.ref.kind == VOLUME_CLAIM.kind and each.ref.name in adopted,
            )
            for each in listed
            if each.action != "held"
        )

    async def _remove(self, this: "_Pass", listed: Iterable[Change]) -> list[ApplyResult]:
        return await _all(
            self._objects.remove(each.record, this.record, this.planned.account)
            for each in listed
            if each.action == "delete" and each.record is not None
        )

    async def _prune(self, this: "_Pass", done: list[ApplyResult], missing: Missing) -> tuple[list[ApplyResult], bool]:
        """Take away what is not planned any more; whether something is left that goes later.

        What runs as it was before may still need all that it had; nothing goes for an update that goes no further.
        """
        record, planned = this.record, this.planned
        sound = all(child.problem is None for child in planned.plan.children.values())
        whole = sound and not this.held.outdated and not missing.members and not self._gate.is_paused(record)
        prune_gate = PruneGate(whole=whole, failed=_failed(done))
        settled = self._is_settled(record, planned.plan)
        present = self._present(record)
        listed = changes.unwanted(planned.plan, planned.manifests.keys(), present, prune_gate, settled=settled)
        policies = [each for each in listed if each.ref.kind == NETWORK_POLICY.kind]
        removed = await self._remove(this, (each for each in listed if each.ref.kind != NETWORK_POLICY.kind))
        if not policies:
            return removed, False
        pods = [each.labels for each in self._store.of_kind(POD.kind) if each.ref.namespace == record.ref.namespace]
        staying = Policies({ref: each for ref, each in planned.manifests.items() if self._store.get(ref) is not None})
        idle = [each for each in policies if each.record is not None and _goes(each.record, pods, staying)]
        return removed + await self._remove(this, idle), len(idle) < len(policies)

    def _is_settled(self, record: Record, plan: Plan) -> bool:
        """Whether no pod of the stack, and none that may be started in its place, is of a definition before."""
        workloads = [*plan.services.values(), *([plan.gateway] if plan.gateway else [])]
        return all(self._is_rolled_out(record, each) for each in workloads if each.kind != JOB.kind)

    def _is_rolled_out(self, record: Record, workload: ServicePlan) -> bool:
        live = self._store.get(Ref(workload.kind, record.ref.namespace, workload.name))
        if live is None:
            return False
        wanted = workload.replicas if workload.replicas is not None else int(live.summary.get("specReplicas", 0))
        return rolled_out(LiveObject(live.generation, live.summary), wanted)

    def _result(
        self,
        this: "_Pass",
        done: list[ApplyResult],
        again: float | None,
        missing: Missing,
        grown: Mapping[Ref, Problem],
    ) -> PassResult:
        record, planned = this.record, this.planned
        found = explained({**problems(done, record, self._store), **missing.found, **grown}, planned, self._store)
        holders = {**missing.holders, **{each.ref: each.record for each in done}}
        foreign = {ref: holders.get(ref) for ref, problem in found.items() if problem.reason == CONFLICTING}
        self._name_conflicts.update(record, foreign)
        self._foreign_objects.update(record, foreign)
        # What the pass itself has written may end a member's waiting, and no event of its own stack will say so.
        waiting = self._gate.held(record, planned) if done else this.waiting
        return PassResult(
            plan=planned.plan,
            manifests=planned.manifests,
            problems=found,
            overridden=sorted(ref for ref in planned.manifests if self._applier.overridden(ref)),
            contested=self._name_conflicts.of(record),
            hosts=self._shared_hosts.before(record),
            held=self._rollback.held(record, planned.plan.services),
            first=self._rollback.without(record, planned.plan.services),
            again=again,
            waiting={**waiting, **missing.members},
            notices=sorted([*self._gate.notices(record, planned), *smaller(planned, record.uid, self._store)]),
            orphans=sorted(each.ref for each in done if isinstance(each.error, Orphaned)),
            adopted=sorted(each.ref for each in done if each.adopted),
            put_back=[(each.ref, change) for each in done for change in each.put_back],
            rolled=[each for each in done if is_rollout(each)],
            released=any(key not in waiting for key in this.waiting),
        )


@dataclass(frozen=True, slots=True)
class _Pass:
    """What all steps of one pass over one stack go by."""

    record: Record
    planned: Planned
    waiting: Mapping[str, Problem]
    """The members that wait for what they depend on, by their key, and why."""
    held: HeldBack
    """What is not written for that."""
    retry_refused: bool
    named: Takeover
    """What became of claims and Deployments that the definition names."""


async def _all(calls: Iterable[Awaitable[ApplyResult | None]]) -> list[ApplyResult]:
    """All of them at once; what there was to do. An exception waits until the others have come back."""
    results = await asyncio.gather(*calls, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return [result for result in results if isinstance(result, ApplyResult)]


def _goes(policy: Record, pods: Iterable[Mapping[str, str]], staying: Policies) -> bool:
    """Whether a policy that is not planned any more may go while these pods (by their labels) run.

    One that is there for the gateway of a tree only opens, and is planned for as long as anything needs it.
    """
    if policy.labels.get(naming.LABEL_COMPONENT) == naming.COMPONENT_TREE_GATEWAY:
        return True
    return not selects(policy, pods) or only_opens(policy, pods, staying)


def _unsafe(manifests: Mapping[Ref, Manifest], done: Iterable[ApplyResult]) -> set[Ref]:
    """The autoscalers of workloads that could not be written: one that still holds its count would fight them."""
    failed = {each.ref for each in done if each.error is not None}
    return {autoscaler for workload, autoscaler in autoscalers(manifests).items() if workload in failed}


def _failed(done: Iterable[ApplyResult]) -> int:
    return sum(each.error is not None for each in done)
