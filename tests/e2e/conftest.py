"""A kind cluster for the session, with the images of our own workloads, and a Swarm on the same engine.

What the session started it stops: a cluster that was there before (`make kind-up`) stays.
"""

import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from e2e import figures
from e2e.applying import apply
from e2e.asking import Pod
from e2e.routing import await_route, call
from e2e.tree import asked, await_tree, passwords, shop, up
from kindlab import cluster, enforcing, engine, kube, operating, swarm, workloads
from kindlab.workloads import Workloads
from lab.errors import LabError
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
        try:
            _make(used)
        except LabError as error:
            # Real nodes are what these tests are about: without an engine they fail, they are never skipped.
            pytest.exit(f"no end-to-end tests on this machine: {error}", returncode=1)


def _make(used: set[str]) -> None:
    _started["engine"] = not engine.running()
    engine.up()
    if not used & _OF_THE_CLUSTER:
        workloads.ensure()
        return
    _started["cluster"] = not cluster.exists()
    what = "kind up, with ingress controller and images" if _started["cluster"] else "kind, there already"
    with figures.seconds(what):
        cluster.up()
    if not _started["cluster"]:
        enforcing.lift()
    enforcing.prepare()
    if "operator" in used:
        operating.install()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if told := figures.lines():
        terminalreporter.section("figures")
        for line in told:
            terminalreporter.write_line(line)


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


@contextmanager
def fresh_namespace() -> Iterator[str]:
    """A namespace as strict about pods as one can be, for as long as the block lasts."""
    name = f"e2e-{uuid.uuid4().hex[:8]}"
    kube.kubectl("create", "namespace", name)
    kube.kubectl("label", "namespace", name, *(f"pod-security.kubernetes.io/{each}" for each in _RESTRICTED))
    try:
        yield name
    finally:
        kube.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def namespace() -> Iterator[str]:
    """A namespace of the test's own, as strict about pods as a namespace can be."""
    with fresh_namespace() as name:
        yield name


@dataclass(frozen=True)
class Tree:
    """A tree of three levels that is up."""

    namespace: str
    host: str
    lab: Lab

    def pod(self, workload: str) -> Pod:
        """A pod to ask, by kubectl's way to it or the name of a Deployment."""
        return Pod(self.namespace, workload if "/" in workload else f"deploy/{workload}")

    def call(
        self, path: str, method: str = "GET", body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """Ask through the ingress controller; see ``routing.call``."""
        return call(self.lab.ingress, self.host, path, method, body, headers)


@pytest.fixture(scope="session")
def asked_tree(lab: Lab, operator: None) -> Iterator[Tree]:
    """The tree that tests ask and leave as it is."""
    with fresh_namespace() as name:
        host = f"{name}.example"
        apply(name, passwords())
        begun = time.monotonic()
        apply(name, asked(lab.images.probe, lab.images.probe_musl, host))
        await_route(lab.ingress, host, "/cpl/dm/web/x", in_a_row=1)
        took = time.monotonic() - begun
        figures.tell(f"from apply to the first answer of the deepest of three levels: {took:.1f} s")
        await_tree(name)
        await_route(lab.ingress, host, "/cpl/dm/web/x")
        yield Tree(name, host, lab)


@pytest.fixture(scope="module")
def busy_tree(lab: Lab, operator: None) -> Iterator[Tree]:
    """The tree that the tests of a module change while it is under load."""
    with fresh_namespace() as name:
        host = f"{name}.example"
        up(name, shop(lab.images.probe, lab.images.probe_musl, host))
        await_route(lab.ingress, host, "/cpl/dm/web/x")
        yield Tree(name, host, lab)


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
