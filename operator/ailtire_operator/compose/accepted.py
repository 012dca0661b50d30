"""``--accept open:NAME``: what is imported although a protection in the file cannot be kept."""

from collections.abc import Iterable, Iterator
from typing import Final

from ailtire_operator.model.field_path import FieldPath
from ailtire_operator.model.report import Notice

PREFIX: Final = "open:"


class Accepted:
    """The accepted names, and which of them had an effect.

    A name is that of a service (``db``), a route (``/api``), or a place of the report (``services.db.ports[0]``), which
    includes all places below it.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = dict.fromkeys(names)
        self._used: set[str] = set()

    def includes(self, path: FieldPath, names: Iterable[str]) -> bool:
        """Whether the path, or one of the names at it, was accepted."""
        known = frozenset([*names, *map(str, path.prefixes)])
        found = [each for each in self._names if each in known]
        self._used.update(found)
        return bool(found)

    def unused(self) -> Iterator[Notice]:
        """A notice for each accepted name that has no effect."""
        message = "nothing with this name is closed, so it has no effect."
        for each in self._names:
            if each not in self._used:
                yield Notice(FieldPath(f"--accept {PREFIX}{each}"), "ignored", message)
