"""Collects the translation report while a definition is read."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ailtire_operator.compose.accepted import PREFIX, Accepted
from ailtire_operator.model import report
from ailtire_operator.model.problems import path_of
from ailtire_operator.model.report import Notice


class Report(report.Report):
    """The report on a definition that is translated."""

    def __init__(self, opened: Accepted | None = None) -> None:
        super().__init__()
        self.opened = opened or Accepted()
        """What a person opens although it loses a protection."""

    def extend_at(self, label: str, notices: Iterable[Notice]) -> None:
        """Note what was found in a file that the label names; where that is empty, the places say enough."""
        self.extend(replace(each, path=f"{label}: {each.path}") if label else each for each in notices)

    def ignored(self, path: str, message: str, remedy: str = "") -> None:
        """Note something without effect."""
        self.add(path, "ignored", message, remedy)

    def rejected(self, path: str, message: str, remedy: str = "") -> None:
        """Note something that is left out because it is wrong."""
        self.add(path, "rejected", message, remedy)

    def approximate(self, path: str, message: str, remedy: str = "") -> None:
        """Note something that works otherwise than written."""
        self.add(path, "approximate", message, remedy)

    def resolved(self, path: str, message: str) -> None:
        """Note something that was settled here, so that there is nothing left to do about it."""
        self.add(path, "resolved", message)

    def required(self, path: str, what: str, subject: str) -> None:
        """Note what a person has to do before the stack runs: the same ``what`` for alike subjects."""
        self.extend([Notice(path, "required", what, subject=subject)])

    def keeps_closed(self, path: str, what: str, why: str, names: Sequence[str], remedy: str = "") -> bool:
        """Whether something stays closed, as a protection of it cannot be kept; told either way.

        ``what`` is a sentence such as ``port 80 would be OPEN: not published``, ``why`` says which protection is lost.
        ``names`` are what a person may call it in ``--accept open:NAME`` beside its path, the preferred one first.
        """
        if self.opened.includes(path, names):
            self.approximate(path, f"it is OPEN, as --accept says: {why}.", remedy)
            return False
        option = shlex.quote(f"{PREFIX}{names[0]}")
        self.add(path, "closed", f"{what}; {why}.", f"{remedy} To open it on purpose: --accept {option}".strip())
        return True

    def unknown(self, data: Mapping[str, Any], known: Iterable[str], path: str, reason: str = "") -> None:
        """Note every key that is not among the ``known``; one that holds nothing says nothing."""
        for key in data.keys() - set(known):
            if data[key] not in (None, {}, [], ""):
                self.ignored(path_of(path, key), reason or "this key is not known here and has no effect.")

    def mapping(self, value: Any, path: str) -> dict[str, Any]:
        """The value where it is a map; empty, and noted, where it is something else. Null is empty."""
        if isinstance(value, dict):
            return value
        if value is not None:
            self.rejected(path, f"expected a map, found {described(value)}; it is left out.")
        return {}


def described(value: Any) -> str:
    """A value for a message, short."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
