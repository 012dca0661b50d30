"""How a command changes a definition that somebody keeps in a file, so that their next apply takes the change back.

An apply removes only what the same applier has set before: ``kubectl apply`` reads that off its annotation, server-side
apply off the fields of its manager. A value written beside these would stay for ever where the file does not name it,
and be a conflict where it does. So it is written in the name of whoever applies the file. Pure.
"""

import json
from collections.abc import Mapping, Sequence
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
class Request:
    """One PATCH of the resource."""

    content_type: str
    manager: str
    body: Any
    recorded: bool
    """Whether the next apply by whoever applies the resource knows of the value, and takes it back."""

    @property
    def params(self) -> dict[str, str]:
        """The query; an apply takes the value from others, as each of them may have scaled before."""
        params = {"fieldManager": self.manager, "fieldValidation": "Strict"}
        return {**params, "force": "true"} if self.content_type == APPLY else params


def requests(resource: Mapping[str, Any], counts: Mapping[Steps, int]) -> list[Request]:
    """The requests that give the services at these steps so many replicas, of the definition that was read only."""
    annotation = _annotation(resource, counts)
    manager = _applier(resource, counts)
    if manager is not None:
        applied = Request(APPLY, manager, _applied(resource, manager, counts), recorded=True)
        return [applied, *([_patch(resource, "uid", [], annotation)] if annotation else [])]
    return [_patch(resource, "generation", [_operation(resource, *each) for each in counts.items()], annotation)]


def _patch(resource: Mapping[str, Any], fixed: str, operations: Sequence[Json], annotation: Sequence[Json]) -> Request:
    tests = [
        {"op": "test", "path": f"/metadata/{each}", "value": resource["metadata"][each]}
        for each in dict.fromkeys(("uid", fixed))
    ]
    manager = _annotating(resource) if annotation else naming.CLI_MANAGER
    return Request(JSON_PATCH, manager, [*tests, *operations, *annotation], bool(annotation))


def _operation(resource: Mapping[str, Any], service: Steps, count: int) -> Json:
    deploy = "/".join(pointer_step(step) for step in ("", *service, "deploy"))
    if isinstance(at(resource, service).get("deploy"), dict):
        return {"op": "add", "path": f"{deploy}/replicas", "value": count}
    return {"op": "add", "path": deploy, "value": {"replicas": count}}


def at(resource: Mapping[str, Any], steps: Steps) -> Json:
    """The object at these steps, which were followed before."""
    found: Any = resource
    for step in steps:
        found = found[step]
    assert isinstance(found, dict), "the way there was followed before"
    return found


def _applier(resource: Mapping[str, Any], counts: Mapping[Steps, int]) -> str | None:
    """The manager that keeps the services by server-side apply: of several the one that says most of them."""
    entries = resource["metadata"].get("managedFields") or ()
    found = {
        each["manager"]: sum(_depth(owned_fields(resource, each["manager"]), steps) for steps in counts)
        for each in entries
        if each.get("operation") == "Apply" and not each.get("subresource")
    }
    best = max(found, key=lambda each: found[each], default=None)
    return best if best is not None and found[best] > len(counts) else None


def _depth(fields: Mapping[str, Any], steps: Steps) -> int:
    """How many steps of the way to the count a manager owns; 1 is the spec, which each of them has."""
    depth = 0
    for step in (*steps, "deploy", "replicas"):
        if f"f:{step}" not in fields:
            break
        fields, depth = fields[f"f:{step}"], depth + 1
    return depth


def _applied(resource: Mapping[str, Any], manager: str, counts: Mapping[Steps, int]) -> Json:
    """What the manager has applied, with the new counts; refused where anybody has changed the resource meanwhile."""
    metadata = resource["metadata"]
    body: Json = deepcopy(_without_nulls(owned_projection(resource, manager)))
    body |= {"apiVersion": naming.API_VERSION, "kind": naming.KIND}
    identity = {each: metadata[each] for each in ("name", "namespace", "uid", "resourceVersion") if each in metadata}
    body["metadata"] = {**body.get("metadata", {}), **identity}
    for steps, count in counts.items():
        _put(body, steps, count)
    return body


def _without_nulls(value: Any) -> Any:
    """The value without fields that are owned and not there, which an apply need not name."""
    if isinstance(value, dict):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    return value


def _annotation(resource: Mapping[str, Any], counts: Mapping[Steps, int]) -> list[Json]:
    """The operations that let the annotation of ``kubectl apply`` know of the counts; none where it cannot.

    What the annotation names and the file does not is removed whole, so that nothing else may stand in it.
    """
    text = (resource["metadata"].get("annotations") or {}).get(LAST_APPLIED)
    try:
        last = loads(text) if text else None
    except ValueError:
        return []
    if not isinstance(last, dict) or not all(_can_tell(last, resource, steps) for steps in counts):
        return []
    for steps, count in counts.items():
        _put(last, steps, count)
    new = json.dumps(last, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
    return [{"op": "test", "path": _ANNOTATION, "value": text}, {"op": "replace", "path": _ANNOTATION, "value": new}]


def _can_tell(last: Json, resource: Mapping[str, Any], steps: Steps) -> bool:
    found: Any = last
    for step in steps:
        found = found.get(step) if isinstance(found, dict) else None
    if not isinstance(found, dict):
        return False
    others = {key for key in at(resource, steps).get("deploy") or {} if key != "replicas"}
    return isinstance(found.get("deploy"), dict) or not others


def _annotating(resource: Mapping[str, Any]) -> str:
    """Who has written the annotation, so that a change to server-side apply takes the count along."""
    for entry in resource["metadata"].get("managedFields") or ():
        annotations = ((entry.get("fieldsV1") or {}).get("f:metadata") or {}).get("f:annotations") or {}
        if entry.get("operation") == "Update" and f"f:{LAST_APPLIED}" in annotations:
            return str(entry["manager"])
    return naming.CLI_MANAGER


def _put(definition: Json, steps: Steps, count: int) -> None:
    for step in (*steps, "deploy"):
        if not isinstance(definition.get(step), dict):
            definition[step] = {}
        definition = definition[step]
    definition["replicas"] = count
