"""What a command that writes into definitions says on standard output: sentences for a person, or one object as JSON.

All of these commands have one object, so that a program that reads one of them reads them all. It is printed at the
end, with how the waiting ended; a command that fails before prints none, and its exit code and standard error say why.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ailtire_operator.cli import output
from ailtire_operator.cli.wait_outcomes import Verdict

if TYPE_CHECKING:
    from ailtire_operator.cli.definition_edits import Edit
    from ailtire_operator.plan.definition_changes import DefinitionChange


@dataclass(frozen=True, slots=True)
class Change:
    """One value that is written, or would be."""

    resource: str
    """The AiltireStack in which it stands."""
    path: str
    """The stack or service that it is about."""
    field: str
    """From there on; empty where all of it is added or removed."""
    before: Any
    after: Any
    hidden: bool = False
    """Whether the values are not shown, as they may be a password."""

    @classmethod
    def of_edit(cls, edit: "Edit", *, hidden: bool) -> "Change":
        """That of an edit."""
        return cls(edit.owner, edit.path, ".".join(edit.field), edit.before, edit.after, hidden)

    @classmethod
    def of_definition(cls, root: str, change: "DefinitionChange") -> "Change":
        """That of a root's whole definition."""
        return cls(root, "/".join((root, *change.path)), change.field, change.before, change.after)

    def to_json(self) -> dict[str, Any]:
        """As data."""
        where = {"resource": self.resource, "path": self.path, "field": self.field}
        return {**where, "hidden": True} if self.hidden else {**where, "before": self.before, "after": self.after}


class Report(Protocol):
    """Takes what there is to say of a write, while it is made or tried."""

    @property
    def dry_run(self) -> bool:
        """Whether nothing is to be changed."""

    def note(self, text: str) -> None:
        """Take what else there is to know; more than once where a write had to begin again."""

    def change(self, change: Change) -> None:
        """Take a value that was written, or would be."""

    def sentence(self, text: str) -> None:
        """Take the same in words."""

    def difference(self, lines: Iterable[str]) -> None:
        """Take the lines of a unified diff."""

    def unchanged(self, lines: Sequence[str]) -> None:
        """Take what is so without a write, a line each."""


class WriteReport:
    """What one command says."""

    def __init__(self, *, dry_run: bool, as_json: bool) -> None:
        self._dry_run = dry_run
        self._as_json = as_json
        self._changes: dict[tuple[str, str, str], Change] = {}
        self._unchanged: list[str] = []
        self._notes: list[str] = []

    @property
    def dry_run(self) -> bool:
        """Whether nothing is to be changed."""
        return self._dry_run

    def note(self, text: str) -> None:
        """What else there is to know: on standard error in any case, and once if the command had to begin again."""
        if text not in self._notes:
            output.say(f"note: {text}")
            self._notes.append(text)

    def change(self, change: Change) -> None:
        """Something was written, or would be: once, also where the command had to begin again."""
        self._changes.setdefault((change.resource, change.path, change.field), change)

    def sentence(self, text: str) -> None:
        """The same for a person."""
        if not self._as_json:
            output.data(text)

    def difference(self, lines: Iterable[str]) -> None:
        """What would differ, for a person."""
        if not self._as_json:
            output.rows(lines)

    def unchanged(self, lines: Sequence[str]) -> None:
        """What is so without a write, a line each."""
        self._unchanged = list(lines)
        if not self._as_json:
            output.rows(lines)

    def end(self, verdict: Verdict | None) -> None:
        """The object, if one is asked for; ``verdict``: how the waiting has ended, None where there was none."""
        if not self._as_json:
            return
        found: dict[str, Any] = {
            "dryRun": self.dry_run,
            "changes": [each.to_json() for each in self._changes.values()],
            "unchanged": self._unchanged,
            "notes": self._notes,
            "outcome": None if verdict is None else str(verdict.outcome),
            "message": "" if verdict is None else verdict.line,
        }
        output.data(output.to_json(found))
