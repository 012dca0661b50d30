"""What a person opens on purpose though a protection that the file asks for cannot be kept: ``--accept open:NAME``."""

from collections.abc import Iterable, Iterator
from typing import Final

from ailtire_operator.model.report import Notice

PREFIX: Final = "open:"


class Accepted:
    """The names that were accepted, and which of them have opened something.

    A name is that of a service (``db``), a route (``/api``), or a place of the report (``services.db.ports[0]``), which
    stands for all places below it too.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = dict.fromkeys(names)
        self._used: set[str] = set()

    def includes(self, path: str, names: Iterable[str]) -> bool:
        """Whether the place, or one of the names of what is there, was accepted."""
        known = frozenset(names)
        found = [
            each for each in self._names if each in known or each == path or path.startswith((f"{each}.", f"{each}["))
        ]
        self._used.update(found)
        return bool(found)

    def unused(self) -> Iterator[Notice]:
        """What to say of what was accepted, and was no name of anything that stays closed."""
        message = "nothing of this name is kept closed, so that it has no effect."
        for each in self._names:
            if each not in self._used:
                yield Notice(f"--accept {PREFIX}{each}", "ignored", message)
