"""What changed templates do, for a person: counts, the first trees, and how many more there are. Pure."""

from collections.abc import Sequence
from typing import Final

from ailtire_operator.cli.tree_impacts import TreeImpact, Verdict
from ailtire_operator.printable import plural
from ailtire_operator.status.text import listed

_TREES: Final = 10
"""The trees that have a line."""
_REFUSALS: Final = 50
_PATHS: Final = 6
_PROBLEMS: Final = 3
_WORDS: Final = {
    Verdict.INVALID: "invalid with it",
    Verdict.INVALID_ALREADY: "invalid already",
    Verdict.VALID: "valid",
}
_ORDER: Final = (Verdict.INVALID, Verdict.INVALID_ALREADY, Verdict.VALID)


def impact_lines(impacts: Sequence[TreeImpact]) -> list[str]:
    """A line with counts, and one for each of the first trees: what becomes invalid, then what changes.

    None where there is nothing to say of any of them.
    """
    shown = sorted(
        (each for each in impacts if each.changes or each.problems or each.missing),
        key=lambda each: (_ORDER.index(each.verdict), each.namespace, each.root),
    )
    if not shown:
        return []
    names = sorted({name for each in impacts for name in each.templates})
    counts = [
        (sum(each.verdict is Verdict.INVALID for each in impacts), "would become invalid"),
        (sum(each.verdict is Verdict.INVALID_ALREADY for each in impacts), "invalid already"),
        (sum(each.changes for each in impacts), "would change"),
        (sum(not each.changes for each in impacts), "would stay as they are"),
    ]
    word = "templates" if len(names) > 1 else "template"
    said = ", ".join(f"{count:,} {what}" for count, what in counts if count)
    lines = [f"{word} {listed(names)}: used by {plural(len(impacts), 'tree')}: {said}"]
    lines += [f"  {_line(each)}" for each in shown[:_TREES]]
    return [*lines, f"  and {plural(len(shown) - _TREES, 'more tree')}"] if len(shown) > _TREES else lines


def verdict_lines(impacts: Sequence[TreeImpact]) -> list[str]:
    """For each template the trees that use it, by whether they are valid."""
    lines = []
    for name in sorted({name for each in impacts for name in each.templates}):
        using = [each for each in impacts if name in each.templates]
        sorts = [(verdict, [each.root for each in using if each.verdict is verdict]) for verdict in _ORDER]
        said = "; ".join(f"{_WORDS[verdict]}: {listed(roots, _PATHS)}" for verdict, roots in sorts if roots)
        lines.append(f"template {name}: used by {plural(len(using), 'tree')} ({said})")
    return lines


def first(lines: Sequence[str]) -> list[str]:
    """The first lines, and how many more there are: each tree of hundreds may have the same error."""
    more = len(lines) - _REFUSALS
    return [*lines[:_REFUSALS], f"and {plural(more, 'more problem')} (-o json has all)"] if more > 0 else list(lines)


def refusal_of(impact: TreeImpact) -> str:
    """What is wrong with a tree that becomes invalid, in one sentence."""
    return f"would become invalid by the template {listed(impact.templates)}: {_problems(impact)}"


def _problems(impact: TreeImpact) -> str:
    found = impact.new_problems or impact.problems
    more = f"; and {plural(len(found) - _PROBLEMS, 'more problem')}" if len(found) > _PROBLEMS else ""
    return "; ".join(map(str, found[:_PROBLEMS])) + more


def _line(impact: TreeImpact) -> str:
    parts = []
    if impact.suspended:
        parts.append("suspended")
    if impact.verdict is not Verdict.VALID:
        word = "would become invalid" if impact.verdict is Verdict.INVALID else "is invalid already"
        parts.append(f"{word} ({_problems(impact)})")
    if impact.missing:
        parts.append(f"no such template: {listed(impact.missing)}")
    if impact.stacks:
        parts.append(plural(len(impact.stacks), "stack"))
    for word, paths in (
        ("added", impact.added),
        ("changed", impact.changed),
        ("removed", impact.removed),
        ("pods replaced", impact.replaced),
    ):
        if paths:
            parts.append(f"{word}: {listed([path.removeprefix(f'{impact.root}/') for path in paths], _PATHS)}")
    return f"{impact.root}: {'; '.join(parts)}"
