"""Workers of pytest-xdist that are simulated: who gets which test when, and that all end."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from dealing import LONG, Dealing, order
from lab.paths import ROOT

FAULTS = "tests/faults/test_stories.py::test_forty"
CLUSTER = [f"tests/cluster/test_{name}.py::test_{number}" for name in "abcdefgh" for number in range(3)]
STATIC = [f"tests/static/test_s.py::test_{number}" for number in range(4)]
UNIT = [f"tests/unit/test_{name}.py::test_{number}" for name in "abcd" for number in range(5)]
LAWS = [f"tests/property/test_laws.py::test_{number}" for number in range(6)]
ALL = [FAULTS, *CLUSTER, *STATIC, *LAWS, *UNIT]


class _Worker:
    """A worker runs a test once it knows the next one, or that there is none."""

    def __init__(self, number: int) -> None:
        self.gateway = SimpleNamespace(id=f"gw{number}")
        self.waiting: list[int] = []
        self.shutting_down = False

    def send_runtest_some(self, indices: Sequence[int]) -> None:
        self.waiting += indices

    def shutdown(self) -> None:
        self.shutting_down = True

    @property
    def can_run(self) -> bool:
        return len(self.waiting) > 1 or (self.shutting_down and bool(self.waiting))


class _Session:
    """What xdist's controller does; ``ran`` has each test with its worker, in the order of their ends."""

    def __init__(self, tests: Sequence[str], foreground: int, background: int) -> None:
        count = foreground + background
        options = {"background": background}
        config: Any = SimpleNamespace(
            option=SimpleNamespace(loadscopereorder=False),
            getoption=options.get,
            getvalue={"tx": [f"{count}*popen"]}.get,
        )
        self.tests = tests
        self.workers = [_Worker(number) for number in range(count)]
        self.dealing = Dealing(config, None)
        self.ran: list[tuple[str, str]] = []
        for worker in self.workers:
            self.dealing.add_node(worker)
            self.dealing.add_node_collection(worker, tests)
        self.dealing.schedule()

    def run(self, last: str | None = None) -> None:
        """Run all that can be run, a test after another; one test ends only when nothing else can be run."""
        while able := [each for each in self.workers if each.can_run]:
            worker = next((each for each in able if self.tests[each.waiting[0]] != last), able[0])
            index = worker.waiting.pop(0)
            self.ran.append((self.tests[index], worker.gateway.id))
            self.dealing.mark_test_complete(worker, index)


@pytest.mark.parametrize(("foreground", "background"), [(1, 0), (4, 0), (1, 1), (6, 2), (0, 2), (40, 8)])
@pytest.mark.parametrize("tests", [ALL, CLUSTER, UNIT, [FAULTS], [*UNIT, *CLUSTER], [FAULTS, CLUSTER[0]]])
def test_every_test_is_run_once_and_every_worker_ends(tests: list[str], foreground: int, background: int) -> None:
    session = _Session(tests, foreground, background)
    session.run(last=FAULTS)
    assert sorted(test for test, _ in session.ran) == sorted(tests)
    assert session.dealing.tests_finished
    assert not session.dealing.has_pending
    assert all(worker.shutting_down for worker in session.workers)


def test_foreground_workers_wait_for_the_faults_while_those_of_the_background_run_what_fills() -> None:
    session = _Session(ALL, foreground=4, background=2)
    session.run(last=FAULTS)
    end = [test for test, _ in session.ran].index(FAULTS)
    assert {test for test, _ in session.ran[:end]} == {*UNIT, *LAWS}
    assert {worker for _, worker in session.ran[:end]} == {"gw4", "gw5"}
    assert {worker for _, worker in session.ran[end:]} == {"gw0", "gw1", "gw2", "gw3"}


def test_no_test_that_waits_is_run_in_the_background() -> None:
    session = _Session([*CLUSTER, *STATIC, *LAWS, *UNIT], foreground=2, background=2)
    session.run()
    assert {test for test, worker in session.ran if worker in {"gw2", "gw3"}} <= {*LAWS, *UNIT}


def test_foreground_workers_help_with_what_fills_at_the_end() -> None:
    session = _Session([*CLUSTER[:3], *UNIT], foreground=1, background=1)
    session.workers[1].shutting_down = True
    session.run()
    assert {worker for test, worker in session.ran if test in UNIT} >= {"gw0"}


def test_a_file_stays_with_one_worker_and_laws_come_one_by_one() -> None:
    session = _Session(ALL, foreground=4, background=2)
    session.run()
    for name in "abcdefgh":
        assert len({worker for test, worker in session.ran if test.startswith(f"tests/cluster/test_{name}.")}) == 1
    assert {worker for test, worker in session.ran if test in LAWS} >= {"gw4", "gw5"}


def test_what_has_been_run_is_not_kept_for_later_counts() -> None:
    session = _Session(ALL, foreground=4, background=2)
    session.run(last=FAULTS)
    assert not any(session.dealing.assigned_work.values())


def test_what_lasts_comes_before_what_is_short() -> None:
    places = [
        *("unit/test_naming.py", "cluster/test_up.py", "cluster/test_modes.py", "cluster/test_crd.py"),
        *("gateway/test_sessions.py", f"cluster/{LONG[0]}", "static/test_checks.py", "faults/test_stories.py"),
    ]
    uses = {"cluster/test_modes.py": ["operator"]}
    items: list[Any] = [SimpleNamespace(path=ROOT / "tests" / each, fixturenames=uses.get(each, [])) for each in places]
    order(items)
    assert [f"{each.path.parent.name}/{each.path.name}" for each in items] == [
        *("faults/test_stories.py", "static/test_checks.py", f"cluster/{LONG[0]}", "cluster/test_up.py"),
        *("gateway/test_sessions.py", "cluster/test_modes.py", "cluster/test_crd.py", "unit/test_naming.py"),
    ]


def test_what_a_lost_worker_had_is_run_by_others() -> None:
    session = _Session(ALL, foreground=3, background=1)
    lost = session.workers.pop(0)
    assert session.dealing.remove_node(lost) == FAULTS
    session.run()
    assert {test for test, _ in session.ran} == set(ALL)


def test_the_files_that_take_long_are_there() -> None:
    assert [name for name in LONG if not (ROOT / "tests" / "cluster" / name).is_file()] == []
    assert len(set(LONG)) == len(LONG)
