"""A program of the tests that starts processes ends them, also where it is terminated."""

import ast
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.paths import ROOT
from lab.processes import Process

TESTS = ROOT / "tests"
LEAVING = {"kindlab", "lab"}
"""What `make up` and `make kind-up` start is to run on."""
STARTING = {"popen", "spawn"}


def modules() -> Iterator[tuple[str, set[str], bool]]:
    """Each module beside the tests: its path, what it calls, and whether it is a program."""
    for file in sorted(TESTS.rglob("*.py")):
        path = file.relative_to(TESTS)
        if path.parts[0] not in LEAVING and not file.name.startswith("test_") and file.name != "conftest.py":
            tree = ast.parse(file.read_text())
            yield str(path), set(calls(tree)), file.name == "__main__.py" or any(map(is_start, tree.body))


def calls(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                yield node.func.id
            elif isinstance(node.func, ast.Attribute):
                yield node.func.attr


def is_start(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "__main__" in ast.dump(node.test)


def test_a_control_plane_of_a_program_goes_down_with_it() -> None:
    found = list(modules())
    assert [path for path, called, _ in found if "ControlPlane" in called] == [], "sessions.of_program makes one"
    assert {path for path, called, program in found if program and "of_program" in called} == {
        "agreement/__main__.py",
        "bench/__main__.py",
        "bench/commands.py",
        "bench/fairness.py",
        "chaos/__main__.py",
        "faults/__main__.py",
        "sequences/__main__.py",
        "ui/measuring.py",
        "ui/screenshots.py",
        "upgrade/__main__.py",
    }


def test_a_program_that_starts_other_processes_ends_them_when_it_is_terminated() -> None:
    starting = {path: called for path, called, program in modules() if program and called & STARTING}
    assert list(starting) == ["bench/memory.py"]
    assert [path for path, called in starting.items() if "stop_when_terminated" not in called] == []


_PROGRAM = """
import gc, signal, sys, time
from pathlib import Path
from lab import ControlPlane, sessions
from lab.processes import spawn
from lab.state import State

# A shell starts what runs in the background with SIGINT ignored, and so the tests there, and what they start.
signal.signal(signal.SIGINT, signal.default_int_handler)

def start(plane):
    plane.home.mkdir(parents=True)
    State("https://127.0.0.1:1", "token").save(plane.home / "state.json")
    plane.__init__(plane.home)
    sleeping = spawn([sys.executable, "-c", "import time; time.sleep(600)"], plane.home / "logs" / "log")
    plane.accompany("sleeping", sleeping)
    return plane

ControlPlane.start = start
sessions.SESSIONS = Path(sys.argv[1])
with sessions.of_program("terminated") as plane:
    def tell(*_):
        gc.callbacks.clear()
        print(plane.processes["sleeping"].pid, plane.home, flush=True)
        time.sleep(600)

    if sys.argv[2:]:
        gc.callbacks.append(tell)
        gc.collect()
        time.sleep(600)
    tell()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("collecting", [[], ["collecting"]])
def test_a_terminated_program_stops_its_control_plane(
    tmp_path: Path, number: signal.Signals, collecting: list[str]
) -> None:
    env = {**os.environ, "PYTHONPATH": str(TESTS)}
    command = [sys.executable, "-c", _PROGRAM, str(tmp_path), *collecting]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as program:
        assert program.stdout is not None
        sleeping: Process | None = None
        try:
            pid, home = program.stdout.readline().split()
            sleeping = Process.of(int(pid))
            alive = [sleeping.alive]
            program.send_signal(number)
            assert program.wait(60) != 0
            alive.append(sleeping.alive)
        finally:
            program.kill()
            if sleeping is not None:
                sleeping.stop()
    assert alive == [True, False]
    assert not Path(home).exists()
