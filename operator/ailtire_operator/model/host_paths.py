"""Paths of a node that lead to the socket of a container runtime: who has that has the node, whatever else is said.

Judged by what a path says alone: nobody here sees the node. What is a link on the usual nodes counts as what it leads
to.
"""

import posixpath
from enum import Enum
from typing import Final


class Reach(Enum):
    """What a path of the node has to do with a container runtime."""

    NOTHING = "nothing"
    """No runtime's socket is there, nor below."""
    SOCKET = "socket"
    """It is such a socket."""
    ABOVE = "above"
    """Such a socket is somewhere below it, or may be."""


_LINKS: Final = {("var", "run"): ("run",), ("var", "lock"): ("run", "lock"), ("dev", "fd"): ("proc", "self", "fd")}
"""Directories that are links on the usual nodes, and where they lead."""
_SOCKETS: Final = frozenset(
    {
        "balena-engine.sock",
        "buildkitd.sock",
        "containerd.sock",
        "cri-dockerd.sock",
        "crio.sock",
        "docker.sock",
        "dockershim.sock",
        "frakti.sock",
        "host-containerd.sock",
        "isulad.sock",
        "podman.sock",
    }
)
"""The names of the runtimes' sockets, wherever they are: many have been moved."""
_HOMES: Final = (
    ("run", "buildkit"),
    ("run", "containerd"),
    ("run", "crio"),
    ("run", "docker"),
    ("run", "host-containerd"),
    ("run", "k0s"),
    ("run", "k3s"),
    ("run", "podman"),
    ("run", "user"),  # of runtimes without root, in a folder for each user
    ("var", "snap"),
    ("proc",),  # the root of every process is a link there, and that of the first is the node's
)
"""Folders of runtimes. What is in them counts as the folder itself."""


def reach(path: str) -> Reach:
    """What an absolute path has to do with a container runtime; ``//run/./docker.sock/`` is ``/run/docker.sock``."""
    steps = _steps(path)
    if any(step == name or step.startswith(f"{name}.") for step in steps for name in _SOCKETS):
        return Reach.SOCKET
    for home in _HOMES:
        length = min(len(home), len(steps))
        if steps[:length] == home[:length]:
            return Reach.ABOVE
    return Reach.NOTHING


def climbs(path: str) -> bool:
    """Whether the path goes up somewhere (``..``): behind a link nobody can say where that leads."""
    return ".." in path.split("/")


def _steps(path: str) -> tuple[str, ...]:
    """The parts of a path, without what says nothing, and with the usual links followed."""
    steps = tuple(filter(None, posixpath.normpath(f"/{path}").split("/")))
    for link, target in _LINKS.items():
        if steps[: len(link)] == link:
            return (*target, *steps[len(link) :])
    return steps
