"""``policies`` of a service: scaling, and what the stack's gateway enforces on the service's routes."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from ailtire_operator.model.base import Strict, rules
from ailtire_operator.model.values import Duration, ObjectName, PositiveQuantity, UniqueList


class Scaling(Strict):
    """Bounds and targets of the autoscaler."""

    model_config = ConfigDict(json_schema_extra=rules(("!has(self.min) || self.min <= self.max", "min is above max")))

    min: Annotated[int, Field(ge=0, le=1000)] = 1
    """The fewest replicas. 0 runs one: Kubernetes' autoscaler does not go lower."""
    max: Annotated[int, Field(ge=1, le=1000)]
    """The most replicas."""
    cpu: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Target processor use in percent of what is reserved; 80 where neither cpu nor memory is given."""
    memory: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Target memory use in percent of what is reserved."""

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
    """When the gateway tries again."""

    max_retries: Annotated[int, Field(ge=0, le=5)]
    """Further tries after a refused connection, a time-out, or an answer of 502, 503 or 504, for requests that are safe
    to repeat (GET, HEAD, OPTIONS, PUT, DELETE). What reached no pod at all is sent once more without asking. A body of
    100,000 bytes and more is passed on as it comes, and such a request is never sent again."""


class Authentication(Strict):
    """Who may call: HTTP basic authentication."""

    secret: ObjectName
    """A Secret of the namespace whose key ``auth`` holds lines as htpasswd writes them."""
    realm: Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9 ._-]+$")] = "Restricted"
    """The name of what is protected, which a browser shows when it asks for the password."""


class AccessControl(Strict):
    """Who may call, and how often."""

    rate_limit: Annotated[int, Field(ge=1, le=100000)] | None = None
    """Requests per second and client address; above twice that in a burst the caller gets a 429."""
    allow: Annotated[
        UniqueList[Annotated[str, Field(max_length=64, pattern=r"^[0-9a-fA-F.:]+(/[0-9]{1,3})?$")]],
        Field(max_length=64),
    ] = []
    """Client addresses or CIDR ranges that may call; all where empty."""
    authentication: Authentication | None = None
    """HTTP basic authentication: who may call, with a password."""


class Logging(Strict):
    """What the gateway writes about the service's requests."""

    level: Literal["debug", "info", "warn", "error", "none"]
    """debug and info write every request, warn and error only failed ones (from status 400 / 500 on), none nothing."""


class Policies(Strict):
    """Scaling of the service; timeout, retry, access control and logging of its routes."""

    scaling: Scaling | None = None
    """Lets an autoscaler set the number of replicas."""
    timeout: Timeout | None = None
    """How long the gateway waits for an answer."""
    retry: Retry | None = None
    """When the gateway sends a request once more."""
    access_control: AccessControl | None = None
    """Rate limit, allowed addresses, authentication."""
    logging: Logging | None = None
    """What the gateway logs of the service's requests."""
    max_body: PositiveQuantity | None = None
    """The largest body of a request to the service's routes in bytes; what the gateway says (64Mi) where not given."""
