"""Docker's own client judges the exported files; it needs no engine for that. Where it is missing the tests fail."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ailtire_operator.compose.exporting import Exported, dump

MISSING = "no docker client on this machine; on Debian: apt-get install docker.io (Debian 13 and later: docker-cli)"
Judge = Callable[[Exported], list[str]]


@pytest.fixture(scope="session")
def docker() -> str:
    """The client."""
    program = shutil.which("docker")
    if program is None:
        pytest.fail(MISSING)
    return program


@pytest.fixture
def refused(docker: str, tmp_path: Path) -> Judge:
    """What the client says against the files of an export, each with the files beside it; nothing is right."""

    def judge(exported: Exported) -> list[str]:
        for name, content in exported.beside.items():
            (tmp_path / name).write_bytes(content)
        said = []
        for stack, document in exported.files.items():
            (tmp_path / f"{stack}.yaml").write_text(dump(document))
            command = [docker, "stack", "config", "--compose-file", f"{stack}.yaml"]
            done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
            if done.returncode or done.stderr:
                said.append(f"{stack}: {done.stderr.strip()}")
        return said

    return judge
