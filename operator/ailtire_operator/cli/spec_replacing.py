"""How a command replaces the whole spec of a definition that somebody keeps in a file. Pure.

As in ``definition_writes`` it is written in the name of whoever applies the file, so that their next apply knows of it:
by server-side apply where they use that, else with the annotation of ``kubectl apply``. Here fields also have to go.
"""

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from ailtire_operator import naming
from ailtire_operator.cli.definition_writes import Request
from ailtire_operator.cli.differences import LAST_APPLIED
from ailtire_operator.cluster.connection import APPLY, JSON_PATCH
from ailtire_operator.cluster.managed_fields import extra_paths, owned_fields, owned_projection, pointer_step
from ailtire_operator.model.nesting import loads

Json = dict[str, Any]


def replacement(resource: Mapping[str, Any], spec: Mapping[str, Any]) -> Request:
    """The request that gives a definition this spec; the one that was read only, or it is answered with a conflict.

    An apply leaves fields that another manager has set as well: ``removal`` says what is left of them.
    """
    manager = _applier(resource)
    if manager is None:
        return _patch(resource, [{"op": "replace", "path": "/spec", "value": dict(spec)}], spec)
    metadata = resource["metadata"]
    body: Json = deepcopy(owned_projection(resource, manager)) | {"apiVersion": naming.API_VERSION, "kind": naming.KIND}
    identity = {each: metadata[each] for each in ("name", "namespace", "uid", "resourceVersion") if each in metadata}
    body["metadata"] = {**_without_nulls(body.get("metadata") or {}), **identity}
    body["spec"] = dict(spec)
    return Request(APPLY, manager, body, recorded=True)


def removal(resource: Mapping[str, Any], spec: Mapping[str, Any]) -> Request | None:
    """What removes the fields that a definition (as it is after ``replacement``) has beyond this spec, if there are."""
    pointers = extra_paths(spec, resource.get("spec") or {})
    if not pointers:
        return None
    return _patch(resource, [{"op": "remove", "path": f"/spec{each}"} for each in pointers], None)


def _patch(resource: Mapping[str, Any], operations: list[Json], spec: Mapping[str, Any] | None) -> Request:
    metadata = resource["metadata"]
    tests = [
        {"op": "test", "path": f"/metadata/{each}", "value": metadata[each]}
        for each in ("uid", "generation")
        if each in metadata
    ]
    annotation = _annotation(resource, spec) if spec is not None else []
    manager = _annotating(resource) if annotation else naming.CLI_MANAGER
    return Request(JSON_PATCH, manager, [*tests, *operations, *annotation], bool(annotation))


def _without_nulls(value: Any) -> Any:
    """The value without fields that are owned and not there, which an apply need not name."""
    if isinstance(value, dict):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    return value


def _applier(resource: Mapping[str, Any]) -> str | None:
    """The manager that keeps the spec by server-side apply: of several the one that says most of it."""
    found = {}
    for each in resource["metadata"].get("managedFields") or ():
        if each.get("operation") == "Apply" and not each.get("subresource"):
            fields = owned_fields(resource, each["manager"]).get("f:spec")
            if fields:
                found[each["manager"]] = _count(fields)
    return max(found, key=lambda each: found[each], default=None)


def _count(fields: Mapping[str, Any]) -> int:
    return 1 + sum(_count(each) for each in fields.values() if isinstance(each, Mapping))


def _annotation(resource: Mapping[str, Any], spec: Mapping[str, Any]) -> list[Json]:
    """The operations that let the annotation of ``kubectl apply`` know of the spec; none where there is none."""
    text = (resource["metadata"].get("annotations") or {}).get(LAST_APPLIED)
    try:
        last = loads(text) if text else None
    except ValueError:
        return []
    if not isinstance(last, dict):
        return []
    last["spec"] = dict(spec)
    new = json.dumps(last, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
    path = f"/metadata/annotations/{pointer_step(LAST_APPLIED)}"
    return [{"op": "test", "path": path, "value": text}, {"op": "replace", "path": path, "value": new}]


def _annotating(resource: Mapping[str, Any]) -> str:
    """Who has written the annotation, so that a change to server-side apply takes the spec along."""
    for entry in resource["metadata"].get("managedFields") or ():
        annotations = ((entry.get("fieldsV1") or {}).get("f:metadata") or {}).get("f:annotations") or {}
        if entry.get("operation") == "Update" and f"f:{LAST_APPLIED}" in annotations:
            return str(entry["manager"])
    return naming.CLI_MANAGER
