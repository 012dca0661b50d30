"""Embeds files of the project in the stack, if they are small and do not look like secrets."""

import base64
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ailtire_operator.compose.errors import ApplicationError
from ailtire_operator.compose.files import content

CONTENT_LIMIT: Final = 256 * 1024
"""Bytes of one file, and of all files of a folder: the whole stack has to fit into one resource."""
_COUNT_LIMIT: Final = 32
_SECRET: Final = re.compile(
    r"secret|passw|credential|token|\.env$|\.pem$|\.key$|\.p12$|id_rsa|id_ed25519", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Packed:
    """One file."""

    name: str
    """Its path below the mounted folder; empty for a file that is mounted itself."""
    content: dict[str, str]
    """``content`` or ``binaryContent`` of a config."""
    mode: int


def content_of(data: bytes) -> dict[str, str]:
    """The bytes in the form of a config."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    return {"binaryContent": base64.b64encode(data).decode()} if "\0" in text else {"content": text}


def looks_secret(path: Path) -> bool:
    """Whether a file's name suggests secret content."""
    return _SECRET.search(path.name) is not None


def pack(path: Path, root: Path) -> list[Packed] | str:
    """A file, or all files of a folder; else the reason. An empty list is an empty folder, or a missing path."""
    try:
        path = path.resolve()
        if not path.is_relative_to(root.resolve()):
            return "it is outside of the project's folder"
        if path.is_file():
            return _packed([(path, "")], root)
        if not path.is_dir():
            return []
    except (OSError, ValueError, RuntimeError):  # a null byte, too long a name, a circle of links
        return "it is not a valid path"
    found: list[tuple[Path, str]] = []
    for folder, names, files in os.walk(path):
        names.sort()
        for name in sorted(files):
            file = Path(folder, name)
            found.append((file, file.relative_to(path).as_posix()))
            if len(found) > _COUNT_LIMIT:
                return f"it holds more than {_COUNT_LIMIT} files"
    return _packed(found, root)


def _packed(files: list[tuple[Path, str]], root: Path) -> list[Packed] | str:
    result, size = [], 0
    for file, name in files:
        if not file.is_file() or file.is_symlink():
            return f"{file.name} is not a plain file"
        if looks_secret(file):
            return f"{file.name} looks like something secret"
        try:
            found = content(root, file, file.name, CONTENT_LIMIT)
        except ApplicationError as error:
            return str(error)
        size += len(found.data)
        if size > CONTENT_LIMIT:
            return f"it is larger than {CONTENT_LIMIT // 1024} KiB"
        result.append(Packed(name, content_of(found.data), 0o555 if found.mode & 0o100 else 0o444))
    return result


def config(packed: Packed, target: str, source: str) -> dict[str, Any]:
    """The mount of an embedded file."""
    fields: dict[str, Any] = {
        "source": source,
        "target": f"{target.rstrip('/')}/{packed.name}" if packed.name else target,
    }
    return fields | ({"mode": packed.mode} if packed.mode != 0o444 else {})
