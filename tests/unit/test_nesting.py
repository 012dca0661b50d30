"""The depth of a value, measured and bounded without recursion; and that the bound is low enough for what recurses."""

import inspect
import sys
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ailtire_operator.cli import differences
from ailtire_operator.cluster.managed_fields import extra_paths, fingerprint, owned_projection
from ailtire_operator.model.limits import DEPTH_LIMIT
from ailtire_operator.model.loading import parse_spec
from ailtire_operator.model.nesting import NESTING_LIMIT, TooDeep, cut_off, is_deeper, loads
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.model.templates import references
from ailtire_operator.plan.children import _without_nulls
from support.definitions import nested

VALUES = st.recursive(
    st.none() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=20,
)


def depth_of(value: Any) -> int:
    """The plain definition."""
    if not isinstance(value, dict | list):
        return 0
    return 1 + max(map(depth_of, value.values() if isinstance(value, dict) else value), default=0)


@given(VALUES, st.integers(0, 6))
def test_a_value_is_deeper_than_the_limit_or_is_left_as_it_is(value: Any, limit: int) -> None:
    before, depth = orjson.dumps(value), depth_of(value)
    assert is_deeper(value, limit) == (depth > limit)
    location = cut_off(value, limit)
    assert (location is None) == (depth <= limit)
    assert depth_of(value) == min(depth, limit + 1)
    if location is None:
        assert orjson.dumps(value) == before


def test_a_hundred_thousand_levels_are_measured_and_cut() -> None:
    value = nested.value(100_000)
    assert is_deeper(value)
    assert cut_off(value) == ("a", 0) * 4 or cut_off(value) == (0, "a") * 4
    assert not is_deeper(value, NESTING_LIMIT + 1)


@pytest.mark.parametrize("depth", [NESTING_LIMIT + 1, 1_000, 100_000])
def test_json_that_nests_too_deep_is_a_value_error(depth: int) -> None:
    with pytest.raises(ValueError, match=r"nested more than 128 levels|depth limit exceeded"):
        loads(nested.lists(depth))


def test_the_deepest_tree_is_far_from_the_limit() -> None:
    spec = nested.stacks(DEPTH_LIMIT)
    deepest = orjson.loads(f'{{"spec":{spec}}}')
    # What the innermost service may hold, and the fields of it all, which stand two levels deeper in the object.
    assert not is_deeper(deepest, NESTING_LIMIT // 2)


def test_a_definition_that_was_cut_off_is_refused_with_the_path_to_it() -> None:
    cut = TooDeep({"services": {}}, ("services", "a", "stack", 0, 0))
    with pytest.raises(InvalidStack) as caught:
        parse_spec(cut)
    assert str(caught.value).startswith("spec.services.a.stack[0][0]: nested more than 128 levels deep")


def _in_recursion(calls: int, function: Any, *arguments: Any) -> Any:
    return _in_recursion(calls - 1, function, *arguments) if calls else function(*arguments)


@pytest.mark.parametrize(
    "function",
    [
        lambda value: fingerprint({"a": value}),
        lambda value: owned_projection(_live(value)),
        lambda value: extra_paths(value, orjson.loads(orjson.dumps(value))),
        lambda value: value == orjson.loads(orjson.dumps(value)),
        lambda value: list(references(value)),
        _without_nulls,
        differences._sorted,
        lambda value: differences._patch(value, value),
    ],
)
def test_what_recurses_over_a_value_has_room_for_the_deepest_that_there_is(function: Any) -> None:
    """From as far down in calls as a look at a stack is, and twice that."""
    value = {"a": nested.value(NESTING_LIMIT - 1)}
    assert not is_deeper(value)
    assert sys.getrecursionlimit() == 1000
    _in_recursion(max(0, 150 - len(inspect.stack())), function, value)


def _live(value: Any) -> dict[str, Any]:
    """An object whose fields are ours down to the deepest."""
    fields: dict[str, Any] = {}
    for _ in range(NESTING_LIMIT - 4):
        fields = {"f:a": fields}
    entry = {"manager": "ailtire-operator", "operation": "Apply", "fieldsV1": {"f:spec": fields}}
    return {"metadata": {"managedFields": [entry]}, "spec": orjson.loads(nested.maps(NESTING_LIMIT - 1))}
