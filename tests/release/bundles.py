"""Archives that are the same whenever they are made of the same files."""

import gzip
import hashlib
import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class File:
    """One file of an archive."""

    content: bytes
    executable: bool = False


def tar_gz(files: Mapping[str, File], seconds: int) -> bytes:
    """Return a compressed tar archive: sorted, everything of one time, and nobody's."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, file in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size, member.mtime, member.mode = len(file.content), seconds, 0o755 if file.executable else 0o644
            archive.addfile(member, io.BytesIO(file.content))
    # gzip would write the present time and the file's name.
    return gzip.compress(plain.getvalue(), compresslevel=6, mtime=seconds)


def read(folder: Path) -> dict[str, File]:
    """Return all files below a folder, by their paths in it."""
    return {
        path.relative_to(folder).as_posix(): File(path.read_bytes(), bool(path.stat().st_mode & 0o100))
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def sha256(path: Path) -> str:
    """Return the checksum of a file, in hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
