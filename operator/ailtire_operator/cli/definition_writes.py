"""How a command changes a definition that somebody keeps in a file, so that their next apply takes the change back.

An apply removes only what the same applier has set before: ``kubectl apply`` reads that off its annotation, server-side
apply off the fields of its manager. A value written beside these would stay for ever where the file does not name it,
and be a conflict where it does. So it is written in the name of whoever applies the file. Pure.

A value that is removed is in nobody's name any more: a file that names it brings it back, any other leaves it so.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cli.differences import LAST_APPLIED
from ailtire_operator.cluster.connection import APPLY, JSON_PATCH
from ailtire_operator.cluster.managed_fields import owned_fields, owned_projection, pointer_step
from ailtire_operator.model.nesting import loads

Json = dict[str, Any]
Steps = tuple[str, ...]
_ANNOTATION: Final = f"/metadata/annotations/{pointer_step(LAST_APPLIED)}"


@dataclass(frozen=True, slots=True)
class Write:
    """One value of a definition."""

    base: Steps
    """The way to what is there in any case: the spec, or a member of it."""
    field: Steps
    """The way from there to the value; what is missing on it is made, what is empty after a removal goes with it."""
    value: Any
    """None removes it."""

    @property
    def steps(self) -> Steps:
        """The whole way."""
        return (*self.base, *self.field)


@dataclass(frozen=True, slots=True)
class Request:
    """One PATCH of the resource."""

    content_type: str
    manager: str
    body: Any
    recorded: bool
    """Whether the next apply by whoever applies the resource knows of the values, and takes them back."""

    @property
    def params(self) -> dict[str, str]:
        """The query; an apply takes the value from others, as each of them may have written it before."""
        params = {"fieldManager": self.manager, "fieldValidation": "Strict"}
        return {**params, "force": "true"} if self.content_type == APPLY else params


def requests(resource: Mapping[str, Any], writes: Sequence[Write]) -> list[Request]:
    """The requests that write these values into the definition that was read, and into no other."""
    last = _last_applied(resource, writes)
    annotation = _annotation(resource, last, writes) if last is not None else []
    manager = _applier(resource, writes)
    if manager is None:
        operations = _operations(resource, writes)
        recorded = last is not None or _only_removes(resource, writes)
        return [_patch(resource, "generation", operations, annotation, recorded)] if operations else []
    applied = [each for each in writes if each.value is not None or _is_only_of(resource, manager, each)]
    rest = _operations(edited(resource, applied), [each for each in writes if each not in applied])
    if not applied:
        return [_patch(resource, "generation", rest, annotation, recorded=True)] if rest else []
    found = [Request(APPLY, manager, _applied(resource, manager, applied), recorded=True)]
    return [*found, _patch(resource, "uid", rest, annotation, recorded=True)] if rest or annotation else found


def edited(resource: Mapping[str, Any], writes: Iterable[Write]) -> Json:
    """A copy of the resource, or of a part of it that begins as it does, with these values."""
    result: Json = deepcopy(dict(resource))
    for each in writes:
        _edit(result, each)
    return result


def at(resource: Mapping[str, Any], steps: Steps) -> Json:
    """The object at these steps, which were followed before."""
    found: Any = resource
    for step in steps:
        found = found[step]
    assert isinstance(found, dict), "the way there was followed before"
    return found


def value_at(resource: Any, steps: Steps) -> Any:
    """The value at the end of these steps; None where there is none."""
    for step in steps:
        resource = resource.get(step) if isinstance(resource, dict) else None
    return resource


def _edit(definition: Json, write: Write) -> None:
    if write.value is None:
        steps = _emptied(definition, write)
        if value_at(definition, steps) is not None:
            del at(definition, steps[:-1])[steps[-1]]
        return
    *way, name = write.steps
    for step in way:
        if not isinstance(definition.get(step), dict):
            definition[step] = {}
        definition = definition[step]
    definition[name] = write.value


def _emptied(definition: Mapping[str, Any], write: Write) -> Steps:
    """The way to what goes with a value: what holds nothing else goes with it."""
    steps = write.steps
    while len(steps) > len(write.base) + 1 and set(value_at(definition, steps[:-1]) or {}) <= {steps[-1]}:
        steps = steps[:-1]
    return steps


def _patch(
    resource: Mapping[str, Any], fixed: str, operations: Sequence[Json], annotation: Sequence[Json], recorded: bool
) -> Request:
    tests = [
        {"op": "test", "path": f"/metadata/{each}", "value": resource["metadata"][each]}
        for each in dict.fromkeys(("uid", fixed))
    ]
    manager = _annotating(resource) if annotation else naming.CLI_MANAGER
    return Request(JSON_PATCH, manager, [*tests, *operations, *annotation], recorded)


def _operations(resource: Mapping[str, Any], writes: Iterable[Write]) -> list[Json]:
    """The operations of a JSON Patch, each on what those before it have left."""
    found: list[Json] = []
    definition = edited(resource, ())
    for each in writes:
        if each.value is not None:
            found.append(_addition(definition, each))
        elif value_at(definition, each.steps) is not None:
            found.append({"op": "remove", "path": _pointer(_emptied(definition, each))})
        _edit(definition, each)
    return found


def _addition(definition: Mapping[str, Any], write: Write) -> Json:
    """The operation that adds the value, with what is missing on the way to it."""
    steps, value = write.steps, write.value
    while len(steps) > len(write.base) + 1 and not isinstance(value_at(definition, steps[:-1]), dict):
        steps, value = steps[:-1], {steps[-1]: value}
    return {"op": "add", "path": _pointer(steps), "value": value}


def _pointer(steps: Steps) -> str:
    return "/".join(pointer_step(step) for step in ("", *steps))


def _applier(resource: Mapping[str, Any], writes: Sequence[Write]) -> str | None:
    """The manager that keeps the members by server-side apply: of several the one that says most of them."""
    found = {
        manager: sum(_depth(owned_fields(resource, manager), each.steps) for each in writes)
        for manager in _appliers(resource)
    }
    best = max(found, key=lambda each: found[each], default=None)
    # The spec is what each of them has: of a member it takes more.
    return best if best is not None and found[best] > sum(len(each.base) > 1 for each in writes) else None


def _appliers(resource: Mapping[str, Any]) -> list[str]:
    """Who has written the resource by server-side apply."""
    entries = resource["metadata"].get("managedFields") or ()
    return [each["manager"] for each in entries if each.get("operation") == "Apply" and not each.get("subresource")]


def _depth(fields: Mapping[str, Any], steps: Steps) -> int:
    """How many steps of the way to the value a manager owns; 1 is the spec, which each of them has."""
    depth = 0
    for step in steps:
        if f"f:{step}" not in fields:
            break
        fields, depth = fields[f"f:{step}"], depth + 1
    return depth


def _is_only_of(resource: Mapping[str, Any], manager: str, write: Write) -> bool:
    """Whether the value goes where this manager applies without it: whoever else has set it would keep it there."""
    entries = resource["metadata"].get("managedFields") or ()
    owners = [
        (each.get("manager"), each.get("operation"))
        for each in entries
        if _depth(each.get("fieldsV1") or {}, write.steps) == len(write.steps)
    ]
    return owners == [(manager, "Apply")]


def _applied(resource: Mapping[str, Any], manager: str, writes: Sequence[Write]) -> Json:
    """What the manager has applied, with the new values; refused where anybody has changed the resource meanwhile."""
    metadata = resource["metadata"]
    body = edited(_without_nulls(owned_projection(resource, manager)), writes)
    body |= {"apiVersion": naming.API_VERSION, "kind": naming.KIND}
    identity = {each: metadata[each] for each in ("name", "namespace", "uid", "resourceVersion") if each in metadata}
    body["metadata"] = {**body.get("metadata", {}), **identity}
    return body


def _without_nulls(value: Any) -> Any:
    """The value without fields that are owned and not there, which an apply need not name."""
    if isinstance(value, dict):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    return value


def _last_applied(resource: Mapping[str, Any], writes: Sequence[Write]) -> Json | None:
    """What the annotation of ``kubectl apply`` says; None where there is none, or it does not hold the values.

    What the annotation names and the file does not is removed whole, so that nothing else may stand in it.
    """
    text = (resource["metadata"].get("annotations") or {}).get(LAST_APPLIED)
    try:
        last = loads(text) if text else None
    except ValueError:
        return None
    if not isinstance(last, dict) or not all(_can_tell(last, resource, each, writes) for each in writes):
        return None
    return last


def _annotation(resource: Mapping[str, Any], last: Json, writes: Sequence[Write]) -> list[Json]:
    """The operations that let the annotation know of the values; none where it says the same already."""
    edited_last = edited(last, writes)
    if edited_last == last:
        return []
    text = resource["metadata"]["annotations"][LAST_APPLIED]
    new = json.dumps(edited_last, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
    return [{"op": "test", "path": _ANNOTATION, "value": text}, {"op": "replace", "path": _ANNOTATION, "value": new}]


def _can_tell(last: Json, resource: Mapping[str, Any], write: Write, writes: Sequence[Write]) -> bool:
    if write.value is None:
        return True
    if not isinstance(value_at(last, write.base), dict):
        return False
    for number in range(len(write.base) + 1, len(write.steps)):
        way = write.steps[:number]
        if not isinstance(value_at(last, way), dict):
            written = {each.steps[number] for each in writes if each.steps[:number] == way}
            return set(value_at(resource, way) or {}) <= written
    return True


def _only_removes(resource: Mapping[str, Any], writes: Sequence[Write]) -> bool:
    """Whether an apply brings back all that goes, if its file names it."""
    annotations = resource["metadata"].get("annotations") or {}
    is_applied = LAST_APPLIED in annotations or bool(_appliers(resource))
    return is_applied and all(each.value is None for each in writes)


def _annotating(resource: Mapping[str, Any]) -> str:
    """Who has written the annotation, so that a change to server-side apply takes the value along."""
    for entry in resource["metadata"].get("managedFields") or ():
        annotations = ((entry.get("fieldsV1") or {}).get("f:metadata") or {}).get("f:annotations") or {}
        if entry.get("operation") == "Update" and f"f:{LAST_APPLIED}" in annotations:
            return str(entry["manager"])
    return naming.CLI_MANAGER
