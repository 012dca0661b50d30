"""Which trees of a namespace use the templates that are given, and what becomes of each. Pure.

Roots and templates come from two places: as the cluster has them, and as they would be. Those of the input take the
place of the cluster's of the same name.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ailtire_operator.cli.definitions import known_templates
from ailtire_operator.cli.tree_impacts import Planner, TreeImpact, tree_impact
from ailtire_operator.cli.trees import place_of, spec_of
from ailtire_operator.model.loading import parse_stack
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.model.stack import Stack
from ailtire_operator.model.template_users import TemplateUsers
from ailtire_operator.model.templates import is_template

Resource = Mapping[str, Any]


class ImpactPreview:
    """One namespace; both arguments hold AiltireStack resources, children among them or not."""

    def __init__(self, live: Iterable[Resource], given: Iterable[Resource]) -> None:
        self._live = _by_name(live)
        self._given = _by_name(given)
        self.before = known_templates(self._live.values())
        """The templates of the cluster."""
        self.after = known_templates((self._live | self._given).values())
        """The templates as they would be; the same object where nothing of them changes."""
        if _written(self.before) == _written(self.after):
            self.after = self.before
        self.used = self._used()
        """By name, the roots that use a given template, with those that they use."""

    def impacts(self, make: Planner) -> Iterator[TreeImpact]:
        """What becomes of each of these roots, by name. A root that cannot be read is left out: nothing acts on it."""
        for name, templates in self.used.items():
            live = _parsed(self._live.get(name))
            root = _parsed(self._given[name]) if name in self._given else live
            if root is not None:
                yield tree_impact(root, templates, self.before, self.after, make, live=live)

    def _used(self) -> dict[str, tuple[str, ...]]:
        versions = [{name: spec_of(each) for name, each in some.items()} for some in (self._live, self._given)]
        # What is a template no more counts too: trees that refer to it find none.
        names = {name for name in self._given if any(is_template(some.get(name, {})) for some in versions)}
        roots = {name: spec for name, spec in (versions[0] | versions[1]).items() if not is_template(spec)}
        return TemplateUsers(*versions).users(roots, names)


def _by_name(resources: Iterable[Resource]) -> dict[str, Resource]:
    """Roots and templates; those that are being deleted are not concerned any more."""
    staying = (each for each in resources if "deletionTimestamp" not in each["metadata"])
    return {each["metadata"]["name"]: each for each in staying if not place_of(each)}


def _written(templates: Mapping[str, Any]) -> dict[str, Any]:
    return {name: spec.to_json() for name, spec in templates.items()}


def _parsed(resource: Resource | None) -> Stack | None:
    """A root as a stack; None for what is none, or a wrong one."""
    if resource is None or is_template(spec_of(resource)):
        return None
    try:
        return parse_stack(resource)
    except InvalidStack:
        return None
