"""``status`` of an AiltireStack. Its size is limited, so that a large tree does not exceed the size of a resource."""

from typing import Annotated, Literal

from pydantic import Field

from ailtire_operator.model.base import Strict
from ailtire_operator.model.limits import DEPTH_LIMIT, FIELD_LIMIT, NOTICE_LIMIT, ROLLOUT_LIMIT

Truth = Literal["True", "False", "Unknown"]


class Condition(Strict):
    """A condition, by the conventions of Kubernetes and kstatus."""

    type: Annotated[str, Field(max_length=64)]
    """Ready, Reconciling, Stalled, Translated, ReferencesResolved, Conflicting, RolledBack, UpdatePaused,
    WaitingForDeletion, Suspended, Stopped."""
    status: Truth
    """Whether the condition holds: True, False or Unknown."""
    observed_generation: int = 0
    """The generation of the spec that this is about."""
    last_transition_time: Annotated[str, Field(json_schema_extra={"format": "date-time"})]
    """When the status last changed."""
    reason: Annotated[str, Field(max_length=128)]
    """The reason in CamelCase, for programs."""
    message: Annotated[str, Field(max_length=1024)] = ""
    """The reason in a sentence, for people."""


class ServiceStatus(Strict):
    """One plain service."""

    kind: Annotated[str, Field(max_length=63)] = ""
    """The kind of the workload that runs it."""
    name: Annotated[str, Field(max_length=253)] = ""
    """The name of that workload."""
    ready: int = 0
    """Ready replicas of the current definition."""
    wanted: int = 0
    """The number of requested replicas."""
    reason: Annotated[str, Field(max_length=128)] | None = None
    """Why it is not ready: ImagePullBackOff, Unschedulable, QuotaExceeded, RolledBack, ..."""
    message: Annotated[str, Field(max_length=1024)] | None = None
    """The same in a sentence."""


class StackStatusSummary(Strict):
    """One child stack."""

    name: Annotated[str, Field(max_length=63)] = ""
    """The child AiltireStack's name."""
    ready: bool = False
    """Whether its current definition is observed and its whole subtree is ready."""
    services: Annotated[str, Field(max_length=32)] = "0/0"
    """Ready and wanted services of its subtree."""
    reason: Annotated[str, Field(max_length=128)] | None = None
    """Why it is not ready."""
    message: Annotated[str, Field(max_length=1024)] | None = None
    """The deepest blocker below it."""


class BlockerStatus(Strict):
    """The problem that keeps a stack from being ready."""

    path: Annotated[list[Annotated[str, Field(max_length=63)]], Field(max_length=DEPTH_LIMIT)] = []
    """The keys of the child stacks that lead to it; empty if it is in the stack itself."""
    subject: Annotated[str, Field(max_length=512)] = ""
    """What has the problem there: a service, the gateway or an object; empty if the message names it."""
    replicas: Annotated[str, Field(max_length=32)] = ""
    """Ready and wanted replicas of a service or gateway."""
    reason: Annotated[str, Field(max_length=128)] = ""
    """The reason in CamelCase, for programs."""
    message: Annotated[str, Field(max_length=1024)] = ""
    """The problem in a sentence."""


class Counts(Strict):
    """Services and stacks of the whole subtree."""

    services_ready: int = 0
    """Plain services that are ready."""
    services_wanted: int = 0
    """All plain services."""
    stacks_ready: int = 0
    """Stacks that are ready, this one included."""
    stacks_wanted: int = 0
    """All stacks, this one included."""
    services_stopped: int = 0
    """Plain services that are stopped or scaled to zero."""
    stacks_suspended: int = 0
    """Stacks below this one that are suspended."""
    stacks_stopped: int = 0
    """Stacks below this one that are stopped as a whole."""
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
    """The external URL, if the tree has an edge."""


class NoticeStatus(Strict):
    """One value that works differently from the definition."""

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
    """The total number of notices."""
    notices: Annotated[list[NoticeStatus], Field(max_length=NOTICE_LIMIT)] = []
    """The first 50 of them."""


class FieldChangeStatus(Strict):
    """One field of a pod template, before and after."""

    path: Annotated[str, Field(max_length=160)]
    """The field, in Kubernetes' terms: containers[web].image, containers[web].env[LOG], annotations[example.com/a]."""
    before: Annotated[str, Field(max_length=160)] | None = None
    """The value before; absent where there was none, or where it is hidden."""
    after: Annotated[str, Field(max_length=160)] | None = None
    """The value since then; absent where there is none, or where it is hidden."""
    hidden: bool = False
    """Whether the values look like credentials and are not shown."""


class RolloutStatus(Strict):
    """One rollout: the operator has written a workload with another pod template, so that its pods were replaced."""

    time: Annotated[str, Field(json_schema_extra={"format": "date-time"})]
    """When it was written."""
    kind: Annotated[str, Field(max_length=63)]
    """The workload's kind: Deployment, StatefulSet or DaemonSet."""
    name: Annotated[str, Field(max_length=253)]
    """The workload's name, by which kubectl finds it."""
    service: Annotated[str, Field(max_length=63)] = ""
    """The service's key; empty for the gateway."""
    cause: Literal["Planned", "RolledBack", "PutBack", "SecretChanged"] = "Planned"
    """Planned: the definition, a template, or the operator's version or settings ask for it. RolledBack: an update
    failed, and what ran before runs again. PutBack: somebody had changed the workload itself. SecretChanged: there is a
    new version of a Secret that the service names, and it has reloadOnSecrets."""
    root_generation: int = 0
    """The generation of the root's spec at that time."""
    manager: Annotated[str, Field(max_length=128)] = ""
    """The field manager that had last changed the root's spec; of PutBack, the one that had changed the workload."""
    changes: Annotated[list[FieldChangeStatus], Field(max_length=FIELD_LIMIT)] = []
    """The fields that differ, images first."""
    omitted: int = 0
    """How many more fields differ."""


class VerificationStatus(Strict):
    """The check of the stack (spec.verify) for its current definition."""

    job: Annotated[str, Field(max_length=63)] = ""
    """The name of the Job that runs it."""
    phase: Literal["Pending", "Running", "Passed", "Failed"] = "Pending"
    """Pending: it starts when everything else is ready. Failed: it stays so until the definition changes."""
    output: Annotated[str, Field(max_length=1024)] = ""
    """The last lines that a failed check has written."""


class StackStatus(Strict):
    """The stack's state, computed anew in every reconcile, but for ``rollouts``, to which each rollout is added."""

    observed_generation: int = 0
    """The generation of the spec that this status is about."""
    conditions: Annotated[
        list[Condition],
        Field(
            max_length=16, json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}
        ),
    ] = []
    """Ready, Reconciling, Stalled, and those of this operator."""
    ready: Annotated[str, Field(max_length=32)] = ""
    """The status of Ready, or Suspended or Stopped, for a column of kubectl get."""
    app_name: Annotated[str, Field(max_length=63)] = ""
    """The application's name."""
    parent: Annotated[str, Field(max_length=63)] = ""
    """The parent stack; empty at the root."""
    url: Annotated[str, Field(max_length=2048)] = ""
    """The external URL of the stack."""
    counts: Counts = Counts()
    """Services and stacks of the subtree."""
    services: Annotated[dict[Annotated[str, Field(max_length=63)], ServiceStatus], Field(max_length=500)] = {}
    """The plain services, by key."""
    stacks: Annotated[dict[Annotated[str, Field(max_length=63)], StackStatusSummary], Field(max_length=500)] = {}
    """The child stacks, by key."""
    routes: Annotated[list[RouteStatus], Field(max_length=500)] = []
    """The routes of the stack's gateway."""
    blocker: BlockerStatus | None = None
    """The problem that most likely keeps the stack from being ready, of the whole subtree."""
    translation: Translation = Translation()
    """Values that work differently from the definition."""
    verify: VerificationStatus | None = None
    """The stack's check, if it has one."""
    rollouts: Annotated[list[RolloutStatus], Field(max_length=ROLLOUT_LIMIT)] = []
    """The last rollouts of this stack's own services and gateway, newest first: which change replaced which pods."""
