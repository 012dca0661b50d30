"""Trees of a hundred stacks with statuses as the operator writes them, and pods: on an API server without the operator.

What is measured with them is the page and its server, and not what an operator does beside them.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import POD, STACK
from ailtire_operator.status.health import Health
from ailtire_operator.status.observed import Problem
from ailtire_operator.status.stack_status import Facts, as_json, status_of
from lab import ControlPlane
from lab.waiting import eventually

NAMESPACE: Final = "many"
SERVICES: Final = 3
"""Of each stack; each has one pod."""
FAN_OUT: Final = (9, 10)
"""Children of a root, and of each of those: 1 + 9 + 90 stacks."""
_LANES: Final = 24
_NOON: Final = "2026-01-01T12:00:00Z"
_NODES: Final = 4
_RUNNING_SECONDS: Final = 300.0


@dataclass(frozen=True, slots=True)
class Placed:
    """A stack by its keys from the root, and its uid."""

    keys: tuple[str, ...]
    uid: str = ""

    @property
    def name(self) -> str:
        """The resource's name."""
        return "-".join(self.keys)


class Many:
    """Stacks in one namespace."""

    def __init__(self, plane: ControlPlane) -> None:
        self._api = plane.api
        self.stacks: list[Placed] = []

    def create(self, count: int) -> None:
        """Write at least so many stacks, level by level, as each names its parent by uid."""
        self._api.create("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
        level = [(Placed((f"tree{number:02}",)), Placed(())) for number in range(-(-count // stacks_of_a_tree()))]
        with ThreadPoolExecutor(_LANES) as lanes:
            for width in (*FAN_OUT, 0):
                made = list(lanes.map(lambda each: self._create(*each), level))
                self.stacks += made
                level = [(Placed((*parent.keys, f"p{at}")), parent) for parent in made for at in range(width)]
            list(lanes.map(self._create_pods, self.stacks))

    def until_running(self) -> None:
        """Wait until every pod runs, as the simulated nodes write each status: before, the API server is busy."""
        waiting = f"{POD.path(NAMESPACE)}?limit=1&fieldSelector=status.phase%21%3DRunning"
        eventually(lambda: not self._api.get(waiting)["items"], _RUNNING_SECONDS, "pods that all run")

    def change(self, number: int, broken: bool) -> None:
        """Write another status of a stack: a service of it fails, or all is well again."""
        self._write_status(self.stacks[number % len(self.stacks)], broken)

    def _create(self, stack: Placed, parent: Placed) -> Placed:
        children = FAN_OUT[len(stack.keys) - 1] if len(stack.keys) <= len(FAN_OUT) else 0
        services: dict[str, Any] = {f"s{at}": {"image": f"many_s{at}:1", "user": "1000"} for at in range(SERVICES)}
        services |= {f"p{at}": {"type": "stack", "stack": {"services": {}}} for at in range(children)}
        metadata: dict[str, Any] = {"name": stack.name, "namespace": NAMESPACE}
        spec: dict[str, Any] = {"services": services}
        if parent.keys:
            owner = {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "name": parent.name, "uid": parent.uid}
            metadata["ownerReferences"] = [{**owner, "controller": True, "blockOwnerDeletion": False}]
            spec["place"] = {
                "root": stack.keys[0],
                "parent": parent.name,
                "parentKey": stack.keys[-1],
                "depth": len(parent.keys),
                "appName": stack.keys[0],
            }
        manifest = {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": metadata, "spec": spec}
        made = Placed(stack.keys, self._api.create(STACK.path(NAMESPACE), manifest)["metadata"]["uid"])
        self._write_status(made, broken=False)
        return made

    def _write_status(self, stack: Placed, broken: bool) -> None:
        status = as_json(status_of(_facts(stack, broken), {}, _NOON))
        self._api.merge(f"{STACK.path(NAMESPACE, stack.name)}/status", {"status": status})

    def _create_pods(self, stack: Placed) -> None:
        for at in range(SERVICES):
            labels = {
                naming.LABEL_STACK: stack.name,
                naming.LABEL_ROOT: stack.keys[0],
                naming.LABEL_SERVICE: f"s{at}",
                naming.LABEL_MANAGED_BY: naming.OPERATOR_NAME,
            }
            metadata = {"name": f"{stack.name}-s{at}-0", "namespace": NAMESPACE, "labels": labels}
            spec = {"nodeName": f"node-{at % _NODES}", "containers": [{"name": "main", "image": f"many_s{at}:1"}]}
            self._api.create(POD.path(NAMESPACE), {"metadata": metadata, "spec": spec})


def stacks_of_a_tree() -> int:
    """How many stacks a tree has."""
    total = level = 1
    for width in FAN_OUT:
        level *= width
        total += level
    return total


def _facts(stack: Placed, broken: bool) -> Facts:
    services: Sequence[Health] = [
        Health(f"s{at}", "Deployment", f"{stack.name}-s{at}", 1, 1) for at in range(1 if broken else 0, SERVICES)
    ]
    if broken:
        problem = Problem("ImagePullBackOff", "Back-off pulling image many_s0:2", transient=False)
        services = [Health("s0", "Deployment", f"{stack.name}-s0", 0, 1, problem), *services]
    return Facts(generation=1, app_name=stack.keys[0], root=stack.keys[0], services=tuple(services))
