"""Recognizes paths of a node that give access to a container runtime's socket, and so to the whole node.

It decides by the path alone, as it cannot read the node. Usual symbolic links are resolved.
"""

import posixpath
from enum import Enum
from typing import Final


class Reach(Enum):
    """Whether a path of the node gives access to a container runtime."""

    NOTHING = "nothing"
    """No runtime's socket is at the path or below it."""
    SOCKET = "socket"
    """The path is such a socket."""
    ABOVE = "above"
    """Such a socket is or may be below the path."""


_LINKS: Final = {("var", "run"): ("run",), ("var", "lock"): ("run", "lock"), ("dev", "fd"): ("proc", "self", "fd")}
"""Directories that usually are symbolic links, and their targets."""
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
"""The file names of the runtimes' sockets in any folder, as they are often moved."""
_HOMES: Final = (
    ("run", "buildkit"),
    ("run", "containerd"),
    ("run", "crio"),
    ("run", "docker"),
    ("run", "host-containerd"),
    ("run", "k0s"),
    ("run", "k3s"),
    ("run", "podman"),
    ("run", "user"),  # rootless runtimes, in a folder for each user
    ("var", "snap"),
    ("proc",),  # has links to the root directory of every process, and that of process 1 is the node's
)
"""Folders of runtimes. Everything in them counts as a socket."""


def reach(path: str) -> Reach:
    """The access that an absolute path gives; ``//run/./docker.sock/`` is ``/run/docker.sock``."""
    steps = _steps(path)
    if any(step == name or step.startswith(f"{name}.") for step in steps for name in _SOCKETS):
        return Reach.SOCKET
    for home in _HOMES:
        length = min(len(home), len(steps))
        if steps[:length] == home[:length]:
            return Reach.ABOVE
    return Reach.NOTHING


def climbs(path: str) -> bool:
    """Whether the path contains ``..``, whose target is unknown behind a symbolic link."""
    return ".." in path.split("/")


def _steps(path: str) -> tuple[str, ...]:
    """The parts of a path, normalised, with the usual symbolic links resolved."""
    steps = tuple(filter(None, posixpath.normpath(f"/{path}").split("/")))
    for link, target in _LINKS.items():
        if steps[: len(link)] == link:
            return (*target, *steps[len(link) :])
    return steps
