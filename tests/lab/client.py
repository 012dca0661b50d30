"""Runs kubectl and its plugin `ailtire`, against the lab's own control planes only."""

import os
from pathlib import Path

from lab import binaries, commands
from lab.kubeconfig import require_lab
from lab.paths import tool


def kubectl_path() -> Path:
    """Return where kubectl is."""
    return binaries.path("kubectl")


def environment(kubeconfig: Path) -> dict[str, str]:
    """Return the environment for a tool that takes its kubeconfig from there, after a look at whose it is."""
    return {**os.environ, "KUBECONFIG": str(require_lab(kubeconfig))}


def kubectl(kubeconfig: Path, *arguments: str, stdin: str | None = None, timeout: float = 180.0) -> str:
    """Run kubectl and return what it prints. Raises CommandError."""
    return commands.output([kubectl_path(), *arguments], stdin, timeout, env=environment(kubeconfig))


def ailtire(kubeconfig: Path, *arguments: str, stdin: str | None = None, timeout: float = 180.0) -> str:
    """Run the project's plugin for kubectl and return what it prints. Raises CommandError."""
    return commands.output([tool("kubectl-ailtire"), *arguments], stdin, timeout, env=environment(kubeconfig))
