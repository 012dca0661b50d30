"""``set env``: the variables of a service, or of all services of a stack and below, where they are written. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cli.definition_edits import Edit, Plan
from ailtire_operator.cli.definition_places import Place, Spot, locate, subtree
from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.trees import Resource
from ailtire_operator.status.text import listed

_REFERENCES: Final = "environmentValuesFrom"
"""The other field with variables of a service: a name stands in one of the two."""
_USAGE: Final = "Write NAME=VALUE to set a variable, NAME- to remove it."


def plan_variables(path: str, assignments: Sequence[str], stacks: Sequence[Resource]) -> Plan:
    """What to change for ``LOG=debug`` and ``LOG-``. Raises Failure or Missing for what cannot be."""
    place = locate(path, stacks)
    plan = Plan([])
    for name, value in parsed(assignments).items():
        edits = list(_edits(place, name, value))
        plan.edits.extend(edits)
        plan.notes.extend(_notes(place, name, value, stacks))
        if not edits:
            state = f"has no {name}" if value is None else f"has this {name}"
            plan.already.append(f"{naming.SINGULAR}/{_holder(place).owner}: {place.path} {state} already")
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


def variables(place: Place) -> Iterator[str]:
    """The names that are set there."""
    for field in _fields(place):
        yield from _holder(place).value.get(field) or {}


def _holder(place: Place) -> Spot:
    """What holds the variables: a service, or a stack's definition."""
    return place.entry if place.key else place.stack.written()


def _fields(place: Place) -> tuple[str, ...]:
    return ("environment", _REFERENCES) if place.key else ("env",)


def _edits(place: Place, name: str, value: str | None) -> Iterator[Edit]:
    """One edit, and one more where the name stands among those whose value comes from a Secret or ConfigMap."""
    holder = _holder(place)
    for field in _fields(place):
        after = None if field == _REFERENCES else value
        before = (holder.value.get(field) or {}).get(name)
        if before != after:
            yield Edit(place.path, holder, (field, name), before, after, place.stack.live, place.key)


def _notes(place: Place, name: str, value: str | None, stacks: Sequence[Resource]) -> Iterator[str]:
    """Where another value counts: the nearest one does."""
    if value is None:
        levels = place.levels if place.key else place.levels[:-1]
        above = next((each.path for each in reversed(levels) if name in (each.spec.get("env") or {})), "")
        if above:
            yield f"{name} still comes from env of {above}"
    elif not place.key:
        own = list(_overriding(place, name, stacks))
        if own:
            yield f"{name} of {listed(own, 8)} stays as it is, as it is set there"


def _overriding(place: Place, name: str, stacks: Sequence[Resource]) -> Iterator[str]:
    """The stacks and services below that set the variable themselves."""
    for here in subtree(place, stacks):
        if here.names != place.names and name in (here.stack.spec.get("env") or {}):
            yield here.path
        for key, service in here.stack.services.items():
            if any(name in _names(service, field) for field in ("environment", _REFERENCES)):
                yield f"{here.path}/{key}"


def _names(service: Any, field: str) -> Mapping[str, Any]:
    found = service.get(field) if isinstance(service, Mapping) else None
    return found if isinstance(found, Mapping) else {}
