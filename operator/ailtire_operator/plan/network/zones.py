"""Plans a network as a DNS zone (a headless Service with EndpointSlices) and NetworkPolicies."""

from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from typing import Any

from ailtire_operator import naming
from ailtire_operator.model.field_path import FieldPath
from ailtire_operator.plan.network.membership import NameTable, NetworkId, Networks, owned
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.types import Manifest
from ailtire_operator.plan.values import compact, manifest
from ailtire_operator.plan.workload.metadata import user_metadata

MEMBER = "member"
INTERNAL = "internal"
_ENDPOINTS_PER_SLICE = 900
"""Below the API's maximum of 1,000."""
_NAMESERVERS = 3
"""The most that a pod may have."""
_SEARCH_LIMIT = 250
"""Bytes of the search line: musl ignores a longer one as a whole."""
_DNS_PORTS = [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]


def zones(scope: Scope, name_tables: dict[NetworkId, NameTable]) -> list[Manifest]:
    """Zone Service and EndpointSlices of every network that the stack owns."""
    objects = []
    for network, table in name_tables.items():
        labels = scope.labels() | {naming.LABEL_NETWORK: naming.label_value(network.key)}
        name = naming.zone(network.owner, network.key)
        theirs, annotations = _user_metadata(scope, network)
        spec = {"clusterIP": "None", "type": "ClusterIP"}
        objects.append(manifest("v1", "Service", name, theirs | labels, annotations=annotations, spec=spec))
        objects.extend(_slices(scope, network, table, labels))
    return objects


def _slices(scope: Scope, network: NetworkId, table: NameTable, labels: dict[str, str]) -> Iterator[Manifest]:
    endpoints: dict[str, list[dict[str, Any]]] = {"IPv4": [], "IPv6": []}
    for name, services in sorted(table.names.items()):
        for address in sorted(address for service in services for address in scope.observed.addresses.get(service, ())):
            family = f"IPv{ip_address(address).version}"
            endpoints[family].append({"addresses": [address], "hostname": name, "conditions": {"ready": True}})
    zone_labels = labels | {
        "kubernetes.io/service-name": naming.zone(network.owner, network.key),
        "endpointslice.kubernetes.io/managed-by": naming.OPERATOR_NAME,
    }
    for family, found in endpoints.items():
        for index in range(0, len(found), _ENDPOINTS_PER_SLICE):
            name = naming.zone_slice(network.owner, network.key, family, index // _ENDPOINTS_PER_SLICE)
            part = found[index : index + _ENDPOINTS_PER_SLICE]
            yield manifest(
                "discovery.k8s.io/v1", "EndpointSlice", name, zone_labels, addressType=family, endpoints=part
            )


def resolver(scope: Scope, joined: list[NetworkId], path: FieldPath, further: Sequence[str] = ()) -> dict[str, Any]:
    """DNS settings of a pod: its networks' zones first, then the ``further`` domains, then the cluster's."""
    domain = scope.settings.cluster_domain
    suffix = f"{scope.namespace}.svc.{domain}"
    searches = [f"{naming.zone(network.owner, network.key)}.{suffix}" for network in joined]
    cluster = [*further, suffix, f"svc.{domain}", domain]
    while cluster and _search_length([*searches, *cluster]) > _SEARCH_LIMIT:
        cluster.pop()
    kept = searches
    while _search_length(kept) > _SEARCH_LIMIT:
        kept = kept[:-1]
    if len(kept) < len(searches):
        held = f"{len(kept)} of its {len(searches)} networks"
        message = f"a pod's search list has room for {held}, so names of the others do not resolve."
        scope.report(path, "approximate", message, "Join fewer networks, or use full names.")
    return {
        "dnsPolicy": "None",
        "dnsConfig": {
            "nameservers": list(scope.settings.dns_servers[:_NAMESERVERS]),
            "searches": [*kept, *cluster],
            "options": [{"name": "ndots", "value": "1"}],
        },
    }


def _search_length(searches: list[str]) -> int:
    return len(" ".join(searches).encode())


def network_labels(joined: list[NetworkId]) -> dict[str, str]:
    """The labels that make a pod a member of its networks."""
    return {network.label: MEMBER for network in joined}


def is_internal(networks: Networks, joined: list[NetworkId]) -> bool:
    """Whether all networks of a pod are internal, so that it reaches only its peers and DNS."""
    return bool(joined) and networks.internal.issuperset(joined)


def policies(
    scope: Scope, networks: Networks, edge_ports: list[int], tree_edge_ports: Sequence[int] = ()
) -> list[Manifest]:
    """The NetworkPolicies: members reach members, and callers outside only the gateway's ports at the edge.

    ``tree_edge_ports`` are those at the gateway of the tree.
    """
    objects = []
    has_tree_gateway = scope.has_tree_gateway or scope.observed.gateway.exists
    for network in owned(scope, networks):
        internal = network in networks.internal
        for purpose, spec in rules(network, internal=internal):
            objects.append(_policy(scope, network, purpose, spec))
        for purpose, spec in _tree_rules(scope, network, internal=internal) if has_tree_gateway else ():
            objects.append(_of_tree_gateway(_policy(scope, network, purpose, spec)))
    if edge_ports:
        spec = _edge_policy(scope, edge_ports, scope.gateway_selector())
        objects.append(_policy(scope, networks.own, "edge", spec))
    if tree_edge_ports:
        spec = _edge_policy(scope, tree_edge_ports, scope.tree_gateway_selector())
        objects.append(_of_tree_gateway(_policy(scope, networks.own, "tree-edge", spec)))
    return objects


def _tree_rules(scope: Scope, network: NetworkId, *, internal: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """Purpose and spec of the policies by which members and the gateway of the tree reach each other.

    They stand beside those of the network, so that a network is isolated before and after in the same way. Which ports
    of the gateway a member reaches the policies of the gateway's pods say.
    """
    gateway = [{"podSelector": {"matchLabels": scope.tree_gateway_selector()}}]
    members = {"matchLabels": {network.label: MEMBER}}
    yield "from-gateway", {"podSelector": members, "policyTypes": ["Ingress"], "ingress": [{"from": gateway}]}
    if internal:
        members = {"matchLabels": {network.label: MEMBER, naming.LABEL_EGRESS: INTERNAL}}
        yield "to-gateway", {"podSelector": members, "policyTypes": ["Egress"], "egress": [{"to": gateway}]}


def _of_tree_gateway(policy: Manifest) -> Manifest:
    policy["metadata"]["labels"][naming.LABEL_COMPONENT] = naming.COMPONENT_TREE_GATEWAY
    return policy


def rules(network: NetworkId, *, internal: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """Purpose and spec of the policies that isolate a network's members, for every planner.

    ``internal``: also the policy by which they reach nothing else.
    """
    yield "members", _members_policy(network)
    if internal:
        yield "egress", _internal_policy(network)


def _policy(scope: Scope, network: NetworkId, purpose: str, spec: dict[str, Any]) -> Manifest:
    labels, annotations = _user_metadata(scope, network)
    labels |= scope.labels() | {naming.LABEL_NETWORK: naming.label_value(network.key)}
    name = naming.network_policy(network.owner, network.key, purpose)
    return manifest("networking.k8s.io/v1", "NetworkPolicy", name, labels, annotations=annotations, spec=spec)


def _user_metadata(scope: Scope, network: NetworkId) -> tuple[dict[str, str], dict[str, str]]:
    """The network's labels, as labels and annotations of its objects."""
    declared = scope.spec.networks.get(network.key)
    return user_metadata(declared.labels if declared else {})


def _peers(network: NetworkId) -> list[dict[str, Any]]:
    return [{"podSelector": {"matchLabels": {network.label: MEMBER}}}]


def _members_policy(network: NetworkId) -> dict[str, Any]:
    selector = {"matchLabels": {network.label: MEMBER}}
    return {"podSelector": selector, "policyTypes": ["Ingress"], "ingress": [{"from": _peers(network)}]}


def _internal_policy(network: NetworkId) -> dict[str, Any]:
    selector = {"matchLabels": {network.label: MEMBER, naming.LABEL_EGRESS: INTERNAL}}
    return {
        "podSelector": selector,
        "policyTypes": ["Egress"],
        "egress": [{"to": _peers(network)}, {"ports": _DNS_PORTS}],
    }


def _edge_policy(scope: Scope, ports: Sequence[int], gateway: dict[str, str]) -> dict[str, Any]:
    sources = [{"ipBlock": {"cidr": cidr}} for cidr in scope.settings.edge_sources]
    rule = compact(**{"from": sources}, ports=[{"port": port, "protocol": "TCP"} for port in ports])
    return {"podSelector": {"matchLabels": gateway}, "policyTypes": ["Ingress"], "ingress": [rule]}
