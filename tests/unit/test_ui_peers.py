"""Whose connection it is, as Linux lists it."""

import os
import socket
import sys

import pytest

from ailtire_operator.cli.ui import peers
from ailtire_operator.cli.ui.peers import is_ours, may_ask

PEER, HERE = ("127.0.0.1", 0xC0DE), ("127.0.0.1", 0x1F90)
US = frozenset({1000})
FOUR = "0100007F"
SIX = "0000000000000000FFFF00000100007F"


def line(local: str, remote: str, user: int, state: str = "01") -> str:
    return f"   5: {local} {remote} {state} 00000000:00000000 00:00000000 00000000  {user}        0 84713 1 0 20 4 30 1"


def theirs(user: int, state: str = "01", address: str = FOUR) -> str:
    return line(f"{address}:C0DE", f"{address}:1F90", user, state)


OURS = line(f"{FOUR}:1F90", f"{FOUR}:C0DE", 1000)


@pytest.mark.parametrize(
    ("lines", "answered"),
    [
        ([OURS, theirs(1000)], True),
        ([OURS, theirs(1000, address=SIX)], True),
        ([OURS, theirs(1001)], False),
        ([OURS, theirs(1001, address=SIX)], False),
        ([theirs(1001)], False),
        ([OURS, theirs(65534)], False),
        ([OURS, theirs(0)], True),
        ([OURS, theirs(0, "05")], False),
        ([OURS, theirs(0, "06")], False),
        ([OURS], False),
        ([], True),
        (["", "x", "a b c d e f g h"], True),
        ([line(f"{FOUR}:C0DE", f"{FOUR}:1F91", 1001), OURS, theirs(1000)], True),
    ],
)
def test_only_this_user_and_root_are_answered(lines: list[str], answered: bool) -> None:
    if sys.byteorder == "little":
        assert may_ask("\n".join(["  sl  local_address rem_address st", *lines]), PEER, HERE, US) is answered


def test_this_process_is_this_user() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        accepted, peer = server.accept()
        with accepted:
            assert is_ours(peer, accepted.getsockname())
            assert client.getsockname() == peer


def test_where_the_system_says_nothing_everybody_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "_FILES", ())
    assert is_ours(PEER, HERE)


def test_root_by_sudo_answers_who_has_become_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 0)
    monkeypatch.setenv("SUDO_UID", "1000")
    assert set(peers._users()) == {0, 1000}
    monkeypatch.setenv("SUDO_UID", "x")
    assert set(peers._users()) == {0}
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    monkeypatch.setenv("SUDO_UID", "1001")
    assert set(peers._users()) == {1000}
