"""What a service waits for, as the operator's gate reads it, and what rolls with what."""

import json
from collections.abc import Mapping

from ailtire_operator import naming
from ailtire_operator.model.dependencies import is_path
from ailtire_operator.model.problems import path_of
from ailtire_operator.model.service import Service
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.types import DependencyPlan


def of_service(scope: Scope, key: str, service: Service) -> tuple[DependencyPlan, ...]:
    """The dependencies that exist, or that another stack is to bring."""
    found = []
    for name, wanted in sorted(service.depends_on.items()):
        path = scope.path(key, "dependsOn", name)
        stack, member = scope.name, name
        if is_path(name, scope.spec.services):
            *above, member = [part for part in name.split("/") if part] or [name]
            stack = scope.stack.root
            for part in above:
                stack = naming.member(stack, part)
            if wanted.restart:
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
        return naming.digest(json.dumps(template.to_json(), sort_keys=True)) if template else ""
    return naming.digest(json.dumps(service.stack, sort_keys=True, default=str))
