"""Plans published ports: a separate Service for callers from outside, or ports of the node."""

from typing import Any

from ailtire_operator import naming
from ailtire_operator.model.exposure import ExposureType
from ailtire_operator.model.field_path import FieldPath, path_of
from ailtire_operator.model.service import Service, ServicePort
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.types import Manifest
from ailtire_operator.plan.values import compact, manifest
from ailtire_operator.plan.workload import security

_NODE_PORTS = range(30000, 32768)


def container_ports(scope: Scope, key: str, service: Service) -> list[dict[str, Any]]:
    """The container's ports, by number and protocol; those in mode host with the node's port."""
    found: dict[tuple[int, str], dict[str, Any]] = {}
    for each in service.ports.values():
        found[each.port, each.protocol] = {}
    for entry in service.interface.values():
        found.setdefault((entry.port, "TCP"), {})
    for name, port in sorted(service.ports.items()):
        if port.published is None or port.mode != "host":
            continue
        path = scope.path(key, "ports", name, "published")
        security.require(scope, path, "privileged", "a port of the node")
        if found[port.port, port.protocol]:
            scope.refuse(path, f"port {port.port} has two ports on the node; remove one")
        found[port.port, port.protocol] = compact(hostPort=port.published, hostIP=port.host_ip)
    return [
        {"containerPort": number, "protocol": protocol, **more}
        for (number, protocol), more in sorted(found.items(), key=lambda each: each[0])
    ]


def objects(scope: Scope, key: str, service: Service) -> list[Manifest]:
    """The Services with the published ports, one for each kind of exposure, and the policy that lets callers in; to
    those of the node as well."""
    ports: dict[ExposureType, list[dict[str, Any]]] = {}
    opened: list[dict[str, Any]] = []
    for name, port in sorted(service.ports.items()):
        path = scope.path(key, "ports", name)
        _report_unused(scope, path, port)
        if port.published is None:
            continue
        entry = {"port": port.port, "protocol": port.protocol}
        opened += [entry] if entry not in opened else []
        if port.mode == "host":
            continue
        kind = port.exposure or scope.exposure.type
        others = ports.setdefault(kind, [])
        if any((each["port"], each["protocol"]) == (port.published, port.protocol) for each in others):
            scope.refuse(path_of(path, "published"), f"port {port.published} is published twice; remove one")
        others.append(_port(scope, path, name, port, kind))
    made = [_service(scope, key, kind, ports[kind]) for kind in sorted(ports)]
    if opened:
        sources = [{"ipBlock": {"cidr": cidr}} for cidr in scope.settings.edge_sources]
        rule = compact(**{"from": sources}, ports=opened)
        selector = {"matchLabels": scope.service_selector(key)}
        policy = {"podSelector": selector, "policyTypes": ["Ingress"], "ingress": [rule]}
        name = naming.published(scope.name, key)
        made.append(manifest("networking.k8s.io/v1", "NetworkPolicy", name, scope.labels(key), spec=policy))
    return made


def _report_unused(scope: Scope, path: FieldPath, port: ServicePort) -> None:
    """Report fields of a port that have no effect."""
    on_node = port.published is not None and port.mode == "host"
    if port.host_ip is not None and not on_node:
        scope.report(path_of(path, "hostIp"), "ignored", "it applies only to ports with mode: host.")
    if port.exposure is not None and (port.published is None or on_node):
        scope.report(path_of(path, "exposure"), "ignored", "it applies only to published ports without mode: host.")


def _service(scope: Scope, key: str, kind: ExposureType, ports: list[dict[str, Any]]) -> Manifest:
    """The Service for one type of exposure; that of the stack's default type has the plain name."""
    exposure = scope.exposure
    name = naming.published(scope.name, key, "" if kind == exposure.type else kind)
    spec = {"type": kind, "selector": scope.service_selector(key), "ports": ports}
    return manifest("v1", "Service", name, scope.labels(key), annotations=exposure.annotations, spec=spec)


def _port(scope: Scope, path: FieldPath, name: str, port: ServicePort, kind: ExposureType) -> dict[str, Any]:
    number, where = port.published or port.port, path_of(path, "published")
    node_port = number if kind == "NodePort" and number in _NODE_PORTS else None
    if kind == "ClusterIP" and port.exposure is None:
        message = f"the port is reached as {number} inside the cluster, and not from outside."
        remedy = "Set its exposure to LoadBalancer or NodePort, or spec.exposure.type for all ports."
        scope.report(where, "approximate", message, remedy)
    elif kind == "NodePort" and node_port is None:
        message = f"the cluster chooses the node port, as {number} is outside of its range 30000 to 32767."
        scope.report(where, "approximate", message, "Publish a port in that range, or set exposure: LoadBalancer.")
    return compact(
        name=name,
        port=number,
        protocol=port.protocol,
        targetPort=port.port,
        appProtocol=port.app_protocol,
        nodePort=node_port,
    )
