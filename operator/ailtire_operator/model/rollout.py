"""``updateConfig``, ``rollbackConfig`` and ``restartPolicy``: how a change rolls, and what happens when it fails."""

from typing import Annotated, Literal

from pydantic import Field

from ailtire_operator.model.base import Strict
from ailtire_operator.model.values import Duration

Ratio = Annotated[float, Field(ge=0, le=1)]


class RollbackConfig(Strict):
    """How the way back to the last good definition rolls through the replicas."""

    order: Literal["startFirst", "stopFirst"] = "startFirst"
    """startFirst keeps the wanted count up; stopFirst is Swarm's own default, needed where a volume has one writer."""
    parallelism: Annotated[int, Field(ge=0, le=1000)] = 1
    """Replicas replaced at once; 0 is all."""
    delay: Duration | None = None
    """Time a new replica must stay ready before the next one is replaced."""
    monitor: Duration | None = None
    """The same as delay; the longer of the two counts."""
    max_failure_ratio: Ratio = 0.0
    """The share of replicas that may fail without the roll-out counting as failed."""
    failure_action: Literal["pause", "continue"] = "pause"
    """After a failure: pause leaves the roll-out where it is, continue goes on trying."""


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
    max_failure_ratio: Ratio = 0.0
    """The share of replicas that may fail without the update counting as failed."""
    failure_action: Literal["pause", "continue", "rollback"] | None = None
    """After a failure: pause leaves the update where it is, continue goes on trying, rollback brings the last good
    definition back. Without it Kubernetes' own way: the update waits, and the old replicas go on."""


class RestartPolicy(Strict):
    """What happens when the process ends."""

    condition: Literal["any", "onFailure", "none"] | None = None
    """any restarts always, the only way of a service that stays. none, and onFailure for a service without ports,
    routes and health check, make it a Job that ends. Jobs know onFailure (their default) and none."""
    max_attempts: Annotated[int, Field(ge=0, le=1000000)] | None = None
    """For Jobs: failures until it is given up. A service that stays is restarted for ever."""
    delay: Duration | None = None
    """Kept for Swarm: the kubelet waits 10s, then longer, up to 5m."""
    window: Duration | None = None
    """Kept for Swarm."""
