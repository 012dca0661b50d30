"""``updateConfig``, ``rollbackConfig`` and ``restartPolicy``: how updates roll out, and what happens if they fail."""

from typing import Annotated, Literal

from pydantic import Field

from ailtire_operator.model.base import Strict
from ailtire_operator.model.values import Duration

Ratio = Annotated[float, Field(ge=0, le=1)]


class RollbackConfig(Strict):
    """How a rollback to the last good definition replaces the replicas."""

    order: Literal["startFirst", "stopFirst"] = "startFirst"
    """startFirst keeps the wanted count; stopFirst is Swarm's default, needed if a volume has a single writer."""
    parallelism: Annotated[int, Field(ge=0, le=1000)] = 1
    """Replicas replaced at the same time; 0 is all."""
    delay: Duration | None = None
    """Time that a new replica must stay ready before the next one is replaced."""
    monitor: Duration | None = None
    """The same as delay; the longer of the two applies."""
    max_failure_ratio: Ratio = 0.0
    """Kept for Swarm: a rollback does not fail."""
    failure_action: Literal["pause", "continue"] = "pause"
    """Kept for Swarm: a rollback always continues until it is complete."""


class UpdateConfig(Strict):
    """How an update replaces the replicas. Without it no replica stops before its successor is ready.

    With failureAction rollback or pause an update has failed when a new replica has a definite problem (its image
    cannot be pulled, its process keeps ending) for the time of monitor (5s), or is not ready within ten more minutes.
    A service's first definition is not an update.
    """

    order: Literal["startFirst", "stopFirst"] = "startFirst"
    """startFirst keeps the wanted count; stopFirst is Swarm's default, needed if a volume has a single writer."""
    parallelism: Annotated[int, Field(ge=0, le=1000)] = 1
    """Replicas replaced at the same time; 0 is all."""
    delay: Duration | None = None
    """Time that a new replica must stay ready before the next one is replaced."""
    monitor: Duration | None = None
    """The same as delay, the longer of the two applies; and how long a replica may have a problem before the update
    has failed (5s)."""
    max_failure_ratio: Ratio = 0.0
    """The share of replicas that may fail without failing the update, as long as it makes progress."""
    failure_action: Literal["pause", "continue", "rollback"] | None = None
    """After a failure: pause stops the update, rollback restores the pod template that last rolled out in full; both
    until the definition changes. continue (the default) is Kubernetes' behaviour: the update waits, and the old
    replicas keep running."""


class UpdatePolicy(Strict):
    """What happens to a whole tree when an update of its definition fails.

    It has failed when something that the change concerns is not ready in time: a service, or anything in a stack, whose
    definition differs from that of the last revision. What else is not ready does not matter. The failureAction of
    services comes first.
    """

    failure_action: Literal["rollback", "pause"]
    """rollback: the whole tree goes back to the last revision that was Ready as a whole, in the order of dependsOn. The
    definition stays as it is written. Volumes keep what is in them, and what Jobs have done is not undone. pause:
    nothing that the update has not changed yet is changed, and what runs runs on. Both until the definition changes."""
    progress_deadline: Duration = "10m"
    """Time in which everything that the change concerns has to become ready."""


class RestartPolicy(Strict):
    """What happens when the process ends."""

    condition: Literal["any", "onFailure", "none"] | None = None
    """any always restarts. none, and onFailure for a service without ports, routes and health check, make the service
    a Job that ends. Jobs allow onFailure (their default) and none."""
    max_attempts: Annotated[int, Field(ge=0, le=1000000)] | None = None
    """For Jobs: the number of failures after which the Job fails. Other services are restarted without limit."""
    delay: Duration | None = None
    """Kept for Swarm: the kubelet waits 10s, then longer, up to 5m."""
    window: Duration | None = None
    """Kept for Swarm: the time after which a restart counts as a success."""
