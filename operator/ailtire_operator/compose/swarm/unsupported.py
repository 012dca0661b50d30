"""Reports fields of a stack that have no equivalent in Swarm."""

from typing import Final

from ailtire_operator.compose.reporting import Report
from ailtire_operator.compose.swarm.branches import Branch
from ailtire_operator.compose.swarm.container import alias, given
from ailtire_operator.model.field_path import path_of
from ailtire_operator.plan.no_effect import OF_A_STACK

_TEMPLATE: Final = ("a template runs only where another stack refers to it; here it is deployed.", "")
_IGNORED: Final[dict[str, tuple[str, str]]] = {
    "image_pull_secrets": ("Swarm has no pull secrets: deploy.sh passes on those of `docker login`.", ""),
    "security_profile": ("Swarm has no such profiles; containers run with Docker's defaults.", ""),
    "environment": ("Swarm does not support it.", "Set a variable of the services."),
    "exposure": ("published ports answer on every node of the Swarm.", "Put a load balancer before the nodes."),
    "additional_kinds": ("Swarm has no permissions for kinds.", ""),
    "service_accounts": ("Swarm has no service accounts.", ""),
    "reconcile_as": ("Swarm has no service accounts.", ""),
    "restarted_at": (
        "a deployment of the files restarts nothing that is as they say.",
        "Use `docker service update --force`.",
    ),
    "update_policy": ("Swarm updates each service by itself.", "Set updateConfig.failureAction of the services."),
    "revision_history_limit": ("Swarm keeps one definition of each service, the one before.", ""),
    "verify": ("Swarm has no checks of a stack.", "Run its image on the stack's network after `docker stack deploy`."),
    "suspend": ("Swarm stacks are not reconciled.", ""),
    **dict.fromkeys(("template_only", "template"), _TEMPLATE),
}
_RESOLVED: Final = {
    "image_registry": "it is part of the services' images.",
    "images": "they are applied to the services' images.",
    "stopped": "its services have no tasks.",
    "env": "they are in the services' variables.",
    "app_name": "it is in the services' variables.",
}


def report_stack(branch: Branch, report: Report) -> None:
    """Report fields of the whole stack."""
    for name, (reason, remedy) in _IGNORED.items():
        if given(branch.spec, name):
            report.ignored(path_of(branch.view.path, alias(branch.spec, name)), reason, remedy)
    for name, reason in _RESOLVED.items():
        if given(branch.spec, name):
            report.resolved(path_of(branch.view.path, alias(branch.spec, name)), reason)


def report_child(branch: Branch, key: str, child: Branch | None, report: Report) -> None:
    """Report fields of a child stack, which has no container."""
    service = branch.spec.services[key]
    for name in sorted(service.model_fields_set - OF_A_STACK):
        if given(service, name):
            message = "a child stack has no container of its own, so this has no effect."
            remedy = "Set it on the services of the child, or on its gateway."
            report.ignored(branch.view.member_path(key, alias(service, name)), message, remedy)
    if service.policies and service.policies.scaling:
        path = branch.view.member_path(key, "policies", "scaling")
        report.ignored(path, "a child stack has no replicas of its own to scale.", "Set it on its services.")
    for other in service.depends_on:
        message = "Swarm starts all services at once, in no order."
        report.ignored(branch.view.member_path(key, "dependsOn", other), message)
    if child is not None:
        field = "stack" if service.stack_ref is None else "stackRef"
        report.resolved(branch.view.member_path(key, field), f"the stack '{child.name}' is exported separately.")
