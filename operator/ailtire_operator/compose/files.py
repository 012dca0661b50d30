"""Reading an application's files: bounded, and never outside the folder that the user named."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ailtire_operator.compose.errors import ApplicationError
from ailtire_operator.compose.javascript import SIZE_LIMIT

FOLDER_LIMIT: Final = 20_000
"""Folders looked through: an application has hundreds, a home directory given by mistake has more."""


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
        try:
            path = (self._root / relative).resolve()
            return path.is_relative_to(self._root) and path.is_file()
        except (OSError, ValueError):  # a null byte, too long a name
            return False

    def path(self, relative: str) -> Path:
        """Where a file of the folder is; ``has`` says whether it may be read."""
        return self._root / relative

    def read(self, relative: str) -> str:
        """The text of a file. Raises ApplicationError."""
        path = (self._root / relative).resolve()
        if not path.is_relative_to(self._root):
            raise ApplicationError(f"{relative} leads out of the folder {self._root.name}")
        return text_of(path, relative)

    def below(self, start: str, wanted: str) -> Iterator[str]:
        """The folders below ``start`` that hold the file ``wanted``, in order. Linked folders are not followed."""
        for seen, (folder, names, _) in enumerate(os.walk(self._root / start)):
            names[:] = sorted(name for name in names if name != "node_modules" and not name.startswith("."))
            if seen >= FOLDER_LIMIT:
                raise ApplicationError(
                    f"more than {FOLDER_LIMIT} folders below {start}/; is this an Ailtire application?"
                )
            relative = Path(folder).relative_to(self._root).as_posix()
            if self.has(f"{relative}/{wanted}"):
                yield relative


def text_of(path: Path, name: str) -> str:
    """The text of a file, which errors call by this name. Raises ApplicationError."""
    try:
        details = path.stat()
        if not stat.S_ISREG(details.st_mode):
            raise ApplicationError(f"{name} is not a file")
        if details.st_size > SIZE_LIMIT:
            raise ApplicationError(f"{name} is larger than {SIZE_LIMIT} bytes")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ApplicationError(f"cannot read {name}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ApplicationError(f"{name} is not a text in UTF-8") from None
