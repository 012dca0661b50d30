"""How the published ports of a stack's services are reached from outside the cluster."""

from typing import Annotated, Literal

from pydantic import Field

from ailtire_operator.model.base import Strict
from ailtire_operator.model.keys import EdgeAnnotationKey

ExposureType = Literal["ClusterIP", "NodePort", "LoadBalancer"]


class Exposure(Strict):
    """The additional Service of each service with published ports."""

    type: ExposureType = "ClusterIP"
    """ClusterIP: inside the cluster only. NodePort: on every node. LoadBalancer: an address of the cloud. A port's own
    exposure takes precedence."""
    annotations: Annotated[dict[EdgeAnnotationKey, Annotated[str, Field(max_length=4096)]], Field(max_length=32)] = {}
    """Annotations of these Services, for the cloud's controller."""
