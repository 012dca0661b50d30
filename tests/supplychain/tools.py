"""Where the locked programs are: in an environment of their own, which the Makefile makes."""

from pathlib import Path

from lab.paths import ROOT

FOLDER = ROOT / "build" / "tools"


def program(name: str) -> Path:
    """Return a program of the environment. Raises SystemExit where it is not there."""
    found = FOLDER / "bin" / name
    if not found.exists():
        raise SystemExit(f"{found} is not there; `make {FOLDER.relative_to(ROOT)}/.installed` installs it")
    return found
