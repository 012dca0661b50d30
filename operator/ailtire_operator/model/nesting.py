"""How deep a value may nest. Whatever somebody else wrote is held to this one bound before anything walks it.

Much here walks values by recursion, as do pydantic, orjson and Python's own comparison of dictionaries; an author who
chooses the depth chooses where that ends the process. So the depth is measured first, by a loop, and what is below the
bound is cut off.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

NESTING_LIMIT: Final = 128
"""Levels of maps and lists, the outermost counted. The deepest tree of stacks (16 levels) needs about 60, its list of
field managers about 70; orjson writes 254, and Python's recursion allows some 300 to the functions that need most."""
_STEPS: Final = 8
"""So much of the path to a value that nests too deep is told: the rest is more of the same."""

Location = tuple[int | str, ...]
SENTENCE: Final = f"nested more than {NESTING_LIMIT} levels deep, where the deepest tree of stacks needs about 60"


class TooDeep(dict[str, Any]):
    """A map that was cut off at the bound. It can be looked at, and must never be acted upon as if it were whole."""

    def __init__(self, value: dict[str, Any], location: Location) -> None:
        super().__init__(value)
        self.location = location
        """The first steps of the path to what was cut off."""


def with_entries(original: Mapping[str, Any], entries: dict[str, Any]) -> dict[str, Any]:
    """Entries that were made of a map's own, marked as cut off where that map is."""
    return TooDeep(entries, original.location) if isinstance(original, TooDeep) else entries


def is_deeper(value: Any, limit: int = NESTING_LIMIT) -> bool:
    """Whether maps and lists are nested in more levels than the limit."""
    level = _containers([value])
    for _ in range(limit):
        level = _below(level)
        if not level:
            return False
    return bool(level)


def cut_off(value: Any, limit: int = NESTING_LIMIT) -> Location | None:
    """Empty, in place, what is nested deeper than the limit; the first steps to some of it, None if there is none."""
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
    """JSON that nests no deeper than the limit. Raises ValueError for anything else."""
    value = orjson.loads(text)
    if is_deeper(value):
        raise ValueError(f"nested more than {NESTING_LIMIT} levels deep")
    return value


def _containers(values: Iterable[Any]) -> list[Any]:
    return [each for each in values if isinstance(each, dict | list)]


def _below(level: list[Any]) -> list[Any]:
    """The maps and lists in these."""
    return [
        item
        for each in level
        for item in (each.values() if isinstance(each, dict) else each)
        if isinstance(item, dict | list)
    ]


def _location(levels: list[list[Any]]) -> Location:
    """The way to the first entry of the last level, looked for from there: few values come into question."""
    steps: list[int | str] = []
    wanted = levels[-1][0]
    for level in reversed(levels[:-1]):
        wanted, step = next((each, step) for each in level for step, item in _entries(each) if item is wanted)
        steps.append(step)
    return tuple(reversed(steps))[:_STEPS]


def _entries(value: Any) -> Iterable[tuple[int | str, Any]]:
    return value.items() if isinstance(value, dict) else enumerate(value)
