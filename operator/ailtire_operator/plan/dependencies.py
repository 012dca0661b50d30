"""Plans ``dependsOn``: what a member waits for, and which services restart with which."""

import json
from collections.abc import Collection, Mapping
from typing import NamedTuple

from ailtire_operator import naming
from ailtire_operator.model.dependencies import is_path
from ailtire_operator.model.field_path import path_of
from ailtire_operator.model.service import Service
from ailtire_operator.model.templates import FORMER_FIELD, without_marks
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.types import DependencyPlan, ServicePlan


class Target(NamedTuple):
    """The member that a dependency names."""

    stack: str
    """The AiltireStack's name."""
    key: str
    above: tuple[str, ...]
    """The keys from the root to that stack; empty for a member of the same stack."""


def target(name: str, root: str, stack: str, members: Collection[str]) -> Target:
    """The target of a key of ``dependsOn``: a member of the same ``stack``, or a path from the tree's root."""
    if not is_path(name, members):
        return Target(stack, name, ())
    *above, key = [part for part in name.split("/") if part] or [name]
    holder = root
    for part in above:
        holder = naming.member(holder, part)
    return Target(holder, key, tuple(above))


def of_stack(scope: Scope, key: str, service: Service) -> tuple[DependencyPlan, ...]:
    """The same for a child stack: its whole definition waits, so that nothing of it is created before."""
    for name, wanted in service.depends_on.items():
        if wanted.restart:
            path = scope.path(key, "dependsOn", name, "restart")
            scope.report(path, "ignored", "a stack is not restarted as a whole.", "Set it for the services in it.")
    return of_service(scope, key, service)


def report_endless(scope: Scope, services: Mapping[str, ServicePlan]) -> None:
    """Report members that wait for the completion of a service that does not end."""
    for key, service in scope.spec.services.items():
        for name, wanted in service.depends_on.items():
            known = services.get(name)
            if wanted.condition == "completed" and known is not None and known.kind != "Job":
                message = f"'{name}' does not end, so its dependents wait until it is healthy."
                remedy = f"Set deploy.mode: replicatedJob for '{name}', or condition: healthy here."
                scope.report(scope.path(key, "dependsOn", name, "condition"), "approximate", message, remedy)


def of_service(scope: Scope, key: str, service: Service) -> tuple[DependencyPlan, ...]:
    """The dependencies that exist, or that another stack may create later."""
    found = []
    for name, wanted in sorted(service.depends_on.items()):
        path = scope.path(key, "dependsOn", name)
        stack, member, _ = target(name, scope.stack.root, scope.name, scope.spec.services)
        if is_path(name, scope.spec.services):
            if wanted.restart and not service.is_stack:
                message = "changes in another stack do not restart services here."
                scope.report(path_of(path, "restart"), "ignored", message, "Use it between services of one stack.")
        elif name not in scope.spec.services:
            scope.report(path, "ignored", f"there is no service '{name}', and it is not required.")
            continue
        found.append(DependencyPlan(name, stack, member, wanted.condition, wanted.required))
    return tuple(found)


def restarts(scope: Scope, service: Service, hashes: Mapping[str, str]) -> str:
    """The value of ``restarted-with``: a hash of the dependencies with ``restart``; empty if there are none."""
    rolling = sorted(name for name, wanted in service.depends_on.items() if wanted.restart)
    known = {name: hashes.get(name) or _of_stack(scope, name) for name in rolling if name in scope.spec.services}
    return naming.digest(json.dumps(known, sort_keys=True)) if known else ""


def _of_stack(scope: Scope, key: str) -> str:
    service = scope.spec.services[key]
    if service.stack_ref is not None:
        template = scope.observed.templates.get(service.stack_ref.name)
        if template is None:
            return ""
        # Always hashed under the former name, so that changing to the new one rolls no pod.
        marked = {**without_marks(template.to_json()), FORMER_FIELD: True}
        return naming.digest(json.dumps(marked, sort_keys=True))
    return naming.digest(json.dumps(service.stack, sort_keys=True, default=str))
