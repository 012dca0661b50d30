"""A tree of three levels under the operator in the cluster: from one resource to answers at every depth."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from e2e.applying import apply
from e2e.asking import Pod
from e2e.conftest import Lab
from e2e.loading import load
from e2e.routing import await_route, call
from kindlab import kube, operating

pytestmark = pytest.mark.usefixtures("operator")
HEALTH = {"http": "/ready", "port": 3000, "interval": "1s"}


def leaf(image: str, **more: Any) -> dict[str, Any]:
    return {"image": image, "user": "1000", "interface": {"/web": {"path": "/", "port": 3000}}, **more}


def child(services: dict[str, Any], prefix: str) -> dict[str, Any]:
    inside = {"services": services, "gateway": {"replicas": 2}}
    return {"type": "stack", "interface": {prefix: {"path": "/"}}, "stack": inside}


def shop(lab: Lab, host: str, **environment: str) -> dict[str, Any]:
    rolling = {"replicas": 2, "updateConfig": {"order": "startFirst"}}
    grandchild = {"web": leaf(lab.images.probe, environment=environment, healthcheck=HEALTH, deploy=rolling)}
    services = {
        "web": leaf(lab.images.probe, stopSignal="SIGINT"),
        "cpl": child({"web": leaf(lab.images.probe_musl), "dm": child(grandchild, "/dm")}, "/cpl"),
    }
    edge = {"className": "traefik", "hosts": [host]}
    return {
        "apiVersion": "ailtire.io/v1alpha1",
        "kind": "AiltireStack",
        "metadata": {"name": "shop"},
        "spec": {"services": services, "edge": edge, "gateway": {"replicas": 2}},
    }


def await_tree(namespace: str, seconds: int = 120) -> None:
    stack = "ailtirestack/shop"
    kube.kubectl("wait", "--for=condition=Ready", stack, "-n", namespace, f"--timeout={seconds}s", timeout=seconds + 5)


def test_every_level_answers_through_ingress_and_gateways(lab: Lab, namespace: str) -> None:
    host = f"{namespace}.example"
    begun = time.monotonic()
    apply(namespace, shop(lab, host))
    await_route(lab.ingress, host, "/cpl/dm/web/x")
    print(f"from apply to the first answer of the deepest service: {time.monotonic() - begun:.1f} s")
    await_tree(namespace)
    answers = [call(lab.ingress, host, path)[1] for path in ("/web/a?b=c", "/cpl/web/a", "/cpl/dm/web/a")]
    assert [(answer["stack"], answer["path"]) for answer in answers] == [
        ("shop", "/a"),
        ("shop-cpl", "/a"),
        ("shop-cpl-dm", "/a"),
    ]
    assert [call(lab.ingress, host, path)[0] for path in ("/nope", "/cpl/nope", "/cpl/dm/nope")] == [404] * 3
    names = Pod(namespace, "deploy/shop-cpl-web").resolve("web", "admin", "dm", "cpl")
    assert {name for name, addresses in names.items() if addresses} == {"web", "admin", "dm"}


def test_a_new_version_of_the_deepest_service_loses_nothing(lab: Lab, namespace: str) -> None:
    host = f"{namespace}.example"
    apply(namespace, shop(lab, host))
    await_tree(namespace)
    await_route(lab.ingress, host, "/cpl/dm/web/x")
    before = kube.kubectl("get", "pods", "-n", namespace, "-o", "name").split()
    with load(f"http://{host}/cpl/dm/web/x", lab.ingress, 200, sockets=5) as under_way:
        apply(namespace, shop(lab, host, VERSION="2"))
        time.sleep(3)
        kube.kubectl("rollout", "status", "deployment/shop-cpl-dm-web", "-n", namespace, "--timeout=90s", timeout=95)
        time.sleep(8)
    print(under_way)
    after = kube.kubectl("get", "pods", "-n", namespace, "-o", "name").split()
    assert {name.rpartition("-")[0].rpartition("-")[0] for name in set(before) - set(after)} == {"pod/shop-cpl-dm-web"}
    assert under_way.lost == 0, under_way


@pytest.fixture
def drained() -> Iterator[str]:
    """The name of a worker that may be drained; afterwards it takes pods again."""
    node = next(name for name in kube.nodes() if "worker" in name)
    yield node
    kube.kubectl("uncordon", node)


def test_draining_a_node_and_restarting_the_operator_lose_nothing(lab: Lab, namespace: str, drained: str) -> None:
    host = f"{namespace}.example"
    apply(namespace, shop(lab, host))
    await_tree(namespace)
    await_route(lab.ingress, host, "/cpl/dm/web/x")
    with load(f"http://{host}/cpl/dm/web/x", lab.ingress, 200) as under_way:
        kube.kubectl("rollout", "restart", operating.NAME, "-n", operating.NAMESPACE)
        # Only this tree's pods: whatever else is on the node has no second replica.
        evicting = ["--ignore-daemonsets", "--delete-emptydir-data", "--timeout=100s"]
        kube.kubectl("drain", drained, "--pod-selector=ailtire.io/stack", *evicting, timeout=110)
        await_tree(namespace)
        time.sleep(8)
    print(under_way)
    assert under_way.lost == 0, under_way
