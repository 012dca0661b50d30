"""Docker's own client judges the exported files; it needs no engine for that. Where it is missing it is built."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ailtire_operator.compose.exporting import Exported, dump
from lab import binaries

Judge = Callable[[Exported], list[str]]


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
        for name, content in exported.beside.items():
            (tmp_path / name).write_bytes(content)
        said = []
        for stack, document in exported.files.items():
            (tmp_path / f"{stack}.yaml").write_text(dump(document))
            command = [str(docker), "stack", "config", "--compose-file", f"{stack}.yaml"]
            done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
            if done.returncode or done.stderr:
                said.append(f"{stack}: {done.stderr.strip()}")
        return said

    return judge
