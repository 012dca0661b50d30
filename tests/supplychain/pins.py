"""The lock files, each entry with its hashes."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lab.paths import ROOT

_ENTRY = re.compile(r"^(?P<requirement>[A-Za-z0-9].*?==.*?)(?P<hashes>(?: \\\n +--hash=sha256:[0-9a-f]{64})*)$", re.M)
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Pin:
    """One distribution of a lock."""

    name: str
    """Canonical."""
    version: str
    hashes: tuple[str, ...]
    """SHA-256 of each file that pip may install."""
    marker: str = field(default="", compare=False)
    """Where it is for, in the words of a requirement; everywhere if empty. A release is the same one in each lock."""


def files() -> list[Path]:
    """Return every lock file of the project."""
    return sorted(ROOT.glob("requirements*.lock"))


def read(file: Path) -> list[Pin]:
    """Return what a lock file names, whatever the machine that it is for."""
    return [_pin(found["requirement"], found["hashes"]) for found in _ENTRY.finditer(file.read_text())]


def _pin(text: str, hashes: str) -> Pin:
    requirement = Requirement(text)
    (pin,) = requirement.specifier
    return Pin(
        canonicalize_name(requirement.name), pin.version, tuple(_HASH.findall(hashes)), str(requirement.marker or "")
    )


def requirements(pins: Iterable[Pin]) -> str:
    """Return the same as a file for programs that read requirements: names and versions alone."""
    return "".join(f"{pin.name}=={pin.version}\n" for pin in pins)
