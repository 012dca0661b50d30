"""What a check has found, in the forms that other programs read: SARIF, JUnit, annotations of GitHub's, JSON. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

from ailtire_operator.cli import output
from ailtire_operator.cli.formats import CheckFormat
from ailtire_operator.cli.issues import Issue, Rule
from ailtire_operator.cli.result_formats import Case, Level, Result, github, junit, sarif
from ailtire_operator.cli.tree_impacts import TreeImpact

_RULES: Final[Mapping[Rule, tuple[Level, str]]] = {
    Rule.INVALID: ("error", "The API server or the operator refuses the definition."),
    Rule.TEMPLATE: ("note", "A template that is referred to is not part of the input; it may be in the cluster."),
    Rule.DEPRECATED: ("warning", "The field counts, but under a former name."),
}
"""Of each rule: SARIF's level, and what it is about."""
RULES: Final[Mapping[str, str]] = {name: text for name, (_, text) in _RULES.items()}
"""What each rule is about."""


def formatted(
    form: CheckFormat,
    problems: Sequence[Issue],
    notes: Sequence[Issue],
    stacks: Sequence[str],
    impacts: Sequence[TreeImpact] = (),
) -> str:
    """The whole output.

    ``stacks`` are the definitions that were read: ``shop.yaml:1: AiltireStack shop``; ``impacts`` is of each tree that
    uses a template of the input.
    """
    found = [result(each) for each in (*problems, *notes)]
    match form:
        case CheckFormat.JSON:
            return _json(problems, notes, stacks, impacts)
        case CheckFormat.SARIF:
            return sarif(found, RULES)
        case CheckFormat.JUNIT:
            return junit("validate", [*(Case(each, "validate") for each in stacks), *map(_failed, problems)])
        case CheckFormat.GITHUB:
            return github(found, "AiltireStack")


def result(found: Issue) -> Result:
    """The same as a result of any check."""
    level, _ = _RULES[found.rule]
    return Result(found.rule, level, found.message, found.source, found.line, found.column, found.resource, found.path)


def _failed(found: Issue) -> Case:
    return Case(found.place, found.resource or "validate", failures=[result(found)])


def _json(
    problems: Sequence[Issue], notes: Sequence[Issue], stacks: Sequence[str], impacts: Sequence[TreeImpact]
) -> str:
    return output.to_json(
        {
            "valid": not problems,
            "stacks": list(stacks),
            "problems": [each.to_json() for each in problems],
            "notes": [each.to_json() for each in notes],
            "trees": [each.verdict_json() for each in impacts],
        }
    )
