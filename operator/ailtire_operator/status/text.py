"""Sentences of a status: bounded, and joined along the tree so that the name of what blocks survives every cut."""

from collections.abc import Iterable, Sequence
from typing import Final

from ailtire_operator import printable
from ailtire_operator.model.status import MESSAGE_LIMIT

_PATH_LIMIT: Final = 200
"""Characters of the path in front of a message: the rest belongs to what is wrong there."""
_OWN: Final = ("service ", "gateway ", "stack ", "spec", "object ")
"""How the messages of a stack about itself begin; any other begins with the path of a descendant."""


def bounded(message: str, limit: int = MESSAGE_LIMIT) -> str:
    """One line of at most ``limit`` characters."""
    line = printable.line(" ".join(message.split()))
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def below(key: str, message: str) -> str:
    """What a child says, as its parent repeats it: ``dm`` + ``service db 0/1: …`` is ``dm: service db 0/1: …``."""
    if not message:
        return key
    if message.startswith(_OWN):
        return bounded(f"{key}: {message}")
    path, colon, rest = message.partition(": ")
    return bounded(f"{_path(f'{key}/{path}')}{colon}{rest}")


def depth(message: str) -> int:
    """How many levels below the stack the message speaks of."""
    if message.startswith(_OWN):
        return 0
    return message.partition(": ")[0].count("/") + 1


def _path(path: str) -> str:
    """The path, without its middle where it is too long: its ends say most."""
    if len(path) <= _PATH_LIMIT:
        return path
    half = _PATH_LIMIT // 2 - 1
    return f"{path[:half]}…{path[-half:]}"


def listed(names: Sequence[str], most: int = 5) -> str:
    """``a, b and 3 more``."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"


def plural(count: int, noun: str) -> str:
    """``1 stack``, ``2 stacks``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def fraction(ready: int, wanted: int) -> str:
    """``2/3``, as kubectl prints it."""
    return f"{ready}/{wanted}"


def sentences(parts: Iterable[str]) -> str:
    """Several findings as one bounded message."""
    return bounded("; ".join(parts))
