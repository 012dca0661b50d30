"""The gateway and the edge of a stack: how it is reached from inside and outside of the cluster."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from ailtire_operator.model.base import NEVER_NULL, Strict, rules
from ailtire_operator.model.deploy import Resources
from ailtire_operator.model.keys import EdgeAnnotationKey, PortNumber
from ailtire_operator.model.values import Host, ImageReference, ObjectName, Port, PositiveQuantity, UniqueList


class Gateway(Strict):
    """The reverse proxy of a stack in which a service has an interface."""

    tree: bool = False
    """True: one gateway serves the whole tree, so that a change of routes replaces no pod and closes no connection.
    Only the root may say so."""
    own: bool = False
    """True: the stack has a gateway of its own where its root has one for the tree. The stacks below it do not."""
    replicas: Annotated[int, Field(ge=0, le=100)] | None = None
    """The number of replicas; inherited by the subtree. Default: 2, so that a node can be drained without an outage."""
    image: ImageReference | None = None
    """An unprivileged nginx that reads /etc/nginx/nginx.conf; default: the operator's setting."""
    resources: Resources | None = None
    """Limits and reservations; default: 25m CPU and 16Mi memory reserved."""
    max_body: PositiveQuantity | None = None
    """The largest body of a request in bytes, above which the caller gets a 413; inherited by the subtree. Default:
    64Mi. A request passes the gateways of all stacks on its path."""


class Tls(Strict):
    """HTTPS at the edge."""

    secret_name: ObjectName
    """A TLS Secret of the namespace."""


class GatewayParent(Strict):
    """A Gateway of the Gateway API to attach to."""

    name: ObjectName
    """The Gateway's name."""
    namespace: ObjectName | None = None
    """Its namespace; default: the stack's own."""
    section_name: ObjectName | None = None
    """The name of one of its listeners; default: all that accept the route."""


class Edge(Strict):
    """How the stack is reached from outside the cluster: one Ingress or HTTPRoute to its gateway."""

    model_config = ConfigDict(
        json_schema_extra=NEVER_NULL
        | rules(
            ("!(has(self.kind) && self.kind == 'HTTPRoute') || has(self.parentRef)", "an HTTPRoute needs parentRef"),
        )
    )

    kind: Literal["Ingress", "HTTPRoute"] = "Ingress"
    """Ingress, or HTTPRoute if the cluster has the Gateway API."""
    class_name: ObjectName | None = None
    """The IngressClass; default: the cluster's."""
    parent_ref: GatewayParent | None = None
    """The Gateway that an HTTPRoute attaches to."""
    hosts: Annotated[UniqueList[Host], Field(max_length=32)] = []
    """Host names; all if empty."""
    tls: Tls | None = None
    """HTTPS with a certificate of the namespace."""
    annotations: Annotated[dict[EdgeAnnotationKey, Annotated[str, Field(max_length=4096)]], Field(max_length=64)] = {}
    """Annotations of the Ingress or HTTPRoute, for its controller."""

    @model_validator(mode="after")
    def _attached(self) -> Self:
        if self.kind == "HTTPRoute" and self.parent_ref is None:
            raise ValueError("an HTTPRoute needs parentRef")
        return self


class StackInterface(Strict):
    """Additional ports of the root."""

    ports: Annotated[
        dict[PortNumber, Port],
        Field(
            max_length=32,
            json_schema_extra=rules(
                (
                    "self.all(p, !p.matches('^[0-9]+$') || int(p) >= 1 && int(p) <= 65535)",
                    "ports must be numbers from 1 to 65535",
                )
            ),
        ),
    ] = {}
    """External port to internal port. Internal port 3000 is the gateway's HTTP; any other is passed through as TCP
    to the one service whose interface has that port."""

    @model_validator(mode="after")
    def _in_range(self) -> Self:
        wrong = [port for port in self.ports if not 1 <= int(port) <= 65535]
        if wrong:
            raise ValueError(f"ports must be numbers from 1 to 65535, not {', '.join(wrong)}")
        return self
