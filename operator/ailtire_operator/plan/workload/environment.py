"""Plans the environment variables of a container: the platform's first, then the service's."""

from collections.abc import Mapping
from typing import Any

from ailtire_operator import naming
from ailtire_operator.model.field_path import FieldPath, path_of
from ailtire_operator.model.service import EnvironmentReference, Service
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.values import compact, literal
from ailtire_operator.plan.workload import placeholders

Variable = dict[str, Any]


def parent_network(scope: Scope) -> str:
    """The name of the network that the stack shares with its parent, in upstream's form."""
    place = scope.spec.place
    app = scope.stack.app_name
    return f"{app}_{place.parent}_{place.parent_key}_family" if place else f"{app}_top"


def with_inherited(scope: Scope, service: Service) -> Service:
    """The service with the variables of its stack and the stacks above that it does not set itself."""
    inherited = {
        name: value
        for name, value in scope.env.items()
        if name not in service.environment and name not in service.environment_values_from
    }
    return service.model_copy(update={"environment": inherited | service.environment}) if inherited else service


def check_inherited(scope: Scope) -> None:
    """Refuse variables of the whole subtree that would make a StatefulSet of every service."""
    for name, value in scope.spec.env.items():
        if placeholders.has_slot(value):
            message = (
                "the number of a replica differs between services; set it in the environment of those that need it"
            )
            scope.refuse(path_of(scope.base, "env", name), message)


def _path(scope: Scope, key: str, name: str) -> FieldPath:
    """Where a variable of a service is set."""
    if name in scope.spec.services[key].environment:
        return scope.path(key, "environment", name)
    return path_of(scope.base, *(("env",) if name in scope.spec.env else ("place", "env")), name)


def for_service(scope: Scope, key: str, service: Service) -> list[Variable]:
    """All variables of a plain service's container, without duplicates."""
    own = {
        name: {"name": name, "valueFrom": _reference(source)}
        for name, source in service.environment_values_from.items()
    }
    helpers: dict[str, Variable] = {}
    for name, value in service.environment.items():
        expanded = placeholders.variable(scope, key, service, _path(scope, key, name), value)
        own[name] = _variable(name, expanded.text)
        helpers |= {each: _field(each) for each in expanded.variables if each in placeholders.FIELDS}
    return [
        *_platform(scope, key),
        *(helpers[name] for name in sorted(helpers)),
        *(own[name] for name in sorted(own)),
    ]


def for_verification(scope: Scope, key: str, values: Mapping[str, str]) -> list[Variable]:
    """The variables of the container that checks the stack: the platform's, the subtree's, and its own ``values``."""
    own = {**scope.env, **values}
    return [
        *_platform(scope, key),
        *(_variable(name, literal(own[name])) for name in sorted(own)),
    ]


def _platform(scope: Scope, key: str) -> list[Variable]:
    """The variables that every container of the stack has."""
    stack_name = {
        "name": naming.VARIABLE_STACKNAME,
        "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}},
    }
    platform = {
        naming.VARIABLE_PARENT: scope.name,
        naming.VARIABLE_PARENTHOST: scope.gateway_host,
        naming.VARIABLE_APPNAME: scope.stack.app_name,
        naming.VARIABLE_SERVICENAME: key,
        naming.VARIABLE_PARENT_NETWORK: parent_network(scope),
    }
    return [stack_name, *(_variable(name, value) for name, value in platform.items())]


def for_gateway(scope: Scope) -> list[Variable]:
    """The variables of the stack's gateway: those of upstream's stack container, which is a member of the parent."""
    place = scope.spec.place
    values = {
        naming.VARIABLE_STACKNAME: scope.name,
        naming.VARIABLE_PARENT: place.parent if place else "",
        naming.VARIABLE_PARENTHOST: place.parent_host if place else "",
        naming.VARIABLE_APPNAME: scope.stack.app_name,
        naming.VARIABLE_SERVICENAME: place.parent_key if place else scope.name,
        naming.VARIABLE_PARENT_NETWORK: parent_network(scope),
    }
    return [_variable(name, value) for name, value in values.items()]


def sources(service: Service) -> list[Variable]:
    """The Secrets and ConfigMaps (envFrom) whose keys all become variables."""
    return [
        compact(
            prefix=source.prefix,
            secretRef=compact(name=source.secret, optional=source.optional or None) if source.secret else None,
            configMapRef=compact(name=source.config_map, optional=source.optional or None)
            if source.config_map
            else None,
        )
        for source in service.environment_from
    ]


def _variable(name: str, value: str) -> Variable:
    return compact(name=name, value=value)  # the API server drops an empty value


def _field(name: str) -> Variable:
    reference = {"apiVersion": "v1", "fieldPath": placeholders.FIELDS[name]}
    return {"name": name, "valueFrom": {"fieldRef": reference}}


def _reference(source: EnvironmentReference) -> Variable:
    selector = compact(name=source.secret or source.config_map, key=source.key, optional=source.optional or None)
    return {"secretKeyRef": selector} if source.secret else {"configMapKeyRef": selector}
