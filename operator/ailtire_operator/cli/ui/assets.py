"""The files of the page: those that were there at the start, each with its type. No request chooses a path."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.ui.headers import FOR_EVER, NO_STORE

FOLDER: Final = Path(__file__).parent / "static"
_INDEX: Final = "/index.html"
_HASHED: Final = "/assets/"
"""Below it a name has a hash of what is in the file."""
_TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml; charset=utf-8",
    ".woff2": "font/woff2",
}
"""What is of no type here is not served."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent."""

    content: bytes
    content_type: str
    cache: str


class Assets:
    """All of them by their addresses. Raises Failure where the package has no page."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._found = {
            f"/{path.relative_to(folder).as_posix()}": path
            for path in sorted(folder.rglob("*"))
            if path.suffix in _TYPES and path.is_file() and not path.is_symlink()
        }
        if _INDEX not in self._found:
            raise Failure("the page is not part of this installation", "Install the wheel of a release.")

    def find(self, address: str) -> Asset | None:
        """The file at an address, or None; for an address of the page itself the page."""
        if address in self._found:
            return self._read(address)
        return None if address.startswith(_HASHED) else self._read(_INDEX)

    def _read(self, address: str) -> Asset:
        path = self._found[address]
        cache = FOR_EVER if address.startswith(_HASHED) else NO_STORE
        return Asset(path.read_bytes(), _TYPES[path.suffix], cache)
