"""``policies`` of a service: scaling, and what the stack's gateway enforces on the service's routes."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from ailtire_operator.model.base import Strict, rules
from ailtire_operator.model.values import COOKIE_PATTERN, Duration, ObjectName, PositiveQuantity, UniqueList


class Scaling(Strict):
    """Bounds and targets of the autoscaler."""

    model_config = ConfigDict(json_schema_extra=rules(("!has(self.min) || self.min <= self.max", "min is above max")))

    min: Annotated[int, Field(ge=0, le=1000)] = 1
    """The fewest replicas. 0 runs one: Kubernetes' autoscaler does not go lower."""
    max: Annotated[int, Field(ge=1, le=1000)]
    """The most replicas."""
    cpu: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Target CPU utilization in percent of the reservation; 80 if neither cpu nor memory is given."""
    memory: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Target memory utilization in percent of the reservation."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        return self


class Timeout(Strict):
    """How long the gateway waits."""

    request_timeout: Duration
    """Between two reads from the service, before the caller gets a 504. WebSockets are exempt."""


class Retry(Strict):
    """When the gateway retries."""

    max_retries: Annotated[int, Field(ge=0, le=5)]
    """Retries after a refused connection, a time-out, or an answer of 502, 503 or 504, for requests that are safe
    to repeat (GET, HEAD, OPTIONS, PUT, DELETE). A request that reached no pod is always sent once more. A body of
    100,000 bytes and more is streamed, and such a request is never retried."""


class Authentication(Strict):
    """HTTP basic authentication."""

    secret: ObjectName
    """A Secret of the namespace whose key ``auth`` holds lines as htpasswd writes them."""
    realm: Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9 ._-]+$")] = "Restricted"
    """The realm, which a browser shows when it asks for the password."""


class AccessControl(Strict):
    """Who may call, and how often."""

    rate_limit: Annotated[int, Field(ge=1, le=100000)] | None = None
    """Requests per second and client address; a burst of more than twice that gets a 429."""
    allow: Annotated[
        UniqueList[Annotated[str, Field(max_length=64, pattern=r"^[0-9a-fA-F.:]+(/[0-9]{1,3})?$")]],
        Field(max_length=64),
    ] = []
    """Client addresses or CIDR ranges that may call; all where empty."""
    authentication: Authentication | None = None
    """HTTP basic authentication."""


class Logging(Strict):
    """What the gateway logs of the service's requests."""

    level: Literal["debug", "info", "warn", "error", "none"]
    """debug and info log every request, warn only status 400 and above, error only 500 and above, none nothing."""


class Session(Strict):
    """Keeps a caller at one replica, as socket.io with long polling needs."""

    cookie: Annotated[str, Field(max_length=64, pattern=COOKIE_PATTERN)]
    """The name of the cookie by which the gateway knows a caller's replica. It is sent for the whole host: services
    behind one host need different names."""


class Policies(Strict):
    """Scaling of the service; timeout, retry, sessions, access control and logging of its routes."""

    scaling: Scaling | None = None
    """Lets an autoscaler set the number of replicas."""
    timeout: Timeout | None = None
    """How long the gateway waits for an answer."""
    retry: Retry | None = None
    """When the gateway retries a request."""
    access_control: AccessControl | None = None
    """Rate limit, allowed addresses, authentication."""
    logging: Logging | None = None
    """What the gateway logs of the service's requests."""
    session: Session | None = None
    """Keeps a caller at one replica as long as that is ready. The gateway needs nginx 1.29.6 or newer for it."""
    max_body: PositiveQuantity | None = None
    """The largest body of a request to the service's routes in bytes; default: the gateway's limit (64Mi)."""
