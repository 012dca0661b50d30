"""Chromium, which the tests of the page drive: the one on PATH, or Debian's, unpacked into the cache.

Nothing is installed: the packages that this machine lacks for it are fetched and verified by apt, unpacked into one
folder, and a script beside them starts the browser with their libraries and one font. So nobody needs to be root.
"""

import os
import re
import shutil
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from lab import commands
from lab.errors import LabError
from lab.locking import exclusive
from lab.paths import cache
from lab.report import Say, say, step

_COMMANDS: Final = ("chromium", "chromium-browser")
_FONT: Final = "fonts-dejavu-core"
_PACKAGES: Final = ("chromium", _FONT)
_SECONDS: Final = 600
_MISSING: Final = re.compile(r"^Inst (?P<name>\S+)(?: \[\S+\])? \((?P<version>\S+) ", re.MULTILINE)
"""A line of what apt would install."""
_START: Final = """#!/bin/sh
here={here}
lib=$here/usr/lib
for folder in "$lib"/*-linux-gnu "$lib"/*-linux-gnu/pulseaudio; do
  LD_LIBRARY_PATH=$LD_LIBRARY_PATH${{LD_LIBRARY_PATH:+:}}$folder
done
export LD_LIBRARY_PATH FONTCONFIG_FILE="$here/fonts.conf"
exec "$lib/chromium/chromium" "$@"
"""
_FONTS: Final = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{here}/usr/share/fonts</dir>
  <cachedir>{here}/fonts-cache</cachedir>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
  <alias><family>sans-serif</family><prefer><family>DejaVu Sans</family></prefer></alias>
</fontconfig>
"""


def ensure(tell: Say = say) -> Path:
    """Return the command that starts Chromium. Raises LabError where there is none and apt cannot bring one."""
    for command in _COMMANDS:
        if found := shutil.which(command):
            return Path(found)
    with exclusive(cache() / "chromium.lock", lambda: tell("another process fetches Chromium: waiting for it")):
        return _cached() or _fetched(tell)


def _cached() -> Path | None:
    """The newest that was fetched before: what is in the cache asks nobody."""
    found = sorted(cache().glob("chromium-*/usr"), key=lambda path: path.stat().st_mtime)
    return _start_script(found[-1].parent) if found else None


def _fetched(tell: Say) -> Path:
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise LabError("the tests of the page want Chromium; put it on PATH, as this is no Debian where it can be had")
    if os.geteuid() == 0:  # a new machine's lists name releases that are gone, or there are none
        _output(["apt-get", "-qq", "update"])
    packages = missing(_output(["apt-get", "--simulate", "--no-install-recommends", "install", *_PACKAGES]))
    home = cache() / f"chromium-{packages['chromium'].replace(':', '-')}"
    packages.setdefault(_FONT, "")
    partial = home.with_name(f"{home.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    (partial / "packages").mkdir(parents=True)
    with step(tell, f"fetching Chromium {packages['chromium']} ({len(packages)} of Debian's packages) into the cache"):
        wanted = [f"{name}={version}" if version else name for name, version in packages.items()]
        _output(["apt-get", "-qq", "download", *wanted], partial / "packages")
        for package in sorted((partial / "packages").glob("*.deb")):
            _output(["dpkg-deb", "--extract", str(package), str(partial)])
    shutil.rmtree(partial / "packages")
    partial.rename(home)
    return _start_script(home)


def missing(simulated: str) -> dict[str, str]:
    """The packages that apt would install, by name, with their versions. Raises LabError where Chromium is not one."""
    found = {each["name"]: each["version"] for each in _MISSING.finditer(simulated)}
    if "chromium" not in found:
        raise LabError("apt has no package chromium to install: run 'apt-get update' as root, or put chromium on PATH")
    return found


def _start_script(home: Path) -> Path:
    """The script that starts the browser of a folder; what an earlier version of it says is replaced."""
    start, fonts = home / "chromium", home / "fonts.conf"
    for file, content in ((fonts, _FONTS.format(here=home)), (start, _START.format(here=f"'{home}'"))):
        if not file.exists() or file.read_text() != content:
            file.write_text(content)
    start.chmod(start.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return start


def _output(command: Sequence[str], folder: Path | None = None) -> str:
    try:
        return commands.output(command, timeout=_SECONDS, cwd=folder)
    except commands.CommandError as error:
        raise LabError(f"{error}; 'apt-get update' as root may help") from None
