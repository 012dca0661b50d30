"""How the published ports of a stack's services are reached from outside the cluster."""

from typing import Annotated, Literal

from pydantic import Field

from ailtire_operator.model.base import Strict
from ailtire_operator.model.keys import EdgeAnnotationKey


class Exposure(Strict):
    """The Service that each service with published ports gets beside its own."""

    type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = "ClusterIP"
    """ClusterIP: inside the cluster only. NodePort: on every node. LoadBalancer: an address of the cloud's."""
    annotations: Annotated[dict[EdgeAnnotationKey, Annotated[str, Field(max_length=4096)]], Field(max_length=32)] = {}
    """Annotations of these Services, as the cloud understands them."""
