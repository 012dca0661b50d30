"""Whether a stack, below a root with one gateway for the tree, keeps its own: of a definition as it is written."""

from collections.abc import Mapping
from typing import Any


def keeps_own_gateway(definition: Mapping[str, Any]) -> bool:
    """``StackSpec.keeps_own_gateway`` of a definition that is not validated, and may be wrong."""
    gateway, members = definition.get("gateway"), definition.get("services")
    own = isinstance(gateway, dict) and gateway.get("own") is True
    return own or any(_passes_tcp(each) for each in (members.values() if isinstance(members, dict) else ()))


def _passes_tcp(member: Any) -> bool:
    routes = member.get("interface") if isinstance(member, dict) and member.get("type") != "stack" else None
    entries = routes.values() if isinstance(routes, dict) else ()
    return any(isinstance(each, dict) and each.get("protocol") == "tcp" for each in entries)
