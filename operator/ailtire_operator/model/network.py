"""Networks beside a stack's own."""

from typing import Annotated

from pydantic import Field

from ailtire_operator.model.base import Strict
from ailtire_operator.model.keys import MetadataKey
from ailtire_operator.model.values import Name


class Network(Strict):
    """A network beside the stack's own."""

    name: Annotated[Name, Field(min_length=1, max_length=253)] | None = None
    """Shared under this name with every stack below that declares it too."""
    external: bool = False
    """Declared by a stack above, under name (or under this key)."""
    internal: bool = False
    """Members reach each other and DNS, nothing else."""
    driver: Annotated[Name, Field(max_length=63)] | None = None
    """Kept for Swarm; Kubernetes' own network carries the traffic."""
    attachable: bool | None = None
    """Kept for Swarm: whether single containers may join the network."""
    labels: Annotated[dict[MetadataKey, Annotated[str, Field(max_length=4096)]], Field(max_length=32)] = {}
    """Labels of the network's objects; a value that is none becomes an annotation."""
