"""Which gateway serves a stack: one of its own, or that of its tree. Pure."""

from dataclasses import dataclass

from ailtire_operator import naming
from ailtire_operator.cli.trees import Resource, place_of, root_of, spec_of
from ailtire_operator.model.gateway_choice import keeps_own_gateway

COMPONENTS = frozenset({naming.COMPONENT_GATEWAY, naming.COMPONENT_TREE_GATEWAY})
"""The components of pods and Deployments that are gateways."""


@dataclass(frozen=True, slots=True)
class GatewayWorkload:
    """The Deployment of a gateway."""

    name: str
    stack: str
    """The stack whose label its pods have: the root's where it serves a whole tree."""
    component: str


def gateway_workload(stack: Resource) -> GatewayWorkload:
    """The gateway that the stack's definition asks for; while a tree moves over, its Service may lead to the other."""
    name, place = stack["metadata"]["name"], place_of(stack)
    gateway = spec_of(stack).get("gateway") or {}
    shared = bool(gateway.get("tree"))
    if place:
        has_port = bool(place.get("treeGateway")) and place.get("gatewayPort") is not None
        shared = has_port and not keeps_own_gateway(spec_of(stack))
    if not shared:
        return GatewayWorkload(naming.gateway(name), name, naming.COMPONENT_GATEWAY)
    root = root_of(stack)
    return GatewayWorkload(naming.tree_gateway(root), root, naming.COMPONENT_TREE_GATEWAY)
