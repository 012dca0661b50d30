"""Runs commands, those that may take minutes with a sign of life, and turns a failure into a sentence."""

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from lab.errors import LabError
from lab.report import Say, say
from lab.waiting import until_ended

_NICE = "10"
_SHOWN = 2000
"""So many characters of what a command says are shown, its last ones."""
"""Long builds leave the machine usable for whoever else works on it."""


class CommandError(LabError):
    """A command said no; its complaint is the text."""


def output(
    command: Sequence[str | Path],
    stdin: str | None = None,
    timeout: float = 120.0,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> str:
    """Run a quick command and return what it prints. Raises CommandError."""
    words = [str(word) for word in command]
    what = " ".join([Path(words[0]).name, *words[1:]])
    try:
        done = subprocess.run(
            words, cwd=cwd, env=env, input=stdin, capture_output=True, text=True, timeout=timeout, check=False
        )
    except FileNotFoundError:
        raise CommandError(f"{words[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise CommandError(f"{what}: no end after {timeout:.0f} s") from None
    if done.returncode:
        raise CommandError(f"{what}: {(done.stderr or done.stdout).strip()[-_SHOWN:]}")
    return done.stdout


def succeeds(command: Sequence[str | Path], timeout: float = 60.0) -> bool:
    """Say whether a quick command works."""
    try:
        output(command, timeout=timeout)
    except CommandError:
        return False
    return True


def long(
    what: str,
    command: Sequence[str | Path],
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    tell: Say = say,
) -> None:
    """Run a command that takes its time; its output is shown only if it fails."""
    begun = time.monotonic()
    tell(f"{what} …")
    with tempfile.TemporaryFile("w+") as log:
        child = subprocess.Popen(
            ["nice", "-n", _NICE, *(str(word) for word in command)],
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        until_ended(child, what, begun, tell)
        if child.returncode:
            raise CommandError(f"{what} failed:\n{_tail(log)}")
    tell(f"{what}: done in {time.monotonic() - begun:.0f} s")


def _tail(log: IO[str]) -> str:
    log.seek(0)
    return log.read()[-3000:].strip()
