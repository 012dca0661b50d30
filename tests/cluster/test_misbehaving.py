"""Applications that misbehave: their stack says so, nobody else is harmed, and the next good definition repairs it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ailtire_operator.cluster.kinds import POD
from ailtire_operator.printable import plural
from support.kube.trees import Trees, content, service

SICK, WELL = "docker.io/library/web:1", "docker.io/library/web:2"
STORED = {"volumes": {"rows": {"source": "rows", "target": "/rows"}}}
WRITES_OF_A_CHANGE = 4
"""Status of the stack, an Event, endpoints of a zone, and one to spare."""


def spec(image: str, **fields: Any) -> dict[str, Any]:
    """A service that will misbehave, and one beside it that does not."""
    return {"services": {"sick": service(image, **fields), "other": service()}}


def pods(trees: Trees) -> list[dict[str, Any]]:
    """The pods of the service, the oldest first; those that are going count as well."""
    found = [each for each in trees.all_of("Pod") if each["metadata"]["name"].startswith("shop-sick")]
    return sorted(found, key=lambda each: str(each["metadata"]["creationTimestamp"]))


def pod(trees: Trees) -> dict[str, Any]:
    """The newest pod of the service that is neither going nor has failed, as soon as there is one."""

    def living() -> list[dict[str, Any]]:
        return [
            each
            for each in pods(trees)
            if "deletionTimestamp" not in each["metadata"] and each["status"].get("phase") == "Running"
        ]

    return trees.until("a pod", living)[-1]


def says(trees: Trees, **status: Any) -> None:
    """What the kubelet would say of the newest pod."""
    name = pod(trees)["metadata"]["name"]
    trees.plane.api.merge(POD.path(trees.namespace, name, "status"), {"status": status})


def is_ready(trees: Trees, ready: bool, **container: Any) -> None:
    """The pod's readiness, and the state of its one container."""
    found = pod(trees)["status"]
    conditions = [
        {**each, "status": str(ready)} if each["type"] in ("Ready", "ContainersReady") else each
        for each in found["conditions"]
    ]
    says(
        trees, conditions=conditions, containerStatuses=[{**found["containerStatuses"][0], "ready": ready, **container}]
    )


def until(trees: Trees, reason: str) -> str:
    """Wait for the reason of the stack; what it says then, which names the service."""
    trees.until(reason, lambda: trees.condition("shop").get("reason") == reason)
    ready = trees.condition("shop")
    assert ready["status"] == "False"
    assert ready["message"].startswith("service sick 0/1"), ready
    return str(ready["message"])


@contextmanager
def unharmed(trees: Trees) -> Iterator[None]:
    """Another stack, and the service beside the sick one, are in the end what they were: nobody has written to them."""
    trees.apply("calm", {"services": {"web": service()}})
    trees.until_ready("shop", "calm")
    trees.settle()
    before, mark = harmless(trees), trees.audit.mark()
    yield
    assert harmless(trees) == before
    assert {each.name for each in trees.writes(mark)} & {"calm", "calm-web", "shop-other"} == set()


def harmless(trees: Trees) -> dict[str, Any]:
    """What must not be touched."""
    names = [
        ("AiltireStack", "calm"),
        ("Deployment", "calm-web"),
        ("Service", "calm-web"),
        ("Deployment", "shop-other"),
    ]
    found = {name: trees.must(kind, name) for kind, name in names if kind != "Service" or trees.get(kind, name)}
    contents = {name: content(each) for name, each in found.items()}
    return contents | {"other": trees.status("shop")["services"]["other"]}


def repaired(trees: Trees, **fields: Any) -> None:
    """The next good definition does."""
    trees.apply("shop", spec(WELL, **fields))
    trees.until_ready("shop")
    trees.settle()
    assert trees.condition("shop", "Stalled") == {}


@pytest.fixture
def shop(trees: Trees) -> Iterator[Trees]:
    """The tree, ready, with what stands beside it watched until the end."""
    trees.apply("shop", spec(SICK))
    with unharmed(trees):
        yield trees


def test_flapping(shop: Trees) -> None:
    mark = shop.audit.mark()
    for _ in range(3):
        is_ready(shop, False)
        until(shop, "NotReady")
        is_ready(shop, True)
        shop.until_ready("shop")
    shop.settle()
    written = shop.writes(mark)
    assert len(written) <= 6 * WRITES_OF_A_CHANGE, [str(each) for each in written]
    assert not [each for each in written if each.resource == "deployments.apps"]
    repaired(shop)


def test_killed_for_its_memory_again_and_again(shop: Trees) -> None:
    mark, restarts = shop.audit.mark(), 3
    for number in range(1, restarts + 1):
        ended = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
        state = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 20s"}}
        is_ready(shop, False, restartCount=number, state=state, lastState=ended)
        counted = plural(number, "restart")
        shop.until("counted", lambda counted=counted: f"({counted})" in until(shop, "OOMKilled"))  # type: ignore[misc]
    shop.settle()
    assert len(shop.writes(mark)) <= (restarts + 1) * WRITES_OF_A_CHANGE
    repaired(shop)


def test_slow_to_start(shop: Trees) -> None:
    shop.apply("shop", spec("lab.invalid/unready:1", deploy={"updateConfig": {"order": "stopFirst"}}))
    shop.until("running", lambda: pod(shop)["spec"]["containers"][0]["image"] == "lab.invalid/unready:1")
    until(shop, "NotReady")
    shop.settle()
    assert shop.condition("shop", "Reconciling")["status"] == "True", "it may become ready by itself"
    is_ready(shop, True)
    shop.until_ready("shop")
    repaired(shop)


@pytest.mark.parametrize(
    ("image", "reason"),
    [("unready", "NotReady"), ("missing", "ImagePullBackOff"), ("crashing", "CrashLoopBackOff")],
)
def test_an_update_that_never_gets_ready(shop: Trees, image: str, reason: str) -> None:
    good = pod(shop)["metadata"]["name"]
    shop.apply("shop", spec(f"lab.invalid/{image}:1", deploy={"updateConfig": {"order": "startFirst"}}))
    until(shop, reason)
    shop.settle()
    assert good in [each["metadata"]["name"] for each in pods(shop)], "what was good runs on"
    repaired(shop)


def test_evicted(shop: Trees) -> None:
    for _ in range(2):
        evicted = pod(shop)["metadata"]["name"]
        says(shop, phase="Failed", reason="Evicted", message="The node was low on resource: memory.")
        shop.until("another pod", lambda evicted=evicted: pod(shop)["metadata"]["name"] != evicted)  # type: ignore[misc]
        shop.until_ready("shop")
    shop.settle()
    assert shop.is_ready("shop"), "remains of evicted pods are no trouble"
    repaired(shop)


@pytest.mark.parametrize("fields", [{}, STORED], ids=["deployment", "stateful-set"])
def test_refusing_to_stop(trees: Trees, fields: dict[str, Any]) -> None:
    """A finalizer stands for a process that does not end: the lab's own pods end at once."""
    data = {"data": {"rows": {"perReplica": True}}} if fields else {}
    trees.apply("shop", {**spec(SICK, **fields), **data})
    with unharmed(trees):
        stubborn = pod(trees)["metadata"]["name"]
        hold(trees, stubborn, ["example.com/busy"])
        trees.apply("shop", {**spec(WELL, **fields), **data})
        message = trees.until("told", lambda: held(trees, stubborn))
        if not fields:
            trees.until("the pod beside it is ready", lambda: ready_replicas(trees) == 1)
        trees.settle()
        assert held(trees, stubborn) == message
        assert ready_replicas(trees) == (0 if fields else 1), "a replica of a StatefulSet waits for the one before it"
        hold(trees, stubborn, None)
        trees.until_ready("shop")
        trees.apply("shop", {**spec(SICK, **fields), **data})
        trees.until_ready("shop")
        trees.settle()


def held(trees: Trees, name: str) -> str:
    """What the stack, which is not ready, says of the pod that does not go."""
    message = str(trees.condition("shop", "WaitingForDeletion").get("message", ""))
    return message if f"Pod {name} to go" in message and trees.condition("shop")["status"] == "False" else ""


def ready_replicas(trees: Trees) -> int:
    """How many replicas of the service are ready, as the stack's status has it."""
    return int(trees.status("shop")["services"]["sick"]["ready"])


def hold(trees: Trees, name: str, finalizers: list[str] | None) -> None:
    trees.plane.api.merge(POD.path(trees.namespace, name), {"metadata": {"finalizers": finalizers}})
