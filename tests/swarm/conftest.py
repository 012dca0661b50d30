"""Docker's own client judges the exported files; it needs no engine for that. Where it is missing it is built."""

from pathlib import Path

import pytest

from ailtire_operator.compose.exporting import Exported
from lab import binaries
from support.compose.exporting import write
from swarm.client import Judge, stack_config


def pytest_collection_finish(session: pytest.Session) -> None:
    """Find the client before any test's clock runs: it may have to be built."""
    if not session.config.option.collectonly and any("docker" in getattr(i, "fixturenames", ()) for i in session.items):
        binaries.path("docker")


@pytest.fixture(scope="session")
def docker() -> Path:
    """The client."""
    return binaries.path("docker")


@pytest.fixture
def refused(docker: Path, tmp_path: Path) -> Judge:
    """What the client says against the files of an export, each with the files beside it; nothing is right."""

    def judge(exported: Exported) -> list[str]:
        said = []
        for stack, file in write(exported, tmp_path).items():
            done = stack_config(docker, file)
            if done.returncode or done.stderr:
                said.append(f"{stack}: {done.stderr.strip()}")
        return said

    return judge
