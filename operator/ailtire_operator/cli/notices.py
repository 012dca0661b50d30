"""The notices of a tree that runs, from the statuses of its stacks. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from ailtire_operator.cli.report import Finding
from ailtire_operator.cli.trees import Resource, is_observed
from ailtire_operator.model.field_path import FieldPath
from ailtire_operator.model.report import Classification, Notice


def findings(tree: Sequence[Resource], *, namespaces: bool = False) -> list[Finding]:
    """What does not run exactly as it is written, stack by stack; with their ``namespaces`` where there are several."""
    return [
        Finding(
            _notice(each),
            resource["metadata"]["name"],
            resource["metadata"].get("namespace", "") if namespaces else "",
        )
        for resource in tree
        for each in _translation(resource).get("notices") or ()
    ]


def reservations(tree: Sequence[Resource], *, namespaces: bool = False) -> Iterator[str]:
    """Where the findings are not all that there is to tell, a sentence each."""
    for resource in tree:
        metadata, translation = resource["metadata"], _translation(resource)
        name = f"{metadata.get('namespace', '')}/{metadata['name']}" if namespaces else metadata["name"]
        more = translation.get("count", 0) - len(translation.get("notices") or ())
        if not is_observed(resource):
            yield f"{name}: the operator has not reconciled the current definition yet"
        elif more > 0:
            yield f"{name}: {more} more are not in its status; 'kubectl ailtire validate --report full' lists all"


def _translation(resource: Resource) -> Mapping[str, Any]:
    return (resource.get("status") or {}).get("translation") or {}


def _notice(saved: Mapping[str, Any]) -> Notice:
    """A notice of a status; one that another release classifies otherwise is at least a deviation."""
    kinds: Mapping[Any, Classification] = {each: each for each in get_args(Classification)}
    return Notice(
        where=FieldPath(saved.get("path", "")),
        classification=kinds.get(saved.get("classification"), "approximate"),
        message=saved.get("message", ""),
        remedy=saved.get("remedy") or "",
    )
