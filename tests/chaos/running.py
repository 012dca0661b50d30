"""Have operator-chaos carry out the experiments on a control plane, and measure how long each repair took."""

import json
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import OWNED_KINDS, STACK, controller_of
from chaos.experiments import Experiment
from chaos.files import EXPERIMENTS, KNOWLEDGE
from chaos.knowledge import EXAMPLE, NAMESPACE
from lab import ControlPlane
from lab.errors import LabError
from lab.waiting import eventually
from support.background import Background

_FOREIGN: Final = "chaos.operatorchaos.io/"
"""How the labels and annotations begin that the program leaves at its targets."""
_MANAGED_BY: Final = "app.kubernetes.io/managed-by"
_POLL_SECONDS: Final = 0.05
_VERDICT: Final = re.compile(r"\b(Resilient|Degraded|Failed|Inconclusive)\b")
_SECONDS: Final = 120.0


@dataclass(frozen=True)
class Result:
    """What became of one experiment."""

    experiment: Experiment
    verdict: str
    seconds: float | None
    """For how long at most the tree was not as it is to be; None where it was so whenever somebody looked."""
    left: tuple[str, ...]
    """What of the tree is not as it was before, some time later."""

    @property
    def is_good(self) -> bool:
        """Whether the program and we are content."""
        return self.verdict == "Resilient" and not self.left


class Watcher(Background):
    """Looks at the tree's objects again and again, and knows when they last were not as they are to be."""

    def __init__(self, plane: ControlPlane) -> None:
        super().__init__()
        self._plane = plane
        self._wanted: dict[str, Any] = {}
        self._wanted = self._look()
        self.before: float | None = None
        """When all was as it is to be for the last time before the first difference; None while there is none."""
        self.after = 0.0
        """When all was as it is to be for the first time after the last difference."""

    def differences(self) -> Iterator[str]:
        """The objects that are not as they were, missing or too many."""
        found = self._look()
        for key in sorted(self._wanted.keys() | found.keys()):
            if self._wanted.get(key) != found.get(key):
                yield key

    def _run(self) -> None:
        good = time.monotonic()
        was_different = False
        while not self._ended.wait(_POLL_SECONDS):
            asked = time.monotonic()
            try:
                different = any(True for _ in self.differences())
            except LabError:
                continue
            if different and self.before is None:
                self.before = good
            if was_different and not different:
                self.after = time.monotonic()
            if not different:
                good = asked
            was_different = different

    def _look(self) -> dict[str, Any]:
        """What a stack owns, or did so at first, less what only the cluster decides."""
        found = {}
        for kind in OWNED_KINDS:
            if kind.optional:
                continue
            for item in self._plane.api.get(kind.path(NAMESPACE))["items"]:
                key, owner = f"{kind.kind}/{item['metadata']['name']}", controller_of(item)
                if key in self._wanted or (owner is not None and owner["kind"] == STACK.kind):
                    found[key] = _counted(item, "" if owner is None else owner["name"])
        return found


def _counted(item: dict[str, Any], owner: str) -> Any:
    labels = {
        key: value
        for key, value in (item["metadata"].get("labels") or {}).items()
        if not key.startswith(_FOREIGN) and key != _MANAGED_BY
    }
    spec = {key: value for key, value in (item.get("spec") or {}).items() if key not in ("clusterIP", "clusterIPs")}
    ready = [each["status"] for each in (item.get("status") or {}).get("conditions") or () if each["type"] == "Ready"]
    return labels, owner, json.dumps(spec, sort_keys=True), item.get("data"), ready


def deploy(plane: ControlPlane) -> None:
    """Write the example, and wait until it is ready."""
    plane.api.create("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    plane.kubectl("apply", "--server-side", "-n", NAMESPACE, "-f", str(EXAMPLE))
    plane.kubectl("wait", naming.PLURAL, "--all", "-n", NAMESPACE, "--for=condition=Ready", "--timeout=60s")


def run(plane: ControlPlane, program: Path, chosen: list[Experiment], reports: Path) -> Iterator[Result]:
    """Carry out one experiment after the other."""
    for each in chosen:
        yield _run(plane, program, each, reports)


def _run(plane: ControlPlane, program: Path, experiment: Experiment, reports: Path) -> Result:
    file = EXPERIMENTS / f"{experiment.name}.yaml"
    command = [*map(str, (program, "run", file, "--knowledge", KNOWLEDGE, "--report-dir", reports))]
    environment = {"KUBECONFIG": str(plane.kubeconfig), "HOME": str(reports), "PATH": "/usr/bin:/bin"}
    with Watcher(plane) as watcher:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False)
        settled = _settles(watcher)
    found = _VERDICT.search(done.stdout + done.stderr)
    seconds = None if watcher.before is None else watcher.after - watcher.before
    verdict = found[1] if found else f"exit code {done.returncode}: {(done.stderr or done.stdout)[-300:].strip()}"
    return Result(experiment, verdict, seconds, () if settled else tuple(watcher.differences()))


def _settles(watcher: Watcher) -> bool:
    def as_it_was() -> bool:
        return not list(watcher.differences())

    try:
        eventually(as_it_was, 20.0, "the tree as it was")
    except AssertionError:
        return False
    return True
