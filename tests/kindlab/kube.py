"""kind and kubectl, for the one cluster of this lab."""

import os
from pathlib import Path

from kindlab import engine, parts
from kindlab.places import CLUSTER, KUBECONFIG
from lab import binaries, commands
from lab.paths import tool


def kind(*arguments: str | Path, timeout: float = 600.0) -> str:
    """Run kind and return what it prints."""
    return commands.output([parts.binary(parts.KIND), *arguments], timeout=timeout)


def command(*arguments: str) -> list[str]:
    """Return what runs kubectl as the cluster's administrator."""
    return [str(binaries.path("kubectl")), f"--kubeconfig={KUBECONFIG}", *arguments]


def kubectl(*arguments: str, stdin: str | None = None, timeout: float = 60.0) -> str:
    """Run kubectl as the cluster's administrator and return what it prints."""
    return commands.output(command(*arguments), stdin, timeout)


def ailtire(*arguments: str, timeout: float = 60.0) -> str:
    """Run the project's plugin for kubectl as the cluster's administrator and return what it prints."""
    env = {**os.environ, "KUBECONFIG": str(KUBECONFIG)}
    return commands.output([tool("kubectl-ailtire"), *arguments], timeout=timeout, env=env)


def load(*references: str, control_plane: bool = False) -> None:
    """Bring images of the engine to the nodes that run them: the workers, or else the control plane's."""
    if references:
        chosen = ",".join(name for name in nodes() if name.endswith("-control-plane") == control_plane)
        kind("load", "docker-image", "--name", CLUSTER, "--nodes", chosen, *references)


def nodes() -> list[str]:
    """Return the nodes' names, which are those of their containers too."""
    return sorted(kind("get", "nodes", "--name", CLUSTER).split())


def host_port(container_port: int) -> int:
    """Return the port of 127.0.0.1 behind which a port of the control plane's node is."""
    answer = engine.docker("port", f"{CLUSTER}-control-plane", f"{container_port}/tcp")
    return int(answer.split()[0].rpartition(":")[2])
