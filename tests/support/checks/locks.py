"""The lock files, read as pip reads them."""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lab.paths import ROOT

FILES = ("requirements.lock", "requirements-compose.lock")
"""What the development environment is made of; the image is made of the first alone."""


@dataclass(frozen=True)
class Locked:
    """One distribution of a lock."""

    name: str
    extras: frozenset[str]
    version: str
    applies: bool
    """Whether its marker holds here."""


def locked(*files: str) -> dict[str, Locked]:
    """Return what lock files name, by canonical name; all of them where none is said."""
    lines = [line for file in files or FILES for line in (ROOT / file).read_text().splitlines()]
    found = [_locked(Requirement(line.rstrip("\\ "))) for line in lines if "==" in line and not line.startswith(" ")]
    return {each.name: each for each in found}


def _locked(requirement: Requirement) -> Locked:
    (pin,) = requirement.specifier
    applies = requirement.marker is None or requirement.marker.evaluate()
    return Locked(canonicalize_name(requirement.name), frozenset(requirement.extras), pin.version, applies)


def closure(*requirements: str) -> set[str]:
    """Return the names of all that requirements need, of what is installed here, with extras and markers evaluated."""
    found: set[tuple[str, str]] = set()
    ahead = [Requirement(each) for each in requirements]
    while ahead:
        requirement = ahead.pop()
        name = canonicalize_name(requirement.name)
        for extra in {"", *requirement.extras}:
            if (name, extra) not in found:
                found.add((name, extra))
                ahead += required(name, extra)
    return {name for name, _ in found}


def required(name: str, *extras: str) -> list[Requirement]:
    """Return what an installed distribution requires here, with some of its extras."""
    every = map(Requirement, metadata.requires(name) or ())
    return [each for each in every if _holds(each, extras)]


def _holds(requirement: Requirement, extras: Iterable[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in {"", *extras})
