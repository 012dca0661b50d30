"""All parts of the suite on one control plane: learn, lanes beside each other, replicas, planted bugs, and servers."""

import threading
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ailtire_operator.cluster.kinds import OWNED_KINDS
from faults import planted
from faults.lane import Lane, lane_name
from faults.oracles import Canaries
from faults.plans.objects import of_admission, of_objects
from faults.plans.plan import Plan, always
from faults.plans.replicas import of_replicas
from faults.plans.requests import of_all_requests, of_writes
from faults.plans.servers import of_servers
from faults.plans.watches import of_watches
from faults.plans.webhooks import of_webhooks
from faults.runner import REST_SECONDS, Chooser, Learned, Outcome, attempt, create_secret, fits, run
from faults.story import STEPS
from lab import ControlPlane, manifests
from lab.gatewayapi import install_routes
from lab.paths import ROOT
from lab.waiting import eventually
from support.checks.threads import share_out, together

_PAUSE_SECONDS = 5.0
"""After a story that broke off: what broke it may pass."""

Say = Callable[[str], None]


@dataclass
class Suite:
    """One run: what it has learned, what it has tried, and what became of that."""

    plane: ControlPlane
    learned: Learned
    seed: int
    say: Say
    outcomes: list[Outcome] = field(default_factory=list)
    broken_off: list[str] = field(default_factory=list)
    """Why stories were not told to their end."""
    canaries: int = 0
    """How many objects that are nobody's were compared."""
    _stories: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def lanes(self, count: int, until: float) -> None:
        """Stories beside each other until a time of the monotonic clock, the least tried faults first."""
        plans = Chooser(of_writes, beside_writes())
        together([lambda: self._stories_until(plans, until)] * count)

    def replicas(self, until: float) -> None:
        """Stories with two operators."""
        self._stories_until(Chooser(_no_writes, list(of_replicas())), until, replicas=2)

    def servers(self, until: float) -> None:
        """Stories while servers fail; nothing else may run beside them."""
        self._stories_until(Chooser(_no_writes, list(of_servers())), until)

    def planted(self, bugs: Iterable[planted.Bug], lanes: int) -> list[str]:
        """Plant each bug; what is to be said of those that were not found, and of controls that were found guilty."""
        problems: list[str] = []

        def plant(bug: planted.Bug) -> None:
            found = planted.findings(self.plane, self.learned, bug, self._name())
            guilty = [each for each in found if bug.says in each] if bug.says else []
            if bug.says and guilty:
                self.say(f"found: {bug.name}: {guilty[0][:160]}")
            elif bug.says or found:
                problems.append(f"{bug.name}: {found[:3] or 'nothing was found'}")
                self.say(f"WRONG with {problems[-1]}")
            else:
                self.say(f"passed: {bug.name}")

        share_out(bugs, plant, lanes)
        return problems

    def repeated(self, number: int, text: str, lanes: int) -> None:
        """Each plan with this text in its name, at this step of a story of its own that has no other fault."""
        writes = self.learned.references[number - 1].writes
        one = [*of_writes(writes), *beside_writes()]
        plans = [(each, 1) for each in one] + [(each, 2) for each in of_replicas()]
        chosen = [each for each in plans if text in str(each[0]) and fits(each[0], number)]
        self.say(f"{len(chosen)} plans at {STEPS[number - 1].name!r}")
        share_out(chosen, lambda each: self._alone(number, *each), lanes)

    def _alone(self, number: int, plan: Plan, replicas: int) -> None:
        name = self._name()
        nothing = Plan("none", "no fault", "before the step", fired=always, limit=120.0)
        with Lane(self.plane, name, replicas=replicas) as lane:
            create_secret(lane)
            lane.start()
            for step, reference in enumerate(self.learned.references[:number], 1):
                outcome = attempt(lane, step, plan if step == number else nothing, reference)
                if step == number and not outcome.wrong:
                    outcome.wrong += _at_rest(lane)
                if step == number or outcome.wrong:
                    self._note(outcome, name)
                    return

    def _name(self) -> str:
        with self._lock:
            self._stories += 1
            return lane_name("fault", self._stories)

    def _stories_until(self, plans: Chooser, until: float, replicas: int = 1) -> None:
        """One story after another. One that breaks off by a fault of the suite itself ends no other, and is told."""
        while time.monotonic() < until:
            try:
                self.story(plans, until, replicas)
            except Exception as error:
                self.broken_off.append(f"{type(error).__name__}: {error}")
                self.say(f"BROKEN OFF: {self.broken_off[-1]}\n{traceback.format_exc()}")
                time.sleep(_PAUSE_SECONDS)

    def story(self, plans: Chooser, until: float, replicas: int = 1) -> None:
        """One life of the application, a fault in each step, and beside it the objects that are nobody's."""
        name = self._name()
        with Lane(self.plane, name, replicas=replicas) as lane:
            create_secret(lane)
            canaries = Canaries(lane, self.learned.samples.values())
            lane.start()
            for outcome in run(lane, self.learned, plans, f"{self.seed} {name}"):
                if outcome.step == STEPS[-2].name and not outcome.wrong:
                    outcome.wrong += _at_rest(lane)
                self._note(outcome, name)
                if time.monotonic() > until:
                    break
            if changed := canaries.changed():
                self.outcomes[-1].wrong += changed
                self._note_again(self.outcomes[-1], name)
        with self._lock:
            self.canaries += len(canaries)
            wrong = sum(1 for each in self.outcomes if each.wrong)
            self.say(f"{name} has ended: {len(self.outcomes)} faults in all, {wrong} wrong")

    def _note(self, outcome: Outcome, name: str) -> None:
        with self._lock:
            self.outcomes.append(outcome)
        self._note_again(outcome, name)

    def _note_again(self, outcome: Outcome, name: str) -> None:
        if outcome.wrong:
            self.say("\n    ".join([f"WRONG in {name}, {outcome.step}: {outcome.plan}", *outcome.wrong[:8]]))


def _at_rest(lane: Lane) -> list[str]:
    """What is written although nobody has edited anything."""
    before = len(lane.journal.writes())
    lane.stopped.wait(REST_SECONDS)
    written = lane.journal.writes()[before:]
    return [f"{len(written)} writes at rest, such as {written[0]}"] if written else []


def beside_writes() -> list[Plan]:
    """The plans for a lane with one operator that do not belong to one write."""
    return [*of_all_requests(), *of_watches(), *of_objects(), *of_admission(), *of_webhooks()]


def _no_writes(count: int) -> Sequence[Plan]:
    del count
    return ()


def prepare(plane: ControlPlane, source: Path = ROOT) -> None:
    """Install what the operators of a checkout need, and wait until all of it is served."""
    install_routes(plane)
    manifests.install(plane, source)
    kinds = [kind.path("default") for kind in OWNED_KINDS]
    eventually(lambda: all(map(plane.api.serves, kinds)), 60, "serving all kinds")
