"""Everything that means harm at once: the operator lives on, says what is wrong, and nobody else waits for it."""

import json
import re
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any, Final, NamedTuple

import pytest

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import DEPLOYMENT, STACK
from lab import CommandError, ControlPlane, Operator, eventually
from support.definitions.crowd import CASES
from support.kube.trees import Trees, service

AUTHOR: Final = "hostile-author"
MEMORY: Final = 256
"""MiB that the operator may have at any time."""
FACTOR: Final = 5
"""How much longer than on a quiet cluster a bystander may wait; other tests may begin after that was measured."""
SETTLING: Final = 420.0
"""Seconds in which every hostile stack has its status: some hundreds come of them, on whatever machine this is."""
REFUSED: Final = ("lists", "maps", "stacks-100", "routes", "unknown", "amplified")
"""Cases whose stack says that it is not as it may be, where the API server has let it in."""


class Line(NamedTuple):
    """What a list says of a stack, without its definition."""

    name: str
    generation: str
    observed: str
    ready: str
    reason: str


class Crowd:
    """Namespaces in which somebody with ``edit`` and nothing else writes stacks."""

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        self._namespaces: dict[str, str] = {}
        self.refused: dict[str, str] = {}
        """What the API server says against a case's last resource, by case."""

    def add(self, case: str) -> None:
        """Write the stacks of a case, in a namespace of its own."""
        name = f"hostile-{case}-{uuid.uuid4().hex[:6]}"
        self._plane.kubectl("create", "namespace", name)
        self._plane.kubectl("create", "rolebinding", "author", "--clusterrole=edit", f"--user={AUTHOR}", "-n", name)
        self._namespaces[case] = name
        for text in CASES[case]():
            try:
                self._plane.kubectl(
                    "apply", "--server-side", "--force-conflicts", f"--as={AUTHOR}", "-n", name, "-f", "-", stdin=text
                )
            except CommandError as error:
                self.refused[case] = str(error)

    def stacks(self, case: str) -> list[Line]:
        """The stacks of a case."""
        return [line for _, line in self._lines("-n", self._namespaces[case])]

    def silent(self) -> list[Line]:
        """The stacks that say nothing of their current definition."""
        ours = set(self._namespaces.values())
        return [
            line
            for namespace, line in self._lines("--all-namespaces")
            if namespace in ours and (line.observed != line.generation or line.reason == "<none>")
        ]

    def _lines(self, *where: str) -> Iterator[tuple[str, Line]]:
        """The stacks there, each with its namespace, by one kubectl however many namespaces these are."""
        columns = (
            "NAMESPACE:.metadata.namespace,NAME:.metadata.name,GENERATION:.metadata.generation,"
            "OBSERVED:.status.observedGeneration,"
            'READY:.status.conditions[?(@.type=="Ready")].status,REASON:.status.conditions[?(@.type=="Ready")].reason'
        )
        out = self._plane.kubectl("get", naming.PLURAL, *where, "--no-headers", "-o", f"custom-columns={columns}")
        for text in out.splitlines():
            namespace, *line = text.split()
            yield namespace, Line(*line)

    def remove(self) -> None:
        """Delete all of it, and do not wait: one request for the stacks of a namespace, however many they are."""
        for name in self._namespaces.values():
            self._plane.api.delete(STACK.path(name))
        for name in self._namespaces.values():
            self._plane.api.delete(f"/api/v1/namespaces/{name}")
        self._namespaces = {}


@pytest.fixture
def crowd(control_plane: ControlPlane, operator: Operator) -> Iterator[Crowd]:
    found = Crowd(control_plane)
    yield found
    found.remove()


@contextmanager
def watched(operator: Operator) -> Iterator[list[float]]:
    """The operator's memory again and again, while the block lasts."""
    sizes: list[float] = []
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.2):
            sizes.append(operator.memory)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield sizes
    finally:
        done.set()
        thread.join()


def _deployment(name: str) -> dict[str, Any]:
    """A plain Deployment that a restricted namespace takes."""
    labels = {"app": name}
    security = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    pod = {
        "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [{"name": "web", "image": "web:1", "securityContext": security}],
    }
    template = {"metadata": {"labels": labels}, "spec": pod}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


class Bystander:
    """Somebody in another namespace, who makes a small stack now and then, and a plain Deployment beside it."""

    def __init__(self, trees: Trees) -> None:
        self._trees = trees

    def waits(self) -> float:
        """How many times as long a small stack takes until it is ready as a plain Deployment until it is available."""
        name = f"small-{uuid.uuid4().hex[:6]}"
        plain = _deployment(name)
        stack = self._trees.manifest(name, {"services": {"web": service(ports={"http": {"port": 80}})}})
        return self._seconds(stack, STACK.kind, "Ready") / self._seconds(plain, DEPLOYMENT.kind, "Available")

    def _seconds(self, manifest: dict[str, Any], kind: str, condition: str) -> float:
        begun = time.monotonic()
        self._trees.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(manifest))
        name = manifest["metadata"]["name"]
        eventually(lambda: self._says(kind, name, condition), 120, f"{kind} {name} is {condition}")
        return time.monotonic() - begun

    def _says(self, kind: str, name: str, condition: str) -> bool:
        conditions = (self._trees.must(kind, name).get("status") or {}).get("conditions") or ()
        return any(each["type"] == condition and each["status"] == "True" for each in conditions)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_crowd_that_means_harm_harms_nobody(operator: Operator, crowd: Crowd, trees: Trees) -> None:
    bystander = Bystander(trees)
    pid, before = operator.pid, operator.memory
    quiet = median(bystander.waits() for _ in range(5))
    waits = []
    with watched(operator) as sizes:
        for case in CASES:
            crowd.add(case)
            waits.append(bystander.waits())
        eventually(lambda: not crowd.silent(), SETTLING, "a status of each stack")
        waits.append(bystander.waits())
    print(f"a bystander waits {quiet:.2f}, then {sorted(waits)}; memory {before:.0f}, at most {max(sizes):.0f} MiB")
    assert operator.pid == pid
    assert operator.get("/healthz")
    assert max(sizes) < MEMORY
    # Nine of ten: the machine may have other work in the moment of a tenth.
    assert sorted(waits)[len(waits) * 9 // 10] < FACTOR * quiet
    for case in CASES:
        found = {each.name: each for each in crowd.stacks(case)}
        if case.startswith(REFUSED) and case not in crowd.refused:
            assert [each.reason for each in found.values() if each.ready != "True"], (case, found)
        if "flat" in found:
            assert found["flat"].ready == "True", "what stands beside a stack that cannot be read"
    assert re.search(f"{AUTHOR} may not (create|patch|delete) httproutes", crowd.refused["edge"])
    assert {each.ready for each in crowd.stacks("edge-below")} == {"False"}
    crowd.remove()
    eventually(lambda: operator.memory < max(1.5 * before, 128), 120, "its memory is given back")
