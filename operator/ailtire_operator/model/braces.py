"""Pairs of double braces in a text, in one pass: an author decides how long the text is and how many it opens."""

from collections.abc import Iterator
from typing import Final

_OPEN: Final = "{{"
_CLOSE: Final = "}}"


def pairs(text: str) -> Iterator[tuple[int, int]]:
    """Where each ``{{`` starts and its ``}}`` ends, from left to right; none overlaps another."""
    end = 0
    while (start := text.find(_OPEN, end)) >= 0:
        close = text.find(_CLOSE, start + len(_OPEN))
        if close < 0:
            return
        end = close + len(_CLOSE)
        yield start, end


def inside(text: str, start: int, end: int) -> str:
    """What stands between a pair, without the blanks and Go's trimming hyphens at both sides."""
    between = text[start + len(_OPEN) : end - len(_CLOSE)]
    return between.removeprefix("-").lstrip().removesuffix("-").rstrip()
