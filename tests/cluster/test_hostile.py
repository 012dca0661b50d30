"""Everything that means harm at once: the operator lives on, and nobody else waits for it."""

import json
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ailtire_operator import naming
from cluster.program import Cli
from crowd import CASES, Resource
from lab import ControlPlane, Operator, client, eventually
from lab.kubeconfig import require_lab
from trees import service

AUTHOR = "hostile-author"
MEMORY_MIB = 256
SETTLED = 300.0
"""Seconds until each hostile stack has a status: hundreds of stacks come of them, on whatever machine this is."""
FACTOR = 3
"""How much longer than on a quiet cluster a bystander may wait."""


def resident(operator: Operator) -> float:
    """The operator's memory in MiB."""
    status = Path(f"/proc/{operator.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


class Crowd:
    """Namespaces in which somebody with ``edit`` and nothing else writes stacks."""

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        self.namespaces: dict[str, str] = {}

    def add(self, case: str) -> str:
        """A namespace of the author's own."""
        name = f"hostile-{case}-{uuid.uuid4().hex[:6]}"
        self._plane.kubectl("create", "namespace", name)
        self._plane.kubectl("create", "rolebinding", "author", "--clusterrole=edit", f"--user={AUTHOR}", "-n", name)
        self.namespaces[case] = name
        return name

    def apply(self, case: str, resource: Resource) -> str:
        """Write a resource as the author; what the API server says against it, or nothing."""
        command = [client.kubectl_path(), "apply", "--server-side", "--force-conflicts", f"--as={AUTHOR}", "-f", "-"]
        env = client.environment(require_lab(self._plane.kubeconfig))
        text = json.dumps(resource).encode()
        said = subprocess.run(
            [*command, "-n", self.namespaces[case]], input=text, capture_output=True, env=env, check=False
        )
        return "" if said.returncode == 0 else said.stderr.decode(errors="replace")

    def stacks(self, case: str) -> list[Any]:
        """The stacks of a case, as the API server's table lists them: no reader has to walk their definitions."""
        out = self._plane.kubectl(
            "get", "ailtirestacks", "-n", self.namespaces[case],
            "-o", 'jsonpath={range .items[*]}{.metadata.generation} {.status.observedGeneration} '
            '{.status.conditions[?(@.type=="Ready")].reason} {.metadata.name}{"\\n"}{end}',
        )  # fmt: skip
        return [line.split(" ", 3) for line in out.splitlines()]

    def remove(self) -> None:
        """Delete all of it."""
        for name in self.namespaces.values():
            self._plane.kubectl("delete", "ailtirestacks", "--all", "-n", name, "--wait=false")
        for name in self.namespaces.values():
            self._plane.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def crowd(control_plane: ControlPlane, operator: Operator) -> Iterator[Crowd]:
    found = Crowd(control_plane)
    yield found
    found.remove()


def seconds_until_ready(plane: ControlPlane, namespace: str) -> float:
    """How long a small stack takes from its creation until it is ready."""
    name = f"small-{uuid.uuid4().hex[:6]}"
    manifest = {
        "apiVersion": naming.API_VERSION,
        "kind": naming.KIND,
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"services": {"web": service(deploy={"replicas": 0})}},
    }
    begun = time.monotonic()
    plane.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(manifest))
    eventually(lambda: ready(plane, namespace, name), seconds=120)
    return time.monotonic() - begun


def ready(plane: ControlPlane, namespace: str, name: str) -> bool:
    """Whether a stack says so."""
    found = plane.api.get(f"/apis/{naming.API_VERSION}/namespaces/{namespace}/{naming.PLURAL}/{name}")
    conditions = (found.get("status") or {}).get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


@contextmanager
def watched(operator: Operator) -> Iterator[list[float]]:
    """The operator's memory again and again, while the block lasts."""
    sizes: list[float] = []
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.2):
            if operator.pid:
                sizes.append(resident(operator))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield sizes
    finally:
        done.set()
        thread.join()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_crowd_that_means_harm_harms_nobody(
    control_plane: ControlPlane, operator: Operator, crowd: Crowd, namespace: str, cli: Cli
) -> None:
    pid, before = operator.pid, resident(operator)
    quiet = max(seconds_until_ready(control_plane, namespace) for _ in range(3))
    refused: dict[str, str] = {}
    waited = []
    with watched(operator) as sizes:
        for case, make in CASES.items():
            crowd.add(case)
            for resource in make():
                refused[case] = crowd.apply(case, resource)
            waited.append(seconds_until_ready(control_plane, namespace))
        eventually(lambda: not silent(crowd), seconds=SETTLED)
        waited.append(seconds_until_ready(control_plane, namespace))
    assert operator.pid == pid, operator.log.read_text()[-4000:]
    assert operator.get("/healthz")
    assert max(sizes) < MEMORY_MIB
    assert max(waited) < FACTOR * quiet, (quiet, waited)
    kinds = {case: {reason for _, _, reason, _ in crowd.stacks(case)} for case in CASES}
    for case in CASES:
        if case.startswith(("lists", "maps", "stacks")) and not refused[case]:
            assert "InvalidSpec" in kinds[case], (case, kinds[case])
    crowd.remove()
    eventually(lambda: resident(operator) < max(before * 1.5, 128), seconds=120)


def silent(crowd: Crowd) -> list[Any]:
    """Stacks that say nothing of their current definition."""
    return [each for case in CASES for each in crowd.stacks(case) if not each[2] or each[0] != each[1]]
