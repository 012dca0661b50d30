"""Folders of the test sessions' control planes. A session that was killed leaves one behind: the next one clears it."""

import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.controlplane import ControlPlane
from lab.locking import exclusive
from lab.paths import SESSIONS
from lab.processes import Process
from lab.report import Say, silent

_AGAIN_SECONDS = 0.1


def new_home(name: str = "plane") -> Path:
    """Return a folder for a control plane of this process; its name says whose it is."""
    owner = Process.of(os.getpid())
    return SESSIONS / f"{owner.pid}-{owner.began}-{name}"


@contextmanager
def started(plane: ControlPlane, logs: Path | None = None) -> Iterator[ControlPlane]:
    """The control plane, running for as long as the block lasts; what it has logged is then copied to this folder."""
    try:
        yield plane.start()
    finally:
        try:
            if logs is not None and (plane.home / "logs").is_dir():
                shutil.copytree(plane.home / "logs", logs, dirs_exist_ok=True)
        finally:
            plane.stop()


@contextmanager
def of_program(name: str, tell: Say = silent) -> Iterator[ControlPlane]:
    """A program's own control plane, running for as long as the block lasts, which SIGTERM ends as Ctrl-C does."""
    stop_when_terminated()
    clear_abandoned(tell)
    with started(ControlPlane(new_home(name), tell=tell)) as plane:
        yield plane


def stop_when_terminated() -> None:
    """Have SIGTERM end this process as Ctrl-C does: it stops its control planes, and what was started for them."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.unraisablehook = _interrupt_again


def _interrupt_again(lost: "sys.UnraisableHookArgs") -> None:
    """Interrupt once more where that has met a callback of the garbage collector, which lets no exception out."""
    if not issubclass(lost.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(lost)
        return
    again = threading.Timer(_AGAIN_SECONDS, os.kill, (os.getpid(), signal.SIGTERM))
    again.daemon = True
    again.start()


def clear_abandoned(tell: Say = silent) -> None:
    """Stop and remove the control planes whose owners are gone."""
    with exclusive(SESSIONS / ".clearing"):
        for home in SESSIONS.glob("*-*-*"):
            pid, began, _name = home.name.split("-", 2)
            if not Process(int(pid), int(began)).alive:
                tell(f"removing the control plane that a killed test session left in {home}")
                ControlPlane(home).stop()
