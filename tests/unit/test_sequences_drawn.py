"""What the random sequences are drawn from: edits that the operator takes, and definitions that it must refuse."""

from collections import Counter
from copy import deepcopy
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sequences import soundness
from sequences.breaking import OF_THE_OPERATOR, broken, violations
from sequences.driving import STEPS, draw
from sequences.edits import DEPTH, edited, stacks
from sequences.figures import Figures
from sequences.running import Runner, Step
from sequences.schema import SERVICE, SPEC, choices, key_patterns

PLAIN: dict[str, Any] = {"services": {"web": {"image": "web:1", "user": "1000"}}}
TEMPLATE = "model"
COUNT = 9
"""Sequences: more than one batch."""


def problem(spec: dict[str, Any]) -> str:
    """What the operator says against a definition; empty where it takes it."""
    return soundness.problem(spec, TEMPLATE, PLAIN)


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_a_broken_definition_is_one_that_the_operator_refuses(data: st.DataObject) -> None:
    spec = data.draw(stacks(DEPTH, TEMPLATE))
    if not problem(spec):
        found = data.draw(broken(spec))
        assert problem(found.spec), found.what


@pytest.mark.parametrize("rule", sorted(OF_THE_OPERATOR))
def test_each_rule_that_is_broken_by_hand_is_one(rule: str) -> None:
    spec = deepcopy(PLAIN)
    OF_THE_OPERATOR[rule](spec, spec["services"]["web"])
    assert problem(spec)


def test_every_violation_of_the_schema_is_refused() -> None:
    full = {**PLAIN, "networks": {"n": {"internal": True}}, "gateway": {"replicas": 1}, "suspend": False}
    found = 0
    for number, _ in enumerate(violations(deepcopy(full))):
        spec = deepcopy(full)
        spot, what, change = list(violations(spec))[number]
        change()
        assert problem(spec), (spot.path, what)
        found += 1
    assert found > 15


def test_most_edits_are_good_ones() -> None:
    good: list[bool] = []

    @settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    @given(st.data())
    def draw(data: st.DataObject) -> None:
        good.append(not problem(data.draw(edited(data.draw(stacks(DEPTH, TEMPLATE)), TEMPLATE))))

    draw()
    assert sum(good) > 0.7 * len(good)


class Performed:
    """A runner that keeps what it is to do, and does nothing."""

    template_name = TEMPLATE

    def __init__(self, kept: list[list[Step]]) -> None:
        self.figures = Figures()
        self.steps: list[Step] = []
        kept.append(self.steps)

    def perform(self, step: Step) -> None:
        self.steps.append(step)

    def finish(self) -> None:
        """Its end."""


def test_sequences_are_as_many_and_as_long_as_asked_for_and_edit_something() -> None:
    kept: list[list[Step]] = []
    draw(lambda: cast(Runner, Performed(kept)), COUNT, 7)
    performed = [each for each in kept if each]
    assert len(performed) == COUNT
    assert {len(each) for each in performed} == {1 + STEPS}
    done = Counter(step.do for each in performed for step in each)
    assert done["create"] == COUNT
    assert done["edit"] > COUNT * STEPS / 3
    assert all(any(step.do == "edit" for step in each) for each in performed)


def test_rules_of_the_schema_are_read() -> None:
    health = SERVICE["properties"]["healthcheck"]
    assert {field for each in choices(health) for field in each.fields} == {"disable", "test", "http", "tcp"}
    wanted, unwanted = key_patterns(SERVICE["properties"]["environment"])
    assert wanted and any("AILTIRE_" in each for each in unwanted)
    assert [choice.needed for choice in choices(SPEC["properties"]["data"]["additionalProperties"])] == [False]
