"""``deploy`` of a service, in Compose's words: how many run, with what, and how a change rolls through them."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from ailtire_operator.model.base import Strict, rules
from ailtire_operator.model.values import Duration, Quantity, amount


class ResourceList(Strict):
    """Amounts of processor time and memory."""

    cpu: Quantity | None = None
    """Processors: 500m is half of one."""
    memory: Quantity | None = None
    """Bytes: 256Mi."""


def _fits(name: str) -> str:
    """In CEL: what is set aside does not exceed the limit. What is no quantity is refused by its own rule."""
    limit, reserved = f"self.limits.{name}", f"self.reservations.{name}"
    given = f"has(self.limits) && has({limit}) && has(self.reservations) && has({reserved})"
    sound = f"isQuantity(string({limit})) && isQuantity(string({reserved}))"
    return f"!({given} && {sound}) || quantity(string({reserved})).compareTo(quantity(string({limit}))) <= 0"


class Resources(Strict):
    """What the service may use and what is set aside for it."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (_fits("cpu"), "reservations.cpu is above limits.cpu"),
            (_fits("memory"), "reservations.memory is above limits.memory"),
        )
    )

    limits: ResourceList | None = None
    """The most that it gets."""
    reservations: ResourceList | None = None
    """Set aside for it on its node. Nothing is set aside unless said here, as in Compose."""

    @model_validator(mode="after")
    def _reservations_fit(self) -> Self:
        for name in ("cpu", "memory"):
            limit, reserved = getattr(self.limits, name, None), getattr(self.reservations, name, None)
            if limit is not None and reserved is not None and amount(reserved) > amount(limit):
                raise ValueError(f"reservations.{name} {reserved} is above limits.{name} {limit}")
        return self


class UpdateConfig(Strict):
    """How a change rolls through the replicas. Without it no replica stops before its successor is ready."""

    order: Literal["startFirst", "stopFirst"] = "startFirst"
    """startFirst keeps the wanted count up; stopFirst is Swarm's own default, needed where a volume has one writer."""
    parallelism: Annotated[int, Field(ge=0, le=1000)] = 1
    """Replicas replaced at once; 0 is all."""
    delay: Duration | None = None
    """Time a new replica must stay ready before the next one is replaced."""
    monitor: Duration | None = None
    """The same as delay; the longer of the two counts."""


class Deploy(Strict):
    """How the service runs: Compose's ``deploy``."""

    replicas: Annotated[int, Field(ge=0, le=1000)] = 1
    """How many run. Left to the autoscaler where policies.scaling is set."""
    resources: Resources | None = None
    """Limits and reservations."""
    update_config: UpdateConfig | None = None
    """How changes roll out."""
    endpoint_mode: Literal["vip", "dnsrr"] = "vip"
    """vip: one stable address for all replicas. dnsrr: the name resolves to the replicas' own addresses."""
