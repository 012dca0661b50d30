"""Exports the gateway of a stack as a service: the same nginx and the same configuration generator as in a cluster.

It resolves the full names of services by Docker's DNS, which are unique in every network.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.compose.reporting import Report
from ailtire_operator.compose.swarm import environment, labels
from ailtire_operator.compose.swarm.branches import Branch
from ailtire_operator.compose.swarm.configs import Configs
from ailtire_operator.compose.swarm.container import GRACE_PERIOD
from ailtire_operator.compose.swarm.deploy import gateway_resources
from ailtire_operator.compose.swarm.names import GATEWAY, Names
from ailtire_operator.compose.swarm.networks import NetworkFiles
from ailtire_operator.compose.swarm.ports import HTTP, Published, holds_port
from ailtire_operator.model.field_path import Bracketed, FieldPath, path_of
from ailtire_operator.plan.gateway import locations, nginx
from ailtire_operator.plan.gateway.gateway import gateway_networks
from ailtire_operator.plan.gateway.routes import Route, Stream, report_dead_ends, routes, streams
from ailtire_operator.plan.gateway.workload import REPLICAS
from ailtire_operator.plan.network.membership import NetworkId
from ailtire_operator.plan.no_effect import OF_A_ROUTE
from ailtire_operator.plan.scope import Scope

_FILE: Final = "/etc/ailtire-gateway/nginx.conf"
_USER: Final = "101"
"""The user of the stock unprivileged nginx image."""
_CHECK: Final = ["CMD", "wget", "-q", "-O", "/dev/null", f"http://127.0.0.1:{naming.GATEWAY_HEALTH_PORT}/healthz"]
"""For the stock image, which has wget. Another image without it would never be healthy."""


@dataclass(frozen=True)
class _SwarmScope(Scope):
    """The scope of a stack whose Services have names in Swarm."""

    hosts: dict[str, str] = field(default_factory=dict)

    def full_name(self, service: str) -> str:
        return self.hosts.get(service, service)


@dataclass(frozen=True)
class Setting:
    """The context that the gateways of all files share."""

    names: Names
    networks: NetworkFiles
    published: Published
    contents: Configs
    below: dict[tuple[str, str], Branch]
    """The child stacks, by parent's name and key."""
    endpoint_mode: str
    report: Report


def add_gateway(branch: Branch, setting: Setting, document: dict[str, Any]) -> None:
    """Add the gateway, its configuration and its secrets to the file of a stack that has an interface."""
    _report_unused(branch, setting.report)
    if not branch.has_gateway:
        return
    known = branch.scope
    scope = _SwarmScope(
        known.stack, known.settings, known.observed, base=branch.view.path, hosts=_hosts(branch, setting)
    )
    found, passed = routes(scope), streams(scope)
    report_dead_ends(scope)
    text = nginx.configuration(scope, found, passed)
    scope.found.check()
    setting.report.extend(scope.notices)
    key = setting.names.service(branch, "")
    config = setting.names.part(branch, GATEWAY)
    stack = setting.names.stack(branch)
    document.setdefault("configs", {})[config] = setting.contents.config(stack, f"{config}.conf", text.encode())
    document["services"][key] = _service(branch, setting, found, passed, config, document)
    _report_done(branch, found, passed, setting)


def _hosts(branch: Branch, setting: Setting) -> dict[str, str]:
    """The unique name in Swarm, by the plan's name of each member."""
    hosts = {naming.member(branch.name, key): setting.names.host(branch, key) for key in branch.spec.plain}
    # Docker's DNS answers a service's own name with one address, and this one with those of all tasks.
    hosts |= {naming.pods(branch.name, key): f"tasks.{setting.names.host(branch, key)}" for key in branch.spec.plain}
    for key in branch.spec.children:
        child = setting.below.get((branch.name, key))
        if child is not None and child.has_gateway:
            hosts[naming.member(branch.name, key)] = setting.names.host(child, "")
    return {name: host.lower() for name, host in hosts.items()}


def _service(
    branch: Branch,
    setting: Setting,
    found: list[Route],
    passed: list[Stream],
    config: str,
    document: dict[str, Any],
) -> dict[str, Any]:
    wanted = branch.spec.gateway
    own_image = wanted.image if wanted else None
    behind = [*(route.service for route in found), *(stream.service for stream in passed)]
    joined: dict[NetworkId, list[str]] = {
        network: [] for network in gateway_networks(branch.scope, branch.networks, behind)
    }
    opened = _ports(branch, passed, setting)
    image = branch.view.resolve(own_image) if own_image else branch.scope.settings.gateway_image
    fields = {
        "image": image,
        "entrypoint": ["nginx", "-e", "/dev/stderr", "-c", _FILE],
        "user": _USER,
        "read_only": True,
        "cap_drop": ["ALL"],
        "stop_grace_period": GRACE_PERIOD,
        "environment": environment.for_gateway(branch, setting.names),
        "healthcheck": None if own_image else {"test": _CHECK, "interval": "5s", "timeout": "5s", "retries": 3},
        "ports": opened,
        "configs": [{"source": config, "target": _FILE}],
        "secrets": _secrets(found, setting, document),
        "volumes": [{"type": "tmpfs", "target": "/tmp"}],
        "networks": setting.networks.join(branch, branch.name, setting.names.service(branch, ""), joined, document),
        "deploy": _deploy(branch, setting, held=holds_port(opened)),
    }
    return {name: value for name, value in fields.items() if value not in (None, {}, [])}


def _deploy(branch: Branch, setting: Setting, *, held: bool) -> dict[str, Any]:
    wanted = branch.spec.gateway
    order = "stop-first" if held else "start-first"
    resources = gateway_resources(
        wanted.resources if wanted else None, path_of(branch.view.path, "gateway"), setting.report
    )
    return {
        "replicas": REPLICAS if branch.scope.gateway_replicas is None else branch.scope.gateway_replicas,
        **({"endpoint_mode": setting.endpoint_mode} if setting.endpoint_mode != "vip" else {}),
        **({"resources": resources} if resources else {}),
        "update_config": {"order": order, "parallelism": 1},
        "labels": labels.GATEWAY,
    }


def _ports(branch: Branch, passed: list[Stream], setting: Setting) -> list[dict[str, Any]]:
    """The published ports of the root's gateway: those of its interface, else plain HTTP if it has an edge."""
    wanted: dict[int, tuple[int, FieldPath]] = {}
    known = {naming.GATEWAY_PORT, *(stream.listen for stream in passed)}
    base = branch.view.path
    if branch.spec.place is None and branch.spec.interface is not None:
        for external, internal in branch.spec.interface.ports.items():
            if internal in known:  # the plan has reported ports without a target
                wanted[int(external)] = (internal, path_of(base, "interface", "ports", Bracketed(external)))
    if branch.spec.edge is not None and branch.spec.place is None and not wanted:
        wanted[HTTP] = (naming.GATEWAY_PORT, path_of(base, "edge"))
    where = setting.names.host(branch, "")
    entries = [
        setting.published.publish(where, path, published=number, target=target, protocol="TCP", mode="ingress")
        for number, (target, path) in wanted.items()
    ]
    return [entry for entry in entries if entry]


def _secrets(found: list[Route], setting: Setting, document: dict[str, Any]) -> list[dict[str, Any]]:
    """The user lists of the routes."""
    wanted = {
        control.authentication.secret
        for route in found
        if (control := route.policies.access_control) is not None and control.authentication
    }
    mounts = []
    for secret in sorted(wanted):
        definition = setting.contents.external("secrets", secret, locations.AUTHENTICATION_KEY)
        key = naming.sanitize(definition["name"])
        document.setdefault("secrets", {})[key] = definition
        target = f"{locations.AUTHENTICATION_DIRECTORY}/{secret}/{locations.AUTHENTICATION_KEY}"
        mounts.append({"source": key, "target": target})
    return mounts


def _report_unused(branch: Branch, report: Report) -> None:
    if branch.has_gateway:
        _report_shared(branch, report)
        if branch.spec.interface is not None and branch.spec.place is not None:
            message = "only the root's gateway has additional ports."
            report.ignored(path_of(branch.view.path, "interface"), message, "Set it in the root stack.")
        return
    for name in ("gateway", "edge", "interface"):
        if getattr(branch.spec, name) is not None:
            message = "no service has an interface, so there is no gateway."
            report.ignored(path_of(branch.view.path, name), message, "Give a service an interface.")


def _report_shared(branch: Branch, report: Report) -> None:
    gateway = branch.spec.gateway
    if gateway is not None and gateway.tree:
        message = "each stack has a gateway of its own: in Swarm who may reach it is a network, and not a port."
        report.approximate(path_of(branch.view.path, "gateway", "tree"), message)
    if gateway is not None and gateway.own:
        message = "each stack has a gateway of its own in Swarm."
        report.resolved(path_of(branch.view.path, "gateway", "own"), message)


def _report_done(branch: Branch, found: list[Route], passed: list[Stream], setting: Setting) -> None:
    """Report what is only in the gateway's configuration, which an import does not read."""
    report, view = setting.report, branch.view
    message = f"the service '{setting.names.service(branch, '')}' implements it."
    if branch.spec.gateway is not None:
        report.resolved(path_of(view.path, "gateway"), message)
    if branch.spec.interface is not None and branch.spec.place is None:
        report.resolved(path_of(view.path, "interface"), message)
    routed = {*(route.service for route in found), *(stream.service for stream in passed)}
    for key, service in branch.spec.services.items():
        if service.is_stack and service.interface and key not in branch.reachable_children:
            why = "no service inside has an interface, so the child has no gateway and nothing answers here."
            report.ignored(view.member_path(key, "interface"), why, "Give a service of the child an interface.")
        elif service.interface and key in routed:
            report.resolved(view.member_path(key, "interface"), message)
        for name in OF_A_ROUTE:
            if service.policies is not None and getattr(service.policies, name) is not None:
                alias = type(service.policies).model_fields[name].alias or name
                path = view.member_path(key, "policies", alias)
                if any(each.service == key for each in found):
                    report.resolved(path, message)
                else:
                    report.ignored(path, "the gateway applies it to HTTP routes, and the service has none.")
        control = service.policies.access_control if service.policies else None
        if control is not None and control.authentication is not None:
            needed = f"Swarm's secret '{control.authentication.secret}_{locations.AUTHENTICATION_KEY}' must exist."
            path = view.member_path(key, "policies", "accessControl", "authentication")
            report.approximate(path, needed, "deploy.sh has the command to create it.")
    _report_edge(branch, report)


def _report_edge(branch: Branch, report: Report) -> None:
    edge, path = branch.spec.edge, path_of(branch.view.path, "edge")
    if edge is None:
        return
    if branch.spec.place is not None:
        message = "only the root's gateway is reached from outside; two gateways cannot have the same port."
        report.ignored(path, message, "Publish another port of this gateway in the file.")
        return
    message = "Swarm has no Ingress: the gateway's port is published and answers for every host."
    report.approximate(path, message, "Put a proxy with hosts and certificates before it.")
