"""Whose process a connection over loopback comes from, where the system says so: Linux lists them in /proc/net.

Loopback has no authentication. The code of the address stands in the arguments of the browser's process, and cookies
are sent to every port of a host: any user of the machine could come by either.
"""

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_FILES: Final = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_ESTABLISHED: Final = "01"
_MAPPED: Final = bytes(10) + b"\xff\xff"
"""Before the address of IPv4 in one of IPv6."""

Address = tuple[str, int]


def is_ours(peer: Address, here: Address) -> bool:
    """Whether a connection may be answered: its other end is a process of this user or of root, or nobody knows."""
    text = ""
    for file in _FILES:
        try:
            text += file.read_text()
        except (OSError, ValueError):
            continue
    return may_ask(text, peer, here, frozenset(_users()))


def may_ask(text: str, peer: Address, here: Address, users: frozenset[int]) -> bool:
    """The same from the text of these files, for these users and root.

    A socket that its process has closed is said to be root's, so that root's counts only while it is open. A connection
    whose other end is not listed, though our end is, has ended.
    """
    theirs = _socket(text, peer, here)
    if theirs is None:
        return _socket(text, here, peer) is None
    state, user = theirs
    return user in users if user else 0 in users or state == _ESTABLISHED


def _users() -> Iterator[int]:
    yield os.getuid()
    if os.getuid() == 0 and os.environ.get("SUDO_UID", "").isdecimal():
        yield int(os.environ["SUDO_UID"])


def _socket(text: str, one: Address, other: Address) -> tuple[str, int] | None:
    """State and user of the socket with these two addresses; None where it is not listed."""
    for ends in _ends(one, other):
        _, found, rest = text.partition(f" {ends} ")  # there may be thousands of lines
        columns = rest.partition("\n")[0].split()
        if found and len(columns) > 4 and columns[4].isdecimal():
            return columns[0], int(columns[4])
    return None


def _ends(one: Address, other: Address) -> Iterator[str]:
    """The two addresses as they are written: a socket of IPv6 may speak IPv4 as well."""
    for prefix in (b"", _MAPPED):
        yield f"{_written(prefix, one)} {_written(prefix, other)}"


def _written(prefix: bytes, address: Address) -> str:
    packed = prefix + socket.inet_aton(address[0])
    words = (int.from_bytes(packed[at : at + 4], sys.byteorder) for at in range(0, len(packed), 4))
    return f"{''.join(f'{word:08X}' for word in words)}:{address[1]:04X}"
