"""What the wheel is made of: what is locked that it requires wherever it may be installed, and what its page has."""

import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from packaging.utils import canonicalize_name

from lab.paths import ROOT
from supplychain import packages, page, pins
from supplychain.packages import ANYWHERE, Package
from supplychain.pins import Pin
from supplychain.subjects import Subject

LOCK = ROOT / "requirements.lock"


def build(folder: Path) -> Path:
    """Build the wheel with the hatchling that is locked, and return it."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def subject(wheel: Path) -> Subject:
    """Return the wheel, by its content."""
    own = packages.of_python(_metadata(wheel), {}, ANYWHERE)
    needs = [*(("pypi", name) for name in own.needs), *(("npm", name) for name in page.asked(_libraries(wheel)))]
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return Subject(own.name, own.version, "application", (digest,), tuple(needs), {"file": wheel.name})


def contents(wheel: Path) -> list[Package]:
    """Return what it requires, and what is built into it. Raises LookupError for what is not locked."""
    return [*required(wheel), *page.contents(_libraries(wheel))]


def required(wheel: Path) -> list[Package]:
    """Return the packages of Python that it requires, at any distance. Raises LookupError for what is not locked."""
    extras: dict[str, set[str]] = {}
    ahead = packages.required(_metadata(wheel), ANYWHERE)
    while ahead:
        requirement = ahead.pop()
        asked = extras.setdefault(canonicalize_name(requirement.name), set())
        if new := {"", *requirement.extras} - asked:
            asked |= new
            ahead += packages.required(_installed(requirement.name), ANYWHERE, new)
    locked = {pin.name: pin for pin in pins.read(LOCK)}
    return [_package(name, extras[name], locked) for name in sorted(extras)]


def _metadata(wheel: Path) -> str:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return archive.read(name).decode()


def _libraries(wheel: Path) -> str:
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(page.LIBRARIES).decode()


def _installed(name: str) -> str:
    """METADATA of what is installed here; empty for what other systems need alone."""
    try:
        return metadata.distribution(name).read_text("METADATA") or ""
    except metadata.PackageNotFoundError:
        return ""


def _package(name: str, extras: set[str], locked: Mapping[str, Pin]) -> Package:
    if name not in locked:
        raise LookupError(f"the wheel requires {name}, which {LOCK.name} does not have: run `make lock`")
    pin, told = locked[name], _installed(name)
    if not told:
        return Package("pypi", name, pin.version, hashes=pin.hashes)
    found = packages.of_python(told, locked, ANYWHERE, extras)
    if found.version != pin.version:
        raise LookupError(f"{name} {found.version} is installed, and {pin.version} is locked: run `make venv`")
    return found
