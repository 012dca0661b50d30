"""What packages say of themselves: Python's in their metadata, Debian's in dpkg's list of what is installed."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.parser import HeaderParser
from itertools import product
from typing import Any, Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from supplychain.pins import Pin

_SYSTEMS: Final = (
    {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
    {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
)
_MINORS: Final = range(11, 15)
"""Of Python 3, the oldest that the project takes first."""
ANYWHERE: Final[tuple[Mapping[str, str], ...]] = tuple(
    {**system, "python_version": f"3.{minor}", "python_full_version": f"3.{minor}.0"}
    for system, minor in product(_SYSTEMS, _MINORS)
)
"""Where the wheel may be installed, in the words of markers."""
HERE: Final[tuple[Mapping[str, str], ...]] = ({},)
"""This system alone."""


@dataclass(frozen=True)
class Package:
    """One component of a bill of materials."""

    kind: str
    """The type of its package URL: pypi, npm, deb, generic."""
    name: str
    version: str
    licence: str = ""
    """As the package names it; empty where it does not."""
    needs: tuple[str, ...] = ()
    """The names of the packages of its kind that it requires, if they are there."""
    hashes: tuple[str, ...] = ()
    """SHA-256, or SHA-512 where it is of npm, of each file from which it may have been installed."""
    qualifiers: Mapping[str, str] = field(default_factory=dict)
    """Of its package URL: architecture and distribution."""


def of_python(
    metadata: str,
    pins: Mapping[str, Pin],
    environments: Sequence[Mapping[str, str]] = HERE,
    extras: Collection[str] = ("",),
) -> Package:
    """Return what METADATA tells, with the hashes of its pin."""
    told = HeaderParser().parsestr(metadata)
    name, version = canonicalize_name(told["Name"]), str(told["Version"])
    pin = pins.get(name)
    needs = {canonicalize_name(each.name) for each in required(metadata, environments, extras)}
    return Package(
        "pypi",
        name,
        version,
        told["License-Expression"] or (told["License"] or "").partition("\n")[0],
        tuple(sorted(needs)),
        pin.hashes if pin is not None and pin.version == version else (),
    )


def required(
    metadata: str, environments: Sequence[Mapping[str, str]], extras: Collection[str] = ("",)
) -> list[Requirement]:
    """Return the requirements whose markers hold in any of the environments, with any of the extras."""
    wanted = HeaderParser().parsestr(metadata).get_all("Requires-Dist", [])
    return [
        each
        for each in map(Requirement, wanted)
        if each.marker is None
        or any(each.marker.evaluate({**place, "extra": extra}) for place, extra in product(environments, extras))
    ]


def of_debian(status: str, distribution: str) -> Iterator[Package]:
    """Yield what dpkg's list (/var/lib/dpkg/status) has as installed; ``distribution`` is debian-12 or the like."""
    for stanza in status.split("\n\n"):
        told = HeaderParser().parsestr(stanza)
        if told["Package"] and str(told["Status"]).split()[-1] == "installed":
            qualifiers = {"arch": str(told["Architecture"]), **({"distro": distribution} if distribution else {})}
            yield Package("deb", told["Package"], told["Version"], qualifiers=qualifiers)


def as_json(package: Package) -> dict[str, Any]:
    """Return it for the program that writes the bill of materials."""
    return {**vars(package), "qualifiers": dict(package.qualifiers)}
