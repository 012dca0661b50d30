"""The types of a plan: ``Observed`` is its input beside the spec, ``Plan`` its result."""

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

SecretWatch = Literal["off", "denied", "on"]
"""Whether the operator watches the metadata of Secrets: it is not to, it may not, it does."""

Action = Literal["rollback", "pause"]


@dataclass(frozen=True, slots=True)
class FailedUpdate:
    """An update of a service that failed, and the definition that rolled out before it."""

    template_hash: str
    """Of the pod template that failed."""
    generation: int
    """The stack's generation with that definition, when it was last checked."""
    kept: int
    """Replicas that still have the template before."""
    last_good: Mapping[str, Any]
    """The pod template that last rolled out in full."""


@dataclass(frozen=True, slots=True)
class SecretReload:
    """For which versions of its Secrets a workload runs."""

    versions: Mapping[str, str] = field(default_factory=dict)
    """By name of a Secret: the version that its pods are known to run with."""
    reloaded_for: str | None = None
    """The Secrets for whose new versions its pods were last replaced; None: that never happened."""


GatewayKind = Literal["", "own", "tree"]
"""Whose gateway a stack's Service leads to: nobody's, as there is none; that of the stack alone; that of the tree."""


@dataclass(frozen=True, slots=True)
class ObservedGateway:
    """What is known of the gateways of a stack and of its tree."""

    ports: Mapping[str, int] = field(default_factory=dict)
    """By name of a child: its port at the tree's gateway."""
    unserved: frozenset[str] = frozenset()
    """Children (by name) that have a gateway of their own still, and whose routes the tree's gateway does not know."""
    leads_to: GatewayKind = ""
    """Where the stack's Service leads now."""
    own_is_ready: bool = False
    """Whether the stack's own gateway, as it is planned, takes requests."""
    tree_is_ready: bool = False
    """Whether the tree's gateway takes requests, and had time enough to read the stack's routes."""
    exists: bool = False
    """Whether the tree has a gateway for all."""
    is_used: bool = False
    """At the root: whether the Service of a stack leads to the tree's gateway."""
    highest_port: int = 0
    """At the root: the highest port of a stack below; 0 if there is none."""
    edges: Mapping[int, bool] = field(default_factory=dict)
    """At the root: the ports of stacks below that have an edge of their own, and whether it has a certificate."""
    tables: tuple[str, ...] = ()
    """At the root: what the tables of all stacks need of the gateway."""


@dataclass(frozen=True, slots=True)
class Observed:
    """Facts from the cluster. Empty when manifests are rendered without one."""

    addresses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By Service name: its ClusterIPs, or the addresses of the ready pods behind a headless Service."""
    templates: Mapping[str, StackSpec] = field(default_factory=dict)
    """By name: the stacks of the namespace with ``spec.templateOnly``."""
    stop_signal: bool = False
    """Whether the API server supports ``lifecycle.stopSignal`` (feature gate ContainerStopSignals)."""
    hostname_override: bool = False
    """Whether the API server supports ``hostnameOverride`` (feature gate HostnameOverride)."""
    resource_claims: bool = True
    """Whether the API server keeps ``resourceClaims`` of pods (dynamic resource allocation)."""
    http_routes: bool = True
    """Whether the API server serves HTTPRoute."""
    nodes: tuple[Node, ...] | None = ()
    """A new globalJob runs once for each node that fits its pod. None: the operator may not list nodes."""
    completions: Mapping[str, int] = field(default_factory=dict)
    """By name of an existing Job: its completions."""
    restarts: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """By kind and name of an existing workload: when it was last asked to restart."""
    secret_watch: SecretWatch | None = None
    """None: nothing is known of Secrets here, so that all that was done for them stays as it is."""
    secret_versions: Mapping[str, str] = field(default_factory=dict)
    """By name of a Secret of the namespace: its version, where metadata of Secrets is watched."""
    secret_reloads: Mapping[tuple[str, str], SecretReload] = field(default_factory=dict)
    """By kind and name of an existing workload: for which versions it runs."""
    failed_updates: Mapping[str, FailedUpdate] = field(default_factory=dict)
    """Failed updates, by the value of the service's label."""
    gateway: ObservedGateway = field(default_factory=ObservedGateway)
    is_offline: bool = False
    """Whether there is no cluster, so that volumes may be fresh."""


@dataclass(frozen=True, slots=True)
class DependencyPlan:
    """A dependency that must be met before a service is created or updated."""

    path: str
    """As written in the definition."""
    stack: str
    """The AiltireStack that has the dependency as a member."""
    key: str
    """Its key there; it may itself be a stack."""
    condition: Condition
    required: bool = True
    """False: it is ignored if it does not exist."""


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """One plain service of the plan."""

    key: str
    kind: str
    """The workload's kind: Deployment, StatefulSet, DaemonSet or Job."""
    name: str
    """The workload's name."""
    replicas: int | None
    """Wanted replicas; None if an autoscaler or the number of nodes decides, and for a Job."""
    completions: int | None = None
    """The pods of a Job that must succeed."""
    template_hash: str = ""
    """Hash of the pod template."""
    depends_on: tuple[DependencyPlan, ...] = ()
    update: UpdateConfig | None = None
    """The update settings; None for Kubernetes' defaults."""
    on_failure: Action | None = None
    """The operator's action after a failed update; None for none, and for Jobs, which are never updated."""
    held: Action | None = None
    """The action in force, if the update has failed. ``template_hash`` is still that of the wanted template."""
    stopped: bool = False
    """Whether nothing of it is to run."""


@dataclass(frozen=True, slots=True)
class ChildPlan:
    """One child stack of the plan."""

    key: str
    name: str
    """The child AiltireStack's name."""
    missing: str | None = None
    """The referenced template, if it does not exist; then no object is planned."""
    optional: bool = False
    """Whether the stack can be ready although the template is missing."""
    problem: FieldErrors | None = None
    """The errors in its definition; then no object is planned, and a running child is not changed."""
    depends_on: tuple[DependencyPlan, ...] = ()
    stopped: bool = False
    """Whether all of it is stopped: here, above, or by its own definition."""


@dataclass(frozen=True, slots=True)
class RoutePlan:
    """One route of the stack's gateway."""

    prefix: str
    """External prefix at this gateway, without a trailing slash; empty for the root path."""
    service: str
    """The member's key."""
    port: int
    urls: tuple[str, ...] = ()
    """Its external URLs."""


@dataclass(frozen=True, slots=True)
class Table:
    """The routes of one stack at the gateway of its tree."""

    port: int
    text: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The objects and notices of one stack."""

    stack: Stack
    objects: tuple[Manifest, ...]
    """Services first, child stacks last; kind and name are unique."""
    notices: tuple[Notice, ...]
    services: Mapping[str, ServicePlan]
    children: Mapping[str, ChildPlan]
    routes: tuple[RoutePlan, ...] = ()
    gateway: ServicePlan | None = None
    """The stack's gateway, if it has one (its key is empty)."""
    table: Table | None = None
    """Its routes at the gateway of the tree, if that serves them."""
    urls: tuple[str, ...] = ()
    """The external URLs of the stack itself."""
    verification: ServicePlan | None = None
    """The Job that checks the stack, if it has a check."""
