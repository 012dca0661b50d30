"""A stack as it is written, what the operator makes of it, and what the cluster has of that, as YAML. Pure."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ailtire_operator.cli import output
from ailtire_operator.cli.differences import without_bookkeeping
from ailtire_operator.cluster.kinds import SECRET, Ref
from ailtire_operator.cluster.managed_fields import desired_projection, fingerprint, owned_projection
from ailtire_operator.plan.definition_changes import canonical

Object = Mapping[str, Any]


def written_text(stack: Object) -> str:
    """The resource as its author would write it."""
    return output.to_yaml(in_order(without_bookkeeping(stack)))


def rendered_text(manifests: Mapping[Ref, Object]) -> str:
    """The objects of a plan."""
    return output.to_yaml_stream([in_order(manifests[ref]) for ref in sorted(manifests)])


def live_text(objects: Mapping[Ref, Object]) -> str:
    """Objects as they are, without what the API server keeps for itself."""
    return output.to_yaml_stream([in_order(without_bookkeeping(objects[ref])) for ref in sorted(objects)])


def difference(manifests: Mapping[Ref, Object], objects: Mapping[Ref, Object]) -> Iterator[str]:
    """The lines of a unified diff between the objects of a plan and those of the cluster, in the fields that are the
    operator's: what the API server adds, and what others set, is no difference."""
    for ref in sorted({*manifests, *objects}):
        desired = desired_projection(manifests[ref]) if ref in manifests else {}
        owned = owned_projection(objects[ref]) if ref in objects else {}
        if fingerprint(desired) != fingerprint(owned):
            before, after = _text(desired).splitlines(), _text(owned).splitlines()
            yield from difflib.unified_diff(before, after, f"rendered/{ref}", f"live/{ref}", lineterm="")


def without_secrets(objects: Sequence[Object]) -> dict[Ref, Object]:
    """By their addresses; a Secret is never shown."""
    return {Ref.of(each): each for each in objects if each["kind"] != SECRET.kind}


def in_order(value: Any) -> Any:
    """Keys in order; of an object the four with which everybody begins come first."""
    if isinstance(value, Mapping) and "kind" in value and "metadata" in value:
        heads = [key for key in ("apiVersion", "kind", "metadata") if key in value]
        return {key: _sorted(value[key]) for key in (*heads, *sorted(value.keys() - set(heads)))}
    return _sorted(value)


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(each) for each in value] if isinstance(value, list) else value


def _text(projection: Object) -> str:
    return output.to_yaml(_normal(projection)) if projection else ""


def _normal(value: Any) -> Any:
    """Without zero values, which the API server keeps as owned and leaves out; lists of maps in one order."""
    if isinstance(value, Mapping):
        return {key: _normal(value[key]) for key in sorted(value) if value[key]}
    if isinstance(value, list | tuple):
        items = [_normal(each) for each in value]
        return sorted(items, key=canonical) if any(isinstance(each, dict) for each in items) else items
    return value
