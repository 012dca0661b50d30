"""Trees of stacks, and the plan of each stack in them as the operator makes it, level by level."""

from typing import Any

from ailtire_operator import naming
from ailtire_operator.model.loading import parse_spec, parse_stack
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Observed, Plan
from support.definitions.stacks import SETTINGS, stack

Json = dict[str, Any]


def holding(**members: Json) -> Json:
    """A stack with these stacks in it; what has no services of its own is a reference."""
    return {"services": {key: {"type": "stack", **member} for key, member in members.items()}}


def inline(spec: Json) -> Json:
    """A stack that is written where it is used."""
    return {"stack": spec}


def reference(name: str) -> Json:
    """A stack of a template."""
    return {"stackRef": {"name": name}}


def plans_of_tree(spec: Json, **templates: Json) -> dict[str, Plan | str]:
    """The plan of each stack as the operator would make it, or why there is none."""
    observed = Observed(
        templates={name: parse_spec({"templateOnly": True, **each}) for name, each in templates.items()}
    )
    found: dict[str, Plan | str] = {}
    waiting = [stack(spec)]
    while waiting:
        made = plan(waiting.pop(), SETTINGS, observed)
        found[made.stack.name] = made
        found |= {child.name: str(child.problem) for child in made.children.values() if child.problem}
        waiting += [parse_stack(each) for each in made.objects if each["kind"] == naming.KIND]
    return found
