"""Packages of Debian, which root installs on a machine that lacks them."""

import shutil
from collections.abc import Sequence

from lab import commands
from lab.errors import LabError
from lab.report import Say


def install(what: str, packages: Sequence[str], tell: Say) -> None:
    """Install packages; ``what`` says in messages what they are. Raises LabError where this is no Debian."""
    if not shutil.which("apt-get"):
        raise LabError(f"{what} is not installed, and this is no Debian where we could do it")
    environment = {"DEBIAN_FRONTEND": "noninteractive"}
    commands.long("asking for Debian's package lists", ["apt-get", "update", "-qq"], env=environment, tell=tell)
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    commands.long(f"installing {what}", command, env=environment, tell=tell)
