"""The kinds of objects that the operator owns or reads, and how an object of them is addressed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ailtire_operator import naming, printable
from ailtire_operator.cluster.errors import NotFound

_NO_NAME: Final = frozenset("/%?#\\")
"""What no name has, and what would be more than a part of a path."""

Manifest = dict[str, Any]
"""An object in the form in which the API server takes and gives it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind in the one version that this operator speaks."""

    group: str
    version: str
    kind: str
    plural: str
    optional: bool = False
    """Whether a cluster may lack it (an add-on's CRD): its absence is then no error."""
    selected: bool = True
    """Whether it is watched by our label alone; AiltireStacks are not, as their roots are written by people."""
    also: str = ""
    """A further selector, for what carries our label though it is not ours."""
    metadata_only: bool = False
    """Whether nothing but the metadata of its objects is ever asked for."""

    @property
    def selector(self) -> str:
        """The label selector with which the kind is watched; empty for all of it."""
        return ",".join(filter(None, (naming.MANAGED_SELECTOR if self.selected else "", self.also)))

    @property
    def api_version(self) -> str:
        """``apps/v1``; the core group has no name: ``v1``."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str | None, name: str | None = None, subresource: str | None = None) -> str:
        """The URL path of the collection (over all namespaces without one), of an object or of its subresource.

        Raises NotFound for what can be no name: it may come from a field that an author writes, and must not lead to
        another address.
        """
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        scope = (f"namespaces/{_segment(namespace)}",) if namespace else ()
        return "/".join(filter(None, (root, *scope, self.plural, _segment(name or ""), subresource)))


def _segment(name: str) -> str:
    """A name as a part of a path, as the API server admits it."""
    if name in (".", "..") or not _NO_NAME.isdisjoint(name) or not name.isprintable():
        raise NotFound(f"no object can have the name '{printable.line(name)}'", status=404)
    return name


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """An object's address. The kind's name suffices: no two kinds here share one."""

    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> "Ref":
        """The address of a manifest or a live object."""
        metadata = manifest["metadata"]
        return cls(manifest["kind"], metadata.get("namespace", ""), metadata["name"])

    @property
    def path(self) -> str:
        """The URL path of the object."""
        return KINDS[self.kind].path(self.namespace, self.name)

    def address(self, **which: str) -> Manifest:
        """A manifest that says nothing but which object is meant; ``which``: its uid or resourceVersion."""
        metadata = {"name": self.name, "namespace": self.namespace, **which}
        return {"apiVersion": KINDS[self.kind].api_version, "kind": self.kind, "metadata": metadata}

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


SERVICE: Final = Kind("", "v1", "Service", "services")
ENDPOINT_SLICE: Final = Kind(
    "discovery.k8s.io",
    "v1",
    "EndpointSlice",
    "endpointslices",
    # Kubernetes copies a Service's labels to the slices that it makes for it, one for each and all their changes.
    also="endpointslice.kubernetes.io/managed-by!=endpointslice-controller.k8s.io",
)
CONFIG_MAP: Final = Kind("", "v1", "ConfigMap", "configmaps")
VOLUME_CLAIM: Final = Kind("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims")
DEPLOYMENT: Final = Kind("apps", "v1", "Deployment", "deployments")
STATEFUL_SET: Final = Kind("apps", "v1", "StatefulSet", "statefulsets")
DAEMON_SET: Final = Kind("apps", "v1", "DaemonSet", "daemonsets")
CONTROLLER_REVISION: Final = Kind(
    "apps",
    "v1",
    "ControllerRevision",
    "controllerrevisions",
    # Those that Kubernetes makes for StatefulSets and DaemonSets carry the labels of their pods.
    also=naming.LABEL_LAST_GOOD,
)
JOB: Final = Kind("batch", "v1", "Job", "jobs")
NETWORK_POLICY: Final = Kind("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies")
INGRESS: Final = Kind("networking.k8s.io", "v1", "Ingress", "ingresses")
AUTOSCALER: Final = Kind("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers")
DISRUPTION_BUDGET: Final = Kind("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets")
HTTP_ROUTE: Final = Kind("gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes", optional=True)
STACK: Final = Kind(naming.GROUP, naming.VERSION, naming.KIND, naming.PLURAL, selected=False)

POD: Final = Kind("", "v1", "Pod", "pods")
EVENT: Final = Kind("", "v1", "Event", "events")
REPLICA_SET: Final = Kind("apps", "v1", "ReplicaSet", "replicasets")
SECRET: Final = Kind("", "v1", "Secret", "secrets", optional=True, selected=False, metadata_only=True)
"""Watched where a setting says so, and read in no other way: what holds one must not be in the operator's memory."""
LEASE: Final = Kind("coordination.k8s.io", "v1", "Lease", "leases")

OWNED_KINDS: Final[tuple[Kind, ...]] = (
    SERVICE,
    ENDPOINT_SLICE,
    CONFIG_MAP,
    VOLUME_CLAIM,
    DEPLOYMENT,
    STATEFUL_SET,
    DAEMON_SET,
    CONTROLLER_REVISION,
    JOB,
    NETWORK_POLICY,
    INGRESS,
    AUTOSCALER,
    DISRUPTION_BUDGET,
    HTTP_ROUTE,
    STACK,
)
"""What a stack may own. The list may grow but never shrink: a kind that is no longer written must still be pruned."""

OPERATORS_OWN_KINDS: Final = (STACK, ENDPOINT_SLICE, CONTROLLER_REVISION)
"""What the operator writes under its own account, and asks no author the right to: child stacks have a place that only
the operator may give, and the other two hold what the operator has read in the cluster, addresses of the stack's own
pods and a definition that ran already. Kubernetes' role ``edit`` has no right to them."""

DECLARED_KINDS: Final = (HTTP_ROUTE,)
"""What an author needs the right to only where a definition asks for it: below the root, ``spec.additionalKinds``."""

ASKED_KINDS: Final = tuple(kind for kind in OWNED_KINDS if kind not in (*OPERATORS_OWN_KINDS, *DECLARED_KINDS))
"""What every author needs the right to: all the rest, so that a new kind is asked for unless somebody decides else."""

WORKLOAD_KINDS: Final = (DEPLOYMENT, STATEFUL_SET, DAEMON_SET, JOB)
"""Those of them that run pods."""

WATCHED_KINDS: Final = (*OWNED_KINDS, POD)

KINDS: Final[Mapping[str, Kind]] = {kind.kind: kind for kind in (*OWNED_KINDS, POD, EVENT, LEASE)}


def kind_of(manifest: Mapping[str, Any]) -> Kind:
    """The kind of a manifest.

    Raises ``ValueError`` for one that the operator does not handle, or in another version: the plan is at fault then.
    """
    kind = KINDS.get(manifest["kind"])
    if kind is None or manifest.get("apiVersion") != kind.api_version:
        raise ValueError(f"{manifest.get('apiVersion')} {manifest['kind']} is no kind that this operator writes")
    return kind


def controller_of(obj: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The ownerReference of the object's controller: at most one has that mark."""
    references = obj["metadata"].get("ownerReferences") or ()
    return next((reference for reference in references if reference.get("controller")), None)


def namespace_of(path: str) -> str:
    """The namespace that the URL path of a request names; empty where it is about the whole cluster."""
    return path.partition("/namespaces/")[2].partition("/")[0]
