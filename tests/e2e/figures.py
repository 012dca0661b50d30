"""What a run measured: told at its end, and kept beside the other reports."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lab.paths import ROOT

_FILE = ROOT / "build" / "reports" / "e2e-figures.txt"
_lines: list[str] = []
_KINDS = {"requests": "http", "WebSocket messages": "messages"}
_reports: list[dict[str, Any]] = []
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
    """Add the report of a load to those before."""
    _reports.append(report)
    for name, number in report["sockets"].items():
        _sockets[name] = _sockets.get(name, 0) + number


def _sum(name: str, parts: list[dict[str, Any]]) -> str:
    sent, lost = (sum(part[each] for part in parts) for each in ("sent", "lost"))
    return f"{name}: {sent} sent, {lost} lost, slowest answer {max(part['max'] for part in parts) / 1000:.1f} s"


def lines() -> list[str]:
    """Return everything noted, and write it down."""
    told = list(_lines)
    if _reports:
        told += [_sum(name, [report[kind] for report in _reports]) for name, kind in _KINDS.items()]
        told.append(f"WebSockets: {', '.join(f'{number} {name}' for name, number in _sockets.items())}")
    if told:
        _FILE.parent.mkdir(parents=True, exist_ok=True)
        _FILE.write_text("".join(f"{line}\n" for line in told))
    return told
