"""Packs writable folders of the project as seeds of the volumes that replace them."""

import base64
import io
import os
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ailtire_operator.compose.compose_file.embedded_files import CONTENT_LIMIT, looks_secret
from ailtire_operator.compose.errors import ApplicationError
from ailtire_operator.compose.files import content, located

_COUNT_LIMIT: Final = 2000
_KEEPING: Final = frozenset({".gitkeep", ".keep", ".gitignore"})
"""Files that only keep an empty folder in a repository."""
_DATABASES: Final = frozenset({".db", ".db3", ".sqlite", ".sqlite3", ".mdb"})
_SQLITE: Final = b"SQLite format 3\0"


@dataclass(frozen=True)
class Seed:
    """The initial content of a volume."""

    archive: str
    """A tar archive with gzip, in base64; empty if it has no files."""
    count: int
    """The number of files in it."""
    left_out: tuple[tuple[str, str], ...]
    """Files that are not in it, and why."""


def is_database(file: Path, root: Path) -> bool:
    """Whether a file is a database, for which a read-only copy is of no use."""
    if file.suffix.lower() in _DATABASES:
        return True
    try:
        return content(root, file, file.name, CONTENT_LIMIT).data.startswith(_SQLITE)
    except ApplicationError:
        return False


def of(path: Path, root: Path) -> Seed | str:
    """A seed with all files of a folder, or one file, below ``root``; else the reason."""
    try:
        top = located(root, path, path.name)
    except ApplicationError:
        return "it lies outside of the project's folder"
    folder = top if top.is_dir() else top.parent
    written, left_out, count, size = io.BytesIO(), [], 0, 0
    with tarfile.open(fileobj=written, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(_entry(folder, "."))
        for seen, (file, name) in enumerate(_walk(top, folder)):
            if seen >= _COUNT_LIMIT:
                return f"it holds more than {_COUNT_LIMIT} files"
            if reason := _left_out(file):
                left_out.append((name, reason))
            elif file.is_dir():
                archive.addfile(_entry(file, name))
            else:
                try:
                    data = content(root, file, name, CONTENT_LIMIT).data
                except ApplicationError as error:
                    left_out.append((name, str(error)))
                    continue
                entry = _entry(file, name)
                entry.size, size, count = len(data), size + len(data), count + 1
                archive.addfile(entry, io.BytesIO(data))
            if size > 4 * CONTENT_LIMIT:
                return f"its files are larger than {4 * CONTENT_LIMIT // 1024} KiB"
    packed = _gzipped(written.getvalue())
    if len(packed) > CONTENT_LIMIT:
        return f"packed, it is larger than {CONTENT_LIMIT // 1024} KiB"
    return Seed(base64.b64encode(packed).decode() if count else "", count, tuple(left_out))


def texts(archive: str) -> Iterator[tuple[str, str]]:
    """The files of an archive that are text, by name. ``archive`` is as in Seed."""
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(archive)), mode="r:gz") as found:
        for entry in found:
            data = found.extractfile(entry)
            with suppress(UnicodeDecodeError):
                yield from [(entry.name, data.read().decode())] if data else []


def _walk(top: Path, folder: Path) -> Iterator[tuple[Path, str]]:
    """Files and folders with their names in the archive, in order; folders before their contents."""
    if not top.is_dir():
        yield top, top.name
        return
    for current, names, files in os.walk(top):
        names.sort()
        for name in sorted([*names, *files]):
            file = Path(current, name)
            yield file, file.relative_to(folder).as_posix()


def _left_out(file: Path) -> str:
    """Why a file does not go into the archive; empty if it does."""
    if file.is_symlink():
        return "is a link"
    if file.name in _KEEPING:
        return "only keeps the folder in a repository"
    if not file.is_dir() and not file.is_file():
        return "is not a regular file"
    return "looks like something secret" if file.is_file() and looks_secret(file) else ""


def _entry(file: Path, name: str) -> tarfile.TarInfo:
    """A header with the file's mode and owner, as in a mount of the folder, and without a time."""
    details = file.lstat()
    entry = tarfile.TarInfo(name)
    entry.mode, entry.uid, entry.gid = details.st_mode & 0o7777, details.st_uid, details.st_gid
    entry.type = tarfile.DIRTYPE if file.is_dir() else tarfile.REGTYPE
    return entry


def _gzipped(data: bytes) -> bytes:
    """Compress reproducibly: the same bytes for the same content."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()
