"""Replace the operator of a commit by this one while faults are injected, and compare with a plain replacement.

Each handover has a namespace, with an operator of the commit that leads and one of this checkout that is started beside
it. All trees are made before the manifests of this checkout are applied, once, as a release is installed.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ailtire_operator.cluster.kinds import CONTROLLER_REVISION, LEASE
from faults.journal import Entry
from faults.lane import Lane, lane_name
from faults.oracles import secrets_shown, traces, unfenced
from faults.runner import Reference, create_secret, done_by, edit, merged, unexpected
from faults.settling import settle
from faults.state import State, differences
from lab import ControlPlane, manifests
from lab.waiting import eventually
from support.checks.spread import spread
from support.checks.threads import share_out
from upgrade.handovers import NEW, OLD, PLAIN, Handover

PREPARED = 5
"""The step of the story whose definition the old operator makes: each kind of workload is in it."""
EDITED = PREPARED + 1
"""The step whose edit comes right before the handover: a daemon, a job and a volume less."""
LIMIT_SECONDS = 120.0
LEAD_SECONDS = 60.0
LANES = 2
QUIET_SECONDS = 7.0
"""For so long the new operator has to write nothing: it lets a status wait that only counts otherwise, as one of the
operator of before may (``reconcile/status_throttle.py``)."""


class UpgradeLane(Lane):
    """Two replicas, of which only those run that are ``meant``: the operator of before, and that of now."""

    def __init__(self, plane: ControlPlane, name: str, source: Path) -> None:
        super().__init__(plane, name, replicas=2)
        self.replicas[OLD].source = source
        self.meant = {OLD}

    def start(self) -> None:
        """Start those that are meant to run."""
        for number in self.meant:
            self.replicas[number].start()

    def start_again(self) -> None:
        """Start those that are meant to run and were ended on purpose."""
        for number in self.meant:
            if not self.replicas[number].ended_by_itself:
                self.replicas[number].start()


@dataclass
class Trial:
    """One handover, and what is to be said of it."""

    handover: Handover
    with_edit: bool
    lane: UpgradeLane
    pods: frozenset[tuple[str, str]] = frozenset()
    """Name and uid of each pod before it."""
    reference: Reference | None = None
    """How it has ended; None until then."""
    fired: bool = True
    seconds: float = 0.0
    """From the handover until the last write."""
    wrong: list[str] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        """Whether it came to its end: of one that was broken off nothing else is known."""
        return self.reference is not None

    def __str__(self) -> str:
        return f"{self.handover.name}, {'in the middle of an edit' if self.with_edit else 'at rest'}"


def trials(
    plane: ControlPlane, source: Path, chosen: Sequence[tuple[Handover, bool]], say: Callable[[str], None]
) -> list[Trial]:
    """Make all handovers, two plain ones of each sort first.

    Where this is interrupted, the operators run on until the control plane is stopped.
    """
    plain = [(PLAIN, with_edit) for with_edit in (False, True)] * 2
    made = [
        Trial(handover, with_edit, UpgradeLane(plane, lane_name("newer", number), source))
        for number, (handover, with_edit) in enumerate([*plain, *chosen])
    ]
    for each in made:
        each.lane.__enter__()
    share_out(made, _prepare, LANES)
    say(f"{len(made)} trees made by the operator of before")
    manifests.install(plane)
    learned, rest = made[: len(plain)], made[len(plain) :]
    share_out(learned, lambda trial: _hand_over(trial, None), LANES)
    references = {kind: _learned([each for each in learned if each.with_edit is kind]) for kind in (False, True)}
    for each in learned:
        say(_line(each))
        each.lane.kill()

    def work(trial: Trial) -> None:
        attempt(trial, lambda: _hand_over(trial, references[trial.with_edit]))
        trial.lane.kill()
        say(_line(trial))

    share_out(rest, work, LANES)
    for each in made:
        each.lane.__exit__()
    return made


def attempt(trial: Trial, hand_over: Callable[[], None]) -> None:
    """Make one handover. One that breaks off has ended wrong, and hinders none of the others."""
    try:
        hand_over()
    except Exception as error:
        trial.wrong.append(f"broken off: {type(error).__name__}: {error}")


def summary(done: Sequence[Trial]) -> str:
    """How many there were, how many ended wrong, and how long those with a fault took."""
    faulted = [each for each in done if each.handover is not PLAIN]
    ended = [each for each in faulted if each.ended]
    fired = [each for each in ended if each.fired]
    wrong = sum(bool(each.wrong) for each in done)
    text = f"{len(faulted)} handovers with a fault, of which {len(ended) - len(fired)} met none"
    text += f", and {len(done) - len(faulted)} plain ones; {wrong} ended wrong"
    if fired:
        middle, late, last = spread([each.seconds for each in fired])
        text += f"; p50 {middle:.1f} s, p95 {late:.1f} s, at most {last:.1f} s"
    return text


def _learned(plain: Sequence[Trial]) -> Reference:
    first, second = [each.reference for each in plain if each.reference is not None]
    return merged(first, second)


def _line(trial: Trial) -> str:
    said = "" if trial.fired else "; the fault has not come about"
    return "\n    ".join(
        [f"{'WRONG' if trial.wrong else 'fine'} after {trial.seconds:.1f} s: {trial}{said}", *trial.wrong[:8]]
    )


def _prepare(trial: Trial) -> None:
    """Let the operator of before make the tree."""
    create_secret(trial.lane)
    trial.lane.start()
    edit(trial.lane, PREPARED)
    settle(trial.lane, None, LIMIT_SECONDS, revisions=False)  # of which an older operator may know nothing
    trial.pods = _pods(trial.lane)


def _hand_over(trial: Trial, reference: Reference | None) -> None:
    lane, handover = trial.lane, trial.handover
    mark, sizes, rules = len(lane.journal.entries), lane.log_sizes(), handover.rules(lane)
    lane.rules = rules
    begun = time.monotonic()
    if trial.with_edit and not handover.edits_late:
        edit(lane, EDITED)
    replace(lane, handover, by=NEW)
    if trial.with_edit and handover.edits_late:
        eventually(lambda: not lane.replicas[OLD].alive, LEAD_SECONDS, "the end of the old operator")
        edit(lane, EDITED)
    if handover.back:
        replace(lane, handover, by=OLD)
        replace(lane, handover, by=NEW)
    lane.stopped.wait(handover.held)
    if handover.held:
        lane.rules = []
    eventually(lambda: lane.leader.number == NEW, LEAD_SECONDS, "the new operator leads")
    expected = reference.state if reference else None
    found, still = settle(lane, expected, LIMIT_SECONDS, seconds=QUIET_SECONDS, works=lambda: works(lane, NEW))
    lane.rules = []
    outcome = _judge(trial, found, still, mark, reference)
    lines = lane.logged_since(sizes)
    trial.wrong += lane.ended_by_themselves() + unfenced(lane) + traces(lines) + secrets_shown(lane, lines)
    trial.fired = not rules or any(rule.fired for rule in rules)
    trial.seconds = max(0.0, lane.journal.last_write() - begun)
    trial.reference = outcome


def replace(lane: UpgradeLane, handover: Handover, *, by: int) -> None:
    """Start one replica, and end the other once the first runs, as a Deployment does."""
    before, after = lane.replicas[1 - by], lane.replicas[by]
    mark = lane.journal.mark()
    lane.meant = {by}
    eventually(lambda: not after.alive, LEAD_SECONDS, "the end of the process that was asked to stop before")
    after.start()
    eventually(lambda: has_asked(lane.journal.entries[mark:], by), LEAD_SECONDS, "the other operator runs")
    handover.ends(before)
    handover.beside(lane)
    if handover.back:
        eventually(lambda: lane.leader.number == by, LEAD_SECONDS, "the other operator leads")


def works(lane: Lane, number: int) -> bool:
    """Whether the process of a replica that runs now has the lease, and has read all that there is."""
    replica = lane.replicas[number]
    last = next((each for each in reversed(lane.journal.entries) if each.holds_lease), None)
    leads = last is not None and last.replica == number and last.sent >= replica.started
    return replica.alive and leads and replica.synced


def has_asked(entries: Sequence[Entry], number: int) -> bool:
    """Whether a replica has asked for the lease, or has met a fault: the seconds of one begin there."""
    return any(entry.replica == number and (entry.kind == LEASE.kind or entry.fault) for entry in entries)


def _judge(trial: Trial, found: State, still: list[str], mark: int, reference: Reference | None) -> Reference:
    """Note what is wrong with a handover; how it has ended."""
    lane = trial.lane
    entries = lane.journal.entries[mark:]
    created, deleted = done_by(lane, entries, "create"), done_by(lane, entries, "delete")
    writes = len([each for each in entries if each.writes])
    trial.wrong += still
    if reference is not None:
        trial.wrong += [str(each) for each in differences(reference.state, found)]
        trial.wrong += unexpected(lane, entries, reference, deletes=False)
    if not trial.with_edit:
        trial.wrong += judge_rest(trial, entries, _pods(lane))
    return Reference(found, Counter(created), frozenset(deleted), writes)


def judge_rest(trial: Trial, entries: Sequence[Entry], pods: frozenset[tuple[str, str]]) -> list[str]:
    """What is wrong with a handover while nobody edits anything: pods that went, and writes of more than statuses.

    The definition of a tree may be kept anew as a revision.
    """
    gone = [f"the pod {name} has gone" for name, _ in sorted(trial.pods - pods)]
    written = [
        f"{each.effect}, although nobody has edited anything"
        for each in entries
        if each.committed and each.subresource != "status" and each.kind != CONTROLLER_REVISION.kind
    ]
    return gone + written[:3]


def _pods(lane: Lane) -> frozenset[tuple[str, str]]:
    found = lane.plane.api.get(f"/api/v1/namespaces/{lane.namespace}/pods")["items"]
    running = [each["metadata"] for each in found if each["metadata"].get("deletionTimestamp") is None]
    return frozenset((each["name"], each["uid"]) for each in running)
