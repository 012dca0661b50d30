"""The ``swarm`` profile: a Compose file per stack that ``docker stack deploy`` takes, without anything of Ailtire's.

The stack's plain services are all there. Its gateway is not, yet: each file's report says so.
"""

import re
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.compose import containers
from ailtire_operator.compose.reporting import Report
from ailtire_operator.compose.views import StackView, quoted, shared_name
from ailtire_operator.model.problems import path_of
from ailtire_operator.model.service import NetworkMembership, Service

VERSION: Final = "3.8"
_STACKNAME: Final = "{{.Service.Name}}-{{.Task.Slot}}"
_NAME_LIMIT: Final = 63
_KEY: Final = re.compile(r"[A-Za-z0-9]+(?:[_-]+[A-Za-z0-9]+)*")
"""A service's name in Swarm: the schema takes dots too, the manager refuses them."""
_OWN: Final = "siblings"
_NO_GATEWAY: Final = "the gateway is not exported yet"
_STACK_FIELDS: Final = {
    "edge": f"{_NO_GATEWAY}, and this is its way in.",
    "gateway": f"{_NO_GATEWAY}.",
    "interface": f"{_NO_GATEWAY}, and these are its ports.",
    "image_pull_secrets": "Swarm takes credentials from `docker stack deploy --with-registry-auth`.",
    "security_profile": "Swarm has no such profiles; containers run with Docker's defaults.",
    "environment": "Swarm has no place for it.",
    "suspend": "nothing reconciles a Swarm stack.",
}


class NetworkNames:
    """Which networks a file deployed before has created: Swarm creates only what services of the file use."""

    def __init__(self) -> None:
        self._created: set[str] = set()

    def first(self, name: str) -> bool:
        """Whether nobody created the network yet; from now on somebody has."""
        first = name not in self._created
        self._created.add(name)
        return first


def document(view: StackView, names: NetworkNames, report: Report) -> dict[str, Any]:
    """The file of one stack."""
    _report_stack(view, report)
    networks = _Networks(view, names)
    services = {_key(key): _service(view, key, service, networks, report) for key, service in view.spec.plain.items()}
    result: dict[str, Any] = {"version": VERSION, "services": services, "networks": networks.used}
    if volumes := containers.used_volumes(view, report):
        result["volumes"] = volumes
    return {name: value for name, value in result.items() if value or name == "services"}


class _Networks:
    """The networks that the services of one file use."""

    def __init__(self, view: StackView, names: NetworkNames) -> None:
        self._view = view
        self._names = names
        self.used: dict[str, Any] = {}

    def of(self, key: str, service: Service) -> dict[str, Any]:
        """The memberships of a service; each network is declared in the file as it is met."""
        joined: dict[str, list[str]] = {}
        for network, membership in (service.networks or {_OWN: NetworkMembership()}).items():
            own = network in naming.OWN_NETWORKS and network not in self._view.spec.networks
            name = _OWN if own else network
            if self._declare(name):
                joined.setdefault(_key(name), []).extend(membership.aliases)
        clean = naming.sanitize(key)
        spelled = [] if clean == key else [clean]  # what DNS can say, and what Kubernetes calls it
        aliases = {name: list(dict.fromkeys([*spelled, *listed])) for name, listed in joined.items()}
        return {name: {"aliases": listed} if listed else None for name, listed in aliases.items()}

    def _declare(self, key: str) -> bool:
        """Declare a network; false where there is none of that name, the parent's at the root."""
        view = self._view
        declared = view.spec.networks.get(key)
        if declared is not None:
            shared = shared_name(key, declared)
            name = view.networks.get(shared, shared) if shared else f"{view.name}_{_key(key)}"
            foreign = declared.external and shared not in view.networks
            definition: dict[str, Any] = {"driver": declared.driver or "overlay", "attachable": True}
            if declared.internal:
                definition["internal"] = True
        elif key == naming.PARENT_NETWORK:
            if view.parent is None:
                return False
            name, foreign = own_network(view.parent), view.path == "spec"
            definition = {"driver": "overlay", "attachable": True}
        else:
            name, foreign = own_network(view.name), False
            definition = {"driver": "overlay", "attachable": True}
        if _key(key) not in self.used:
            first = not foreign and self._names.first(name)
            self.used[_key(key)] = {**definition, "name": name} if first else {"external": True, "name": name}
        return True


def own_network(stack: str) -> str:
    """The name of a stack's own network in Swarm."""
    return f"{stack}_{_OWN}"


def _service(view: StackView, key: str, service: Service, networks: _Networks, report: Report) -> dict[str, Any]:
    name = f"{view.name}_{_key(key)}"
    if len(name) > _NAME_LIMIT:
        message = f"Swarm refuses '{name}', which is longer than {_NAME_LIMIT} characters."
        report.rejected(view.member_path(key), message, "Shorten the stack's name or the key.")
    _report_routes(view, key, service, report)
    fields = {
        "image": view.resolve(service.image or ""),
        **containers.process(view, key, service, report),
        "environment": _environment(view, key, service, report),
        "healthcheck": containers.healthcheck(view, key, service, report),
        "volumes": containers.mounts(view, key, service, report),
        "networks": networks.of(key, service),
        "deploy": containers.deploy(view, key, service, report),
    }
    return {field: value for field, value in fields.items() if value not in (None, {}, [])}


def _environment(view: StackView, key: str, service: Service, report: Report) -> dict[str, str]:
    """The platform's table in Swarm's terms, then the service's own."""
    for field, sources in (
        ("environmentFrom", service.environment_from),
        ("environmentValuesFrom", service.environment_values_from),
    ):
        if sources:
            message = "Swarm cannot fill variables from Secrets or ConfigMaps; they are left out."
            report.rejected(view.member_path(key, field), message, "Add them to the file under environment.")
    network = own_network(view.parent) if view.parent else f"{view.app_name}_top"
    platform = {
        naming.VARIABLE_STACKNAME: _STACKNAME,
        naming.VARIABLE_PARENT: view.name,
        naming.VARIABLE_PARENTHOST: naming.GATEWAY_ALIAS if view.spec.has_interface else "",
        naming.VARIABLE_APPNAME: view.app_name,
        naming.VARIABLE_SERVICENAME: quoted(key),
        naming.VARIABLE_PARENT_NETWORK: network,
    }
    return platform | {quoted(name): quoted(value) for name, value in service.environment.items()}


def _key(key: str) -> str:
    """A key as Swarm takes it."""
    return key if _KEY.fullmatch(key) else naming.sanitize(key)


def _report_stack(view: StackView, report: Report) -> None:
    for name, reason in _STACK_FIELDS.items():
        if getattr(view.spec, name):
            alias = type(view.spec).model_fields[name].alias or name
            report.ignored(path_of(view.path, alias), reason)
    if view.spec.has_interface:
        message = f"{_NO_GATEWAY}: services reach each other, but no route leads to them from outside their stack."
        report.ignored("spec", message, "Publish ports in the file, or use --profile ailtire.")


def _report_routes(view: StackView, key: str, service: Service, report: Report) -> None:
    policies = service.policies
    if policies is None:
        return
    if policies.scaling:
        message = "Swarm does not scale by itself; the smallest number of replicas runs."
        report.approximate(view.member_path(key, "policies", "scaling"), message, "Use `docker service scale`.")
    for field in ("timeout", "retry", "access_control", "logging"):
        if getattr(policies, field):
            alias = type(policies).model_fields[field].alias or field
            report.ignored(view.member_path(key, "policies", alias), f"{_NO_GATEWAY}, which would enforce it.")
