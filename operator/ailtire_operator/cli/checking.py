"""The check of ``validate``: each tree of the input, and each tree that uses a template of it. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from ailtire_operator.cli.definitions import Definition, Definitions, check_trees, known_templates
from ailtire_operator.cli.impact_lines import refusal_of
from ailtire_operator.cli.impact_previews import ImpactPreview
from ailtire_operator.cli.issues import InvalidInput, Issue
from ailtire_operator.cli.rendering import render_all
from ailtire_operator.cli.report import Finding
from ailtire_operator.cli.tree_impacts import Templates, TreeImpact, Verdict
from ailtire_operator.model.field_path import WHOLE
from ailtire_operator.model.problems import FieldError
from ailtire_operator.model.settings import Settings
from ailtire_operator.model.stack import Stack
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Observed, Plan
from ailtire_operator.printable import plural
from ailtire_operator.status.text import listed

Json = dict[str, Any]
_TREES: Final = 10
"""The trees of the cluster that have a problem of their own in the answer."""


@dataclass(slots=True)
class Check:
    """What was found, in all namespaces."""

    problems: list[Issue] = field(default_factory=list)
    notes: list[Issue] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    impacts: list[TreeImpact] = field(default_factory=list)
    """What becomes of each tree that uses a template of the input."""

    @property
    def invalid_with(self) -> list[TreeImpact]:
        """Of each template that makes a tree invalid, all trees that use it."""
        wrong = {name for each in self.impacts if each.new_problems for name in each.templates}
        return [each for each in self.impacts if wrong.intersection(each.templates)]

    def add(self, part: Definitions, live: Sequence[Json], settings: Settings) -> None:
        """Check the input of one namespace; ``live``: the AiltireStack resources that the cluster has there."""
        known = known_templates(live)
        check_trees(part, known)
        self.notes += part.notes
        changed = ImpactPreview(live, map(_resource, (*part.roots, *part.templates)))
        impacts = list(changed.impacts(partial(_planned, settings)))
        self.impacts += impacts
        self.problems += part.problems or self._plan(part, known, settings)
        self.problems += _of_others(part, impacts)

    def _plan(self, part: Definitions, known: Templates, settings: Settings) -> Sequence[Issue]:
        """What only the plans of sound trees refuse."""
        try:
            self.findings += render_all(part, settings=settings, known=known).findings
        except InvalidInput as invalid:
            return invalid.issues
        return ()


def _planned(settings: Settings, stack: Stack, templates: Templates) -> Plan:
    return plan(stack, settings, Observed(templates=templates))


def _resource(definition: Definition) -> Json:
    resource = definition.resource
    return {**resource, "metadata": {**resource["metadata"], "namespace": definition.stack.namespace}}


def _of_others(part: Definitions, impacts: Sequence[TreeImpact]) -> Iterator[Issue]:
    """Trees of the cluster that become invalid, each at the first template of the input that it uses."""
    given = {each.stack.name for each in part.roots}
    wrong = [each for each in impacts if each.root not in given and each.verdict is Verdict.INVALID]
    for impact in wrong[:_TREES]:
        sentence = f"the tree {impact.root} of the cluster {refusal_of(impact)}"
        yield _template(part, impact).issue(FieldError(WHOLE, sentence))
    if more := wrong[_TREES:]:
        names = f"{listed([each.root for each in more])} (-o json says of each why)"
        sentence = f"{plural(len(more), 'more tree')} of the cluster would become invalid: {names}"
        yield _template(part, more[0]).issue(FieldError(WHOLE, sentence))


def _template(part: Definitions, impact: TreeImpact) -> Definition:
    return next(each for each in part.all if each.stack.name in impact.templates)
