"""One schedule from its begin to its rest: which of all pending steps happens next is chosen, time is virtual.

The event loop asks for the next step whenever nothing in it can run: only then has every coroutine got as far as it
comes. A step is an exchange, an event, a controller's deed, an edit, a fault, or that time passes until the next timer.
"""

import asyncio
import logging
import random
import selectors
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from orders.api_server import ApiServer, Snapshot
from orders.connection import Exchange, Network
from orders.controllers import Controllers
from orders.judging import Judge
from orders.process import Process
from orders.scenario import Scenario
from orders.scenarios import NAMESPACE

REST: Final = 130.0
"""Seconds in which nothing happens: longer than the longest pause of the queue, so that a retry would be seen."""
_QUIET: Final = 12.0
"""Seconds without a step, after which the next edit is made where nothing else was chosen."""
_DELAY: Final = 1.0
"""Seconds for which a delayed source may be overtaken by timers."""
_LATER: Final = 3600.0
"""The time at which a tree that was there before is seen again."""
_STEPS: Final = 2000


class Violation(Exception):
    """Something that must hold does not."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that may happen now."""

    rank: int
    name: str
    deed: Callable[[], object]


ANSWER, REQUEST, EVENT, CONTROLLER, TIME, EDIT, LATE, FAULT = range(8)
Choose = Callable[[int, list[Step]], Step | None]
"""Given the number of the step and all that may happen, the default first: what happens; None to delay the default."""


class _Selector(selectors.BaseSelector):
    """Waits for nothing: where the loop would wait, the next step happens."""

    def __init__(self) -> None:
        self.now = 0.0
        self.idle: Callable[[float | None], None] = lambda timeout: None
        self._map: dict[Any, selectors.SelectorKey] = {}

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Take note; nothing is ever ready."""
        self._map[fileobj] = selectors.SelectorKey(fileobj, int(fileobj), events, data)
        return self._map[fileobj]

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        """Forget it."""
        return self._map.pop(fileobj)

    def get_map(self) -> Any:
        """What is registered."""
        return self._map

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Let the next step happen if nothing in the loop can run."""
        if timeout is None or timeout > 0:
            self.idle(timeout)
        return []


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, selector: _Selector) -> None:
        self._clockwork = selector
        super().__init__(selector)

    def time(self) -> float:
        return self._clockwork.now


class Simulation:
    """A scenario, and one order of its steps."""

    def __init__(self, scenario: Scenario, choose: Choose) -> None:
        self.scenario = scenario
        self.schedule: list[str] = []
        self.server = ApiServer(lambda: self._selector.now)
        self.processes: list[Process] = []
        self._choose = choose
        self._selector = _Selector()
        if scenario.base:
            self.server.restore(_base(scenario))
            self._selector.now = _LATER
        self.judge = Judge(self.server, removes=scenario.removes, unaware=self._unaware)
        self._begun = False
        self._edits = list(scenario.edits)
        self._faults = dict(scenario.faults)
        self._delayed: dict[str, float] = {}
        self._active = self._selector.now
        self._background: set[asyncio.Task[None]] = set()

    def run(self) -> None:
        """Run until nothing happens any more. Raises Violation."""
        self._selector.idle = self._idle
        with _alone(), asyncio.Runner(loop_factory=lambda: _Loop(self._selector)) as runner:
            runner.run(self._story())

    async def _story(self) -> None:
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.network = Network(self.server)
        self.controllers = Controllers(self.server)
        for name in self.scenario.operators:
            self._start(name)
        try:
            await self.over
        finally:
            self._selector.idle = self._let_time_pass
            for each in self.processes:
                await each.kill()

    def _unaware(self, operator: str, uid: str) -> bool:
        return self.network.has_yet_to_hear(operator, uid)

    def _start(self, name: str) -> None:
        process = Process(self.network, name, NAMESPACE)
        self.processes.append(process)
        process.start()

    def _let_time_pass(self, timeout: float | None) -> None:
        self._selector.now += timeout or 0.0

    def _idle(self, timeout: float | None) -> None:
        """Nothing in the loop can run before ``timeout``: choose what happens, and do it."""
        try:
            self._step(timeout)
        except Exception as error:
            if not self.over.done():
                self.over.set_exception(error)

    def _step(self, timeout: float | None) -> None:
        if len(self.schedule) >= _STEPS:
            raise Violation(f"no rest after {_STEPS} steps; the last: {self.schedule[-5:]}")
        for process in self.processes:
            if process.alive and (errors := process.ended()):
                raise Violation(f"{process.name} has ended: {errors[0]!r}")
        possible = self._possible(timeout)
        if not possible or possible[0].rank == LATE:
            self._finish(timeout)
            return
        self._begun = self._begun or any(each.leads for each in self.processes)
        step = self._choose(len(self.schedule), possible) if self._begun else possible[0]
        if step is None:
            self._delayed[possible[0].name] = self._selector.now + _DELAY
            step = self._possible(timeout)[0]
        self._delayed.pop(step.name, None)
        self.schedule.append(step.name)
        if step.rank != TIME:
            self._active = self._selector.now
        step.deed()

    def _finish(self, timeout: float | None) -> None:
        """Nothing but time is left: wait for those who would act without an occasion, then end."""
        if timeout is not None and self._selector.now + timeout <= self._active + REST:
            self._let_time_pass(timeout)
        elif not self.over.done():
            self.over.set_result(None)

    def _possible(self, timeout: float | None) -> list[Step]:
        """All that may happen now, what happens by default first."""
        now = self._selector.now

        def order(step: Step) -> tuple[bool, int]:
            return (self._delayed.get(step.name, -1.0) > now, step.rank)

        return sorted(self._steps(timeout), key=order)

    def _steps(self, timeout: float | None) -> Iterator[Step]:
        for exchange in list(self.network.exchanges):
            yield self._exchange_step(exchange)
        for watch in list(self.network.watches):
            if watch.backlog and watch.waiting is not None and not watch.waiting.done():
                yield Step(EVENT, f"event {watch.name}", lambda watch=watch: self.network.deliver(watch))  # type: ignore[misc]
        for name, deed in self.controllers.pending():
            yield Step(CONTROLLER, name, deed)
        yield from self._leading()
        if timeout is not None:
            soon = self._selector.now + timeout <= self._active + _QUIET
            yield Step(TIME if soon else LATE, "time", lambda: self._let_time_pass(timeout))
        if self._edits:
            yield Step(EDIT, f"edit {self._edits[0].name}", self._edit)
        yield from self._fault_steps()

    def _exchange_step(self, exchange: Exchange) -> Step:
        if exchange.answer is None:
            return Step(REQUEST, f"request {exchange.name}", lambda: self.network.carry_out(exchange))
        return Step(ANSWER, f"answer {exchange.name}", lambda: self.network.reply(exchange))

    def _leading(self) -> Iterator[Step]:
        """Who leads next: not before the writes of the former leader have ended, as the lease sees to it."""
        if any(each.leads and each.alive for each in self.processes):
            return
        if any(each.answer is None and each.request.is_write for each in self.network.exchanges):
            return
        for process in self.processes:
            if process.alive:
                yield Step(CONTROLLER, f"lead {process.name}", process.lead)

    def _edit(self) -> None:
        edit = self._edits.pop(0)
        edit.make(self.server)

    def _fault_steps(self) -> Iterator[Step]:
        for name, left in self._faults.items():
            if left > 0:
                for what, deed in getattr(self, f"_fault_{name}")():
                    yield Step(FAULT, what, lambda name=name, deed=deed: self._do_fault(name, deed))  # type: ignore[misc]

    def _do_fault(self, name: str, deed: Callable[[], object]) -> None:
        self._faults[name] -= 1
        deed()

    def _fault_crash(self) -> Iterator[tuple[str, Callable[[], object]]]:
        for process in self.processes:
            if process.alive and process.leads:
                yield f"crash {process.name}", lambda process=process: self._spawn(self._restart(process))  # type: ignore[misc]

    async def _restart(self, process: Process) -> None:
        process.alive = process.leads = False
        await process.kill()
        self._start(f"{process.name}'")

    def _fault_lead(self) -> Iterator[tuple[str, Callable[[], object]]]:
        alive = [each for each in self.processes if each.alive]
        if len(alive) > 1 and any(each.leads for each in alive):
            yield "change of leader", lambda: self._change_leader(alive)

    def _change_leader(self, alive: list[Process]) -> None:
        for each in alive:
            each.stop_leading()
        self.processes.reverse()  # the other one is the first to lead now

    def _fault_lose(self) -> Iterator[tuple[str, Callable[[], object]]]:
        for exchange in self.network.exchanges[:1]:
            what = "request" if exchange.answer is None else "answer"
            yield f"lose {what} {exchange.name}", lambda exchange=exchange: self.network.lose(exchange)  # type: ignore[misc]

    def _fault_history(self) -> Iterator[tuple[str, Callable[[], object]]]:
        for watch in self.network.watches:
            if watch.backlog:
                yield f"compact, and end {watch.name}", lambda watch=watch: self._compact(watch)  # type: ignore[misc]

    def _compact(self, watch: Any) -> None:
        self.server.compact()
        self.network.end(watch)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


@lru_cache
def _base(scenario: Scenario) -> Snapshot:
    """The state to which the edits before have come, in the default order."""
    before = Simulation(Scenario(scenario.name, scenario.base), lambda number, steps: steps[0])
    before.run()
    return before.server.snapshot()


@contextmanager
def _alone() -> Iterator[None]:
    """The operator's log is off and its random pauses are the same in each run; afterwards both are as they were."""
    logger, state = logging.getLogger("ailtire_operator"), random.getstate()
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    random.seed(1)
    try:
        yield
    finally:
        logger.setLevel(level)
        random.setstate(state)
