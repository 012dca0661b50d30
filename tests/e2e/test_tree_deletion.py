"""The end of a tree: nothing of it stays but what is to be retained, whether the operator runs or not."""

from collections.abc import Iterator

import pytest

from e2e.applying import get
from e2e.conftest import Lab
from e2e.tree import shop, up
from kindlab import kube, operating
from lab.waiting import eventually

pytestmark = pytest.mark.usefixtures("operator")
NOT_OURS = {"configmap/kube-root-ca.crt", "serviceaccount/default"}
PASSING = {"events", "events.events.k8s.io", "pods.metrics.k8s.io", "bindings"}


@pytest.fixture
def absent() -> Iterator[None]:
    """The operator is gone for the time of the test."""
    _scale(0)
    yield
    _scale(2)
    kube.kubectl("rollout", "status", operating.NAME, "-n", operating.NAMESPACE, "--timeout=120s", timeout=125)


def _scale(count: int) -> None:
    kube.kubectl("scale", operating.NAME, "-n", operating.NAMESPACE, f"--replicas={count}")


def everything(namespace: str) -> set[str]:
    """All objects of a namespace but events and what every namespace has."""
    kinds = kube.kubectl("api-resources", "--namespaced", "--verbs=list,delete", "-o", "name").split()
    asked = ",".join(sorted(set(kinds) - PASSING))
    return set(kube.kubectl("get", asked, "-n", namespace, "-o", "name", "--ignore-not-found").split()) - NOT_OURS


def bring_up(lab: Lab, namespace: str) -> None:
    """A tree with volumes of every sort."""
    deepest = {"volumes": {"data": {"source": "records", "target": "/data"}}}
    tree = shop(lab.images.probe, lab.images.probe_musl, f"{namespace}.example", deepest)
    services = tree["spec"]["services"]
    services["cpl"]["stack"]["services"]["dm"]["stack"]["data"] = {
        "records": {"size": "16Mi", "perReplica": True, "retain": True}
    }
    tree["spec"]["data"] = {"kept": {"size": "16Mi", "retain": True}, "lost": {"size": "16Mi"}}
    services["web"]["volumes"] = {name: {"source": name, "target": f"/{name}"} for name in ("kept", "lost")}
    up(namespace, tree)
    assert len(everything(namespace)) > 30


def retained(namespace: str) -> set[str]:
    claims = kube.kubectl("get", "persistentvolumeclaims", "-n", namespace, "-o", "name").split()
    return {name for name in claims if "kept" in name or "records" in name}


def delete_and_look(namespace: str) -> None:
    kept = retained(namespace)
    assert len(kept) == 3
    kube.kubectl("delete", "ailtirestack/shop", "-n", namespace, "--wait=false")
    eventually(lambda: everything(namespace) == kept, seconds=240, what="the end of everything but retained volumes")
    assert {get(namespace, name)["status"]["phase"] for name in kept} == {"Bound"}


def test_a_tree_goes_with_its_root(lab: Lab, namespace: str) -> None:
    bring_up(lab, namespace)
    delete_and_look(namespace)


def test_a_tree_goes_with_its_root_where_there_is_no_operator(
    lab: Lab, namespace: str, request: pytest.FixtureRequest
) -> None:
    bring_up(lab, namespace)
    request.getfixturevalue("absent")
    delete_and_look(namespace)
