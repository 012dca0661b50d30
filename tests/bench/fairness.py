"""``python -m bench.fairness``: how long a small stack waits while another namespace applies hundreds of stacks.

In the same minutes and by the same client, kubectl, a bare Deployment is created beside each small stack: the ratio of
the two says what the operator adds, on whatever machine this runs.
"""

import json
import math
import os
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from bench.follower import Follower
from lab import ControlPlane, Operator, eventually, sessions
from lab.client import environment, kubectl_path
from lab.processes import processor_seconds

RATIO: Final = 3.0
"""p99 of a small stack's Deployment, at most so many times that of a bare one."""
FIRST_STATUS: Final = 5.0
"""Seconds: p99 of the first status of a stack of the crowd."""
CROWD, QUIET, BARE = "crowd", "quiet", "bare"
_LIMIT_SECONDS: Final = 900.0
_IMAGE: Final = "docker.io/library/web:1"


def main(
    stacks: Annotated[int, typer.Option(help="Stacks of the crowd.", min=1)] = 500,
    roots: Annotated[bool, typer.Option(help="Each a root of its own, instead of one tree.")] = False,
) -> None:
    """Exit code 1 where a small stack waits too long, or a stack of the crowd for its first status."""
    with sessions.of_program("fairness", tell=print) as plane, TemporaryDirectory() as folder:
        operator = Operator(plane)
        operator.install()
        operator.start()
        result = _run(plane, operator, Path(folder), crowd_of(stacks, roots=roots))
        operator.stop()
    Console().print(result.table())
    raise typer.Exit(int(not result.fair))


@dataclass(frozen=True)
class Crowd:
    """What the other namespace applies."""

    resources: Sequence[Mapping[str, Any]]
    stacks: int


def crowd_of(stacks: int, *, roots: bool) -> Crowd:
    """So many stacks, or a few more: each a root, or one tree in which templates multiply."""
    if roots:
        return Crowd([stack(f"crowd{number}") for number in range(stacks)], stacks)
    levels, below = 5, 2**5 - 1
    branches = math.ceil((stacks - 1) / below)
    templates = [
        stack(f"t{level}", {f"k{side}": _refers(level + 1) for side in range(2 if level + 1 < levels else 0)}, True)
        for level in range(levels)
    ]
    root = stack("crowd", {f"b{number}": _refers(0) for number in range(branches)})
    return Crowd([*templates, root], branches * below + 1)


def stack(name: str, members: Mapping[str, Any] | None = None, template: bool = False) -> dict[str, Any]:
    """A stack of one service, and of other members."""
    service = {"image": _IMAGE, "user": "1000", "ports": {"http": {"port": 8080}}}
    spec = {"services": {"web": service, **(members or {})}, **({"templateOnly": True} if template else {})}
    return {"apiVersion": "ailtire.io/v1alpha1", "kind": "AiltireStack", "metadata": {"name": name}, "spec": spec}


def _refers(level: int) -> dict[str, Any]:
    return {"type": "stack", "stackRef": {"name": f"t{level}"}}


def deployment(name: str) -> dict[str, Any]:
    """What a person would create by hand."""
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": _IMAGE}]}}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


@dataclass(frozen=True)
class Result:
    """Seconds, each a list."""

    bare: Sequence[float]
    """From the start of ``kubectl create`` until the Deployment is there."""
    small: Sequence[float]
    """From the start of ``kubectl apply`` of a stack until its Deployment is there."""
    after: Sequence[float]
    """The same from the moment at which the stack was there."""
    first: Sequence[float]
    """From the creation of a stack of the crowd until its first status."""
    crowd: Sequence[float]
    """From the start until each Deployment of the crowd is there."""
    cpu: float
    """Seconds of the operator's CPU time."""
    writes: int
    """Requests by which the operator changed something in the crowd's namespace."""

    @property
    def ratio(self) -> float:
        """What is to be at most ``RATIO``."""
        return percentile(self.small, 99) / percentile(self.bare, 99)

    @property
    def fair(self) -> bool:
        """Whether both limits hold."""
        return self.ratio <= RATIO and percentile(self.first, 99) <= FIRST_STATUS

    def table(self) -> Table:
        """All of it, for a person."""
        title = f"{len(self.crowd)} stacks applied in another namespace"
        table = Table("seconds", "number", "p50", "p99", "max", title=title)
        rows = {
            "kubectl create of a Deployment": self.bare,
            "kubectl apply of a small stack until its Deployment": self.small,
            "the same, from the stack's creation": self.after,
            "first status of a stack of the crowd, from its creation": self.first,
            "Deployments of the crowd, from the start": self.crowd,
        }
        for name, values in rows.items():
            figures = (percentile(values, 50), percentile(values, 99), max(values))
            table.add_row(name, str(len(values)), *(f"{each:.2f}" for each in figures))
        table.caption = (
            f"p99 of a small stack is {self.ratio:.2f} times that of a bare Deployment (at most {RATIO:.0f}); "
            f"operator: {self.cpu:.1f} s of CPU, {self.writes} writes for the crowd; {os.cpu_count()} cores, "
            f"load average {os.getloadavg()[0]:.1f}"
        )
        return table


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent of the values do not exceed."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def _run(plane: ControlPlane, operator: Operator, folder: Path, crowd: Crowd) -> Result:
    for name in (CROWD, QUIET, BARE):
        plane.kubectl("create", "namespace", name)
    for name in (CROWD, QUIET, BARE):
        eventually(lambda name=name: plane.kubectl("get", "serviceaccount", "default", "-n", name), 60, name)  # type: ignore[misc]
    follower = Follower(plane.audit_log, (CROWD, QUIET, BARE))
    probes = _Probes(plane, follower, folder)
    probes.small()  # what is slow only the first time
    probes.bare()
    probes.forget()
    cpu, began = processor_seconds(operator.pid), time.time()
    applying = probes.kubectl("apply", CROWD, crowd.resources)
    while len(follower.created(CROWD, "deployments")) < crowd.stacks:
        if time.time() - began > _LIMIT_SECONDS:
            raise TimeoutError(f"{len(follower.created(CROWD, 'deployments'))} of {crowd.stacks} after so long")
        probes.bare()
        probes.small()
    if applying.wait(60):
        raise RuntimeError("kubectl apply of the crowd failed")
    made = follower.created(CROWD, "ailtirestacks")
    names = {name for name in made if not name.startswith("t")}
    eventually(lambda: names <= follower.statuses(CROWD).keys(), 120, "a status of each stack")
    statuses = follower.statuses(CROWD)
    return Result(
        bare=probes.bares,
        small=probes.smalls,
        after=probes.afters,
        first=[statuses[name] - made[name] for name in names],
        crowd=[when - began for when in follower.created(CROWD, "deployments").values()],
        cpu=processor_seconds(operator.pid) - cpu,
        writes=follower.writes(CROWD),
    )


class _Probes:
    """Small things applied by kubectl, one after the other."""

    def __init__(self, plane: ControlPlane, follower: Follower, folder: Path) -> None:
        self._plane = plane
        self._follower = follower
        self._folder = folder
        self._number = 0
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self.bares: list[float] = []
        self.smalls: list[float] = []
        self.afters: list[float] = []

    def bare(self) -> None:
        """Create a Deployment."""
        self._number += 1
        name, began = f"bare{self._number}", time.time()
        self.kubectl("create", BARE, [deployment(name)]).wait(_LIMIT_SECONDS)
        self.bares.append(self._until(BARE, "deployments", name) - began)

    def small(self) -> None:
        """Apply a stack of one service."""
        self._number += 1
        name, began = f"small{self._number}", time.time()
        self.kubectl("apply", QUIET, [stack(name)]).wait(_LIMIT_SECONDS)
        there = self._until(QUIET, "deployments", f"{name}-web")
        self.smalls.append(there - began)
        self.afters.append(there - self._until(QUIET, "ailtirestacks", name))

    def kubectl(self, verb: str, namespace: str, resources: Iterable[Mapping[str, Any]]) -> "subprocess.Popen[bytes]":
        """Begin to write resources, as a person does."""
        file = self._folder / f"{namespace}-{self._number}.json"
        file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": list(resources)}))
        options = ["--server-side"] if verb == "apply" else []
        command = [str(kubectl_path()), verb, *options, "-n", namespace, "-f", str(file)]
        return subprocess.Popen(command, env=environment(self._plane.kubeconfig), stdout=subprocess.DEVNULL)

    def _until(self, namespace: str, resource: str, name: str) -> float:
        eventually(lambda: name in self._follower.created(namespace, resource), _LIMIT_SECONDS, f"{resource} {name}")
        return self._follower.created(namespace, resource)[name]


if __name__ == "__main__":
    typer.run(main)
