"""Writes the values of a field before and after a change, each in few words, so that the difference is still seen."""

from itertools import takewhile
from typing import Any, Final

import orjson

from ailtire_operator.status.text import bounded

_LONGEST: Final = 160
_KEPT: Final = 24
"""Characters that are kept of what two long values have in common."""


def shown_pair(before: Any, after: Any) -> tuple[str | None, str | None]:
    """Both values as one line each; None for a value that is absent."""
    texts = [_text(value) for value in (before, after)]
    if any(text is not None and len(text) > _LONGEST for text in texts):
        start = _common(*(text or "" for text in texts)) - _KEPT
        texts = [text if text is None or start <= 0 else f"…{text[start:]}" for text in texts]
    first, second = (None if text is None else bounded(text, _LONGEST) for text in texts)
    return first, second


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _common(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
