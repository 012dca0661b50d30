"""Reads an application's files, with size limits and never outside of the folder that the user chose.

Every file whose path comes from an input file is opened here.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ailtire_operator.compose.errors import ApplicationError

SIZE_LIMIT: Final = 1024 * 1024
"""Bytes of a file."""
FOLDER_LIMIT: Final = 20_000
"""The most folders searched: an application has hundreds, a home directory chosen by mistake has more."""
_FILE: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_FOLDER: Final = _FILE | getattr(os, "O_DIRECTORY", 0)
"""Flags for opening: do not block on a pipe, do not follow a symbolic link."""


class OutsideError(ApplicationError):
    """The path leads out of the folder that may be read."""


@dataclass(frozen=True, slots=True)
class Content:
    """A file, read."""

    data: bytes
    mode: int
    """Its permissions."""


def located(root: Path, path: Path, name: str) -> Path:
    """The path with symbolic links resolved. Raises ApplicationError for a path outside of ``root``."""
    try:
        found, top = path.resolve(), root.resolve()
    except (OSError, ValueError, RuntimeError):  # a null byte, too long a name, a circle of links
        raise ApplicationError(f"{name[:64]!r} is not a valid path") from None
    if not found.is_relative_to(top):
        raise OutsideError(f"'{name}' leads out of the folder {top}; use --root to choose the folder that may be read")
    return found


def content(root: Path, path: Path, name: str, limit: int = SIZE_LIMIT) -> Content:
    """A file below ``root``; ``name`` is for errors. Raises ApplicationError.

    Links are resolved first, then the path is opened from the root without following any, so that a link that is
    created in between is not followed.
    """
    found = located(root, path, name)
    try:
        opened = _opened(root.resolve(), found)
        with open(opened, "rb") as stream:  # noqa: PTH123  # an open file
            details = os.fstat(opened)
            if not stat.S_ISREG(details.st_mode):
                raise ApplicationError(f"{name} is not a file")
            data = stream.read(limit + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ApplicationError(f"cannot read {name}: {reason}") from None
    if len(data) > limit:
        size = f"{limit // 1024} KiB" if limit % 1024 == 0 else f"{limit} bytes"
        raise ApplicationError(f"{name} is larger than {size}")
    return Content(data, details.st_mode)


def _opened(root: Path, found: Path) -> int:
    """The open file at a path without links below ``root``."""
    if os.open not in os.supports_dir_fd:
        return os.open(found, _FILE)
    *folders, last = found.relative_to(root).parts or (".",)
    folder = os.open(root, _FOLDER)
    try:
        for each in folders:
            inner = os.open(each, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = inner
        return os.open(last, _FILE, dir_fd=folder)
    finally:
        os.close(folder)


def text_of(root: Path, path: Path, name: str) -> str:
    """The text of a file below ``root``; ``name`` is for errors. Raises ApplicationError."""
    try:
        return content(root, path, name).data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ApplicationError(f"{name} is not a text in UTF-8") from None


def own_folder(file: Path) -> Path:
    """The folder of a file that the user named. Raises ApplicationError if it is a link to another folder.

    A user who names a file in a downloaded folder does not mean one of their own files elsewhere.
    """
    located(file.parent, file, str(file))
    return file.parent


class Folder:
    """A folder whose files may be read, by paths relative to it. Links that lead out of it are refused."""

    def __init__(self, path: Path) -> None:
        self._root = path.resolve()

    @property
    def name(self) -> str:
        """The folder's own name; for a ``deploy`` folder, which every package has, the one above."""
        return self._root.parent.name if self._root.name == "deploy" else self._root.name

    def has(self, relative: str) -> bool:
        """Whether there is such a file in the folder."""
        with suppress(ApplicationError, OSError):
            return located(self._root, self._root / relative, relative).is_file()
        return False

    def path(self, relative: str) -> Path:
        """The path of a file of the folder; ``has`` tells whether it may be read."""
        return self._root / relative

    def read(self, relative: str) -> str:
        """The text of a file. Raises ApplicationError."""
        return text_of(self._root, self._root / relative, relative)

    def below(self, start: str, wanted: str) -> Iterator[str]:
        """The folders below ``start`` with the file ``wanted``, in order. Links to folders are not followed."""
        for seen, (folder, names, _) in enumerate(os.walk(self._root / start)):
            names[:] = sorted(name for name in names if name != "node_modules" and not name.startswith("."))
            if seen >= FOLDER_LIMIT:
                raise ApplicationError(
                    f"more than {FOLDER_LIMIT} folders below {start}/; is this an Ailtire application?"
                )
            relative = Path(folder).relative_to(self._root).as_posix()
            if self.has(f"{relative}/{wanted}"):
                yield relative
