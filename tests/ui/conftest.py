"""One control plane with the operator and the shop of examples/, and one Chromium, for the session.

A test that changes the shop puts it back. Nothing here is skipped: without Chromium or a cluster the tests fail.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from lab import ControlPlane, Operator, binaries, chromium, sessions
from lab.paths import ROOT
from lab.report import say
from ui import kubelet
from ui.browsing import launch
from ui.kubelet import Kubelet
from ui.page import Page
from ui.serving import served
from ui.shop import Shop

_LOGS = ROOT / "build" / "reports" / "lab-ui"


def pytest_collection_finish(session: pytest.Session) -> None:
    """Fetch and build what is missing before any test's clock runs: the first time that takes minutes."""
    if session.items and not session.config.option.collectonly:
        binaries.ensure()
        chromium.ensure(say)


@pytest.fixture(scope="session")
def control_plane() -> Iterator[ControlPlane]:
    sessions.clear_abandoned()
    with sessions.started(ControlPlane(sessions.new_home("ui")), _LOGS) as plane:
        yield plane


@pytest.fixture(scope="session")
def operator(control_plane: ControlPlane) -> Iterator[Operator]:
    operator = Operator(control_plane)
    operator.install()
    operator.start()
    yield operator
    operator.stop()


@pytest.fixture(scope="session")
def logs(control_plane: ControlPlane) -> Iterator[Kubelet]:
    """What the containers of the simulated nodes write."""
    with kubelet.answering(control_plane) as answers:
        yield answers


@pytest.fixture(scope="session")
def shop(control_plane: ControlPlane, operator: Operator) -> Shop:
    """The example, ready."""
    shop = Shop(control_plane)
    shop.apply()
    shop.until_ready()
    return shop


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = launch(playwright)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def page(control_plane: ControlPlane, shop: Shop, logs: Kubelet, browser: Browser) -> Iterator[Page]:
    """The page as it is by default: for reading only."""
    with served(control_plane.kubeconfig) as serving:
        yield Page(serving, browser)


@pytest.fixture(scope="session")
def acting(control_plane: ControlPlane, shop: Shop, logs: Kubelet, browser: Browser) -> Iterator[Page]:
    """The page with actions."""
    with served(control_plane.kubeconfig, "--allow-actions") as serving:
        yield Page(serving, browser)


@pytest.fixture
def nobody(control_plane: ControlPlane, shop: Shop, tmp_path: Path) -> Path:
    """The kubeconfig of a user without any right."""
    return shop.kubeconfig_of("nobody", tmp_path)
