"""The translation report: text for people, JSON for programs.

A real application deviates in the same way in dozens of places: the text says each deviation once, with what to do
about it, and lists the places below.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ailtire_operator.cli import output
from ailtire_operator.cli.failures import Exit, Failure
from ailtire_operator.cli.formats import ReportFormat
from ailtire_operator.model.report import Classification, Notice
from ailtire_operator.printable import plural

MEANING: Final[dict[Classification, str]] = {
    "closed": "left out, because without a protection that cannot be kept it would be open",
    "rejected": "left out",
    "gated": "needs a permission",
    "ignored": "has no effect",
    "approximate": "works otherwise than written",
    "resolved": "settled here",
    "required": "to be done by you before it runs",
}
"""Classifications, the most pressing first, and last what is still to be done."""
PLACES: Final = 5
"""Places listed for one deviation, unless all are asked for."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A notice and the stack that it speaks of; empty where the path alone says it."""

    notice: Notice
    stack: str = ""
    namespace: str = ""
    """Where stacks of several are reported."""

    @property
    def place(self) -> str:
        """Where it is."""
        stack = f"{self.namespace}/{self.stack}" if self.namespace else self.stack
        return f"{stack}: {self.notice.path}" if stack else self.notice.path


def deviates(found: Finding) -> bool:
    """Whether something would not run exactly as written, or not before a person has done something."""
    return found.notice.classification != "resolved"


def refuse_deviations(findings: Iterable[Finding], hint: str) -> None:
    """Raises Failure where anything would not run exactly as written."""
    if found := sum(map(deviates, findings)):
        raise Failure(f"{plural(found, 'thing')} would not run as written", hint, code=Exit.NO)


def text(findings: Sequence[Finding], *, places: int | None = PLACES) -> str:
    """Grouped by classification, then by deviation; empty where there is nothing to tell."""
    groups: dict[Classification, dict[tuple[str, str], list[str]]] = defaultdict(dict)
    for finding in findings:
        notice = finding.notice
        groups[notice.classification].setdefault((notice.message, notice.remedy), []).append(finding.place)
    blocks = [_block(kind, groups[kind], places) for kind in MEANING if kind in groups and kind != "required"]
    if required := [each.notice for each in findings if each.notice.classification == "required"]:
        blocks.append(_checklist(required))
    return "\n\n".join(blocks)


def _checklist(required: Sequence[Notice]) -> str:
    """What is to be done, alike things in one line."""
    subjects: dict[str, dict[str, None]] = defaultdict(dict)
    for notice in required:
        subjects[notice.message][notice.subject] = None
    lines = [f"  [ ] {message}: {', '.join(named)}" for message, named in subjects.items()]
    total = sum(map(len, subjects.values()))
    return "\n".join([f"required ({total}): {MEANING['required']}", *lines])


def _block(kind: Classification, deviations: dict[tuple[str, str], list[str]], limit: int | None) -> str:
    total = sum(len(places) for places in deviations.values())
    lines = [f"{kind} ({total}): {MEANING[kind]}"]
    for (message, remedy), places in deviations.items():
        lines.append(f"  - {message}")
        lines += [f"    {remedy}"] if remedy else []
        shown = places if limit is None or len(places) <= limit + 1 else places[:limit]
        lines += [f"      {place}" for place in shown]
        lines += [f"      and {len(places) - len(shown)} more"] if len(shown) < len(places) else []
    return "\n".join(lines)


def summary(findings: Iterable[Finding]) -> str:
    """``12 notices (3 gated, 9 approximate)``."""
    counts = Counter(finding.notice.classification for finding in findings)
    total = counts.total()
    if not total:
        return "no notices"
    parts = ", ".join(f"{counts[kind]} {kind}" for kind in MEANING if counts[kind])
    return f"{plural(total, 'notice')} ({parts})"


def show(findings: Sequence[Finding], form: ReportFormat, **totals: Any) -> None:
    """Print the report on standard error."""
    if form is not ReportFormat.NONE:
        output.say(shown(findings, form, **totals))


def shown(findings: Sequence[Finding], form: ReportFormat, **totals: Any) -> str:
    """The report as it is printed, in any form but NONE."""
    if form is ReportFormat.JSON:
        return output.to_json(as_json(findings, **totals)).rstrip()
    report = text(findings, places=None if form is ReportFormat.FULL else PLACES)
    return f"{report}\n" if report else summary(findings)


def as_json(findings: Sequence[Finding], **totals: Any) -> dict[str, Any]:
    """The same as data: totals, counts by classification, every notice."""
    counts = Counter(finding.notice.classification for finding in findings)
    return {
        **totals,
        "counts": {kind: counts[kind] for kind in MEANING if counts[kind]},
        "notices": [_as_json(finding) for finding in findings],
    }


def _as_json(finding: Finding) -> dict[str, str]:
    notice = finding.notice
    entry = {
        "namespace": finding.namespace,
        "stack": finding.stack,
        "path": notice.path,
        "classification": notice.classification,
        "message": notice.message,
        "remedy": notice.remedy,
        "subject": notice.subject,
    }
    return {key: value for key, value in entry.items() if value}
