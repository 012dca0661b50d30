"""The page beside containers that run: tried by `make e2e-page` alone, as `make e2e` has no time for it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from e2e import applying
from e2e.conftest import Lab, fresh_namespace
from e2e.page.writers import DEPLOYMENTS, Writers, stack
from kindlab.places import KUBECONFIG
from lab import chromium
from lab.paths import ROOT
from lab.report import say
from ui.browsing import launched
from ui.page import Page
from ui.serving import served_with


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Fetch Chromium before any test's clock runs, where it is missing."""
    if session.items and not session.config.option.collectonly:
        chromium.ensure(say)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Where the pictures go: to the reports, or where PICTURES says."""
    return Path(os.environ.get("PICTURES") or ROOT / "build" / "reports" / "ui")


@pytest.fixture(scope="module")
def writers(lab: Lab, operator: None) -> Iterator[Writers]:
    """A stack whose containers write, one of which ends as soon as it has begun."""
    with fresh_namespace() as namespace:
        applying.apply(namespace, stack(lab.images.probe))
        written = Writers(namespace)
        written.until_applied()
        applying.ready(namespace, *DEPLOYMENTS)
        yield written


@pytest.fixture(scope="module")
def page(writers: Writers, browser: Browser) -> Iterator[Page]:
    """The page, for reading only, by the administrator's kubeconfig."""
    with served_with({"KUBECONFIG": str(KUBECONFIG)}, "-n", writers.namespace) as serving:
        yield Page(serving, browser)
