"""``set env``: the variables of a service, changed where they are written. Pure."""

from collections.abc import Sequence
from typing import Final

from ailtire_operator import naming
from ailtire_operator.cli.definition_edits import Edit, Plan
from ailtire_operator.cli.definition_places import Place, locate
from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.trees import Resource
from ailtire_operator.status.text import listed

REFERENCES: Final = "environmentValuesFrom"
"""The other field with variables: a name stands in one of the two."""
_USAGE: Final = "Write NAME=VALUE to set a variable, NAME- to remove it."


def plan_variables(path: str, assignments: Sequence[str], stacks: Sequence[Resource]) -> Plan:
    """What to change for ``LOG=debug`` and ``LOG-``. Raises Failure or Missing for what cannot be."""
    place = locate(path, stacks)
    if not place.key:
        inside = listed(sorted(place.stack.services), 12) or "there is none"
        raise Failure(f"{place.path} is a stack, which has no variables", f"Name a service in it: {inside}.")
    plan = Plan([])
    for name, value in parsed(assignments).items():
        edits = _edits(place, name, value)
        plan.edits.extend(edits)
        if not edits:
            state = f"has no {name}" if value is None else f"has this {name}"
            plan.already.append(f"{naming.SINGULAR}/{place.entry.owner}: {place.path} {state} already")
    return plan


def parsed(assignments: Sequence[str]) -> dict[str, str | None]:
    """The values by name; None removes one. Raises Failure for what is neither, and for a name of the operator's."""
    found: dict[str, str | None] = {}
    for text in assignments:
        name, given, value = text.partition("=")
        if not given and not text.endswith("-"):
            raise Failure(f"'{text}' is no variable and value", _USAGE)
        name = name if given else text[:-1]
        if not name:
            raise Failure(f"'{text}' names no variable", _USAGE)
        if name.startswith(naming.RESERVED_VARIABLE_PREFIX):
            reason = f"the operator sets the {naming.RESERVED_VARIABLE_PREFIX}* variables itself"
            raise Failure(f"{name} is reserved: {reason}", "Choose another name.")
        if name in found:
            raise Failure(f"{name} is given twice", _USAGE)
        found[name] = value if given else None
    return found


def _edits(place: Place, name: str, value: str | None) -> list[Edit]:
    """One edit, and one more where the name stands among those whose value comes from a Secret or ConfigMap."""
    found = []
    for field, after in (("environment", value), (REFERENCES, None)):
        before = (place.entry.value.get(field) or {}).get(name)
        if before != after:
            found.append(Edit(place.path, place.entry, (field, name), before, after, place.stack.live, place.key))
    return found
