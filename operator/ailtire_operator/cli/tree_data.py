"""A tree of stacks as data for a program. Pure."""

from collections.abc import Mapping
from typing import Any

from ailtire_operator.cli.blocker_logs import LogExcerpt
from ailtire_operator.cli.trees import Member, ServiceNode, StackNode, State
from ailtire_operator.status.blockers import to_status
from ailtire_operator.status.observed import Problem

Logs = Mapping[Member, LogExcerpt]


def to_json(node: StackNode, logs: Logs | None = None) -> dict[str, Any]:
    """The tree as data, with the logs of what is in trouble where they have been read; the form is part of the
    command's promise (docs/cli.md)."""
    found: dict[str, Any] = {
        "name": node.name,
        "key": node.key,
        "state": str(node.state),
        "ready": node.state in (State.READY, State.TEMPLATE, State.STOPPED),
        "reason": node.reason,
        "message": node.message,
        "blocker": _blocker_json(node.blocker),
        "servicesReady": node.services_count,
        "stacksReady": node.stacks_count,
        "url": node.url,
        "notices": node.notices,
        "routes": [
            {"path": each.path, "service": each.service, "port": each.port, "url": each.url} for each in node.routes
        ],
        "services": [_service_json(each) | _log_json("log", node, each.key, logs) for each in node.services],
        "stacks": [to_json(each, logs) for each in node.stacks],
    }
    return found | _log_json("gatewayLog", node, "", logs)


def _log_json(field: str, node: StackNode, key: str, logs: Logs | None) -> dict[str, Any]:
    if logs is None:
        return {}
    excerpt = logs.get((node.name, key))
    return {field: None if excerpt is None else excerpt.to_json()}


def _blocker_json(blocker: Problem | None) -> dict[str, Any] | None:
    return None if blocker is None else to_status(blocker).to_json()


def _service_json(node: ServiceNode) -> dict[str, Any]:
    return {
        "key": node.key,
        "kind": node.kind,
        "name": node.name,
        "state": str(node.state),
        "ready": node.ready,
        "wanted": node.wanted,
        "reason": node.reason,
        "message": node.message,
    }
