"""What goes into a plan beside the spec, and what comes out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ailtire_operator.model.dependencies import Condition
from ailtire_operator.model.problems import FieldErrors
from ailtire_operator.model.report import Notice
from ailtire_operator.model.rollout import UpdateConfig
from ailtire_operator.model.stack import Stack, StackSpec

Manifest = dict[str, Any]
"""A Kubernetes object as JSON, in the API server's own form, without what only the cluster adds (owner, namespace)."""

Node = Mapping[str, Any]
"""A node that is not cordoned: its ``labels``, and its ``taints`` as Kubernetes writes them."""

Action = Literal["rollback", "pause"]


@dataclass(frozen=True, slots=True)
class FailedUpdate:
    """An update of a service that failed, and the definition that rolled out before it."""

    template_hash: str
    """Of the pod template that failed."""
    generation: int
    """Of the stack whose definition it was, when that was last looked at."""
    kept: int
    """Replicas that still had the template before."""
    last_good: Mapping[str, Any]
    """The pod template that last rolled out in full."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What only a cluster knows. Empty where manifests are rendered without one."""

    addresses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By Service name: its ClusterIPs, or the addresses of the ready pods behind a headless Service."""
    templates: Mapping[str, StackSpec] = field(default_factory=dict)
    """By name: the stacks of the namespace that are marked ``spec.templateOnly``."""
    stop_signal: bool = False
    """The API server keeps ``lifecycle.stopSignal`` (feature gate ContainerStopSignals)."""
    http_routes: bool = True
    """The API server serves HTTPRoute."""
    nodes: tuple[Node, ...] | None = ()
    """A new job of mode globalJob runs as often as there are some that take it. None: they may not be listed."""
    completions: Mapping[str, int] = field(default_factory=dict)
    """By name of a Job that exists: how often it was made to run."""
    failed_updates: Mapping[str, FailedUpdate] = field(default_factory=dict)
    """Updates that were found to fail, by the service's label."""


@dataclass(frozen=True, slots=True)
class DependencyPlan:
    """What a service waits for before it is created or changed."""

    path: str
    """As its author wrote it."""
    stack: str
    """The AiltireStack that holds it."""
    key: str
    """Its key there; it may itself be a stack."""
    condition: Condition
    required: bool = True
    """False: only waited for where it exists."""


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """One plain service of the plan."""

    key: str
    kind: str
    """The workload's kind: Deployment, StatefulSet, DaemonSet or Job."""
    name: str
    """The workload's name."""
    replicas: int | None
    """How many should run; None where an autoscaler or the number of nodes decides, and for a Job."""
    completions: int | None = None
    """How many pods of a Job must end well."""
    template_hash: str = ""
    """Changes with the pod template alone: two equal ones run the same."""
    depends_on: tuple[DependencyPlan, ...] = ()
    update: UpdateConfig | None = None
    """What to do when an update fails; None is Kubernetes' own way."""
    on_failure: Action | None = None
    """What the operator does about a failed update; None for Jobs, too, as nothing of them rolls."""
    held: Action | None = None
    """What it does now, as the update has failed. ``template_hash`` is still that of what is wanted."""


@dataclass(frozen=True, slots=True)
class ChildPlan:
    """One child stack of the plan."""

    key: str
    name: str
    """The child AiltireStack's name."""
    missing: str | None = None
    """The template that it refers to and that does not exist; then there is no object for it."""
    optional: bool = False
    """A missing template does not keep the stack from being ready."""
    problem: FieldErrors | None = None
    """What is wrong with its definition; then there is no object for it, and what runs keeps running."""
    depends_on: tuple[DependencyPlan, ...] = ()


@dataclass(frozen=True, slots=True)
class RoutePlan:
    """One route of the stack's gateway."""

    prefix: str
    """External prefix at this gateway, without a trailing slash; empty for the root path."""
    service: str
    """The member's key."""
    port: int
    urls: tuple[str, ...] = ()
    """Where it is reached from outside."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that should exist for one stack, and what to tell about it."""

    stack: Stack
    objects: tuple[Manifest, ...]
    """Services first, child stacks last; each name of a kind once."""
    notices: tuple[Notice, ...]
    services: Mapping[str, ServicePlan]
    children: Mapping[str, ChildPlan]
    routes: tuple[RoutePlan, ...] = ()
    gateway: ServicePlan | None = None
    """The stack's gateway, where it has one (its key is empty)."""
    urls: tuple[str, ...] = ()
    """Where the stack itself is reached from outside."""
