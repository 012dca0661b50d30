"""Expands Swarm's placeholders such as ``{{.Task.Slot}}`` in variables, host names and mounts.

Values known to the plan are inserted; values of the running pod come from variables of the downward API. All others
are refused, so that no process gets a literal ``{{``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ailtire_operator import naming
from ailtire_operator.model.braces import inside, pairs
from ailtire_operator.model.field_path import FieldPath
from ailtire_operator.model.service import Service
from ailtire_operator.model.values import VALUE_LIMIT
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.values import literal

_TEXT = re.compile(r"\"([^\"\\]*)\"|`([^`]*)`")
_SLOT = ".Task.Slot"
_DYNAMIC = {
    _SLOT: naming.VARIABLE_TASK_SLOT,
    ".Task.Name": naming.VARIABLE_STACKNAME,
    ".Task.ID": naming.VARIABLE_TASK_ID,
    ".Node.ID": naming.VARIABLE_NODE_HOSTNAME,
    ".Node.Hostname": naming.VARIABLE_NODE_HOSTNAME,
}
FIELDS = {
    naming.VARIABLE_TASK_SLOT: "metadata.labels['apps.kubernetes.io/pod-index']",
    naming.VARIABLE_TASK_ID: "metadata.uid",
    naming.VARIABLE_NODE_HOSTNAME: "spec.nodeName",
}
"""The downward API field of each variable."""
_LABEL = ".Service.Labels."
_ID_LENGTH = 25
"""Characters of a Swarm identifier."""


@dataclass(frozen=True, slots=True)
class Expanded:
    """A text with its placeholders resolved."""

    text: str
    variables: tuple[str, ...] = ()
    """Variables that the text refers to as ``$(NAME)``; every other ``$`` in it is then doubled."""
    refused: bool = False
    """A placeholder could not be expanded and was reported; the text is empty."""


def has_placeholders(text: str) -> bool:
    """Whether the text has placeholders."""
    return "{{" in text


def needs_slot(service: Service) -> bool:
    """Whether the service uses the number of its replica, which only a StatefulSet has."""
    if service.deploy is not None and service.deploy.mode != "replicated":
        return False
    return any(map(has_slot, _texts(service)))


def has_slot(text: str) -> bool:
    """Whether a text has the placeholder for the number of a replica."""
    return any(_SLOT in inside(text, *pair) for pair in pairs(text))


def _texts(service: Service) -> Iterator[str]:
    yield from service.environment.values()
    if service.hostname:
        yield service.hostname


def variable(scope: Scope, key: str, service: Service, path: FieldPath, text: str) -> Expanded:
    """The value of a variable. An unknown placeholder is refused."""
    return expand(scope, key, service, path, text) if has_placeholders(text) else Expanded(literal(text))


def expand(scope: Scope, key: str, service: Service, path: FieldPath, text: str) -> Expanded:
    """The text with its placeholders expanded. An unknown one is refused."""
    parts: list[tuple[str, bool]] = []
    end = 0
    refused = False
    for start, close in pairs(text):
        parts.append((text[end:start], False))
        resolved = _resolve(scope, key, service, path, inside(text, start, close))
        refused |= resolved is None
        parts += [resolved] if resolved else []
        end = close
    parts.append((text[end:], False))
    if sum(len(part) for part, _ in parts) > VALUE_LIMIT:
        scope.refuse(path, f"longer than {VALUE_LIMIT} characters after placeholders are expanded")
        refused = True
    if refused:
        return Expanded("", refused=True)
    variables = tuple(dict.fromkeys(part for part, dynamic in parts if dynamic))
    if not variables:
        return Expanded(literal("".join(part for part, _ in parts)))
    return Expanded("".join(f"$({part})" if dynamic else part.replace("$", "$$") for part, dynamic in parts), variables)


def _resolve(scope: Scope, key: str, service: Service, path: FieldPath, action: str) -> tuple[str, bool] | None:
    """The value of one placeholder, and whether it is the name of a variable; None if it is unknown."""
    mode = service.deploy.mode if service.deploy else "replicated"
    labels = service.deploy.labels if service.deploy else {}
    if action == ".Service.Name":
        return f"{scope.name}_{key}", False
    if action == ".Service.ID":
        scope.report(
            path, "approximate", "Kubernetes has no such identifier for a service, so one is made from its name."
        )
        return naming.digest(f"{scope.name}/{key}", _ID_LENGTH), False
    if action.startswith(_LABEL) and action.removeprefix(_LABEL) in labels:
        return labels[action.removeprefix(_LABEL)], False
    if action == _SLOT and mode in ("global", "globalJob"):
        return naming.VARIABLE_NODE_HOSTNAME, True  # as in Swarm, where a global service's slot is its node
    if action in _DYNAMIC and not (action == _SLOT and mode == "replicatedJob"):
        if action != _SLOT and action != ".Node.Hostname":
            scope.report(path, "approximate", f"Swarm's {action} is the pod's or node's name or uid here.")
        return _DYNAMIC[action], True
    if text := _TEXT.fullmatch(action):
        return text.group(1) or text.group(2) or "", False
    scope.refuse(path, f"'{{{{{action}}}}}' is not a known placeholder here; for literal braces write {{{{\"{{{{\"}}}}")
    return None
