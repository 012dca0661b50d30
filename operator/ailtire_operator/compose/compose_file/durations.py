"""Converts Go's durations, as printed by Docker Compose, to the model's form."""

import re
from decimal import Decimal
from typing import Final

from ailtire_operator.compose.compose_file.entry import Entry
from ailtire_operator.model.values import whole_seconds

_PART: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?|\.[0-9]+)(h|ms|m|us|µs|ns|s)")
_SECONDS: Final = {
    "h": Decimal(3600),
    "m": Decimal(60),
    "s": Decimal(1),
    "ms": Decimal("0.001"),
    "us": Decimal("0.000001"),
    "µs": Decimal("0.000001"),
    "ns": Decimal("0.000000001"),
}


def duration(written: object) -> str | None:
    """``1h0m1.5s`` as ``3601500ms``, rounded up to milliseconds; None for an invalid one."""
    text = str(written)
    parts = _parts(text)
    if not parts:
        return None
    exact = sum((Decimal(number) * _SECONDS[unit] for number, unit in parts), Decimal(0))
    milliseconds = int((exact * 1000).to_integral_value("ROUND_CEILING"))
    if milliseconds % 1000:
        return f"{milliseconds}ms"
    seconds = milliseconds // 1000
    for size, unit in ((3600, "h"), (60, "m")):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def taken(entry: Entry, key: str) -> str | None:
    """The duration at a key. Invalid ones and fractions of a second, which Kubernetes does not have, are reported."""
    time = entry.parsed(key, duration, "a duration")
    if time is not None and time.endswith("ms"):
        message = f"Kubernetes counts in whole seconds: it is {whole_seconds(time)}s there."
        entry.report.approximate(entry.where(key), message)
    return time


def _parts(text: str) -> list[tuple[str, str]]:
    """Numbers with their units; empty for what is anything else."""
    found: list[tuple[str, str]] = []
    end = 0
    while end < len(text):
        part = _PART.match(text, end)
        if part is None:
            return []
        found.append((part[1], part[2]))
        end = part.end()
    return found
