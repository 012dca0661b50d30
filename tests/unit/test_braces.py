"""Pairs of double braces, and what the operator makes of Swarm's placeholders in them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ailtire_operator.model.braces import inside, pairs
from ailtire_operator.model.problems import InvalidStack
from support.checks import costs
from support.definitions.stacks import find, plan_of, variables

ACTION = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
"""The same as one expression, which needs the cube of the text's length."""


@given(st.text(alphabet="{} -\n.a", max_size=24))
def test_the_pairs_are_those_that_the_expression_finds(text: str) -> None:
    found = [(*pair, inside(text, *pair)) for pair in pairs(text)]
    assert found == [(match.start(), match.end(), match[1]) for match in ACTION.finditer(text)]


@pytest.mark.parametrize("text", ["{{" + " " * 32_000, "{{" * 16_000, "{{ - " * 6_000, "{{}" * 10_000, "}}" * 16_000])
def test_braces_that_never_close_cost_nothing(text: str) -> None:
    """A variable of 32 KB may be full of them."""
    spec = {"services": {"web": {"image": "web:1", "environment": {"A": text}}}}
    costs.check(lambda: plan_of(spec), loops=10)


def test_a_value_that_placeholders_make_too_long_is_refused() -> None:
    """Two thousand mentions of one label of 4 KB would be 8 MB in every pod."""
    deploy = {"labels": {"example.com/a": "x" * 4096}}
    service = {"image": "web:1", "deploy": deploy, "environment": {"A": "{{.Service.Labels.example.com/a}}" * 9}}
    with pytest.raises(InvalidStack, match=r"services\.web\.environment\.A: longer than 32768 characters"):
        plan_of({"services": {"web": service}})
    service["environment"] = {"A": "{{.Service.Labels.example.com/a}}" * 8}
    made = plan_of({"services": {"web": service}})
    assert len(variables(find(made, "Deployment", "shop-web"))["A"]) == 32768
