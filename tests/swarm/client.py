"""Docker's own client, asked what it makes of a file for Swarm; it needs no engine for that."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from ailtire_operator.compose.exporting import Exported

Judge = Callable[[Exported], list[str]]
"""What the client says against the files of an export."""
_SURROUNDINGS = ("PATH", "HOME")
"""The variables that the client sees: a file that asks for others is not read with those of whoever runs the tests."""


def stack_config(docker: Path, file: Path) -> subprocess.CompletedProcess[str]:
    """What ``docker stack config`` has to say of the file."""
    command = [str(docker), "stack", "config", "--compose-file", file.name]
    surroundings = {name: value for name, value in os.environ.items() if name in _SURROUNDINGS}
    return subprocess.run(
        command, cwd=file.parent, env=surroundings, capture_output=True, text=True, timeout=60, check=False
    )
