"""One control plane for the session, a namespace for each test, and the operator as `make up` runs it.

A cluster test without a cluster fails: nothing here skips. With pytest-xdist every worker has a control plane of its
own.
"""

import os
import uuid
from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus

import pytest

from ailtire_operator.cluster.kinds import STACK
from cluster.cluster_layer import install_definitions
from cluster.program import Cli
from lab import Audit, ControlPlane, Operator, binaries, forking, sessions
from lab.api import Api, Refused
from lab.paths import ROOT
from lab.waiting import eventually
from support.kube.trees import Trees

_INSTALLED = pytest.StashKey[Operator]()
_LOGS = ROOT / "build" / "reports" / "lab" / os.environ.get("PYTEST_XDIST_WORKER", "")
_RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(ROOT / "tests" / "cluster"):
            item.add_marker(pytest.mark.cluster)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Build what is missing before any test's clock runs: the first time that takes minutes."""
    if any(item.get_closest_marker("cluster") for item in session.items) and not session.config.option.collectonly:
        binaries.ensure()


@pytest.fixture(scope="session")
def control_plane() -> Iterator[ControlPlane]:
    sessions.clear_abandoned()
    with sessions.started(ControlPlane(sessions.new_home()), _LOGS) as plane:
        yield plane


@pytest.fixture(scope="module")
def definitions(control_plane: ControlPlane) -> None:
    """The resource definition alone, for who needs no operator."""
    install_definitions(control_plane)


@pytest.fixture
def namespace(control_plane: ControlPlane) -> Iterator[str]:
    """A namespace of the test's own, as strict about pods as a namespace can be."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    control_plane.api.create("/api/v1/namespaces", {"metadata": {"name": name, "labels": _RESTRICTED}})
    with suppress(Refused):  # its controller was quicker; without an account no pod is let in
        control_plane.api.create(f"/api/v1/namespaces/{name}/serviceaccounts", {"metadata": {"name": "default"}})
    yield name
    _delete_stacks(control_plane.api, name)
    control_plane.api.delete(f"/api/v1/namespaces/{name}")


def _delete_stacks(api: Api, namespace: str) -> None:
    """Stacks go before their namespace: an operator that still saw them would write into what is going away."""
    path = STACK.path(namespace)
    try:
        api.delete(path)
    except Refused as error:
        if error.code != HTTPStatus.NOT_FOUND:  # the test has no definition of the resource
            raise
        return
    eventually(lambda: not api.get(path)["items"], what=f"the end of all stacks in {namespace}")


@pytest.fixture(scope="session")
def audit(control_plane: ControlPlane) -> Audit:
    return Audit(control_plane)


@pytest.fixture(scope="session")
def installed_operator(control_plane: ControlPlane, pytestconfig: pytest.Config) -> Iterator[Operator]:
    """The operator's definitions, rights, policies and account, whether it runs or not."""
    operator = Operator(control_plane, launch=forking.spawn)
    operator.install()
    pytestconfig.stash[_INSTALLED] = operator
    yield operator
    operator.stop()  # politely: then it writes down what of its code was run


@pytest.fixture
def operator(installed_operator: Operator) -> Operator:
    """The operator, running and ready; the next test gets it so again, whatever this one does to it."""
    installed_operator.start()
    return installed_operator


@pytest.fixture
def trees(control_plane: ControlPlane, audit: Audit, namespace: str, operator: Operator) -> Trees:
    """Stacks that the running operator looks after."""
    return Trees(control_plane, audit, namespace)


@pytest.fixture
def cli(control_plane: ControlPlane, namespace: str) -> Cli:
    """The program, in the test's namespace."""
    return Cli(control_plane, namespace)


@pytest.fixture(autouse=True)
def _operator_where_it_is_asked_for(request: pytest.FixtureRequest) -> None:
    """Who does not ask for the operator has the cluster alone: it would put right what a test puts wrong."""
    installed = request.config.stash.get(_INSTALLED, None)
    if installed is not None and "operator" not in request.fixturenames:
        installed.stop()
