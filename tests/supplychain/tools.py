"""Where the locked programs are: in an environment of their own, which the Makefile makes."""

import os
import subprocess
from pathlib import Path

from lab.locking import exclusive
from lab.paths import ROOT

FOLDER = ROOT / "build" / "tools"
_STAMP = (FOLDER / ".installed").relative_to(ROOT)


def program(name: str) -> Path:
    """Return a program of the environment. Raises SystemExit where it is not there."""
    found = FOLDER / "bin" / name
    if not found.exists():
        raise SystemExit(f"{found} is not there; `make {_STAMP}` installs it")
    return found


def environment() -> dict[str, str]:
    """Return the variables for such a program: none of the project's modules is for it."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def install() -> None:
    """Have the Makefile make the environment, for tests: whichever process comes first does it."""
    FOLDER.parent.mkdir(exist_ok=True)
    with exclusive(FOLDER.with_suffix(".lock")):
        subprocess.run(["make", "-s", _STAMP], cwd=ROOT, check=True)
