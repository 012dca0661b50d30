"""Whatever changes while several hundred requests a second come in: none of them is lost, and no message either.

A WebSocket goes through every gateway on its way. Where gateways are replaced it is cut sooner or later, as a proxy
cannot say goodbye for a service; its client connects again and has its answer then. Where only services change, no
socket is cut: the service says goodbye itself.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from ailtire_operator import naming
from e2e.applying import get
from e2e.conftest import Tree
from e2e.loading import nothing_lost
from e2e.routing import await_route
from e2e.tree import await_tree, deployments, patch, pods
from e2e.tree_load import under_load
from kindlab import engine, kube, operating
from lab.waiting import eventually

DEEPEST = "shop-cpl-dm-web"
LATE_SECONDS = 12
"""How long a busy node takes to hear of pods that come and go. Pods that leave after five seconds fail this test."""


def deepest(change: dict[str, object]) -> dict[str, object]:
    """A change of the deepest service, as a change of the root."""
    inner = {"dm": {"stack": {"services": {"web": change}}}}
    return {"services": {"cpl": {"stack": {"services": inner}}}}


def rolled_out(tree: Tree, *deployments: str) -> None:
    for name in deployments:
        kube.kubectl("rollout", "status", f"deployment/{name}", "-n", tree.namespace, "--timeout=240s", timeout=245)


def test_a_new_image_of_the_deepest_service(busy_tree: Tree) -> None:
    before = set(pods(busy_tree.namespace, "ailtire.io/root=shop"))
    with under_load(busy_tree) as running:
        patch(
            busy_tree.namespace,
            {"images": {busy_tree.lab.images.probe.partition(":")[0]: busy_tree.lab.images.probe_musl}},
        )
        await_tree(busy_tree.namespace)
        rolled_out(busy_tree, DEEPEST)
    gone = before - set(pods(busy_tree.namespace, "ailtire.io/root=shop"))
    assert deployments(gone) == {DEEPEST, "shop-web"}, "and of the root's, of the same image"
    nothing_lost(running, 500, 100)
    assert running.cut == 0, running


def test_nodes_that_hear_late_of_pods_that_come_and_go(busy_tree: Tree) -> None:
    before = set(pods(busy_tree.namespace, "ailtire.io/root=shop"))
    with under_load(busy_tree) as running:
        with deaf_proxies():
            patch(busy_tree.namespace, deepest({"environment": {"ROLLED": "once"}}))
            time.sleep(LATE_SECONDS)
        rolled_out(busy_tree, DEEPEST)
        await_tree(busy_tree.namespace)
    gone = before - set(pods(busy_tree.namespace, "ailtire.io/root=shop"))
    assert deployments(gone) == {DEEPEST}
    nothing_lost(running, 500, 100)


@contextmanager
def deaf_proxies() -> Iterator[None]:
    """As long as the block lasts, no node's proxy has a share of its processor."""
    try:
        _signal_proxies("STOP")
        yield
    finally:
        _signal_proxies("CONT")


def _signal_proxies(name: str) -> None:
    for node in kube.nodes():
        engine.docker("exec", node, "pkill", f"-{name}", "kube-proxy")


def test_more_replicas_and_fewer(busy_tree: Tree) -> None:
    with under_load(busy_tree) as running:
        for count in (4, 1, 2):
            patch(busy_tree.namespace, deepest({"deploy": {"replicas": count}}))
            rolled_out(busy_tree, DEEPEST)
            await_tree(busy_tree.namespace)
    nothing_lost(running, 500, 100)
    assert running.cut == 0, running
    assert len(running.http["by"]) >= 4


def test_an_image_that_does_not_exist_takes_no_good_pod_away(busy_tree: Tree) -> None:
    good = busy_tree.lab.images.probe
    with under_load(busy_tree) as running:
        patch(busy_tree.namespace, deepest({"image": "example.invalid/nowhere:1"}))
        _await_trouble(busy_tree)
        patch(busy_tree.namespace, deepest({"image": good}))
        await_tree(busy_tree.namespace)
        rolled_out(busy_tree, DEEPEST)
    nothing_lost(running, 500, 100)
    assert running.cut == 0, running


def test_an_update_that_fails_is_rolled_back(busy_tree: Tree) -> None:
    deployment = f"deployment/{DEEPEST}"
    patch(busy_tree.namespace, deepest({"deploy": {"updateConfig": {"failureAction": "rollback"}}}))
    await_tree(busy_tree.namespace)
    eventually(lambda: _last_good(busy_tree, "shop-cpl-dm"), 180, "a definition to go back to")
    good = _image(busy_tree, deployment)
    with under_load(busy_tree) as running:
        patch(busy_tree.namespace, deepest({"image": "example.invalid/nowhere:2"}))
        _await(busy_tree, "Stalled=True", "shop-cpl-dm")
        rolled_out(busy_tree, DEEPEST)
        assert _image(busy_tree, deployment) == good
    nothing_lost(running, 500, 100)
    assert running.cut == 0, running
    patch(busy_tree.namespace, deepest({"image": busy_tree.lab.images.probe}))
    await_tree(busy_tree.namespace)


def test_a_bad_change_three_levels_down_takes_the_whole_tree_back(busy_tree: Tree) -> None:
    deployment = f"deployment/{DEEPEST}"
    patch(busy_tree.namespace, {"updatePolicy": {"failureAction": "rollback", "progressDeadline": "15s"}})
    await_tree(busy_tree.namespace)
    good = _image(busy_tree, deployment)
    bad = deepest({"image": "example.invalid/nowhere:3", "deploy": {"updateConfig": {"failureAction": "continue"}}})
    with under_load(busy_tree) as running:
        patch(busy_tree.namespace, bad | {"env": {"RELEASE": "bad"}})
        _await(busy_tree, "RolledBack=True")
        eventually(lambda: _image(busy_tree, deployment) == good, 180, "the image before")
        rolled_out(busy_tree, DEEPEST, "shop-web", "shop-cpl-web")
    root = get(busy_tree.namespace, "ailtirestack/shop")
    assert root["spec"]["env"] == {"RELEASE": "bad"}, "the definition stays as it is written"
    for name in (DEEPEST, "shop-web", "shop-cpl-web"):
        container = get(busy_tree.namespace, f"deployment/{name}")["spec"]["template"]["spec"]["containers"][0]
        assert "RELEASE" not in {each["name"] for each in container["env"]}, f"{name} has gone back too"
    nothing_lost(running, 500, 100)
    patch(busy_tree.namespace, deepest({"image": busy_tree.lab.images.probe}) | {"env": None, "updatePolicy": None})
    await_tree(busy_tree.namespace)


def _last_good(tree: Tree, stack: str) -> str:
    """The last good definitions of a stack's services."""
    selector = f"{naming.LABEL_STACK}={stack},{naming.LABEL_LAST_GOOD},{naming.LABEL_SERVICE}"
    return kube.kubectl("get", "controllerrevisions", "-n", tree.namespace, "-l", selector, "-o", "name")


def _image(tree: Tree, deployment: str) -> str:
    image: str = get(tree.namespace, deployment)["spec"]["template"]["spec"]["containers"][0]["image"]
    return image


def _await(tree: Tree, condition: str, stack: str = "shop") -> None:
    wait = ["wait", f"--for=condition={condition}", f"ailtirestack/{stack}", "-n", tree.namespace, "--timeout=180s"]
    kube.kubectl(*wait, timeout=185)


def _await_trouble(tree: Tree) -> None:
    _await(tree, "Ready=False")
    time.sleep(5)
    path = "jsonpath={.status.conditions[?(@.type=='Ready')].message}"

    def is_told() -> bool:
        message = kube.kubectl("get", "ailtirestack/shop", "-n", tree.namespace, "-o", path)
        return "cpl/dm" in message and "web" in message

    eventually(is_told, what="the way to what is in trouble")


def test_new_routes_of_every_gateway_on_the_way(busy_tree: Tree) -> None:
    more = {"/more": {"path": "/more", "port": 3000}}
    inner = {"web": {"interface": more}, "dm": {"stack": {"services": {"web": {"interface": more}}}}}
    with under_load(busy_tree) as running:
        patch(
            busy_tree.namespace,
            {"services": {"web": {"interface": more}, "cpl": {"stack": {"services": inner}}}},
        )
        rolled_out(busy_tree, "shop--gateway", "shop-cpl--gateway", "shop-cpl-dm--gateway")
        await_tree(busy_tree.namespace)
    for prefix in ("", "/cpl", "/cpl/dm"):
        await_route(busy_tree.lab.ingress, busy_tree.host, f"{prefix}/more")
    nothing_lost(running, 500, 100)


def test_a_restart_of_the_whole_tree(busy_tree: Tree) -> None:
    before = set(pods(busy_tree.namespace, "ailtire.io/root=shop"))
    with under_load(busy_tree) as running:
        patch(busy_tree.namespace, {"restartedAt": datetime.now(UTC).isoformat(timespec="seconds")})
        rolled_out(busy_tree, *deployments(before))
        await_tree(busy_tree.namespace)
    assert not before & set(pods(busy_tree.namespace, "ailtire.io/root=shop"))
    nothing_lost(running, 500, 100)


def test_a_stop_and_a_start_of_the_deepest_stack(busy_tree: Tree) -> None:
    def stop(stopped: bool) -> None:
        patch(busy_tree.namespace, {"services": {"cpl": {"stack": {"services": {"dm": {"stopped": stopped}}}}}})

    def status(path: str) -> int:
        return busy_tree.call(path)[0]

    stop(True)
    eventually(lambda: status("/cpl/dm/web/x") == 503, 180, "503 from what is stopped")
    await_tree(busy_tree.namespace)
    eventually(
        lambda: not pods(busy_tree.namespace, "ailtire.io/stack=shop-cpl-dm,ailtire.io/service=web"), 180, "rest"
    )
    await_route(busy_tree.lab.ingress, busy_tree.host, "/cpl/web/x")
    stop(False)
    await_tree(busy_tree.namespace)
    await_route(busy_tree.lab.ingress, busy_tree.host, "/cpl/dm/web/x")


def test_a_restart_of_the_operator(busy_tree: Tree) -> None:
    before = pods(busy_tree.namespace, "ailtire.io/root=shop")
    with under_load(busy_tree) as running:
        kube.kubectl("rollout", "restart", operating.NAME, "-n", operating.NAMESPACE)
        kube.kubectl("rollout", "status", operating.NAME, "-n", operating.NAMESPACE, "--timeout=240s", timeout=245)
    assert set(pods(busy_tree.namespace, "ailtire.io/root=shop")) == set(before)
    nothing_lost(running, 500, 100)
    assert running.cut == 0, running


@pytest.fixture
def drained() -> Iterator[str]:
    """The name of a worker that may be drained; afterwards it takes pods again."""
    node = next(name for name in kube.nodes() if "worker" in name)
    yield node
    kube.kubectl("uncordon", node)


def test_a_drained_node(busy_tree: Tree, drained: str) -> None:
    assert _on(busy_tree, drained), "there is something to drain"
    with under_load(busy_tree) as running:
        # Only this tree's pods: whatever else is on the node has no second replica.
        evicting = ["--ignore-daemonsets", "--delete-emptydir-data", "--timeout=150s"]
        labels = "--pod-selector=ailtire.io/root=shop"
        kube.kubectl("drain", drained, labels, *evicting, timeout=160)
        await_tree(busy_tree.namespace)
    assert _on(busy_tree, drained) == set()
    nothing_lost(running, 500, 100)


def _on(tree: Tree, node: str) -> set[str]:
    found = pods(tree.namespace, "ailtire.io/root=shop")
    return {name for name, pod in found.items() if pod["spec"]["nodeName"] == node}
