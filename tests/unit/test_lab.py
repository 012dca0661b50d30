"""What the lab says before it does anything that takes long, and what it ends."""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import ControlPlane, binaries, chromium, sessions
from lab.errors import LabError
from lab.processes import spawn, until_up
from lab.state import State
from lab.versions import CONTROL_PLANE, Program


def test_what_is_missing_is_told_once_and_what_takes_longest_is_built_first(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(
        binaries, "find", lambda program: None if program.name != "kubectl" else Path("/usr/bin/kubectl")
    )

    def built(missing: list[Program], _tell: object) -> dict[Program, Path]:
        return {program: Path(program.name) for program in missing}

    monkeypatch.setattr(binaries, "_built", built)
    found = binaries.ensure(CONTROL_PLANE, told.append)
    assert next(iter(found)) == "kube-apiserver"
    assert found["kubectl"] == Path("/usr/bin/kubectl")
    (line,) = told
    assert line.startswith("neither PATH nor KUBEBUILDER_ASSETS has kube-apiserver v1.")
    assert "kubectl" not in line
    assert line.endswith("building from Go modules, once")


def test_packages_of_chromium_are_those_that_apt_would_install() -> None:
    simulated = (
        "Reading package lists...\n"
        "Inst libogg0 (1.3.5-3 Debian:12.15/oldstable [amd64])\n"
        "Inst libnss3 [2:3.87-1] (2:3.87.1-1+deb12u1 Debian:12.15/oldstable [amd64])\n"
        "Inst chromium (156.0-1~deb12u1 Debian-Security:12/oldstable-security [amd64])\n"
        "Conf chromium (156.0-1~deb12u1 Debian-Security:12/oldstable-security [amd64])\n"
    )
    assert chromium.missing(simulated) == {
        "libogg0": "1.3.5-3",
        "libnss3": "2:3.87.1-1+deb12u1",
        "chromium": "156.0-1~deb12u1",
    }


def test_without_a_package_of_chromium_it_is_said_how_to_get_it() -> None:
    with pytest.raises(LabError, match="run 'apt-get update' as root, or put chromium on PATH"):
        chromium.missing("Reading package lists...\n")


def test_what_is_started_for_a_control_plane_that_was_stopped_ends_and_is_an_error(tmp_path: Path) -> None:
    home = tmp_path / "plane"
    home.mkdir()
    State("https://127.0.0.1:1", "token").save(home / "state.json")
    plane = ControlPlane(home)
    asleep = [sys.executable, "-c", "import time; time.sleep(600)"]
    first = spawn(asleep, tmp_path / "log")
    plane.accompany("first", first)
    plane.stop()
    assert not first.alive
    second = spawn(asleep, tmp_path / "log")
    with pytest.raises(LabError, match="second was started for a control plane that has been stopped"):
        plane.accompany("second", second)
    assert not second.alive


def test_a_program_is_waited_for_until_it_is_up_and_no_longer_than_it_runs(tmp_path: Path) -> None:
    log, answers = tmp_path / "log", iter([False, True])
    running = spawn([sys.executable, "-c", "import time; time.sleep(600)"], log)
    try:
        until_up(running, "it", log, lambda: next(answers), 60)
        with pytest.raises(LabError, match="it does not answer after 0 s"):
            until_up(running, "it", log, lambda: False, 0)
    finally:
        running.stop()
    with pytest.raises(LabError, match="it ended by itself"):
        until_up(running, "it", log, lambda: False, 60)


@pytest.fixture
def terminating() -> Iterator[None]:
    before, hook = signal.getsignal(signal.SIGTERM), sys.unraisablehook
    yield
    sys.unraisablehook = hook
    signal.signal(signal.SIGTERM, before)


@pytest.mark.usefixtures("terminating")
def test_sigterm_ends_a_program_as_ctrl_c_does() -> None:
    sessions.stop_when_terminated()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)
