"""A tree of stacks as data for a program. Pure."""

from typing import Any

from ailtire_operator.cli.trees import ServiceNode, StackNode, State
from ailtire_operator.status.blockers import to_status
from ailtire_operator.status.observed import Problem


def to_json(node: StackNode) -> dict[str, Any]:
    """The tree as data; the form is part of the command's promise (docs/cli.md)."""
    return {
        "name": node.name,
        "key": node.key,
        "state": str(node.state),
        "ready": node.state in (State.READY, State.TEMPLATE),
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
        "services": [_service_json(each) for each in node.services],
        "stacks": [to_json(each) for each in node.stacks],
    }


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
