"""Says what processor time each test costs, and in which programs: a plugin for pytest, and a table of what it saw.

    make test SUITE_OPTIONS='-p support.checks.processor_time'
    PYTHONPATH=operator:tests .venv/bin/python -m support.checks.processor_time

Wall-clock time on a busy machine says little. A test's processor time is that of its worker and of every process that
the worker has started: the control plane, the operator, kubectl, the command line. What a control plane does for itself
while a test waits counts for that test; what belongs to a fixture counts for the test that is first to ask for it.
"""

import json
import os
import resource
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.paths import ROOT

REPORT = ROOT / "build" / "reports" / "processor-time.jsonl"
_TICKS = os.sysconf("SC_CLK_TCK")
_LINES = 40
_WALL, _ENDED = "seconds", "ended processes"


@dataclass(frozen=True)
class _Spent:
    """Seconds at one moment: by the clock, of this process, of its children that have ended, and of each that runs."""

    clock: float
    own: float
    ended: float
    running: dict[int, tuple[str, float]]

    @classmethod
    def now(cls) -> "_Spent":
        own, ended = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return cls(time.monotonic(), own.ru_utime + own.ru_stime, ended.ru_utime + ended.ru_stime, dict(_descendants()))

    def since(self, before: "_Spent") -> dict[str, float]:
        spent = defaultdict[str, float](float)
        spent |= {_WALL: self.clock - before.clock, "worker": self.own - before.own}
        for pid, (program, seconds) in self.running.items():
            spent[program] += seconds - before.running.get(pid, ("", 0.0))[1]
        gone = sum(seconds for pid, (_, seconds) in before.running.items() if pid not in self.running)
        spent[_ENDED] += self.ended - before.ended - gone
        return spent


def _descendants() -> Iterator[tuple[int, tuple[str, float]]]:
    """Every process below this one: its program, and its seconds with those of its children that have ended."""
    found: dict[int, tuple[str, float]] = {}
    children: dict[int, list[int]] = defaultdict(list)
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            head, _, tail = (folder / "stat").read_text().rpartition(")")
            fields = tail.split()
            found[int(folder.name)] = (head.partition("(")[2], sum(map(int, fields[11:15])) / _TICKS)
            children[int(fields[1])].append(int(folder.name))
    waiting = list(children[os.getpid()])
    while waiting:
        pid = waiting.pop()
        yield pid, found[pid]
        waiting += children[pid]


class _Recorder:
    """Writes a line for each test."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        before = _Spent.now()
        try:
            return (yield)
        finally:
            line = json.dumps({"test": item.nodeid, **_Spent.now().since(before)})
            with REPORT.open("a") as report:  # a line of this length is written at once, whoever else writes
                report.write(f"{line}\n")


def pytest_configure(config: pytest.Config) -> None:
    """Record where tests run: in each worker, or here where there are none."""
    if not hasattr(config, "workerinput"):
        REPORT.parent.mkdir(parents=True, exist_ok=True)
        REPORT.unlink(missing_ok=True)
    config.pluginmanager.register(_Recorder())


def table() -> Iterator[str]:
    """The sum of all, and the files that took most; the programs of each, the largest first."""
    files: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for line in REPORT.read_text().splitlines():
        spent = json.loads(line)
        file = spent.pop("test").partition("::")[0]
        for program, seconds in spent.items():
            files["all tests"][program] += seconds
            files[file][program] += seconds
    yield f"{'processor':>9} {'by clock':>9}  seconds"
    for name, spent in sorted(files.items(), key=lambda each: -_processor(each[1]))[:_LINES]:
        largest = sorted(spent.items(), key=lambda each: -each[1])
        programs = ", ".join(f"{key} {value:.1f}" for key, value in largest if key != _WALL and value > 0.1)
        yield f"{_processor(spent):9.1f} {spent[_WALL]:9.1f}  {name}: {programs}"


def _processor(spent: dict[str, float]) -> float:
    return sum(value for key, value in spent.items() if key != _WALL)


if __name__ == "__main__":
    print("\n".join(table()))
