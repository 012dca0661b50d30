"""Published ports: a Service of their own for callers from outside, or ports of the node."""

from typing import Any

from ailtire_operator import naming
from ailtire_operator.model.exposure import Exposure
from ailtire_operator.model.service import Service
from ailtire_operator.plan import security
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.types import Manifest
from ailtire_operator.plan.values import compact, manifest

_NODE_PORTS = range(30000, 32768)


def container_ports(scope: Scope, key: str, service: Service) -> list[dict[str, Any]]:
    """The container's ports, by number and protocol; those in mode host with the node's."""
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
            scope.refuse(path, f"port {port.port} already has another one on the node")
        found[port.port, port.protocol] = compact(hostPort=port.published, hostIP=port.host_ip)
    return [
        {"containerPort": number, "protocol": protocol, **more}
        for (number, protocol), more in sorted(found.items(), key=lambda each: each[0])
    ]


def objects(scope: Scope, key: str, service: Service) -> list[Manifest]:
    """The Service with the published ports, and the policy that lets callers in; to those of the node as well."""
    ports: list[dict[str, Any]] = []
    opened: list[dict[str, Any]] = []
    exposure = scope.exposure
    for name, port in sorted(service.ports.items()):
        path = scope.path(key, "ports", name)
        if port.host_ip is not None and (port.published is None or port.mode != "host"):
            message = "only a port in mode: host has an address of the node."
            scope.report(f"{path}.hostIp", "ignored", message)
        if port.published is None:
            continue
        entry = {"port": port.port, "protocol": port.protocol}
        opened += [entry] if entry not in opened else []
        if port.mode == "host":
            continue
        if any((each["port"], each["protocol"]) == (port.published, port.protocol) for each in ports):
            scope.refuse(f"{path}.published", f"port {port.published} is published already")
        ports.append(_port(scope, f"{path}.published", name, service, exposure))
    selector = scope.service_selector(key)
    name = naming.published(scope.name, key)
    labels = scope.labels(key)
    made = []
    if ports:
        spec = {"type": exposure.type, "selector": selector, "ports": ports}
        made.append(manifest("v1", "Service", name, labels, annotations=exposure.annotations, spec=spec))
    if opened:
        sources = [{"ipBlock": {"cidr": cidr}} for cidr in scope.settings.edge_sources]
        rule = compact(**{"from": sources}, ports=opened)
        policy = {"podSelector": {"matchLabels": selector}, "policyTypes": ["Ingress"], "ingress": [rule]}
        made.append(manifest("networking.k8s.io/v1", "NetworkPolicy", name, labels, spec=policy))
    return made


def _port(scope: Scope, path: str, name: str, service: Service, exposure: Exposure) -> dict[str, Any]:
    port = service.ports[name]
    number = port.published or port.port
    node_port = number if exposure.type == "NodePort" and number in _NODE_PORTS else None
    if exposure.type == "ClusterIP":
        message = f"the port is reached as {number} inside the cluster, and not from outside."
        scope.report(path, "approximate", message, "Set spec.exposure.type to LoadBalancer or NodePort.")
    elif exposure.type == "NodePort" and node_port is None:
        message = (
            f"the cluster chooses the nodes' port, as it gives out none but 30000 to 32767, and {number} is not one."
        )
        scope.report(path, "approximate", message, "Publish one of those, or set spec.exposure.type: LoadBalancer.")
    return compact(
        name=name,
        port=number,
        protocol=port.protocol,
        targetPort=port.port,
        appProtocol=port.app_protocol,
        nodePort=node_port,
    )
