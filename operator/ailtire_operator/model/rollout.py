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
    """Kept for Swarm: the way back is not judged."""
    failure_action: Literal["pause", "continue"] = "pause"
    """Kept for Swarm: the way back goes on until it is there, as continue says."""


class UpdateConfig(Strict):
    """How a change rolls through the replicas. Without it no replica stops before its successor is ready.

    With failureAction rollback or pause an update has failed when a new replica is in trouble that has a name (its
    image cannot be pulled, its process ends again and again) for as long as monitor says (5s), or when one does not get
    ready within ten minutes more. A service's first definition is no update.
    """

    order: Literal["startFirst", "stopFirst"] = "startFirst"
    """startFirst keeps the wanted count up; stopFirst is Swarm's own default, needed where a volume has one writer."""
    parallelism: Annotated[int, Field(ge=0, le=1000)] = 1
    """Replicas replaced at once; 0 is all."""
    delay: Duration | None = None
    """Time a new replica must stay ready before the next one is replaced."""
    monitor: Duration | None = None
    """The same as delay, the longer of the two counts; and how long a replica may be in trouble before the update has
    failed (5s)."""
    max_failure_ratio: Ratio = 0.0
    """The share of replicas that may be in trouble without the update having failed, as long as it gets on."""
    failure_action: Literal["pause", "continue", "rollback"] | None = None
    """After a failure: pause leaves the update where it is, rollback brings the pod template back that last rolled out
    in full; either way until the definition changes. continue, and nothing said, is Kubernetes' own way: the update
    waits, and the old replicas go on."""


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
    """Kept for Swarm: after how long a restart there counts as a success."""
