"""What would change, as objects and as text. Pure.

An object is shown as its author sees it: without what the API server keeps for itself, and without its status.
"""

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cli import output
from ailtire_operator.cluster.kinds import KINDS, OWNED_KINDS, STACK, Ref
from ailtire_operator.model.nesting import loads

Json = dict[str, Any]

LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
_BOOKKEEPING: Final = ("managedFields", "resourceVersion", "uid", "creationTimestamp", "generation", "selfLink")
_ALLOCATED: Final = ("clusterIP", "clusterIPs")
"""What a new Service is given: in a dry run a random address that it will not have."""


class Action(StrEnum):
    """What would happen to an object."""

    CREATE = "created"
    CHANGE = "changed"
    REPLACE = "replaced"
    """Deleted and made anew: it cannot be changed in place."""
    DELETE = "deleted"


@dataclass(frozen=True, slots=True)
class Difference:
    """One object that would not stay as it is."""

    ref: Ref
    action: Action
    before: Json | None
    after: Json | None
    held: str = field(default="", kw_only=True)
    """What it waits for before the operator makes the change; empty where it does not wait."""

    @property
    def file_name(self) -> str:
        """As kubectl diff calls its files: group, version, kind, namespace and name."""
        kind = KINDS[self.ref.kind]
        parts = (kind.group, kind.version, kind.kind, self.ref.namespace, self.ref.name)
        return ".".join(part for part in parts if part)

    def to_json(self) -> Json:
        """As data; the form is part of the command's promise (docs/cli.md)."""
        return {
            "action": str(self.action),
            "kind": self.ref.kind,
            "namespace": self.ref.namespace,
            "name": self.ref.name,
            "before": self.before,
            "after": self.after,
            **({"heldBack": self.held} if self.held else {}),
        }

    def texts(self) -> tuple[str, str]:
        """Before and after, as YAML; empty where there is no such object."""
        return _text(self.before), _text(self.after)

    def unified(self) -> Iterator[str]:
        """The lines of a unified diff, without line ends."""
        before, after = self.texts()
        yield f"diff -u -N live/{self.file_name} after/{self.file_name}"
        if self.held:
            yield f"# held back: {self.held}"
        names = (f"live/{self.file_name}", f"after/{self.file_name}")
        yield from difflib.unified_diff(before.splitlines(), after.splitlines(), *names, lineterm="")


def compare(ref: Ref, before: Json | None, after: Json | None, *, replaced: bool = False) -> Difference | None:
    """The change from one live object to another; None if nobody would see a difference."""
    old, new = _shown(before), _shown(after, created=before is None or replaced)
    if old == new:
        return None
    action = Action.CREATE if old is None else Action.DELETE if new is None else Action.CHANGE
    return Difference(ref, Action.REPLACE if replaced else action, old, new)


def paired(changes: Sequence[Difference]) -> list[Difference]:
    """The changes with a gateway's new configuration beside its old one: both are named after their content.

    Configurations that only old pods used are left out: they go when those pods have, whatever is applied.
    """
    leaving = {_gateway_of(change.before, "Deployment") for change in changes if change.action is Action.DELETE}
    old = {stack: change for change in changes if (stack := _gateway_of(change.before, "ConfigMap"))}
    result = []
    for change in changes:
        stack = _gateway_of(change.before or change.after, "ConfigMap")
        if stack and change.action is Action.CREATE and stack in old:
            result.append(Difference(change.ref, Action.REPLACE, old[stack].before, change.after))
        elif not stack or change.action is not Action.DELETE or stack in leaving:
            result.append(change)
    return result


def _gateway_of(obj: Json | None, kind: str) -> str:
    """The stack to whose gateway the object belongs; empty for every other object."""
    labels = obj["metadata"].get("labels") or {} if obj and obj["kind"] == kind else {}
    if not obj or labels.get(naming.LABEL_COMPONENT) != naming.COMPONENT_GATEWAY:
        return ""
    return f"{obj['metadata'].get('namespace', '')}/{labels[naming.LABEL_STACK]}"


def without_bookkeeping(obj: Mapping[str, Any]) -> Json:
    """The object as its author would write it, ``kubectl get -o yaml`` turned back."""
    metadata = {key: value for key, value in obj["metadata"].items() if key not in _BOOKKEEPING}
    annotations = metadata.pop("annotations", None) or {}
    if kept := {key: value for key, value in annotations.items() if key != LAST_APPLIED}:
        metadata["annotations"] = kept
    return {key: value for key, value in obj.items() if key != "status"} | {"metadata": metadata}


def _shown(obj: Json | None, *, created: bool = False) -> Json | None:
    if obj is None:
        return None
    shown = without_bookkeeping(obj)
    spec = shown.get("spec")
    if created and obj.get("kind") == "Service" and isinstance(spec, dict) and spec.get("clusterIP") != "None":
        shown["spec"] = {key: value for key, value in spec.items() if key not in _ALLOCATED}
    return shown


def _text(obj: Json | None) -> str:
    return "" if obj is None else output.to_yaml(_sorted(obj))


def _sorted(value: Any) -> Any:
    """Keys in order: the server's answers and our manifests come in different ones."""
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def summary(changes: Iterable[Difference]) -> str:
    """``1 object would be created, 2 changed``."""
    counts, held = Counter[Action](), 0
    for change in changes:
        counts[change.action] += 1
        held += bool(change.held)
    parts = [f"{counts[action]} {action}" for action in Action if action in counts]
    waiting = f"; held back: {held}" if held else ""
    return f"would be: {', '.join(parts)}{waiting}" if parts else "no difference"


def applying_manager(live: Json, wished: str) -> str | None:
    """The field manager by which the object is kept with server-side apply; None if it is not kept so."""
    found = [
        entry["manager"]
        for entry in live["metadata"].get("managedFields") or ()
        if entry.get("operation") == "Apply" and not entry.get("subresource")
    ]
    if wished in found:
        return wished
    return found[0] if len(found) == 1 else None


def three_way_patch(live: Json, wanted: Json) -> Json:
    """The merge patch that client-side ``kubectl apply`` would send: what was applied last and is not wanted goes."""
    annotation = (live["metadata"].get("annotations") or {}).get(LAST_APPLIED)
    try:
        last = loads(annotation) if annotation else {}
    except ValueError:
        last = {}
    return _patch(last if isinstance(last, dict) else {}, wanted)


def _patch(last: Json, wanted: Json) -> Json:
    patch: Json = {key: None for key in last if key not in wanted}
    for key, value in wanted.items():
        below = last.get(key)
        patch[key] = _patch(below if isinstance(below, dict) else {}, value) if isinstance(value, dict) else value
    return patch


def ordered(changes: Sequence[Difference]) -> list[Difference]:
    """Stacks first, then by kind and name, what goes last."""
    kinds = [kind.kind for kind in OWNED_KINDS]
    return sorted(changes, key=lambda each: (each.ref.kind != STACK.kind, kinds.index(each.ref.kind), each.ref.name))
