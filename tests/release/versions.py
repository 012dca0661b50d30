"""What is said of a release on the command line, and what is wanted of the project for it."""

import re
from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabError
from release.fields import RELEASED

PLACE = Path("operator", "ailtire_operator", "__init__.py")
"""Where the version stands."""
NO_ADDRESS = "https://releases.example/ailtire-operator"
"""A reserved name: nothing is there."""
_LINE = re.compile(r'^__version__ = "(.*)"$', re.MULTILINE)
_SEMANTIC = re.compile(r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(alpha|beta|rc)\.(0|[1-9]\d*))?$")


@dataclass(frozen=True)
class Release:
    """What is to be made."""

    version: str
    image: str
    """The operator's image, with its registry and without a tag."""
    address: str
    """Where the files of this release will be downloaded from: a folder."""
    seconds: int
    """The time of everything in it, in seconds since 1970."""


def written(root: Path) -> str:
    """Return the version of a checkout."""
    match = _LINE.search((root / PLACE).read_text())
    if match is None:
        raise LabError(f'{PLACE} has no line __version__ = "…"')
    return match[1]


def write(root: Path, version: str) -> None:
    """Give a copy of the project another version."""
    file = root / PLACE
    file.write_text(_LINE.sub(f'__version__ = "{version}"', file.read_text()))


def checked(version: str) -> str:
    """Return it as it is. Raises LabError for one that Helm, krew or Python would read otherwise."""
    bare = version.removeprefix("v")
    if not _SEMANTIC.match(bare):
        raise LabError(f"'{version}' is no version such as 0.2.0 or 0.2.0-rc.1 (alpha, beta or rc)")
    return bare


def complaints(root: Path, release: Release, is_clean: bool) -> list[str]:
    """Return what is not as a release that others shall use wants it."""
    found = []
    if (here := written(root)) != release.version:
        found.append(f"{PLACE} says {here}, and not {release.version}")
    if not re.search(rf"^## {re.escape(release.version)}(\s|$)", (root / "CHANGELOG.md").read_text(), re.MULTILINE):
        found.append(f"CHANGELOG.md has no section '## {release.version}'")
    if not (root / RELEASED / f"{release.version}.txt").exists():
        found.append(
            f"{RELEASED} has no {release.version}.txt with the fields of this version: python -m release.fields"
        )
    if not is_clean:
        found.append("the checkout has changes that are not committed: they are in the release")
    if release.address == NO_ADDRESS:
        found.append(f"no URL=… is said: the manifest for krew names {NO_ADDRESS}, where nothing is")
    if "/" not in release.image:
        found.append(f"no IMAGE=registry/name is said: install.yaml and the chart name {release.image}")
    return found
