"""One thing that is wrong with the input of a command, as data: a line for a person is made of it at the end."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from ailtire_operator import printable
from ailtire_operator.cli.failures import Exit, Invalid
from ailtire_operator.model.problems import FieldError


class Rule(StrEnum):
    """What kind of thing it is; the names are part of the command's promise (SARIF's rules)."""

    INVALID = "invalid-definition"
    TEMPLATE = "template-not-in-input"
    DEPRECATED = "deprecated-field"


@dataclass(frozen=True, slots=True)
class Issue:
    """A problem, or what only a cluster can tell, with its place in a file."""

    source: str
    """The file as the user named it; ``standard input``."""
    line: int
    """From 1 on."""
    column: int
    """From 1 on, in characters."""
    resource: str
    """``AiltireStack shop``, or a child's name behind it; empty where the input is no resource."""
    path: str
    """``spec.services.web.image``; empty where the whole resource is meant."""
    message: str
    rule: Rule = Rule.INVALID

    @property
    def place(self) -> str:
        """``shop.yaml:4:7``, as compilers and editors have it."""
        return f"{self.source}:{self.line}:{self.column}"

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.place, self.resource, self.path, self.message)))

    def to_json(self) -> dict[str, str | int]:
        """As data; the form is part of the command's promise (docs/cli.md)."""
        return {
            "file": self.source,
            "line": self.line,
            "column": self.column,
            "resource": self.resource,
            "path": self.path,
            "message": self.message,
        }


class InvalidInput(Invalid):
    """Definitions that break a rule; ``issues`` are the same as the lines."""

    def __init__(self, issues: Iterable[Issue], *, code: Exit | None = None) -> None:
        self.issues = tuple(issues)
        super().__init__([str(each) for each in self.issues], code=code)


def issue(source: str, place: tuple[int, int], resource: str, problem: FieldError, rule: Rule = Rule.INVALID) -> Issue:
    """A problem of a definition at its place (line and column)."""
    return Issue(source, *place, printable.line(resource), problem.path, problem.message, rule)
