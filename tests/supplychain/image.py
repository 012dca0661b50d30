"""What an image is made of, by its own files: packages of Python, Debian and npm, and a Python that is none of them."""

import json
import re
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Final

from kindlab import engine
from lab.errors import LabError
from supplychain import packages, page, pins
from supplychain.packages import Package
from supplychain.subjects import Subject
from supplychain.wheel import LOCK

_METADATA: Final = re.compile(r"(?:.*/)?[^/]+\.dist-info/METADATA$")
_STATUS: Final = "var/lib/dpkg/status"
_RELEASE: Final = re.compile(r"(?:etc|usr/lib)/os-release$")
_OWN_PYTHON: Final = re.compile(r"usr/local/include/python3\.\d+/patchlevel\.h$")
"""Of a Python that was compiled into the image, as Docker's python images have it; dpkg does not know of it."""
_LIBRARIES: Final = re.compile(rf"(?:.*/)?{re.escape(page.LIBRARIES)}$")
_TELLING: Final = (_METADATA, _RELEASE, _OWN_PYTHON, _LIBRARIES)
_NOT_LISTED: Final = "files that belong to no package; what packages of Python have compiled in (Rust, C)"


def files(stream: IO[bytes]) -> dict[str, str]:
    """Return those files of an image that say what is in it, by path, from the tar archive of all its files."""
    found = {}
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            name = member.name.removeprefix("./")
            if tells(member, name):
                found[name] = text_of(archive, member)
    return found


def tells(member: tarfile.TarInfo, name: str) -> bool:
    """Say whether a file of an image, at this path in it, says what is in the image."""
    return member.isfile() and (name == _STATUS or any(each.match(name) for each in _TELLING))


def text_of(archive: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    """Return the content of such a file."""
    content = archive.extractfile(member)
    return content.read().decode("utf-8", "replace") if content else ""


def contents(found: Mapping[str, str]) -> list[Package]:
    """Return the packages that such files tell of."""
    locked = {pin.name: pin for pin in pins.read(LOCK)}
    told = [text for name, text in sorted(found.items()) if _METADATA.match(name)]
    python = {(each.name, each.version): each for each in (packages.of_python(text, locked) for text in told)}
    debian = packages.of_debian(found.get(_STATUS, ""), distribution(found))
    libraries = [each for name, text in found.items() if _LIBRARIES.match(name) for each in page.contents(text)]
    return [*python.values(), *libraries, *_compiled_python(found), *sorted(debian, key=lambda each: each.name)]


def lacking(found: Mapping[str, str]) -> str:
    """Return what the bill cannot list."""
    if _STATUS in found:
        return _NOT_LISTED
    return f"the packages of the base image, as it has no /{_STATUS}; {_NOT_LISTED}"


def distribution(found: Mapping[str, str]) -> str:
    """Return what the image says that it is: debian-12; empty where it does not."""
    release = "\n".join(text for name, text in found.items() if _RELEASE.match(name))
    told = dict(re.findall(r"^(ID|VERSION_ID)=\"?([^\"\n]+)", release, re.MULTILINE))
    return "-".join(told[key] for key in ("ID", "VERSION_ID") if key in told)


def _compiled_python(found: Mapping[str, str]) -> Iterator[Package]:
    for name, text in found.items():
        if _OWN_PYTHON.match(name) and (version := re.search(r'PY_VERSION\s+"([^"]+)"', text)):
            yield Package("generic", "python", version[1], "PSF-2.0")


def subject(reference: str, found: Mapping[str, str]) -> Subject:
    """Return the image, by its identity and, where a registry gave it one, by its digest there."""
    (told,) = json.loads(engine.docker("image", "inspect", reference))
    name, _, tag = reference.partition("@")[0].rpartition("/")[2].partition(":")
    digests = ", ".join(told.get("RepoDigests") or ())
    properties = {"reference": reference, "imageId": told["Id"], "notListed": lacking(found)}
    return Subject(name, tag or "latest", "container", properties=properties | ({"digest": digests} if digests else {}))


@contextmanager
def exported(reference: str) -> Iterator[IO[bytes]]:
    """The tar archive of all files of an image, which is never run. Raises LabError."""
    container = engine.docker("create", reference, timeout=600).strip()
    try:
        with subprocess.Popen(["docker", "export", container], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            yield process.stdout
            while process.stdout.read(1 << 20):  # what follows the last file
                pass
        if process.returncode:
            raise LabError(f"docker export of {reference} failed")
    finally:
        engine.docker("rm", container)
