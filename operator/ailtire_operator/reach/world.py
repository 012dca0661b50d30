"""Reads workloads, policies, Services and zones from objects."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ailtire_operator import naming

Object = Mapping[str, Any]
OUTSIDE: Final = "outside"
"""Everything outside of pods: the internet, nodes, other clusters."""
_TEMPLATED: Final = ("Deployment", "StatefulSet", "DaemonSet", "Job")
_OWNER: Final = "kubernetes.io/service-name"


@dataclass(frozen=True, slots=True)
class ContainerPort:
    """A declared port of a container."""

    name: str
    protocol: str
    number: int


@dataclass(frozen=True)
class Workload:
    """The pods of a service or of a gateway; or a single pod without a stack."""

    name: str
    """For people: ``shop/cpl/web``; a gateway has its stack's path, a pod without a stack is ``pod/debug``."""
    labels: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[ContainerPort, ...] = ()
    searches: tuple[str, ...] = ()
    """Its DNS search domains, in order."""
    stack: str = ""
    """The stack's name; empty for a pod without a stack."""
    key: str = ""
    """The service's key; empty for a gateway."""
    through: str = ""
    """Of a stack that the gateway of its tree serves: the Service that leads there."""
    entries: tuple[tuple[int, int], ...] = ()
    """Of such a stack: its ports at those pods, and the Service's ports that lead to them."""

    @property
    def outside(self) -> bool:
        """Whether it represents everything outside of pods."""
        return self.name == OUTSIDE


@dataclass(frozen=True)
class Policy:
    """A NetworkPolicy."""

    name: str
    spec: Object
    network: str = ""
    """The network that it belongs to, for people: ``siblings of shop/cpl``."""

    def about(self, direction: str) -> bool:
        """Whether it applies to a direction (``Ingress`` or ``Egress``)."""
        stated = self.spec.get("policyTypes")
        return direction in (stated or ["Ingress", *(["Egress"] if "egress" in self.spec else [])])


@dataclass(frozen=True)
class ServiceAddress:
    """A Service, and the addresses of its name."""

    name: str
    selector: Mapping[str, str]
    ports: tuple[tuple[str, int], ...]
    """Protocol and number; if empty, every port of the pods is used directly."""
    addresses: frozenset[str]


@dataclass(frozen=True)
class World:
    """One namespace."""

    namespace: str
    namespace_labels: Mapping[str, str]
    workloads: Mapping[str, Workload]
    policies: tuple[Policy, ...]
    services: tuple[ServiceAddress, ...]
    zones: Mapping[str, Mapping[str, frozenset[str]]]
    """Addresses by name, by the zone's Service."""
    networks: Mapping[str, str]
    """The network's name for people, by the zone's Service."""
    owners: Mapping[str, str] = field(default_factory=dict)
    """The name of the stack that owns the network, by the zone's Service."""


def world(
    objects: Iterable[Object],
    paths: Mapping[str, str],
    *,
    namespace: str,
    namespace_labels: Mapping[str, str] | None = None,
    addresses: Mapping[str, Iterable[str]] | None = None,
) -> World:
    """Read the objects of a namespace; ``paths`` are those of its stacks, ``addresses`` those of Services.

    A Service's ClusterIPs and the addresses of its pods are read from the objects too, if present.
    """
    found = list(objects)
    workloads = _with_entries(
        [each for each in (_workload(obj, paths) for obj in found) if each is not None], found, paths
    )
    zones: dict[str, dict[str, frozenset[str]]] = {}
    for obj in found:
        if obj["kind"] == "EndpointSlice":
            _add_slice(zones, obj)
    services = [obj for obj in found if obj["kind"] == "Service" and naming.LABEL_NETWORK not in _labels(obj)]
    pods = [obj for obj in found if obj["kind"] == "Pod"]
    return World(
        namespace=namespace,
        namespace_labels=namespace_labels or {"kubernetes.io/metadata.name": namespace},
        workloads={each.name: each for each in _with_entries(workloads, found, paths)},
        policies=tuple(
            Policy(obj["metadata"]["name"], obj["spec"], network_name(obj, paths))
            for obj in found
            if obj["kind"] == "NetworkPolicy"
        ),
        services=tuple(_service(obj, pods, (addresses or {}).get(obj["metadata"]["name"], ())) for obj in services),
        zones=zones,
        networks={
            obj["metadata"]["name"]: network_name(obj, paths)
            for obj in found
            if obj["kind"] == "Service" and naming.LABEL_NETWORK in _labels(obj)
        },
        owners={
            obj["metadata"]["name"]: _labels(obj).get(naming.LABEL_STACK, "")
            for obj in found
            if obj["kind"] == "Service" and naming.LABEL_NETWORK in _labels(obj)
        },
    )


def _labels(obj: Object) -> Mapping[str, str]:
    return obj["metadata"].get("labels") or {}


def _workload(obj: Object, paths: Mapping[str, str]) -> Workload | None:
    """A workload's pods, or a pod that belongs to no stack."""
    if obj["kind"] in _TEMPLATED:
        template, owner = obj["spec"]["template"], obj["kind"].lower()
    elif obj["kind"] == "Pod" and naming.LABEL_STACK not in _labels(obj):
        template, owner = obj, "pod"
    else:
        return None
    metadata, spec = template.get("metadata") or {}, template.get("spec") or {}
    labels = metadata.get("labels") or {}
    stack = labels.get(naming.LABEL_STACK, "")
    key = (metadata.get("annotations") or {}).get(naming.ANNOTATION_KEY) or labels.get(naming.LABEL_SERVICE, "")
    path = paths.get(stack, stack)
    is_shared = labels.get(naming.LABEL_COMPONENT) == naming.COMPONENT_TREE_GATEWAY
    return Workload(
        name="/".join(filter(None, (path, key))) if stack and not is_shared else f"{owner}/{obj['metadata']['name']}",
        labels=labels,
        ports=tuple(
            ContainerPort(port.get("name", ""), port.get("protocol", "TCP"), port["containerPort"])
            for container in spec.get("containers") or ()
            for port in container.get("ports") or ()
        ),
        searches=tuple((spec.get("dnsConfig") or {}).get("searches") or ()),
        stack=stack,
        key=key,
    )


def _with_entries(workloads: list[Workload], objects: Iterable[Object], paths: Mapping[str, str]) -> list[Workload]:
    """The same, with a workload for each stack that the gateway of a tree serves: the same pods, by other ports."""
    shared = {each.stack: each for each in workloads if _component(each.labels) == naming.COMPONENT_TREE_GATEWAY}
    found = [each for each in workloads if each not in shared.values()]
    used = set()
    for obj in objects:
        selector = (obj.get("spec") or {}).get("selector") or {} if obj["kind"] == "Service" else {}
        gateway = shared.get(selector.get(naming.LABEL_STACK, ""))
        if gateway is None or _component(selector) != naming.COMPONENT_TREE_GATEWAY:
            continue
        stack, name = _labels(obj).get(naming.LABEL_STACK, ""), obj["metadata"]["name"]
        entries = tuple((int(each.get("targetPort", each["port"])), each["port"]) for each in obj["spec"]["ports"])
        used.add(gateway.stack)
        found.append(replace(gateway, name=paths.get(stack, stack), stack=stack, through=name, entries=entries))
    return [*found, *(each for root, each in shared.items() if root not in used)]


def _component(labels: Mapping[str, str]) -> str:
    return labels.get(naming.LABEL_COMPONENT, "")


def network_name(obj: Object, paths: Mapping[str, str]) -> str:
    """The name for people of the network of an object, ``siblings of shop/cpl``; empty if it is of none."""
    labels = _labels(obj)
    key, stack = labels.get(naming.LABEL_NETWORK), labels.get(naming.LABEL_STACK, "")
    return f"{key} of {paths.get(stack, stack)}" if key else ""


def _add_slice(zones: dict[str, dict[str, frozenset[str]]], obj: Object) -> None:
    zone = zones.setdefault(_labels(obj).get(_OWNER, ""), {})
    for endpoint in obj.get("endpoints") or ():
        if name := endpoint.get("hostname"):
            zone[name] = zone.get(name, frozenset()) | frozenset(endpoint["addresses"])


def _service(obj: Object, pods: list[Object], more: Iterable[str]) -> ServiceAddress:
    spec = obj.get("spec") or {}
    selector = spec.get("selector") or {}
    own = {address for address in spec.get("clusterIPs") or (spec.get("clusterIP"),) if address not in (None, "None")}
    if not own and selector:
        own = {
            each["ip"]
            for pod in pods
            if selector.items() <= _labels(pod).items()
            for each in (pod.get("status") or {}).get("podIPs") or ()
        }
    headless = spec.get("clusterIP") == "None"
    ports = () if headless else tuple((each.get("protocol", "TCP"), each["port"]) for each in spec.get("ports") or ())
    return ServiceAddress(obj["metadata"]["name"], selector, ports, frozenset(own | set(more)))
