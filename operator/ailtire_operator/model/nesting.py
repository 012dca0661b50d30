"""Limits how deep a value may nest, before recursive code reads it.

Recursion is used here, in pydantic, in orjson and in Python's comparison of dictionaries; a value that is too deep
would end the process. So the depth is measured by a loop first, and deeper parts are cut off.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

NESTING_LIMIT: Final = 128
"""Levels of maps and lists, the outermost counted. The deepest tree of stacks (16 levels) needs about 60, its list of
field managers about 70; orjson writes 254, and Python's recursion allows some 300 to the functions that need most."""
_STEPS: Final = 8
"""The steps of the path to a value that nests too deep; more would not help."""

Location = tuple[int | str, ...]
SENTENCE: Final = f"nested more than {NESTING_LIMIT} levels deep, where the deepest tree of stacks needs about 60"


class TooDeep(dict[str, Any]):
    """A map that was cut off at the bound. It may be read, but must not be applied, as it is incomplete."""

    def __init__(self, value: dict[str, Any], location: Location) -> None:
        super().__init__(value)
        self.location = location
        """The first steps of the path to the part that was cut off."""


def with_entries(original: Mapping[str, Any], entries: dict[str, Any]) -> dict[str, Any]:
    """A map of these entries, marked as cut off if the original map is."""
    return TooDeep(entries, original.location) if isinstance(original, TooDeep) else entries


def is_deeper(value: Any, limit: int = NESTING_LIMIT) -> bool:
    """Whether maps and lists nest deeper than the limit."""
    level = _containers([value])
    for _ in range(limit):
        level = _below(level)
        if not level:
            return False
    return bool(level)


def cut_off(value: Any, limit: int = NESTING_LIMIT) -> Location | None:
    """Empty everything below the limit in place; return the first steps of a path to it, or None."""
    levels = [_containers([value])]
    while levels[-1] and len(levels) <= limit:
        levels.append(_below(levels[-1]))
    if len(levels) <= limit or not levels[-1]:
        return None
    location = _location(levels)
    for each in levels[-1]:
        each.clear()
    return location


def loads(text: str | bytes) -> Any:
    """Parse JSON that nests no deeper than the limit. Raises ValueError for anything else."""
    value = orjson.loads(text)
    if is_deeper(value):
        raise ValueError(f"nested more than {NESTING_LIMIT} levels deep")
    return value


def _containers(values: Iterable[Any]) -> list[Any]:
    return [each for each in values if isinstance(each, dict | list)]


def _below(level: list[Any]) -> list[Any]:
    """The maps and lists directly in these."""
    return [
        item
        for each in level
        for item in (each.values() if isinstance(each, dict) else each)
        if isinstance(item, dict | list)
    ]


def _location(levels: list[list[Any]]) -> Location:
    """The path to the first entry of the last level, searched upwards, where few values match."""
    steps: list[int | str] = []
    wanted = levels[-1][0]
    for level in reversed(levels[:-1]):
        wanted, step = next((each, step) for each in level for step, item in _entries(each) if item is wanted)
        steps.append(step)
    return tuple(reversed(steps))[:_STEPS]


def _entries(value: Any) -> Iterable[tuple[int | str, Any]]:
    return value.items() if isinstance(value, dict) else enumerate(value)
