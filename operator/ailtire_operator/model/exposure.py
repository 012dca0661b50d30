"""How the published ports of a stack's services are reached from outside the cluster."""

from typing import Annotated, Literal

from pydantic import Field

from ailtire_operator.model.base import Strict
from ailtire_operator.model.keys import EdgeAnnotationKey

ExposureType = Literal["ClusterIP", "NodePort", "LoadBalancer"]


class Exposure(Strict):
    """The Service that each service with published ports gets beside its own."""

    type: ExposureType = "ClusterIP"
    """ClusterIP: inside the cluster only. NodePort: on every node. LoadBalancer: an address of the cloud's. A port
    with an exposure of its own has that."""
    annotations: Annotated[dict[EdgeAnnotationKey, Annotated[str, Field(max_length=4096)]], Field(max_length=32)] = {}
    """Annotations of these Services, as the cloud understands them."""
