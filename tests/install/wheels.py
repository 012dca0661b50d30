"""Small distributions for a made-up registry: with the metadata of what is installed here, and mostly no content."""

import base64
import hashlib
import io
import re
import tarfile
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Final

NEWER: Final = "9999.0"
"""The version of a release that nobody has locked."""


def stub(name: str, version: str) -> str:
    """Return the metadata of a distribution that is not installed here: a name and a version."""
    return f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"


def describing(name: str, version: str) -> str:
    """Return the metadata of an installed distribution, with what it requires, as that of some version."""
    try:
        text = metadata.distribution(name).read_text("METADATA") or ""
    except metadata.PackageNotFoundError:
        return stub(name, version)
    return re.sub(r"^Version: .*$", f"Version: {version}", text, count=1, flags=re.MULTILINE)


def wheel(folder: Path, name: str, version: str, content: bool = False) -> Path:
    """Write a wheel of a distribution; with its content where it has to work and not only to be there."""
    escaped = name.replace("-", "_").replace(".", "_")
    path = folder / f"{escaped}-{version}-py3-none-any.whl"
    information = f"{escaped}-{version}.dist-info"
    files = {
        f"{information}/METADATA": describing(name, version).encode(),
        f"{information}/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        **(_content(name) if content else {}),
    }
    record = [f"{file},sha256={_digest(data)},{len(data)}" for file, data in files.items()]
    with zipfile.ZipFile(path, "w") as archive:
        for file, data in files.items():
            archive.writestr(file, data)
        archive.writestr(f"{information}/RECORD", "\n".join([*record, f"{information}/RECORD,,"]) + "\n")
    return path


def sdist(folder: Path, name: str, version: str, files: dict[str, str]) -> Path:
    """Write a source distribution."""
    root = f"{name.replace('-', '_')}-{version}"
    path = folder / f"{root}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for file, text in {"PKG-INFO": stub(name, version), **files}.items():
            entry = tarfile.TarInfo(f"{root}/{file}")
            entry.size, entry.mode = len(text.encode()), 0o755
            archive.addfile(entry, io.BytesIO(text.encode()))
    return path


def _content(name: str) -> dict[str, bytes]:
    """What an installed distribution is made of, less its commands and what Python wrote beside it."""
    distribution = metadata.distribution(name)
    files = [file for file in distribution.files or () if ".." not in file.parts and "__pycache__" not in file.parts]
    wanted = [file for file in files if not file.parts[0].endswith(".dist-info") or file.name == "entry_points.txt"]
    return {str(file): Path(str(distribution.locate_file(file))).read_bytes() for file in wanted}


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
