"""Run the story with a fault in each of its steps, and compare each end with that of a run without a fault."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import ENDPOINT_SLICE, KINDS, STACK
from faults.journal import Entry, effects
from faults.lane import Lane, lane_name
from faults.oracles import (
    MEMORY_MEBIBYTES,
    StatusWatch,
    ready_generation,
    sample,
    secrets_shown,
    traces,
    unfenced,
)
from faults.plans.plan import Plan, choose
from faults.settling import settle
from faults.state import ANYTHING, State, common, differences, neutral, objects
from faults.story import ROOT, SECRET_VALUE, STEPS, VAULT, manifests
from lab import ControlPlane
from support.checks.threads import together

REST_SECONDS = 10.0
"""How long nothing may be written after the last edit."""
_LIMIT_SECONDS = 120.0
_REVISION = "deployment.kubernetes.io/revision"


@dataclass(frozen=True)
class Reference:
    """How a step ends without a fault."""

    state: State
    created: Counter[str]
    """How often each object was created, of the run that created it most often."""
    deleted: frozenset[str]
    """What was deleted, in either run: Kubernetes' own garbage collector may come first."""
    writes: int


@dataclass
class Learned:
    """What runs without a fault have shown."""

    references: list[Reference]
    samples: dict[str, dict[str, Any]]
    """Each object that there has been, as it can be created again, by ``Kind/name``."""


@dataclass
class Outcome:
    """How a step ended with a fault."""

    step: str
    plan: Plan
    fired: bool = False
    seconds: float = 0.0
    """From the edit, or from the healing, until the last write."""
    memory: float = 0.0
    """MiB."""
    failover: float | None = None
    """Seconds from the edit until another replica had the lease; None where none took it."""
    wrong: list[str] = field(default_factory=list)


def learn(plane: ControlPlane, steps: int = len(STEPS)) -> Learned:
    """Run so many steps of the story twice without a fault; what differs between the two counts for nothing."""
    runs: list[list[Reference]] = [[], []]
    samples: dict[str, dict[str, Any]] = {}

    def drive(number: int) -> None:
        runs[number] = list(_without_fault(plane, lane_name("learn", number), samples, steps))

    together([lambda: drive(0), lambda: drive(1)])
    return Learned([merged(a, b) for a, b in zip(*runs, strict=True)], samples)


def merged(a: Reference, b: Reference) -> Reference:
    """What two runs without a fault have in common."""
    return Reference(common(a.state, b.state), a.created | b.created, a.deleted | b.deleted, min(a.writes, b.writes))


def _without_fault(
    plane: ControlPlane, name: str, samples: dict[str, dict[str, Any]], steps: int
) -> Iterator[Reference]:
    with Lane(plane, name) as lane:
        create_secret(lane)
        lane.start()
        for number in range(1, steps + 1):
            mark = len(lane.journal.entries)
            edit(lane, number)
            found, _ = settle(lane, None, _LIMIT_SECONDS)
            entries = lane.journal.entries[mark:]
            for key, each in objects(plane.api, lane.namespace).items():
                if (plain := sample(each, lane.namespace)) is not None:
                    samples.setdefault(neutral(key, lane.namespace), plain)
            created, deleted = done_by(lane, entries, "create"), done_by(lane, entries, "delete")
            writes = len([entry for entry in entries if entry.writes])
            yield Reference(found, Counter(created), frozenset(deleted), writes)


def done_by(lane: Lane, entries: Sequence[Entry], verb: str) -> list[str]:
    """What was created or deleted, but for revisions of the whole tree: how many there are the order of events says."""
    return [neutral(each, lane.namespace) for each in effects(entries, verb) if naming.REVISION_INFIX not in each]


def run(lane: Lane, learned: Learned, plans: "Chooser", seed: str) -> Iterator[Outcome]:
    """The story with a fault in each step; it ends early where a step ends wrong, as all after it would too."""
    chance = random.Random(seed)
    for number, reference in enumerate(learned.references, 1):
        plan = plans.next(number, reference, chance)
        outcome = attempt(lane, number, plan, reference)
        plans.count(outcome)
        yield outcome
        if outcome.wrong:
            return


@dataclass
class Chooser:
    """Which plan comes next; the lanes share it, so that none tries what another has."""

    of_writes: Callable[[int], Iterable[Plan]]
    """The plans of a step with so many writes."""
    others: Sequence[Plan]
    covered: Counter[tuple[str, str]] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self, number: int, reference: Reference, chance: random.Random) -> Plan:
        """A plan for a step."""
        possible = [*self.of_writes(reference.writes), *self.others]
        with self.lock:
            plan = choose([each for each in possible if fits(each, number)], self.covered, chance)
            self.covered[plan.family, plan.kind] += 1
        return plan

    def count(self, outcome: Outcome) -> None:
        """What has not come about is to be tried again."""
        if not outcome.fired:
            with self.lock:
                self.covered[outcome.plan.family, outcome.plan.kind] -= 1


def fits(plan: Plan, number: int) -> bool:
    """Whether a step can end as without the fault; the first one has no objects yet that anybody could disturb."""
    if plan.makes_again and not STEPS[number - 1].same_if_made_again:
        return False
    return plan.exact or 1 < number < len(STEPS)


def attempt(lane: Lane, number: int, plan: Plan, reference: Reference) -> Outcome:
    """One step with one fault."""
    outcome = Outcome(STEPS[number - 1].name, plan)
    expected = _expected(lane, reference.state, plan)
    mark, sizes, leader = len(lane.journal.entries), lane.log_sizes(), lane.leader.number
    ready_before = ready_generation(lane)
    plan.before(lane)
    rules = plan.rules(lane)
    lane.rules = rules
    begun = edited = time.monotonic()
    generation = edit(lane, number)
    with StatusWatch(lane, expected, since=generation, before=ready_before) as status:
        plan.act(lane)
        if plan.heal is not None:
            lane.stopped.wait(plan.held)
            begun = _healed(lane, plan)
        found, still = settle(lane, expected, plan.limit)
    lane.rules = []
    entries = lane.journal.entries[mark:]
    outcome.fired = plan.fired(entries) if plan.fired else any(rule.fired for rule in rules)
    outcome.seconds = max(0.0, lane.journal.last_write() - begun)
    outcome.memory = lane.memory
    taken = (entry.sent - edited for entry in entries if entry.holds_lease and entry.replica != leader)
    outcome.failover = next(taken, None)
    outcome.wrong = [str(each) for each in differences(expected, found)] + still
    if not plan.exact:
        _count_revisions(lane, reference.state, found)
    else:
        found_wrong = status.problems + unexpected(lane, entries, reference, deletes=STEPS[number - 1].delete)
        outcome.wrong += [each for each in found_wrong if not (plan.pods_change and ENDPOINT_SLICE.kind in each)]
    outcome.wrong += lane.ended_by_themselves() + unfenced(lane)
    lines = lane.logged_since(sizes)
    outcome.wrong += traces(lines) + secrets_shown(lane, lines)
    if outcome.memory > MEMORY_MEBIBYTES:
        outcome.wrong.append(f"the operator holds {outcome.memory:.0f} MiB")
    return outcome


def _healed(lane: Lane, plan: Plan) -> float:
    """End the fault; when that was."""
    assert plan.heal is not None
    lane.start_again()
    lane.rules = []
    plan.heal(lane)
    return time.monotonic()


def unexpected(lane: Lane, entries: Sequence[Entry], reference: Reference, *, deletes: bool) -> list[str]:
    """Creations and deletions that no run without a fault has.

    Where the root is deleted, an object may be created again that Kubernetes has collected before the operator knew
    why; its owner is gone, so that it is collected as well, and the end state shows that.
    """
    created = Counter() if deletes else Counter(done_by(lane, entries, "create")) - reference.created
    deleted = set(done_by(lane, entries, "delete")) - reference.deleted
    return [f"{each} {count} times too often" for each, count in created.items()] + [
        f"{each}, which no run without a fault does" for each in sorted(deleted)
    ]


def _expected(lane: Lane, reference: State, plan: Plan) -> State:
    """What must be there: with the roll-outs that earlier plans of the lane have caused, or that this one may."""
    lane.extra_revisions = {key: count for key, count in lane.extra_revisions.items() if key in reference}
    changed = {key: _revised(each, lane.extra_revisions.get(key, 0)) for key, each in reference.items()}
    return changed if plan.exact else {key: _revised(each, None) for key, each in reference.items()}


def _revised(expected: object, more: int | None) -> object:
    """An object with so many roll-outs more; with any number of them for None."""
    revision = _revision(expected)
    if not isinstance(expected, dict) or revision is None or more == 0:
        return expected
    other = ANYTHING if more is None else str(revision + more)
    return {**expected, "annotations": {**expected["annotations"], _REVISION: other}}


def _revision(counted: object) -> int | None:
    annotations = counted.get("annotations") if isinstance(counted, dict) else None
    revision = annotations.get(_REVISION) if isinstance(annotations, dict) else None
    return int(revision) if isinstance(revision, str) else None


def _count_revisions(lane: Lane, reference: State, found: State) -> None:
    """Where a plan has taken objects away or changed them, Kubernetes counts on from what is there now."""
    for key, each in reference.items():
        had, has = _revision(each), _revision(found.get(key))
        if had is not None and has is not None:
            lane.extra_revisions[key] = has - had


def create_secret(lane: Lane) -> None:
    """What the story's stack refers to."""
    secret = {"metadata": {"name": VAULT}, "stringData": {"password": SECRET_VALUE}}
    lane.plane.api.create(f"/api/v1/namespaces/{lane.namespace}/secrets", secret)


def edit(lane: Lane, number: int) -> int:
    """Do what a person does in this step; the root's generation after it."""
    step, api = STEPS[number - 1], lane.plane.api
    if step.delete:
        api.delete(STACK.path(lane.namespace, ROOT))
        return 0
    generation = 0
    for manifest in manifests(number, lane.namespace):
        written = api.apply(KINDS[manifest["kind"]].path(lane.namespace, manifest["metadata"]["name"]), manifest)
        generation = written["metadata"]["generation"]
    return generation
