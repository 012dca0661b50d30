"""The report of a translation, with a method for each classification."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ailtire_operator.compose.accepted import PREFIX, Accepted
from ailtire_operator.model import report
from ailtire_operator.model.field_path import FieldPath, in_file, path_of
from ailtire_operator.model.report import Notice


class Report(report.Report):
    """The report on a definition that is translated."""

    def __init__(self, opened: Accepted | None = None) -> None:
        super().__init__()
        self.opened = opened or Accepted()
        """The openings accepted by ``--accept``."""

    def extend_at(self, label: str, notices: Iterable[Notice]) -> None:
        """Add notices of a file, whose label is put before their paths unless it is empty."""
        self.extend(replace(each, where=in_file(label, each.where)) if label else each for each in notices)

    def ignored(self, path: FieldPath, message: str, remedy: str = "") -> None:
        """Report a value without effect."""
        self.add(path, "ignored", message, remedy)

    def rejected(self, path: FieldPath, message: str, remedy: str = "") -> None:
        """Report an invalid value that is left out."""
        self.add(path, "rejected", message, remedy)

    def approximate(self, path: FieldPath, message: str, remedy: str = "") -> None:
        """Report a value that works differently."""
        self.add(path, "approximate", message, remedy)

    def resolved(self, path: FieldPath, message: str) -> None:
        """Report a decision of the import that needs no action."""
        self.add(path, "resolved", message)

    def required(self, path: FieldPath, what: str, subject: str) -> None:
        """Report something to do before the stack runs; equal ``what`` are grouped by subject."""
        self.extend([Notice(path, "required", what, subject=subject)])

    def keeps_closed(self, path: FieldPath, what: str, why: str, names: Sequence[str], remedy: str = "") -> bool:
        """Whether something stays closed, as a protection of it cannot be kept; it is reported in both cases.

        ``what`` is a sentence such as ``port 80 would be OPEN: not published``, ``why`` is the lost protection.
        ``names`` are its names in ``--accept open:NAME`` beside its path, the preferred one first.
        """
        if self.opened.includes(path, names):
            self.approximate(path, f"it is OPEN by --accept: {why}.", remedy)
            return False
        option = shlex.quote(f"{PREFIX}{names[0]}")
        self.add(path, "closed", f"{what}; {why}.", f"{remedy} To open it on purpose: --accept {option}".strip())
        return True

    def unknown(self, data: Mapping[str, Any], known: Iterable[str], path: FieldPath, reason: str = "") -> None:
        """Report every key that is not ``known`` and not empty."""
        for key in data.keys() - set(known):
            if data[key] not in (None, {}, [], ""):
                self.ignored(path_of(path, key), reason or "unknown key, which has no effect.")

    def mapping(self, value: Any, path: FieldPath) -> dict[str, Any]:
        """The value if it is a map or null; else it is reported, and an empty map returned."""
        if isinstance(value, dict):
            return value
        if value is not None:
            self.rejected(path, f"expected a map, found {described(value)}; it is left out.")
        return {}


def described(value: Any) -> str:
    """A value, shortened for a message."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
