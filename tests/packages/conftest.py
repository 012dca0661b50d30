"""What these tests share: the programs by which users install and deploy, built once where they are missing."""

from pathlib import Path

import pytest

from lab import binaries
from lab.versions import HELM, HELM4, PIPELINES, Program

HELMS = {"helm3": HELM, "helm4": HELM4}


def pytest_collection_finish(session: pytest.Session) -> None:
    """Build them before any test's clock runs."""
    if not session.config.option.collectonly and session.items:
        binaries.ensure([*HELMS.values(), *PIPELINES])


@pytest.fixture(scope="session", params=list(HELMS.values()), ids=list(HELMS))
def helm(request: pytest.FixtureRequest) -> Path:
    """Helm 3, then Helm 4."""
    program: Program = request.param
    return binaries.path(program.name)
