"""Exports the variables of a container: the platform's with Swarm's names, then the service's."""

from typing import Final

from ailtire_operator import naming
from ailtire_operator.compose.interpolation import braces
from ailtire_operator.compose.reporting import Report
from ailtire_operator.compose.swarm.branches import Branch
from ailtire_operator.compose.swarm.names import Names
from ailtire_operator.compose.swarm.networks import own_network
from ailtire_operator.model.service import Service
from ailtire_operator.plan.workload.environment import with_inherited

_STACKNAME: Final = "{{.Service.Name}}-{{.Task.Slot}}"
_SERVICE_NAME: Final = ".Service.Name"


def for_service(branch: Branch, names: Names, key: str, service: Service, report: Report) -> dict[str, str]:
    """The variables of a plain service. Swarm expands the placeholders in them."""
    view = branch.view
    variables = with_inherited(branch.scope, service).environment
    for field, sources in (
        ("environmentFrom", service.environment_from),
        ("environmentValuesFrom", service.environment_values_from),
    ):
        if sources:
            message = "Swarm cannot set variables from Secrets or ConfigMaps; they are left out."
            report.rejected(view.member_path(key, field), message, "Add them to the file under environment.")
    if names.host(branch, key) != f"{branch.name}_{key}":
        for name, value in variables.items():
            if _SERVICE_NAME in value:
                message = f"the service's name in Swarm is '{names.host(branch, key)}'."
                report.approximate(view.member_path(key, "environment", name), message)
    platform = {
        naming.VARIABLE_STACKNAME: _STACKNAME,
        naming.VARIABLE_PARENT: branch.name,
        naming.VARIABLE_PARENTHOST: gateway_host(branch, names),
        naming.VARIABLE_APPNAME: branch.scope.stack.app_name,
        naming.VARIABLE_SERVICENAME: braces(key),
        naming.VARIABLE_PARENT_NETWORK: parent_network(branch),
    }
    return platform | variables


def for_gateway(branch: Branch, names: Names) -> dict[str, str]:
    """The variables of a stack's gateway, which replaces upstream's stack container."""
    parent = branch.parent
    return {
        naming.VARIABLE_STACKNAME: branch.name,
        naming.VARIABLE_PARENT: parent.name if parent else "",
        naming.VARIABLE_PARENTHOST: names.host(parent, "") if parent and parent.has_gateway else "",
        naming.VARIABLE_APPNAME: branch.scope.stack.app_name,
        naming.VARIABLE_SERVICENAME: braces(branch.key or branch.name),
        naming.VARIABLE_PARENT_NETWORK: parent_network(branch),
    }


def gateway_host(branch: Branch, names: Names) -> str:
    """The host name of the stack's gateway: ``admin``, unless a member has that name; empty without a gateway."""
    if not branch.has_gateway:
        return ""
    known = names.aliases.get((branch.networks.own, branch.name), [])
    return naming.GATEWAY_ALIAS if naming.GATEWAY_ALIAS in known else names.host(branch, "")


def parent_network(branch: Branch) -> str:
    """The network that the stack shares with its parent; at the root upstream's default."""
    above = branch.networks.parent
    return own_network(above.owner) if above else f"{branch.scope.stack.app_name}_top"
