"""Where the lab finds things and where it puts them."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The project."""
HERE = Path(__file__).resolve().parent
RUN = ROOT / ".lab"
"""Everything of `make up`."""
KIND = ROOT / "build" / "kind"
"""What exists while a kind cluster of this project does."""
SESSIONS = ROOT / "build" / "sessions"
"""The test sessions' control planes."""


def cache() -> Path:
    """Return the folder of what is built once for all projects and sessions of this user."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ailtire-lab"


def tool(name: str) -> str:
    """Return a command of the virtual environment that the lab itself runs in."""
    return str(Path(sys.executable).parent / name)
