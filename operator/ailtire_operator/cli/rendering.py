"""Everything that the operator would apply for whole trees, without a cluster. Pure, and the operator's own plan.

A stack's plan holds its children as resources with their place in the tree; planning those in turn gives every level.
The result is what exists in the end, but for what only a cluster knows: ``left_out`` names that.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ailtire_operator import naming
from ailtire_operator.cli.definitions import Definition, Definitions, from_root
from ailtire_operator.cli.issues import InvalidInput, Issue
from ailtire_operator.cli.rendered_gateways import RenderedGateways, with_tables
from ailtire_operator.cli.report import Finding
from ailtire_operator.model.loading import parse_stack
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.model.settings import Settings
from ailtire_operator.model.stack import Stack, StackSpec
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.scope import NO_NAMESPACE
from ailtire_operator.plan.types import Manifest, Observed, Plan
from ailtire_operator.printable import plural


@dataclass(slots=True)
class Rendered:
    """The manifests of one or several trees."""

    manifests: list[Manifest] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What is missing though it was asked for."""

    def left_out(self, *, stacks: bool) -> list[str]:
        """What is missing, one sentence each."""
        lines = ["owner references (the uid of each stack's resource)"]
        zones = [each["metadata"]["name"] for each in self.manifests if _is_zone(each)]
        if zones:
            lines.append(f"the addresses in the DNS zones (EndpointSlices of the Services {', '.join(zones)})")
        if any("namespace" not in each["metadata"] for each in self.manifests):
            lines.append(
                f"the namespace; DNS names inside the manifests say '{NO_NAMESPACE}' instead (give one with -n)"
            )
        children = sum(each["kind"] == naming.KIND for each in self.manifests)
        if children and not stacks:
            lines.append(
                f"{plural(children, f'child {naming.SINGULAR}')}, which only the operator may write (--stacks)"
            )
        return lines


def _is_zone(manifest: Manifest) -> bool:
    return manifest["kind"] == "Service" and naming.LABEL_NETWORK in manifest["metadata"].get("labels", {})


def render_all(
    definitions: Definitions, *, namespace: str = "", settings: Settings, known: Mapping[str, StackSpec] | None = None
) -> Rendered:
    """All roots of the input. Raises Invalid for all that the plan refuses (two mounts at one place, for example).

    ``namespace``: for all of them; empty: that of each resource, if it names one. ``known``: templates that count
    beside those of the input.
    """
    result = Rendered()
    problems: list[Issue] = []
    for definition in definitions.roots:
        place = namespace or definition.stack.namespace
        stack = definition.stack.model_copy(update={"namespace": place, "uid": ""})
        templates = definitions.templates_for(definition.stack, known)
        errors: list[tuple[str, InvalidStack]] = []
        for level, made in tree_plans(stack, templates, settings):
            if isinstance(made, Plan):
                _add(result, made, place)
            else:
                errors.append((level.name, made))
        problems += refused(definitions, definition, errors, known)
    if problems:
        raise InvalidInput(problems)
    return result


def refused(
    definitions: Definitions,
    definition: Definition,
    errors: Sequence[tuple[str, InvalidStack]],
    known: Mapping[str, StackSpec] | None = None,
) -> Iterator[Issue]:
    """What is wrong with stacks of a definition's tree, each with its name; paths start at the definition."""
    templates = definitions.templates_for(definition.stack, known)
    found = [(name, each) for name, error in errors for each in error.problems]
    for each in from_root(definition.stack, templates, found):
        yield definitions.issue(definition, each)


def tree_plans(
    root: Stack,
    templates: Mapping[str, StackSpec],
    settings: Settings,
    addresses: Mapping[str, tuple[str, ...]] | None = None,
) -> Iterator[tuple[Stack, Plan | InvalidStack]]:
    """Each stack of the tree with its plan, or with why there is none; parents first."""
    gateways, found = RenderedGateways(root), list[tuple[Stack, Plan | InvalidStack]]()
    bare = Observed(is_offline=True, templates=templates, addresses=addresses or {})
    waiting = [root]
    while waiting:
        stack = waiting.pop()
        made = _planned(stack, settings, replace(bare, gateway=gateways.observed(stack)))
        found.append((stack, made))
        if isinstance(made, Plan):
            children = [parse_stack(each) for each in made.objects if each["kind"] == naming.KIND]
            waiting += [each.model_copy(update={"namespace": stack.namespace}) for each in reversed(children)]
    if gateways.asked:
        plans = [made for _, made in found if isinstance(made, Plan)]
        seen = gateways.of_the_root(gateways.observed(root), plans)
        made = _planned(root, settings, replace(bare, gateway=seen))
        found[0] = (root, with_tables(made, plans) if isinstance(made, Plan) else made)
    yield from found


def _planned(stack: Stack, settings: Settings, observed: Observed) -> Plan | InvalidStack:
    try:
        return plan(stack, settings, observed)
    except InvalidStack as error:
        return error


def _add(result: Rendered, level: Plan, namespace: str) -> None:
    result.plans.append(level)
    result.findings += [Finding(notice, level.stack.name) for notice in level.notices]
    result.manifests += [_placed(manifest, namespace) for manifest in level.objects]
    for child in level.children.values():
        if child.missing is not None:
            needed = "" if child.optional else ", and the tree is not ready without it"
            result.notes.append(
                f"{level.stack.name}: the stack '{child.key}' is left out: the template '{child.missing}' is not part"
                f" of the input{needed}"
            )
        elif child.problem is not None:
            result.notes.append(f"{level.stack.name}: the stack '{child.key}' is left out: {child.problem}")


def _placed(manifest: Manifest, namespace: str) -> Manifest:
    if not namespace:
        return manifest
    return {**manifest, "metadata": {**manifest["metadata"], "namespace": namespace}}
