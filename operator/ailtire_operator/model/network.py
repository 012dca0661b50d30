"""Additional networks of a stack."""

from typing import Annotated

from pydantic import Field

from ailtire_operator.model.base import Strict
from ailtire_operator.model.keys import MetadataKey
from ailtire_operator.model.values import Name


class Network(Strict):
    """An additional network of the stack."""

    name: Annotated[Name, Field(min_length=1, max_length=253)] | None = None
    """Shared under this name with every stack below that declares it too."""
    external: bool = False
    """Declared by a stack above, under name (or under this key)."""
    internal: bool = False
    """Members reach only each other and DNS."""
    driver: Annotated[Name, Field(max_length=63)] | None = None
    """Kept for Swarm; Kubernetes uses the cluster's network."""
    attachable: bool | None = None
    """Kept for Swarm: whether single containers may join the network."""
    labels: Annotated[dict[MetadataKey, Annotated[str, Field(max_length=4096)]], Field(max_length=32)] = {}
    """Labels of the network's objects; an invalid label value becomes an annotation."""
