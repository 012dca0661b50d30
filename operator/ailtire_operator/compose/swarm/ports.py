"""Exports ports: Swarm opens all ports inside a network, and publishes each number once in the whole Swarm."""

from typing import Any, Final

from ailtire_operator.compose.reporting import Report
from ailtire_operator.compose.swarm.branches import Branch
from ailtire_operator.model.field_path import FieldPath, path_of
from ailtire_operator.model.service import Service, ServicePort

_ANY: Final = ("0.0.0.0", "::")
HTTP: Final = 80


class Published:
    """The published ports of all files: the first service gets a number."""

    def __init__(self, *, on_nodes: bool, report: Report) -> None:
        self._on_nodes = on_nodes
        self._report = report
        self._taken: dict[tuple[int, str], str] = {}

    def publish(
        self, where: str, path: FieldPath, *, published: int, target: int, protocol: str, mode: str
    ) -> dict[str, Any] | None:
        """One entry of ``ports``; None if the number is taken. ``where`` is the service's name in Swarm.

        Without virtual addresses there is no routing mesh: only nodes with a task answer.
        """
        other = self._taken.setdefault((published, protocol), where)
        if other != where:
            message = f"{protocol} port {published} is already published by '{other}'."
            self._report.rejected(path, f"{message} It is not published here.", "Publish another number.")
            return None
        mode = "host" if self._on_nodes else mode
        return {"target": target, "published": published, "protocol": protocol.lower(), "mode": mode}


def ports(
    branch: Branch, key: str, service: Service, published: Published, where: str, report: Report
) -> dict[str, list[Any]]:
    """``ports`` and ``expose``."""
    opened: list[dict[str, Any]] = []
    exposed: list[str] = []
    for name, port in service.ports.items():
        path = branch.view.member_path(key, "ports", name)
        plain = f"{port.protocol.lower()}-{port.port}"
        if name not in (plain, f"{plain}-{port.published}"):
            report.resolved(path, "ports have no names in Swarm.")
        if port.app_protocol:
            report.ignored(path_of(path, "appProtocol"), "Swarm does not use the application protocol.")
        _report_exposure(port, path, report)
        if port.published is None or _stays_inside(port, path, report):
            exposed.append(f"{port.port}" if port.protocol == "TCP" else f"{port.port}/{port.protocol.lower()}")
            if port.mode == "host" and port.published is None:
                report.ignored(path_of(path, "mode"), "the port is not published.", "Set published.")
            if port.host_ip and port.published is None:
                report.ignored(path_of(path, "hostIp"), "the port is not published.", "Set published.")
            continue
        entry = published.publish(
            where, path, published=port.published, target=port.port, protocol=port.protocol, mode=port.mode
        )
        opened += [entry] if entry else []
    return {"ports": opened, "expose": list(dict.fromkeys(exposed))}


def _stays_inside(port: ServicePort, path: FieldPath, report: Report) -> bool:
    """Whether a port stays unpublished, as Swarm would let in more callers than its definition."""
    if port.host_ip and port.host_ip not in _ANY:
        message = "Swarm publishes on all addresses of a node, so the port is not published."
        report.rejected(path_of(path, "hostIp"), message, "Publish it, and close it in the nodes' firewall.")
        return True
    return port.exposure == "ClusterIP" and port.mode != "host"


def _report_exposure(port: ServicePort, path: FieldPath, report: Report) -> None:
    if port.exposure == "ClusterIP":
        report.resolved(path_of(path, "exposure"), "the port is internal and is not published.")
    elif port.exposure:
        report.resolved(path_of(path, "exposure"), "published ports answer on every node of the Swarm.")


def holds_port(opened: list[dict[str, Any]]) -> bool:
    """Whether a task uses a host port."""
    return any(port["mode"] == "host" for port in opened)
