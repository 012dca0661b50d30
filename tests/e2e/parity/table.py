"""Compares the two sides, and writes what comes out for people. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from e2e.parity.facts import ASPECTS, Fact, Facts

MARKS = ("<!-- parity: begin (made by 'make parity') -->", "<!-- parity: end -->")
ABSENT = "—"


@dataclass(frozen=True)
class Expected:
    """A difference that is meant. Patterns are those of file names."""

    aspect: str
    reason: str
    subject: str = "*"
    key: str = "*"
    kubernetes: str = "*"
    swarm: str = "*"

    def about(self, difference: "Difference") -> bool:
        """Whether it is this one."""
        fact = difference.fact
        patterns = (self.subject, fact.subject), (self.key, fact.key), (self.kubernetes, difference.kubernetes)
        matching = (*patterns, (self.swarm, difference.swarm))
        return self.aspect == fact.aspect and all(fnmatchcase(value, pattern) for pattern, value in matching)


@dataclass(frozen=True, order=True)
class Difference:
    """Something that is one way on Kubernetes and another in the Swarm."""

    fact: Fact
    kubernetes: str
    swarm: str

    def __str__(self) -> str:
        where = f"{self.fact.aspect}, {self.fact.subject}, {self.fact.key}"
        return f"{where}: {self.kubernetes} on Kubernetes, {self.swarm} in Swarm"


@dataclass(frozen=True)
class Comparison:
    """What is equal, what differs for a reason, and what is wrong."""

    equal: Facts
    explained: Mapping[Expected, Sequence[Difference]]
    unexplained: Sequence[Difference]

    @property
    def unused(self) -> list[str]:
        """Reasons for differences that are not there any more."""
        return [f"{each.aspect}: {each.reason}" for each, found in self.explained.items() if not found]


def compare(kubernetes: Facts, swarm: Facts, expected: Iterable[Expected]) -> Comparison:
    """Sort every fact; the first reason that fits a difference is its own."""
    reasons: dict[Expected, list[Difference]] = {each: [] for each in expected}
    equal, unexplained = {}, []
    for fact in sorted(kubernetes.keys() | swarm.keys()):
        found = Difference(fact, kubernetes.get(fact, ABSENT), swarm.get(fact, ABSENT))
        if found.kubernetes == found.swarm:
            equal[fact] = found.swarm
        elif reason := next((each for each in reasons if each.about(found)), None):
            reasons[reason].append(found)
        else:
            unexplained.append(found)
    return Comparison(equal, reasons, unexplained)


def markdown(comparison: Comparison, headings: Mapping[str, str]) -> str:
    """A chapter for every aspect: what is equal, and what differs why."""
    differing = sum(map(len, comparison.explained.values()))
    lines = [f"{len(comparison.equal)} answers are equal, {differing} differ for a stated reason, "]
    lines[0] += f"{len(comparison.unexplained)} without one."
    for aspect in ASPECTS:
        lines += ["", f"### {aspect}", "", headings[aspect], "", *_equal(comparison, aspect)]
        reasons = {each: found for each, found in comparison.explained.items() if each.aspect == aspect and found}
        if reasons:
            lines += ["", *_differing(reasons)]
    return "\n".join(lines)


def _equal(comparison: Comparison, aspect: str) -> list[str]:
    by_subject: dict[str, dict[str, str]] = defaultdict(dict)
    for fact, value in comparison.equal.items():
        if fact.aspect == aspect:
            by_subject[fact.subject][fact.key] = value
    rows = [f"| {subject} | {_values(values)} |" for subject, values in sorted(by_subject.items())]
    return ["| who is asked | equal |", "|---|---|", *rows]


def _differing(reasons: Mapping[Expected, Sequence[Difference]]) -> list[str]:
    """Containers that differ in the same way share a row."""
    lines = ["| who is asked | Kubernetes | Swarm | why |", "|---|---|---|---|"]
    for reason, found in reasons.items():
        by_subject: dict[str, list[Difference]] = defaultdict(list)
        for each in found:
            by_subject[each.fact.subject].append(each)
        rows: dict[tuple[str, str], list[str]] = defaultdict(list)
        for subject, differences in by_subject.items():
            kubernetes = _values({each.fact.key: each.kubernetes for each in differences})
            rows[kubernetes, _values({each.fact.key: each.swarm for each in differences})].append(subject)
        for (kubernetes, swarm), subjects in rows.items():
            lines.append(f"| {', '.join(subjects)} | {kubernetes} | {swarm} | {reason.reason} |")
    return lines


def _values(values: Mapping[str, str]) -> str:
    """Keys that have the same value stand together."""
    keys: dict[str, list[str]] = defaultdict(list)
    for key, value in values.items():
        keys[value].append(f"`{key}`")
    return "; ".join(f"{', '.join(each)}: {_escaped(value)}" for value, each in keys.items())


def _escaped(value: str) -> str:
    return value.replace("|", "\\|").replace("<", "&lt;")


def inserted(document: str, text: str) -> str:
    """The document with this text between the marks. Raises ValueError where they are missing."""
    before, begin, rest = document.partition(MARKS[0])
    _, end, after = rest.partition(MARKS[1])
    if not begin or not end:
        raise ValueError(f"no {MARKS[0]} … {MARKS[1]} in the document")
    return f"{before}{begin}\n\n{text}\n\n{end}{after}"
