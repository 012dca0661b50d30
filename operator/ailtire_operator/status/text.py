"""Formats texts of a status: limits their length, joins lists, writes counts."""

from collections.abc import Sequence

from ailtire_operator import printable
from ailtire_operator.model.limits import MESSAGE_LIMIT


def bounded(message: str, limit: int = MESSAGE_LIMIT) -> str:
    """One line of at most ``limit`` characters."""
    line = printable.line(" ".join(message.split()))
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def listed(names: Sequence[str], most: int = 5) -> str:
    """``a, b and 3 more``."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"


def fraction(ready: int, wanted: int) -> str:
    """``2/3``, as kubectl prints it."""
    return f"{ready}/{wanted}"
