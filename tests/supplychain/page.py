"""The libraries of npm that are built into the page of `kubectl ailtire ui`, as its build has written them down."""

import base64
import json
from collections.abc import Iterator
from typing import Any, Final

from supplychain.packages import Package

LIBRARIES: Final = "ailtire_operator/cli/ui/static/libraries.json"
"""Where the wheel has them; ui/build/libraries.mjs writes it."""


def contents(text: str) -> Iterator[Package]:
    """Yield the libraries, with the hash of the archive that npm has of each."""
    for each in _read(text):
        yield Package(
            "npm", each["name"], each["version"], each["license"], tuple(each["needs"]), (_digest(each["integrity"]),)
        )


def asked(text: str) -> list[str]:
    """Return the names of those that the page itself asks for; the others are there for them."""
    return [each["name"] for each in _read(text) if each["asked"]]


def _read(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text)
    return found


def _digest(integrity: str) -> str:
    algorithm, _, digest = integrity.partition("-")
    if algorithm != "sha512":
        raise LookupError(f"npm gives no SHA-512 of a library in the page, but {algorithm}")
    return base64.b64decode(digest).hex()
