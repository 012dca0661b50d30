"""Where a value stands, as data: it is extended and compared on the way, and becomes a text only where people read it.

Keys may hold dots, brackets and quotes, so that no text of a path can be taken apart again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import total_ordering
from typing import Final

from ailtire_operator import printable


@dataclass(frozen=True, slots=True)
class Reference:
    """The step from a child stack into the template that it refers to."""

    name: str
    """The template's."""


class Bracketed(str):
    """A key that is written in brackets although it is a word, such as the number of a port."""

    __slots__ = ()


Step = int | str | Reference
"""The number of an item, a key, or a template."""


@total_ordering
@dataclass(frozen=True, slots=True)
class FieldPath:
    """The path to a value. Its text is ``spec.services.web.interface["/web"].port``; paths are ordered by it."""

    root: str
    """The first part, written as it is: ``spec``, ``services``, ``module.exports``, ``--accept open:db``."""
    steps: tuple[Step, ...] = ()
    """The steps below it."""
    files: tuple[str, ...] = ()
    """The files of an import in which it stands, each read because of the one before; empty where it needs no name."""

    @property
    def holder(self) -> "FieldPath":
        """The path to what holds the value."""
        return replace(self, steps=self.steps[:-1])

    @property
    def prefixes(self) -> "Iterator[FieldPath]":
        """The path itself and the paths to all that holds the value, from the value on."""
        return (replace(self, steps=self.steps[:count]) for count in range(len(self.steps), -1, -1))

    @property
    def templates(self) -> tuple[str, ...]:
        """The templates that the path goes through."""
        return tuple(step.name for step in self.steps if isinstance(step, Reference))

    @property
    def in_document(self) -> tuple[int | str, ...]:
        """The steps from the top of its document on, as far as that: a template is another document."""
        found: list[int | str] = [self.root] if self.root else []
        for step in self.steps:
            if isinstance(step, Reference):
                return (*found, REFERENCE)
            found.append(step)
        return tuple(found)

    def is_below(self, other: "FieldPath") -> bool:
        """Whether the value is a part of the one at the other path."""
        count = len(other.steps)
        here = (self.root, self.files) == (other.root, other.files)
        return here and len(self.steps) > count and self.steps[:count] == other.steps

    def __str__(self) -> str:
        """The one text of a path, safe for a terminal, a log and a status; keys that are not words are in brackets."""
        head = ": ".join(filter(None, (*self.files, self.root)))
        text = "".join((head, *map(_written, self.steps)))
        return printable.line(text if head else text.removeprefix("."))

    def __lt__(self, other: "FieldPath") -> bool:
        return str(self) < str(other)


REFERENCE: Final = "stackRef"
"""The field by which a child stack refers to a template."""
SPEC: Final = FieldPath("spec")
METADATA: Final = FieldPath("metadata")
WHOLE: Final = FieldPath("")
"""The whole document; it has no text."""


def path_of(base: FieldPath, *steps: Step) -> FieldPath:
    """The path to something below another."""
    return FieldPath(base.root, (*base.steps, *steps), base.files)


def in_file(name: str, path: FieldPath) -> FieldPath:
    """The path with the file in which it stands."""
    return replace(path, files=(name, *path.files))


def _written(step: Step) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if isinstance(step, Reference):
        return f".{REFERENCE}({step.name})"
    is_word = step.replace("_", "a").replace("-", "a").isalnum() and not isinstance(step, Bracketed)
    return f".{step}" if is_word else f'["{step}"]'
