"""Runs kubectl and its plugin `ailtire`, against the lab's own control planes only."""

import os
import subprocess
from pathlib import Path

from lab import binaries
from lab.errors import LabError
from lab.kubeconfig import require_lab
from lab.paths import tool


class CommandError(LabError):
    """The command said no; its complaint is the text."""


def kubectl_path() -> Path:
    """Return where kubectl is."""
    return binaries.path("kubectl")


def environment(kubeconfig: Path) -> dict[str, str]:
    """Return the environment for a tool that takes its kubeconfig from there, after a look at whose it is."""
    return {**os.environ, "KUBECONFIG": str(require_lab(kubeconfig))}


def kubectl(kubeconfig: Path, *arguments: str, stdin: str | None = None, timeout: float = 180.0) -> str:
    """Run kubectl and return what it prints."""
    return _run(kubeconfig, str(kubectl_path()), arguments, stdin, timeout)


def ailtire(kubeconfig: Path, *arguments: str, stdin: str | None = None, timeout: float = 180.0) -> str:
    """Run the project's plugin for kubectl and return what it prints."""
    return _run(kubeconfig, tool("kubectl-ailtire"), arguments, stdin, timeout)


def _run(kubeconfig: Path, program: str, arguments: tuple[str, ...], stdin: str | None, timeout: float) -> str:
    what = " ".join([Path(program).name, *arguments])
    try:
        done = subprocess.run(
            [program, *arguments],
            env=environment(kubeconfig),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError:
        raise CommandError(f"{program} is not there: run 'make' in the project's folder") from None
    except subprocess.TimeoutExpired:
        raise CommandError(f"{what}: no end after {timeout:.0f} s") from None
    if done.returncode:
        raise CommandError(f"{what}: {(done.stderr or done.stdout).strip()}")
    return done.stdout
