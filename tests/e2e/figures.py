"""What a run measured: told at its end, and kept beside the other reports."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lab.paths import ROOT

_FILE = ROOT / "build" / "reports" / "e2e-figures.txt"
_lines: list[str] = []
_sent: dict[str, list[int]] = {"requests": [0, 0], "WebSocket messages": [0, 0]}
_sockets: dict[str, int] = {}


def tell(line: str) -> None:
    """Note a figure, in words."""
    _lines.append(line)


@contextmanager
def seconds(what: str) -> Iterator[None]:
    """Note how long something takes."""
    begun = time.monotonic()
    yield
    tell(f"{what}: {time.monotonic() - begun:.1f} s")


def count(report: dict[str, Any]) -> None:
    """Add the report of a load to the sum of all."""
    for name, part in (("requests", "http"), ("WebSocket messages", "messages")):
        _sent[name][0] += report[part]["sent"]
        _sent[name][1] += report[part]["lost"]
    for name, number in report["sockets"].items():
        _sockets[name] = _sockets.get(name, 0) + number


def lines() -> list[str]:
    """Return everything noted, and write it down."""
    told = list(_lines)
    if any(sent for sent, _ in _sent.values()):
        told += [f"{name}: {sent} sent, {lost} lost" for name, (sent, lost) in _sent.items()]
        told.append(f"WebSockets: {', '.join(f'{number} {name}' for name, number in _sockets.items())}")
    if told:
        _FILE.parent.mkdir(parents=True, exist_ok=True)
        _FILE.write_text("".join(f"{line}\n" for line in told))
    return told
