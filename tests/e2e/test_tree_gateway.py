"""One gateway for a whole tree: all levels answer through it, and a change of routes closes no connection."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from ailtire_operator import naming
from e2e import figures
from e2e.applying import Manifest
from e2e.conftest import Lab, Tree, fresh_namespace
from e2e.loading import load, nothing_lost
from e2e.routing import await_route
from e2e.tree import await_gone, await_tree, patch, pods, shop, up
from e2e.tree_load import under_load
from kindlab import kube, operating
from lab.waiting import eventually

ROOT_LABEL = f"{naming.LABEL_ROOT}=shop"
COMPONENT = "app.kubernetes.io/component"
PATHS = ("/web/x", "/cpl/web/x", "/cpl/dm/web/x")
SERVED_SECONDS = 5.0
CHANGES = 10


@pytest.fixture(scope="module")
def shared_tree(lab: Lab, operator: None) -> Iterator[Tree]:
    """The tree whose root asks for one gateway for all of it."""
    with fresh_namespace() as name:
        host = f"{name}.example"
        up(name, asking(lab, shop(lab.images.probe, lab.images.probe_musl, host)))
        for path in PATHS:
            await_route(lab.ingress, host, path)
        yield Tree(name, host, lab)


def asking(lab: Lab, made: Manifest, *, tree: bool = True) -> Manifest:
    made["spec"]["gateway"] = gateway(lab, tree=tree)
    return made


def gateway(lab: Lab, *, tree: bool) -> dict[str, Any]:
    """The choice, with an image that has what it needs."""
    return {"tree": tree, "image": lab.images.gateway}


def gateways(tree: Tree) -> dict[str, Manifest]:
    """The pods of all gateways of the tree."""
    kinds = f"{COMPONENT} in ({naming.COMPONENT_GATEWAY},{naming.COMPONENT_TREE_GATEWAY})"
    return pods(tree.namespace, ROOT_LABEL, kinds)


def middle(routes: dict[str, Any]) -> dict[str, Any]:
    """A change of the routes of the middle stack's service."""
    return {"services": {"cpl": {"stack": {"services": {"web": {"interface": routes}}}}}}


def test_two_pods_serve_all_levels(shared_tree: Tree) -> None:
    assert len(gateways(shared_tree)) == 2
    for path in PATHS:
        assert shared_tree.call(path)[0] == 200, path
    figures.tell(f"pods of ours for a tree of three levels with one gateway: {len(gateways(shared_tree))}")


def test_routes_of_one_stack_change_while_another_is_under_load(shared_tree: Tree) -> None:
    before = set(pods(shared_tree.namespace, ROOT_LABEL))
    took = []
    with under_load(shared_tree) as running:
        for number in range(CHANGES):
            begun = time.monotonic()
            patch(shared_tree.namespace, middle({f"/new{number}": {"path": "/web", "port": 3000}}))
            await_route(shared_tree.lab.ingress, shared_tree.host, f"/cpl/new{number}/x", in_a_row=5)
            took.append(time.monotonic() - begun)
        await_tree(shared_tree.namespace)
    figures.tell(f"a change of routes is served by one gateway for the tree after {max(took):.1f} s at the most")
    assert set(pods(shared_tree.namespace, ROOT_LABEL)) == before, "no pod is replaced"
    nothing_lost(running, 500, 100)
    assert running.cut == 0, running
    assert max(took) < SERVED_SECONDS, took
    patch(shared_tree.namespace, middle({f"/new{number}": None for number in range(CHANGES)}))
    last = f"/cpl/new{CHANGES - 1}/x"
    eventually(lambda: shared_tree.call(last)[0] == 404, 60, "the end of the new routes")


def test_it_serves_and_starts_again_without_the_operator(shared_tree: Tree) -> None:
    with operating.stopped():
        kube.kubectl("delete", "pod", "-n", shared_tree.namespace, *gateways(shared_tree), "--wait=false")
        await_gone(shared_tree.namespace)
        for path in PATHS:
            await_route(shared_tree.lab.ingress, shared_tree.host, path)
        assert len(gateways(shared_tree)) == 2


def test_a_tree_moves_over_under_load_and_back(lab: Lab, operator: None) -> None:
    with fresh_namespace() as name:
        host = f"{name}.example"
        up(name, asking(lab, shop(lab.images.probe, lab.images.probe_musl, host), tree=False))
        await_route(lab.ingress, host, "/cpl/dm/web/x")
        tree = Tree(name, host, lab)
        services = {each for each, pod in pods(name, ROOT_LABEL).items() if not is_gateway(pod)}
        with under_load(tree) as running:
            patch(name, {"gateway": gateway(lab, tree=True)})
            await_gateways(tree, 2)
            await_tree(name)
        nothing_lost(running, 500, 100)
        # The way back is not under load: as docs/operations.md says, requests may be answered 503 for a moment.
        patch(name, {"gateway": gateway(lab, tree=False)})
        await_gateways(tree, 6)
        await_tree(name)
        await_route(lab.ingress, host, "/cpl/dm/web/x")
        assert {each for each, pod in pods(name, ROOT_LABEL).items() if not is_gateway(pod)} == services


def await_gateways(tree: Tree, count: int) -> None:
    eventually(lambda: len(gateways(tree)) == count, 240, f"{count} pods of gateways")


def is_gateway(pod: Manifest) -> bool:
    return "gateway" in pod["metadata"]["labels"].get(COMPONENT, "")


def test_what_it_adds_to_three_levels(shared_tree: Tree, busy_tree: Tree) -> None:
    """Printed beside gateways of their own; not judged, as two cores have much else to do."""
    for what, tree in (("one gateway for the tree", shared_tree), ("a gateway for each stack", busy_tree)):
        with load(f"http://{tree.host}/cpl/dm/web/x", tree.lab.ingress, 200) as running:
            time.sleep(8)
        assert running.lost == 0, running
        figures.tell(f"three levels through {what}: p50 {running.http['p50']:.2f} ms, p99 {running.http['p99']:.2f} ms")
