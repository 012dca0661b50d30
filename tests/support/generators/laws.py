"""What the properties of plans share: stacks to draw from, a cluster to plan for, plans by address."""

import os

from hypothesis import HealthCheck, Phase, assume, settings
from hypothesis import strategies as st

from ailtire_operator import naming
from ailtire_operator.model.loading import parse_spec, parse_stack
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Manifest, Observed, Plan
from support.definitions.stacks import SETTINGS, stack
from support.generators.strategies import Json, specs

TEMPLATES = {
    "shared": parse_spec({"templateOnly": True, "services": {"api": {"image": "api:1", "interface": {"/": {}}}}}),
    "looping": parse_spec(
        {"templateOnly": True, "services": {"x": {"type": "stack", "stackRef": {"name": "looping"}}}}
    ),
}


class Everywhere(dict[str, tuple[str, ...]]):
    """An address for every Service that anybody asks for."""

    def get(self, name: str, default: object = None) -> tuple[str, ...]:
        """One of its own for each name."""
        number = int(naming.digest(name, 4), 16)
        return (f"10.8.{number // 256}.{number % 256}",)


OBSERVED = Observed(templates=TEMPLATES, addresses=Everywhere(), secret_watch="off")
STACKS = specs(references=["shared", "looping", "missing"])

CHOICES = st.integers(0, 2**32 - 1)
"""Which of several: what a test draws is data, so that a found example can be kept."""

EXAMPLES = int(os.environ.get("AILTIRE_TEST_EXAMPLES", "30"))

# Not shrunk: of a stack that says so much that takes minutes.
laws = settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def planned(spec: Json, observed: Observed = OBSERVED) -> Plan:
    """The plan of a spec. Raises InvalidStack."""
    return plan(stack(spec), SETTINGS, observed)


def accepted(spec: Json) -> Plan:
    """The plan of a spec, or no example where the plan refuses it."""
    try:
        return planned(spec)
    except InvalidStack:
        assume(False)
        raise AssertionError from None


def tree(spec: Json) -> list[Plan]:
    """The plans of a stack and all below it, each child from the resource that its parent wrote."""
    found, waiting = [], [stack(spec)]
    while waiting:
        try:
            made = plan(waiting.pop(), SETTINGS, OBSERVED)
        except InvalidStack:
            continue
        found.append(made)
        waiting += [parse_stack(each) for each in made.objects if each["kind"] == naming.KIND]
    return found


def ref(manifest: Manifest) -> tuple[str, str]:
    """Kind and name."""
    return manifest["kind"], manifest["metadata"]["name"]


def by_ref(made: Plan) -> dict[tuple[str, str], Manifest]:
    """The plan's objects by kind and name."""
    return {ref(each): each for each in made.objects}
