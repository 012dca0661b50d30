"""Which orders are tried: all with few deviations from the default one, and random ones; what fails is made smaller.

A deviation names a step by its number and says what happens there instead of the default: another step, or nothing but
that the default's source is delayed until all others are through (delay bounding). At each step the process forks for
each deviation that is to be tried there, so that what schedules have in common is run once.
"""

import asyncio
import os
import random
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final

import orjson

from orders.judging import differences, end_state
from orders.scenario import Scenario
from orders.simulation import EDIT, FAULT, TIME, Simulation, Step, Violation

DELAY: Final = ""
Deviation = tuple[int, str]
"""The number of a step and what happens there: a step's name, or DELAY."""
Keep = Callable[[tuple[Deviation, ...]], bool]
"""Whether a schedule of these deviations is to be tried."""
_ODDS: Final = (0.01, 0.03, 0.1)
_REPORT: Final = 4000
"""Bytes, below what a pipe takes at once whoever else writes into it."""


@dataclass
class Run:
    """A schedule that was run."""

    scenario: Scenario
    deviations: tuple[Deviation, ...]
    steps: list[str] = field(default_factory=list)
    wrong: str = ""
    end: dict[str, Any] = field(default_factory=dict)

    def text(self) -> str:
        """The schedule, with its deviations marked."""
        marks = dict(self.deviations)
        replay = orjson.dumps(self.deviations).decode()
        lines = [f"{self.scenario.name}: {self.wrong}", f"--scenario '{self.scenario.name}' --replay '{replay}'"]
        for number, name in enumerate(self.steps):
            delayed = "<- what would come by default is delayed" if marks.get(number) == DELAY else "<- early"
            lines.append(f"{number:5} {name}  {delayed if number in marks else ''}".rstrip())
        return "\n".join(lines)


@dataclass
class Explored:
    """What came of many schedules of one scenario."""

    scenario: Scenario
    count: int = 0
    failed: list[tuple[tuple[Deviation, ...], str]] = field(default_factory=list)
    """The deviations of those that failed, and what was wrong."""


def run(scenario: Scenario, deviations: Sequence[Deviation] = (), *, compare: bool = True) -> Run:
    """Run one schedule: the default one but for the deviations."""
    planned = dict(deviations)
    made = Run(scenario, tuple(deviations))
    return _judged(made, lambda number, steps: _chosen(planned.get(number), steps), compare=compare)


def _options(steps: list[Step]) -> Iterator[str]:
    """What may happen instead of the default: of the ordinary steps each is reached by delays."""
    if steps[0].rank < TIME and any(step.rank < FAULT for step in steps[1:]):
        yield DELAY
    yield from (step.name for step in steps[1:] if step.rank in (TIME, EDIT, FAULT))


def _chosen(name: str | None, steps: list[Step]) -> Step | None:
    if name == DELAY:
        return None if steps[0].rank < TIME else steps[0]
    return next((step for step in steps if step.name == name), steps[0])


def _judged(made: Run, choose: Callable[[int, list[Step]], Step | None], *, compare: bool = True) -> Run:
    expected = _expected(made.scenario) if compare else {}
    simulation = Simulation(made.scenario, choose)
    made.steps = simulation.schedule
    try:
        simulation.run()
    except Violation as violation:
        made.wrong = str(violation)
    if not made.wrong and simulation.judge.wrong:
        made.wrong = simulation.judge.wrong[0]
    made.end = end_state(simulation.server)
    if not made.wrong and compare:
        unlike = list(differences(expected, made.end))
        made.wrong = f"another end: {'; '.join(unlike[:3])}" if unlike else ""
    return made


@lru_cache
def _expected(scenario: Scenario) -> dict[str, Any]:
    """The end of the default order; each order has to come to it."""
    first = run(scenario, compare=False)
    if first.wrong:
        raise Violation(first.text())
    return first.end


class _Explorer:
    """One process of an exploration: runs its own schedule, and forks for others on its way."""

    def __init__(
        self, depth: int, seeds: Sequence[str], keep: Callable[[tuple[Deviation, ...]], bool], jobs: int
    ) -> None:
        self.taken: tuple[Deviation, ...] = ()
        self.is_branch = False
        self._left = depth
        self._seeds = list(seeds)
        self._keep = keep
        self._jobs = jobs
        self._children: list[int] = []
        self._rng: random.Random | None = None
        self._odds = 0.0

    def choose(self, number: int, steps: list[Step]) -> Step | None:
        """Fork for all that is to be tried here; what happens in this process's own schedule."""
        if self._rng is not None:
            return self._at_random(self._rng, number, steps)
        while self._seeds:
            seed = self._seeds.pop()
            if self._fork():
                self._rng, self._left, self._seeds = random.Random(seed), 0, []
                self._odds = self._rng.choice(_ODDS)
                return self._at_random(self._rng, number, steps)
        for option in _options(steps) if self._left else ():
            further = (*self.taken, (number, option))
            if self._keep(further) and self._fork():
                self.taken, self._left = further, self._left - 1
                return _chosen(option, steps)
        return steps[0]

    def _at_random(self, rng: random.Random, number: int, steps: list[Step]) -> Step | None:
        if rng.random() >= self._odds:
            return steps[0]
        name = rng.choice([DELAY, *(each.name for each in steps[1:])])
        self.taken = (*self.taken, (number, name))
        return _chosen(name, steps)

    def _fork(self) -> bool:
        """Whether this is the new process."""
        while len(self._children) >= self._jobs:
            self.wait()
        loop = asyncio.get_running_loop()
        pid = os.fork()
        if pid:
            self._children.append(pid)
            return False
        asyncio._set_running_loop(loop)  # asyncio remembers in which process it runs
        self._children, self._jobs, self.is_branch = [], 1, True
        return True

    def wait(self) -> None:
        """Wait until the oldest child has ended."""
        os.waitpid(self._children.pop(0), 0)

    def end(self) -> None:
        """Wait until all children have ended."""
        while self._children:
            self.wait()


def explore(
    scenario: Scenario,
    *,
    depth: int = 1,
    draws: int = 0,
    seed: int = 0,
    share: float = 1.0,
    jobs: int = 1,
    until: str = "",
) -> Explored:
    """All schedules with up to ``depth`` deviations, and as many random ones as are to be drawn.

    ``share``: that of the deviations at each step which are tried, where there are too many; which these are depends
    on ``seed`` alone. ``until``: part of a failure after which no more are tried.
    """
    _expected(scenario)

    def keep(deviations: tuple[Deviation, ...]) -> bool:
        drawn = blake2b(orjson.dumps([seed, deviations]), digest_size=4).digest()
        return int.from_bytes(drawn) < share * 2**32

    readable, writable = os.pipe()
    collector = os.fork()
    if collector == 0:
        os.close(readable)
        _run_explorer(scenario, _Explorer(depth, [f"{seed}/{number}" for number in range(draws)], keep, jobs), writable)
    os.close(writable)
    found = Explored(scenario)
    with open(readable, "rb") as reports:  # noqa: PTH123
        for line in reports:
            deviations, wrong = orjson.loads(line)
            found.count += 1
            if wrong:
                found.failed.append((tuple((number, name) for number, name in deviations), wrong))
            if until and until in wrong:
                os.kill(collector, signal.SIGKILL)
                break
    os.waitpid(collector, 0)
    return found


def _run_explorer(scenario: Scenario, explorer: _Explorer, reports: int) -> None:
    """Run a schedule and all that branch off from it; the process ends here, and so does each that it forks."""
    try:
        wrong = _judged(Run(scenario, ()), explorer.choose).wrong
    except BaseException as error:
        wrong = f"the simulation itself: {error!r}"
    line = orjson.dumps([explorer.taken, wrong[:1000]]) + b"\n"
    with suppress(BrokenPipeError):  # who asked has found what it looked for, and reads no more
        os.write(reports, line if len(line) < _REPORT else orjson.dumps([explorer.taken[:20], wrong[:1000]]) + b"\n")
    explorer.end()
    os._exit(0)


def shrunk(failed: Run) -> Run:
    """The same failure with fewer deviations: each that it fails without is left out (delta debugging)."""
    best, size = failed, max(1, len(failed.deviations) // 2)
    while True:
        smaller = next(filter(lambda made: made.wrong, _smaller(best, size)), None)
        if smaller is not None:
            best, size = smaller, max(1, min(size, len(smaller.deviations) // 2))
        elif size == 1:
            return best
        else:
            size //= 2


def _smaller(best: Run, size: int) -> Iterator[Run]:
    for begin in range(0, len(best.deviations), size):
        yield run(best.scenario, best.deviations[:begin] + best.deviations[begin + size :])
