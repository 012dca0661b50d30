"""``status`` of an AiltireStack: what a person reads. Bounded, so that a large tree never outgrows its resource."""

from typing import Annotated, Literal

from pydantic import Field

from ailtire_operator.model.base import Strict
from ailtire_operator.model.limits import DEPTH_LIMIT, NOTICE_LIMIT

Truth = Literal["True", "False", "Unknown"]


class Condition(Strict):
    """One aspect of the stack's state, as Kubernetes' own resources report it (kstatus understands it)."""

    type: Annotated[str, Field(max_length=64)]
    """Ready, Reconciling, Stalled, Translated, ReferencesResolved, Conflicting, RolledBack, UpdatePaused,
    WaitingForDeletion, Suspended."""
    status: Truth
    """Whether the condition holds: True, False or Unknown."""
    observed_generation: int = 0
    """The generation of the spec that this was found for."""
    last_transition_time: Annotated[str, Field(json_schema_extra={"format": "date-time"})]
    """When the status last changed."""
    reason: Annotated[str, Field(max_length=128)]
    """Why, in one word for programs."""
    message: Annotated[str, Field(max_length=1024)] = ""
    """Why, in a sentence for people."""


class ServiceStatus(Strict):
    """One plain service."""

    kind: Annotated[str, Field(max_length=63)] = ""
    """The kind of the workload that runs it."""
    name: Annotated[str, Field(max_length=253)] = ""
    """The name of that workload."""
    ready: int = 0
    """Replicas that are ready and of the current definition."""
    wanted: int = 0
    """Replicas asked for."""
    reason: Annotated[str, Field(max_length=128)] | None = None
    """Why it is not ready: ImagePullBackOff, Unschedulable, QuotaExceeded, RolledBack, ..."""
    message: Annotated[str, Field(max_length=1024)] | None = None
    """The same in a sentence."""


class StackStatusSummary(Strict):
    """One child stack, as its parent sees it."""

    name: Annotated[str, Field(max_length=63)] = ""
    """The child AiltireStack's name."""
    ready: bool = False
    """It has observed its current definition, and its whole subtree is ready."""
    services: Annotated[str, Field(max_length=32)] = "0/0"
    """Ready and wanted services of its subtree."""
    reason: Annotated[str, Field(max_length=128)] | None = None
    """Why it is not ready."""
    message: Annotated[str, Field(max_length=1024)] | None = None
    """The deepest blocker below it."""


class BlockerStatus(Strict):
    """What keeps a stack from being ready, as its status tells it."""

    path: Annotated[list[Annotated[str, Field(max_length=63)]], Field(max_length=DEPTH_LIMIT)] = []
    """The keys of the stacks that lead to it; empty where it is in the stack itself."""
    subject: Annotated[str, Field(max_length=512)] = ""
    """What is meant there: a service, the gateway or an object; empty where the message says it."""
    replicas: Annotated[str, Field(max_length=32)] = ""
    """Ready and wanted replicas of a service or gateway."""
    reason: Annotated[str, Field(max_length=128)] = ""
    """Why, in one word for programs."""
    message: Annotated[str, Field(max_length=1024)] = ""
    """What is wrong, in a sentence."""


class Counts(Strict):
    """Services and stacks of the whole subtree."""

    services_ready: int = 0
    """Plain services that are ready."""
    services_wanted: int = 0
    """Plain services that are wanted in all."""
    stacks_ready: int = 0
    """Stacks that are ready, this one included."""
    stacks_wanted: int = 0
    """Stacks in all, this one included."""
    services_stopped: int = 0
    """Plain services that are ready because no replica is asked for."""
    stacks_suspended: int = 0
    """Stacks below this one that are suspended."""
    services: Annotated[str, Field(max_length=32)] = "0/0"
    """servicesReady/servicesWanted, for a column of kubectl get."""
    stacks: Annotated[str, Field(max_length=32)] = "0/0"
    """Ready/wanted stacks below this one, for a column of kubectl get."""


class RouteStatus(Strict):
    """One route of the stack's gateway."""

    path: Annotated[str, Field(max_length=512)]
    """The prefix at this stack's gateway."""
    service: Annotated[str, Field(max_length=63)]
    """The service behind it."""
    port: int
    """The service's port."""
    url: Annotated[str, Field(max_length=2048)] | None = None
    """Where it is reached from outside, where the tree has an edge."""


class NoticeStatus(Strict):
    """One deviation of what runs from what is written."""

    path: Annotated[str, Field(max_length=512)]
    """The path to the value in the spec."""
    classification: Annotated[str, Field(max_length=32)]
    """approximate, ignored, rejected, resolved or gated."""
    message: Annotated[str, Field(max_length=1024)]
    """What happens instead, and why."""
    remedy: Annotated[str, Field(max_length=1024)] | None = None
    """What to do about it."""


class Translation(Strict):
    """The translation report."""

    count: int = 0
    """How many deviations there are in all."""
    notices: Annotated[list[NoticeStatus], Field(max_length=NOTICE_LIMIT)] = []
    """The first 50 of them."""


class StackStatus(Strict):
    """The stack's state, derived afresh in every reconcile."""

    observed_generation: int = 0
    """The generation of the spec that this speaks of."""
    conditions: Annotated[
        list[Condition],
        Field(
            max_length=16, json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}
        ),
    ] = []
    """Ready, Reconciling, Stalled and our own."""
    ready: Annotated[str, Field(max_length=32)] = ""
    """What kubectl get shows: the status of Ready, or Suspended, as nothing of a suspended stack is changed."""
    app_name: Annotated[str, Field(max_length=63)] = ""
    """The application's name."""
    parent: Annotated[str, Field(max_length=63)] = ""
    """The stack that holds this one; empty at the root."""
    url: Annotated[str, Field(max_length=2048)] = ""
    """Where the stack is reached from outside."""
    counts: Counts = Counts()
    """Services and stacks of the subtree."""
    services: Annotated[dict[Annotated[str, Field(max_length=63)], ServiceStatus], Field(max_length=500)] = {}
    """The plain services, by key."""
    stacks: Annotated[dict[Annotated[str, Field(max_length=63)], StackStatusSummary], Field(max_length=500)] = {}
    """The child stacks, by key."""
    routes: Annotated[list[RouteStatus], Field(max_length=500)] = []
    """The routes of the stack's gateway."""
    blocker: BlockerStatus | None = None
    """What keeps it from being ready: the most telling problem of the whole subtree."""
    translation: Translation = Translation()
    """What does not run exactly as written."""
