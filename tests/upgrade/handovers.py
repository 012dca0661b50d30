"""How one operator takes over from another: what becomes of the old one, and what the new one meets."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from faults import injections
from faults.journal import Entry
from faults.lane import Lane
from faults.plans.replicas import HELD, delete_lease
from faults.plans.requests import ERRORS, LOSSES, storm
from faults.proxy import Fault, Rule
from faults.replica import Replica

OLD: Final = 0
NEW: Final = 1
"""The numbers of the two replicas of a lane."""
_FIRST_WRITES: Final = 3
_WHILE: Final = 10**6


def _no_rules(lane: Lane) -> list[Rule]:
    del lane
    return []


@dataclass(frozen=True)
class Handover:
    """One replacement of an operator."""

    name: str
    ends: Callable[[Replica], None] = Replica.terminate
    """What becomes of the old one, right after the new one was started."""
    rules: Callable[[Lane], list[Rule]] = _no_rules
    """What the requests of both meet."""
    beside: Callable[[Lane], None] = lambda lane: None
    """What happens to the lease at that moment."""
    held: float = 0.0
    """Seconds for which the rules are in force; 0: until they are used up."""
    back: bool = False
    """The old one takes over again in between, as where an upgrade is rolled back."""

    @property
    def edits_late(self) -> bool:
        """Whether an edit waits for the end of the old one, so that all of it is left to the new one."""
        return "the new one" in self.name

    @property
    def needs_edit(self) -> bool:
        """Whether it waits for writes, of which there may be none where nobody has edited anything."""
        return "write" in self.name


PLAIN: Final = Handover("the old one is asked to stop")
"""As a Deployment does it: what every other handover has to end like."""


def handovers() -> Iterator[Handover]:
    """All that go wrong."""
    yield Handover("the old one is killed", ends=Replica.kill)
    yield Handover("the old one is frozen for longer than its lease", ends=lambda old: old.freeze(HELD))
    for skip in (0, 2):
        yield Handover(f"the old one is killed at its write {skip + 1} of the edit", rules=_killed(OLD, "at", skip))
    for moment in ("before", "at", "after"):
        yield Handover(f"the new one is killed {moment} its first write", rules=_killed(NEW, moment))
    yield Handover("the new one is killed at three writes in a row", rules=_killed(NEW, "at", times=3))
    yield Handover("the lease is deleted as the old one stops", beside=delete_lease)
    yield Handover("the upgrade is taken back, and made again", back=True)
    for name in ("403", "409", "422", "503"):
        yield Handover(f"{name} to the first writes of the new one", rules=_writes(injections.answers(ERRORS[name])))
    lost = "cut before its answer"
    yield Handover(f"the first writes of the new one are {lost}", rules=_writes(LOSSES[lost]))
    yield Handover("503 to all that the new one asks", rules=_all(injections.answers(ERRORS["503"])), held=4.0)
    yield Handover("a storm of errors for both", rules=storm(5))


def _killed(number: int, moment: str, skip: int = 0, times: int = 1) -> Callable[[Lane], list[Rule]]:
    return lambda lane: [
        Rule("process", _writes_of(number), injections.does(lane.kill, moment), skip=skip, times=times)
    ]


def _writes(fault: Fault) -> Callable[[Lane], list[Rule]]:
    return lambda lane: [Rule("fault", _writes_of(NEW), fault, times=_FIRST_WRITES)]


def _all(fault: Fault) -> Callable[[Lane], list[Rule]]:
    asked = Rule("fault", lambda entry: entry.replica == NEW and entry.verb != "watch", fault, times=_WHILE)
    return lambda lane: [asked]


def _writes_of(number: int) -> Callable[[Entry], bool]:
    return lambda entry: entry.writes and entry.replica == number
