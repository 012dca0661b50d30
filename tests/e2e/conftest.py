"""A kind cluster for the session, with the images of our own workloads, and a Swarm on the same engine.

What the session started it stops: a cluster that was there before (`make kind-up`) stays.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from kindlab import cluster, engine, kube, operating, swarm, workloads
from kindlab.workloads import Workloads
from lab.paths import ROOT

_RESTRICTED = ("enforce=restricted", "enforce-version=latest")


@dataclass(frozen=True)
class Lab:
    """The cluster, its images, and the way in."""

    images: Workloads
    ingress: str
    """Address and port of the ingress controller, plain HTTP."""
    ingress_tls: str


_started: dict[str, bool] = {}
_OF_THE_CLUSTER = frozenset({"lab", "namespace", "operator"})
"""Fixtures that need the cluster; tests of the Swarm alone leave it as it is."""


def pytest_collection_finish(session: pytest.Session) -> None:
    """Make what is missing before any test's clock runs: the first time that takes minutes."""
    if session.items and not session.config.option.collectonly:
        used = {name for item in session.items for name in getattr(item, "fixturenames", ())}
        _started["engine"] = not engine.running()
        engine.up()
        if not used & _OF_THE_CLUSTER:
            workloads.ensure()
            return
        _started["cluster"] = not cluster.exists()
        cluster.up()
        if "operator" in used:
            operating.install()


def pytest_sessionfinish() -> None:
    if _started.get("cluster"):
        cluster.down()
    if _started.get("engine"):
        engine.down()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(ROOT / "tests" / "e2e"):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def lab() -> Lab:
    return Lab(workloads.ensure(), f"127.0.0.1:{kube.host_port(80)}", f"127.0.0.1:{kube.host_port(443)}")


@pytest.fixture
def namespace() -> Iterator[str]:
    """A namespace of the test's own, as strict about pods as a namespace can be."""
    name = f"e2e-{uuid.uuid4().hex[:8]}"
    kube.kubectl("create", "namespace", name)
    kube.kubectl("label", "namespace", name, *(f"pod-security.kubernetes.io/{each}" for each in _RESTRICTED))
    yield name
    kube.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="session")
def operator(lab: Lab) -> None:
    """The operator, in the cluster, from its own image: installed before the first test's clock ran."""


@pytest.fixture(scope="session")
def swarm_mode() -> Iterator[None]:
    """The engine as a Swarm of one node."""
    there = swarm.active()
    swarm.up()
    yield
    if not there:
        swarm.down()
