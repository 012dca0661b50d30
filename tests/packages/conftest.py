"""What these tests share: a release, and the programs by which users install and deploy, built once if missing."""

import subprocess
import sys
from pathlib import Path

import pytest

from lab import binaries
from lab.paths import ROOT
from lab.versions import CONTROL_PLANE, HELM, HELM4, KREW, KREW_VALIDATION, PIPELINES, Program
from supplychain import tools

HELMS = {"helm3": HELM, "helm4": HELM4}
VERSION = "0.1.1-rc.1"
"""No version of the project: everything in the release has to get it."""


def pytest_collection_finish(session: pytest.Session) -> None:
    """Build them before any test's clock runs."""
    if not session.config.option.collectonly and session.items:
        binaries.ensure([*CONTROL_PLANE, *HELMS.values(), KREW, KREW_VALIDATION, *PIPELINES])


@pytest.fixture(scope="session", params=list(HELMS.values()), ids=list(HELMS))
def helm(request: pytest.FixtureRequest) -> Path:
    """Helm 3, then Helm 4."""
    program: Program = request.param
    return binaries.path(program.name)


def release(folder: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """Make a release, as `make release` does."""
    command = [sys.executable, "-m", "release", VERSION, "--folder", str(folder), *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make release` leaves in dist/."""
    tools.install()
    folder = tmp_path_factory.mktemp("dist")
    done = release(folder, "--url", "https://releases.example/v1", "--image", "registry.example/ailtire-operator")
    assert done.returncode == 0, done.stderr
    return folder
