"""``deploy.placement``: on which nodes the service may run, in Swarm's syntax."""

from typing import Annotated, Final

from pydantic import Field, StringConstraints

from ailtire_operator.model.base import Strict

_NAME = r"[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?"
_VALUE = r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?"
ATTRIBUTE_PATTERN: Final = rf"node\.(id|ip|hostname|role)|node\.platform\.(os|arch)|(node|engine)\.labels\.{_NAME}"
CONSTRAINT_PATTERN: Final = rf"^ *({ATTRIBUTE_PATTERN}) *(==|!=) *{_VALUE} *$"

Constraint = Annotated[str, StringConstraints(max_length=256, pattern=CONSTRAINT_PATTERN)]
"""``node.labels.disk == ssd``, ``node.role != manager``."""
Spread = Annotated[str, StringConstraints(max_length=256, pattern=rf"^({ATTRIBUTE_PATTERN})$")]


class SpreadPreference(Strict):
    """Spread the replicas over the values of a node's attribute."""

    spread: Spread
    """The attribute: node.labels.zone."""


class Placement(Strict):
    """On which nodes the service runs."""

    constraints: Annotated[list[Constraint], Field(max_length=32)] = []
    """Constraints on nodes, in Swarm's syntax: node.labels.disk == ssd, node.hostname != a, node.role == manager (a
    control-plane node), node.platform.os, node.platform.arch, engine.labels."""
    preferences: Annotated[list[SpreadPreference], Field(max_length=8)] = []
    """Attributes to spread over, the most important first."""
    max_replicas_per_node: Annotated[int, Field(ge=0, le=1000)] = 0
    """The most replicas on one node; 0 is no limit."""
