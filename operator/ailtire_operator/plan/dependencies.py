"""What a service waits for, as the operator's gate reads it, and what rolls with what."""

import json
from collections.abc import Collection, Mapping
from typing import NamedTuple

from ailtire_operator import naming
from ailtire_operator.model.dependencies import is_path
from ailtire_operator.model.problems import path_of
from ailtire_operator.model.service import Service
from ailtire_operator.model.templates import FORMER_FIELD, without_marks
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.types import DependencyPlan, ServicePlan


class Target(NamedTuple):
    """Where a dependency leads."""

    stack: str
    """The AiltireStack's name."""
    key: str
    above: tuple[str, ...]
    """The keys on the way from the root to that stack; empty for a neighbour, which needs no way."""


def target(name: str, root: str, stack: str, members: Collection[str]) -> Target:
    """What a key of ``dependsOn`` means to a member of ``stack``: a neighbour, or a path from the tree's root."""
    if not is_path(name, members):
        return Target(stack, name, ())
    *above, key = [part for part in name.split("/") if part] or [name]
    holder = root
    for part in above:
        holder = naming.member(holder, part)
    return Target(holder, key, tuple(above))


def of_stack(scope: Scope, key: str, service: Service) -> tuple[DependencyPlan, ...]:
    """The same for a member that is a stack: its whole definition waits, so that nothing of it is there before."""
    for name, wanted in service.depends_on.items():
        if wanted.restart:
            path = scope.path(key, "dependsOn", name, "restart")
            scope.report(path, "ignored", "a stack does not roll as a whole.", "Say it of the services in it.")
    return of_service(scope, key, service)


def report_endless(scope: Scope, services: Mapping[str, ServicePlan]) -> None:
    """Note who waits for the end of a service that has none."""
    for key, service in scope.spec.services.items():
        for name, wanted in service.depends_on.items():
            known = services.get(name)
            if wanted.condition == "completed" and known is not None and known.kind != "Job":
                message = f"'{name}' is a service that stays, so it is waited for until it is healthy."
                remedy = f"Say deploy.mode: replicatedJob of '{name}', or condition: healthy here."
                scope.report(scope.path(key, "dependsOn", name, "condition"), "approximate", message, remedy)


def of_service(scope: Scope, key: str, service: Service) -> tuple[DependencyPlan, ...]:
    """The dependencies that exist, or that another stack is to bring."""
    found = []
    for name, wanted in sorted(service.depends_on.items()):
        path = scope.path(key, "dependsOn", name)
        stack, member, _ = target(name, scope.stack.root, scope.name, scope.spec.services)
        if is_path(name, scope.spec.services):
            if wanted.restart and not service.is_stack:
                message = "a change in another stack rolls nothing here."
                scope.report(path_of(path, "restart"), "ignored", message, "Say it of services of one stack.")
        elif name not in scope.spec.services:
            scope.report(path, "ignored", f"there is no service '{name}', and it is not required.")
            continue
        found.append(DependencyPlan(name, stack, member, wanted.condition, wanted.required))
    return tuple(found)


def restarts(scope: Scope, service: Service, hashes: Mapping[str, str]) -> str:
    """What must stand in the service's pod template, so that it changes with that of its dependencies; or nothing."""
    rolling = sorted(name for name, wanted in service.depends_on.items() if wanted.restart)
    known = {name: hashes.get(name) or _of_stack(scope, name) for name in rolling if name in scope.spec.services}
    return naming.digest(json.dumps(known, sort_keys=True)) if known else ""


def _of_stack(scope: Scope, key: str) -> str:
    service = scope.spec.services[key]
    if service.stack_ref is not None:
        template = scope.observed.templates.get(service.stack_ref.name)
        if template is None:
            return ""
        # Under the former name whichever is written, so that to write the other one rolls no pod.
        marked = {**without_marks(template.to_json()), FORMER_FIELD: True}
        return naming.digest(json.dumps(marked, sort_keys=True))
    return naming.digest(json.dumps(service.stack, sort_keys=True, default=str))
