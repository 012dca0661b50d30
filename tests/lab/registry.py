"""Brings one package from Python's registry into the user's cache: the version and the files that a pin names."""

import shutil
import subprocess
import sys
from pathlib import Path

from lab.errors import LabError
from lab.locking import exclusive
from lab.paths import cache
from lab.report import Say


def brought(pin: Path, say: Say) -> Path:
    """Return the folder that holds the package which a requirements file of one line pins by version and hash."""
    requirement = pin.read_text().split()[0]
    home = cache() / requirement.replace("==", "-")
    with exclusive(
        home.with_suffix(".lock"), lambda: say(f"another process is fetching {requirement}: waiting for it")
    ):
        if not home.exists():
            say(f"installing {requirement} into the cache")
            _install(pin, home)
    return home


def _install(pin: Path, home: Path) -> None:
    """Install into a neighbour and rename: a folder with the final name is always whole."""
    partial = home.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    exactly = ["--no-deps", "--require-hashes", "--only-binary=:all:", "--requirement", str(pin)]
    done = subprocess.run([*pip, *exactly, "--target", str(partial)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"{home.name} could not be installed.\n{done.stderr.strip()}")
    partial.rename(home)
