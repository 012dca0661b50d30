"""Which fields differ between a workload as it was and as it is now: what made its pods be replaced. Pure.

Both are objects as the API server has them, so that defaults differ nowhere. Paths are written as people say them:
``containers[web].image``, ``containers[web].env[LOG]``, ``annotations[example.com/version]``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ailtire_operator.cluster.kinds import DAEMON_SET, DEPLOYMENT, STATEFUL_SET

ROLLED_KINDS: Final = frozenset({DEPLOYMENT.kind, STATEFUL_SET.kind, DAEMON_SET.kind})
"""Kinds whose pods are replaced when their template changes."""
_KEYS: Final = ("name", "mountPath", "containerPort", "ip", "topologyKey")
"""The fields that identify the items of a pod's lists, the first that all of them have and no two share."""
_OF_KUBERNETES: Final = frozenset({"pod-template-hash", "controller-revision-hash", "pod-template-generation"})
"""Labels that Kubernetes' controllers add to the templates that they keep."""
_COUNTS: Final = frozenset({"replicas", "template"})


@dataclass(frozen=True, slots=True)
class TemplateChange:
    """One field with its value before and after; None where it was, or is, absent."""

    path: str
    name: str
    """The last step of the path: of ``containers[web].env[LOG]`` it is ``LOG``."""
    before: Any
    after: Any


def template_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[TemplateChange, ...]:
    """What differs between two pod templates, images first; empty where the pods stay."""
    found = list(_differences(_flat(before), _flat(after), "", ""))
    return tuple(sorted(found, key=lambda each: each.name != "image"))


def replacement_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[TemplateChange, ...]:
    """The same for two specs of a workload that was deleted and made anew: beside the template all but its count."""
    rest = (
        change
        for name in sorted({*before, *after} - _COUNTS)
        for change in _differences(before.get(name), after.get(name), f"spec.{name}", name)
    )
    return (*template_changes(before.get("template") or {}, after.get("template") or {}), *rest)


def _flat(template: Mapping[str, Any]) -> dict[str, Any]:
    """The pod's spec with its labels and annotations beside it."""
    metadata, spec = template.get("metadata") or {}, template.get("spec") or {}
    labels = {key: value for key, value in (metadata.get("labels") or {}).items() if key not in _OF_KUBERNETES}
    return {**spec, "labels": labels, "annotations": metadata.get("annotations") or {}}


def _differences(before: Any, after: Any, path: str, name: str) -> Iterator[TemplateChange]:
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in (*before, *(key for key in after if key not in before)):
            below = f"{path}[{key}]" if path in ("labels", "annotations") else f"{path}.{key}" if path else str(key)
            yield from _differences(before.get(key), after.get(key), below, str(key))
    elif (key := _key_of(before, after)) is not None:
        yield from _items(before or (), after or (), key, path, name)
    else:
        yield TemplateChange(path, name, before, after)


def _items(before: Sequence[Any], after: Sequence[Any], key: str, path: str, name: str) -> Iterator[TemplateChange]:
    """The items of a list by the field that identifies them, and their order where nothing else differs."""
    old, new = ({str(item[key]): item for item in items} for items in (before, after))
    for step in (*old, *(step for step in new if step not in old)):
        below = f"{path}[{step}]"
        if name == "env":
            if old.get(step) != new.get(step):
                yield TemplateChange(below, step, _variable(old.get(step)), _variable(new.get(step)))
        elif step in old and step in new:
            yield from _differences(old[step], new[step], below, step)
        else:
            yield TemplateChange(below, step, old.get(step), new.get(step))
    if old == new:
        yield TemplateChange(path, name, list(old), list(new))


def _key_of(before: Any, after: Any) -> str | None:
    """The field that identifies the items of both lists; None where one of them is none, or has no such."""
    if not isinstance(before or [], list) or not isinstance(after or [], list) or not (before or after):
        return None
    for key in _KEYS:
        if all(_tells(items or (), key) for items in (before, after)):
            return key
    return None


def _tells(items: Sequence[Any], key: str) -> bool:
    if not all(isinstance(item, Mapping) and isinstance(item.get(key), (str, int)) for item in items):
        return False
    return len({str(item[key]) for item in items}) == len(items)


def _variable(item: Mapping[str, Any] | None) -> Any:
    """The value of a variable, or where it comes from."""
    return None if item is None else item.get("valueFrom") or item.get("value", "")
