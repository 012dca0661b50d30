"""A kind whose right not every author has is made below the root only where everybody above has declared it."""

import pytest

from ailtire_operator.model.loading import levels, parse_spec
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Observed, Plan
from support.definitions.stacks import SETTINGS, stack
from support.definitions.trees import Json, holding, inline, plans_of_tree, reference

ROUTED: Json = {
    "services": {"web": {"image": "web:1", "user": "1000", "interface": {"/": {}}}},
    "edge": {"kind": "HTTPRoute", "parentRef": {"name": "corp", "namespace": "infra"}},
}
PLAIN: Json = {"services": {"web": {"image": "web:1", "user": "1000"}}}
DECLARED: Json = {"additionalKinds": ["HTTPRoute"]}


def routed(found: dict[str, Plan | str]) -> list[str]:
    plans = [each for each in found.values() if isinstance(each, Plan)]
    return sorted(made.stack.name for made in plans if any(each["kind"] == "HTTPRoute" for each in made.objects))


REFUSED = [
    (holding(kid=inline(ROUTED)), {}, "shop-kid", "spec.services.kid.stack.edge.kind", "the tree's root"),
    (
        holding(kid=inline(holding(low=inline(ROUTED)))), {}, "shop-kid-low",
        "spec.services.low.stack.edge.kind", "the tree's root",
    ),
    (holding(kid=reference("t")), {"t": ROUTED}, "shop-kid", "spec.services.kid.stackRef(t).edge.kind", "root"),
    (
        holding(kid=reference("t")) | DECLARED, {"t": holding(low=inline(ROUTED))}, "shop-kid-low",
        "spec.services.low.stack.edge.kind", "the tree's root and of the template 't'",
    ),
    (
        holding(kid=reference("t")), {"t": holding(low=inline(ROUTED)) | DECLARED}, "shop-kid-low",
        "spec.services.low.stack.edge.kind", "the tree's root and of the template 't'",
    ),
    (
        holding(kid=reference("t")) | DECLARED, {"t": holding(low=reference("u")), "u": ROUTED}, "shop-kid-low",
        "spec.services.low.stackRef(u).edge.kind", "the tree's root and of the template 't'",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "templates", "name", "path", "where"), REFUSED)
def test_what_nobody_declared_is_refused_with_its_path_and_the_rest_goes_on(
    spec: Json, templates: dict[str, Json], name: str, path: str, where: str
) -> None:
    spec["services"] = {**spec["services"], "sister": {"type": "stack", "stack": PLAIN}}
    found = plans_of_tree(spec, **templates)
    assert routed(found) == []
    said = found[name]
    assert isinstance(said, str)
    assert said.startswith(f"{path}: ")
    assert "write 'additionalKinds: [HTTPRoute]' into the spec of " in said
    assert where in said
    assert isinstance(found["shop-sister"], Plan)
    with pytest.raises(InvalidStack, match="additionalKinds"):
        list(levels("shop", parse_spec(spec), {key: parse_spec(each) for key, each in templates.items()}))


@pytest.mark.parametrize(
    ("spec", "templates", "names"),
    [
        (ROUTED, {}, ["shop"]),
        (holding(kid=inline(ROUTED)) | DECLARED, {}, ["shop-kid"]),
        (holding(kid=inline(holding(low=inline(ROUTED)))) | DECLARED, {}, ["shop-kid-low"]),
        (holding(kid=reference("t")) | DECLARED, {"t": ROUTED}, ["shop-kid"]),
        (
            holding(kid=reference("t")) | DECLARED,
            {"t": holding(low=inline(ROUTED), also=reference("u")) | DECLARED, "u": ROUTED},
            ["shop-kid-also", "shop-kid-low"],
        ),
        # The policy asks for the right where a resource's own edge is an HTTPRoute: that declares it, too.
        (
            {**ROUTED, "services": {**ROUTED["services"], **holding(kid=inline(ROUTED))["services"]}}, {},
            ["shop", "shop-kid"],
        ),
    ],
)  # fmt: skip
def test_what_everybody_above_declared_is_made(spec: Json, templates: dict[str, Json], names: list[str]) -> None:
    assert routed(plans_of_tree(spec, **templates)) == names


def test_a_child_that_somebody_edits_makes_no_more_than_its_place_passes_on() -> None:
    place = {"root": "r", "parent": "r", "parentKey": "kid", "depth": 1, "appName": "r"}
    with pytest.raises(InvalidStack, match=r"spec\.edge\.kind: .* into the spec of the tree's root 'r'"):
        plan(stack({**ROUTED, **DECLARED, "place": place}), SETTINGS, Observed())
    below = plan(stack({**holding(low=inline(ROUTED)), **DECLARED, "place": place}), SETTINGS, Observed())
    assert below.children["low"].problem is not None
    assert [each.path for each in below.notices] == ["spec.additionalKinds[0]"]


def test_an_inline_child_declares_nothing_as_nobody_was_asked() -> None:
    found = plans_of_tree({**holding(kid=inline(ROUTED | DECLARED)), **DECLARED})
    assert "spec.services.kid.stack.additionalKinds: an inline stack cannot have this" in str(found["shop-kid"])


def test_a_right_that_nothing_needs_is_told() -> None:
    def notices(spec: Json) -> list[str]:
        return [each.path for each in plan(stack({**spec, **DECLARED}), SETTINGS, Observed()).notices]

    assert notices(holding(kid=inline(PLAIN))) == ["spec.additionalKinds[0]"]
    assert notices(holding(kid=inline(ROUTED))) == []
    assert notices(holding(kid=reference("missing"))) == []


def test_a_template_is_judged_by_its_own_word() -> None:
    spec = parse_spec({"templateOnly": True, **holding(low=inline(ROUTED))})
    with pytest.raises(InvalidStack, match="additionalKinds"):
        list(levels("t", spec, {}))
    assert list(levels("t", parse_spec({"templateOnly": True, **holding(low=inline(ROUTED)), **DECLARED}), {}))
