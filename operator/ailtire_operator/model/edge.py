"""How a stack is reached through its gateway, from inside and from outside of the cluster."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from ailtire_operator.model.base import NEVER_NULL, Strict, rules
from ailtire_operator.model.deploy import Resources
from ailtire_operator.model.keys import EdgeAnnotationKey, PortNumber
from ailtire_operator.model.values import Host, ImageReference, ObjectName, Port, PositiveQuantity, UniqueList


class Gateway(Strict):
    """The reverse proxy of the stack; there is one wherever a service has an interface."""

    replicas: Annotated[int, Field(ge=0, le=100)] | None = None
    """How many run; inherited by the subtree. 2 where nobody says, so that no node takes the way to a subtree along."""
    image: ImageReference | None = None
    """An unprivileged nginx that reads /etc/nginx/nginx.conf; the operator's setting where not given."""
    resources: Resources | None = None
    """Limits and reservations; 25m of a processor and 16Mi of memory are reserved where not given."""
    max_body: PositiveQuantity | None = None
    """The largest body of a request in bytes, above which the caller gets a 413; inherited by the subtree. 64Mi where
    nobody says. A request passes the gateways of all stacks on its way."""


class Tls(Strict):
    """HTTPS at the edge."""

    secret_name: ObjectName
    """A TLS Secret of the namespace."""


class GatewayParent(Strict):
    """A Gateway of the Gateway API to attach to."""

    name: ObjectName
    """The Gateway's name."""
    namespace: ObjectName | None = None
    """Its namespace; the stack's own where not given."""
    section_name: ObjectName | None = None
    """The name of one of its listeners; all that take the route where not given."""


class Edge(Strict):
    """How the world outside the cluster reaches the stack: one Ingress or HTTPRoute to its gateway."""

    model_config = ConfigDict(
        json_schema_extra=NEVER_NULL
        | rules(
            ("!(has(self.kind) && self.kind == 'HTTPRoute') || has(self.parentRef)", "an HTTPRoute needs parentRef"),
        )
    )

    kind: Literal["Ingress", "HTTPRoute"] = "Ingress"
    """Ingress, or HTTPRoute where the cluster serves the Gateway API."""
    class_name: ObjectName | None = None
    """The IngressClass; the cluster's default where not given."""
    parent_ref: GatewayParent | None = None
    """The Gateway that an HTTPRoute attaches to."""
    hosts: Annotated[UniqueList[Host], Field(max_length=32)] = []
    """Host names; all where empty."""
    tls: Tls | None = None
    """HTTPS with a certificate of the namespace."""
    annotations: Annotated[dict[EdgeAnnotationKey, Annotated[str, Field(max_length=4096)]], Field(max_length=64)] = {}
    """Annotations of the Ingress or HTTPRoute, as its controller understands them."""

    @model_validator(mode="after")
    def _attached(self) -> Self:
        if self.kind == "HTTPRoute" and self.parent_ref is None:
            raise ValueError("an HTTPRoute needs parentRef")
        return self


class StackInterface(Strict):
    """What the root answers on beside HTTP paths."""

    ports: Annotated[
        dict[PortNumber, Port],
        Field(
            max_length=32,
            json_schema_extra=rules(
                (
                    "self.all(p, !p.matches('^[0-9]+$') || int(p) >= 1 && int(p) <= 65535)",
                    "ports are numbers up to 65535",
                )
            ),
        ),
    ] = {}
    """External port to internal port. 3000 inside is the gateway's HTTP; any other is passed on as TCP to the one
    service whose interface names that port."""

    @model_validator(mode="after")
    def _in_range(self) -> Self:
        wrong = [port for port in self.ports if not 1 <= int(port) <= 65535]
        if wrong:
            raise ValueError(f"ports are numbers from 1 to 65535, not {', '.join(wrong)}")
        return self
