"""Finds pairs of double braces in a text, in linear time, as the text may be long and hostile."""

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
    """The text between a pair, without blanks and Go's trimming hyphens at both ends."""
    between = text[start + len(_OPEN) : end - len(_CLOSE)]
    return between.removeprefix("-").lstrip().removesuffix("-").rstrip()
