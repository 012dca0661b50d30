"""No tree outgrows its limits, whatever grows in it and when: counted without a walk, and held at every level."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ailtire_operator import naming
from ailtire_operator.cli.definitions import tree_problems
from ailtire_operator.model.census import Census
from ailtire_operator.model.limits import TREE_LIMIT
from ailtire_operator.model.loading import parse_spec, parse_stack, sound_levels
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.model.stack import StackSpec
from ailtire_operator.plan.budget import Outgrown
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Observed, Plan
from support.checks import costs
from support.definitions.stacks import SETTINGS, find, plan_of, stack

Json = dict[str, Any]
PLAIN = {"image": "web:1", "user": "1"}


def reference(name: str) -> Json:
    return {"type": "stack", "stackRef": {"name": name, "optional": True}}


def inline(spec: Json) -> Json:
    return {"type": "stack", "stack": spec}


def many(count: int, service: Json) -> Json:
    return {f"k{number}": service for number in range(count)}


def templates(**specs: Json) -> dict[str, StackSpec]:
    return {name: parse_spec({"templateOnly": True, **spec}) for name, spec in specs.items()}


def members(spec: Json, known: dict[str, StackSpec]) -> int:
    return Census(known).stack(parse_spec(spec), 0).members


LEAVES = st.integers(0, 3).map(lambda count: {"services": many(count, PLAIN)})


def trees(names: list[str]) -> st.SearchStrategy[Json]:
    """Definitions that refer to these templates, or to none."""
    refer = st.sampled_from(["missing", *names]).map(reference)

    def grown(below: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
        member = st.one_of(st.just(PLAIN), refer, below.map(inline))
        services = st.lists(member, max_size=4).map(
            lambda found: {f"s{index}": each for index, each in enumerate(found)}
        )
        return services.map(lambda each: {"services": each})

    return st.recursive(LEAVES, grown, max_leaves=6)


def forests() -> st.SearchStrategy[tuple[Json, dict[str, StackSpec]]]:
    """A definition, and templates of which each refers to those after it."""
    below = [trees(names) for names in (["t1", "t2"], ["t2"], [])]
    return st.tuples(*below).map(lambda drawn: (drawn[0], templates(t1=drawn[1], t2=drawn[2])))


@settings(deadline=None)
@given(forests())
def test_counting_finds_what_a_walk_finds(forest: tuple[Json, dict[str, StackSpec]]) -> None:
    spec, known = forest
    walked = list(sound_levels("shop", parse_spec(spec), known))
    found = Census(known).stack(parse_spec(spec), 0)
    assert found.members == sum(len(level.spec.services) for level in walked)
    assert found.stacks == len(walked)


@settings(deadline=None)
@given(forests())
def test_every_level_has_what_it_needs_and_no_more_than_its_parent_has(
    forest: tuple[Json, dict[str, StackSpec]],
) -> None:
    """Planned level by level as the operator does it, no child is refused, and the sum never grows on the way down."""
    spec, known = forest
    waiting = [(stack(spec), TREE_LIMIT)]
    while waiting:
        level, had = waiting.pop()
        made = plan(level, SETTINGS, Observed(templates=known))
        below = [each for each in made.objects if each["kind"] == naming.KIND]
        budgets = [each["spec"]["place"]["budget"]["members"] for each in below]
        assert len(level.spec.services) + sum(budgets) <= had
        waiting += [(parse_stack(each), budget) for each, budget in zip(below, budgets, strict=True)]


def test_sixteen_levels_of_five_hundred_references_are_counted_at_once() -> None:
    chain = {f"t{level}": {"services": many(500, reference(f"t{level + 1}"))} for level in range(16)}
    known = templates(**chain, t16={"services": many(500, PLAIN)})
    tree = {"services": many(500, reference("t0"))}
    assert members(tree, known) == 10**12, "where counting ends"
    costs.check(lambda: members(tree, known), loops=40)
    with pytest.raises(InvalidStack, match="more than 5000 services and stacks"):
        plan_of({"services": many(500, reference("t0"))}, Observed(templates=known))


def test_a_circle_of_references_is_counted_as_deep_as_a_tree_may_be() -> None:
    known = templates(a={"services": {"b": reference("b")}}, b={"services": {"a": reference("a"), "s": PLAIN}})
    assert members({"services": {"a": reference("a")}}, known) < 40
    made = plan_of({"services": {"a": reference("a")}}, Observed(templates=known))
    assert find(made, naming.KIND, "shop-a")


def test_a_wide_circle_is_told_as_one() -> None:
    known = templates(a={"services": many(4, reference("b"))}, b={"services": many(4, reference("a"))})
    with pytest.raises(InvalidStack, match=r"a stack cannot contain itself: a -> b -> a"):
        plan_of({"services": {"x": reference("a")}}, Observed(templates=known))


def child(made: Plan, name: str) -> Json:
    spec: Json = find(made, naming.KIND, name)["spec"]
    return spec


SMALL = {"services": {"web": PLAIN}}
LARGE = {"services": many(40, PLAIN)}


def test_a_template_that_grows_changes_nothing_until_all_above_have_counted_again() -> None:
    """The middle one was made when its template was small: it waits until the root has given it more."""
    spec = {"services": {"mid": inline({"services": many(3, reference("t"))})}}
    middle = find(plan_of(spec, Observed(templates=templates(t=SMALL))), naming.KIND, "shop-mid")
    grown = Observed(templates=templates(t=LARGE))
    with pytest.raises(Outgrown, match=r"spec\.services: .* 123 services and stacks, more than the 6 allowed"):
        plan(parse_stack(middle), SETTINGS, grown)
    middle = find(plan_of(spec, grown), naming.KIND, "shop-mid")
    made = plan(parse_stack(middle), SETTINGS, grown)
    assert child(made, "shop-mid-k0")["place"]["budget"]["members"] == 40


def test_what_the_root_has_no_room_for_is_refused_at_the_root_and_below() -> None:
    spec = {"services": {"mid": inline({"services": many(200, reference("t"))})}}
    middle = find(plan_of(spec, Observed(templates=templates(t=SMALL))), naming.KIND, "shop-mid")
    grown = Observed(templates=templates(t=LARGE))
    with pytest.raises(InvalidStack, match="more than 5000 services and stacks; split it into several applications"):
        plan_of(spec, grown)
    with pytest.raises(Outgrown, match="The status of its root 'shop' has the details"):
        plan(parse_stack(middle), SETTINGS, grown)


def test_a_stack_that_an_older_operator_placed_has_the_limits_of_a_tree() -> None:
    made = find(plan_of({"services": {"mid": inline(SMALL)}}), naming.KIND, "shop-mid")
    del made["spec"]["place"]["budget"]
    assert plan(parse_stack(made), SETTINGS, Observed())


def test_copies_are_counted_in_characters_too() -> None:
    """A hundred references to a template of 190 KB are 19 MB in etcd, of which the author wrote 5 KB."""
    fat = {"services": {}, "images": {f"i{number}": "x" * 185 for number in range(1000)}}
    observed = Observed(templates=templates(t=fat))
    problems, _ = tree_problems(stack({"services": many(99, reference("t"))}), observed.templates)
    assert [each.path for each in problems] == ["spec.services"], "who validates files is told the same"
    with pytest.raises(InvalidStack, match=r"100 stacks have 18,706,741 characters together, more than 10,000,000"):
        plan_of({"services": many(99, reference("t"))}, observed)
    assert plan_of({"services": many(50, reference("t"))}, observed)


@pytest.mark.parametrize(
    "above",
    [
        {"images": {f"i{number}": "x" * 400 for number in range(1000)}},
        {"networks": {f"n{number}": {"name": f"{'x' * 248}-{number}"} for number in range(32)}},
    ],
    ids=["images", "networks"],
)
def test_so_is_what_every_stack_inherits(above: Json) -> None:
    spec = {**above, "services": many(400, inline({"services": many(4, inline({}))}))}
    with pytest.raises(InvalidStack, match=r"2,001 stacks have .* characters together"):
        plan_of(spec)
