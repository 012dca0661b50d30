"""Policies as their API defines them, ports as sets, and names as a resolver finds them."""

from typing import Any

import pytest

from ailtire_operator.model.selectors import selects
from ailtire_operator.reach.names import names
from ailtire_operator.reach.policies import Evaluator
from ailtire_operator.reach.ports import ALL, NONE, Ports, one
from ailtire_operator.reach.world import World, world

Json = dict[str, Any]
STACK, SERVICE = "ailtire.io/stack", "ailtire.io/service"


def workload(key: str, *ports: Json, searches: tuple[str, ...] = (), **labels: str) -> Json:
    spec = {"containers": [{"ports": list(ports)}], "dnsConfig": {"searches": list(searches)}}
    metadata = {"labels": {STACK: "shop", SERVICE: key, **labels}}
    return {"kind": "Deployment", "metadata": {"name": key}, "spec": {"template": {"metadata": metadata, "spec": spec}}}


def policy(name: str, spec: Json) -> Json:
    return {"kind": "NetworkPolicy", "metadata": {"name": name}, "spec": spec}


def ingress(*rules: Json, about: Json | None = None) -> Json:
    return policy("in", {"podSelector": about or {"matchLabels": {SERVICE: "b"}}, "ingress": list(rules)})


def egress(*rules: Json) -> Json:
    spec = {"podSelector": {"matchLabels": {SERVICE: "a"}}, "policyTypes": ["Egress"], "egress": list(rules)}
    return policy("out", spec)


def ports(*policies: Json, source: str = "shop/a", target: str = "shop/b", **more: Any) -> Ports:
    serving = {"name": "web", "containerPort": 8080}
    objects = [workload("a", tier="front"), workload("b", serving), {"kind": "Pod", "metadata": {"name": "x"}}]
    found = world([*objects, *policies], {}, namespace="ns", **more)
    evaluator = Evaluator(found)
    ends = {**found.workloads, "outside": evaluator.outside}
    return evaluator.verdict(ends[source], ends[target]).ports


def test_ports_are_sets() -> None:
    found = Ports.of([("TCP", 80, 90), ("UDP", 53, 53), ("TCP", 85, 100), ("TCP", 101, 101)])
    assert found.texts() == ["80-101/TCP", "53/UDP"]
    assert (found & one("90/tcp")).texts() == ["90/TCP"]
    assert not found & one("53")
    assert (found | ALL) == ALL == (ALL & ALL)
    assert [str(ALL), str(NONE)] == ["all ports", "no port"]
    for text in ("", "x", "0", "70000", "80/ICMP"):
        with pytest.raises(ValueError, match="is no port"):
            one(text)


def test_what_no_policy_is_about_is_open() -> None:
    assert ports() == ALL
    assert ports(ingress(about={"matchLabels": {SERVICE: "c"}})) == ALL


def test_a_policy_without_rules_closes_and_rules_add_up() -> None:
    front = {"from": [{"podSelector": {"matchLabels": {"tier": "front"}}}], "ports": [{"port": 80}]}
    assert ports(ingress()) == NONE
    assert ports(ingress(), ingress(front)).texts() == ["80/TCP"]
    assert ports(ingress(front, {"ports": [{"port": 53, "protocol": "UDP"}]})).texts() == ["80/TCP", "53/UDP"]


def test_both_directions_have_to_agree() -> None:
    anybody: Json = {}
    assert ports(ingress(anybody), egress({"ports": [{"port": 80, "endPort": 89}]})).texts() == ["80-89/TCP"]
    assert ports(ingress({"ports": [{"port": 85}]}), egress({"ports": [{"port": 80, "endPort": 89}]})).texts() == [
        "85/TCP"
    ]
    assert ports(ingress(anybody), egress()) == NONE


def test_a_named_port_is_that_of_the_pods_that_are_called() -> None:
    assert ports(ingress({"ports": [{"port": "web"}]})).texts() == ["8080/TCP"]
    assert ports(ingress({"ports": [{"port": "other"}]})) == NONE
    assert ports(ingress({"ports": [{"protocol": "UDP"}]})).texts() == ["1-65535/UDP"]


def test_a_block_of_addresses_is_the_outside_and_no_pod() -> None:
    rule = {"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}
    assert ports(ingress(rule), source="outside") == ALL
    assert ports(ingress(rule)) == NONE
    assert ports(ingress({"from": [{"podSelector": {}}]}), source="outside") == NONE
    assert ports(ingress({"from": [{"podSelector": {}}]}), source="pod/x") == ALL


def test_namespaces_are_selected_by_their_labels() -> None:
    other = {"from": [{"namespaceSelector": {"matchLabels": {"team": "blue"}}}]}
    assert ports(ingress(other)) == NONE
    assert ports(ingress(other), namespace_labels={"team": "blue"}) == ALL
    assert ports(ingress({"from": [{"namespaceSelector": {}}]})) == ALL


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ({"key": "a", "operator": "In", "values": ["1"]}, True),
        ({"key": "a", "operator": "NotIn", "values": ["1"]}, False),
        ({"key": "b", "operator": "NotIn", "values": ["1"]}, True),
        ({"key": "a", "operator": "Exists"}, True),
        ({"key": "a", "operator": "DoesNotExist"}, False),
    ],
)
def test_selectors_have_expressions_too(expression: Json, holds: bool) -> None:
    assert selects({"matchExpressions": [expression]}, {"a": "1"}) is holds
    assert not selects({"matchExpressions": [expression], "matchLabels": {"a": "2"}}, {"a": "1"})


def service(name: str, key: str, address: str = "None", port: int = 80) -> Json:
    selector = {STACK: "shop", SERVICE: key}
    spec = {"selector": selector, "clusterIP": address, "ports": [{"port": port}]}
    return {"kind": "Service", "metadata": {"name": name}, "spec": spec}


def zone(name: str, **entries: str) -> list[Json]:
    labels = {"ailtire.io/network": "siblings", STACK: name}
    endpoints = [{"hostname": key, "addresses": [address]} for key, address in entries.items()]
    metadata = {"name": f"{name}-1", "labels": {"kubernetes.io/service-name": name}}
    return [
        {"kind": "Service", "metadata": {"name": name, "labels": labels}, "spec": {"clusterIP": "None"}},
        {"kind": "EndpointSlice", "metadata": metadata, "endpoints": endpoints},
    ]


def seen(searches: tuple[str, ...], *more: Json) -> list[tuple[str, str, str]]:
    objects = [workload("a", searches=searches), workload("b"), service("shop-b", "b", "10.0.0.1"), *more]
    found: World = world(objects, {"z1": "shop/one"}, namespace="ns")
    ends = found.workloads
    return [(each.name, each.network, str(each.ports)) for each in names(found, ends["shop/a"], ends["shop/b"])]


CLUSTER = ("ns.svc.cluster.local", "svc.cluster.local")


def test_the_zones_of_a_pod_give_its_names_in_order() -> None:
    zones = [*zone("z1", b="10.0.0.1", alias="10.0.0.1", c="10.0.0.2")]
    assert seen(("z1.ns.svc.cluster.local", *CLUSTER), *zones) == [
        ("alias", "siblings of shop/one", "80/TCP"),
        ("b", "siblings of shop/one", "80/TCP"),
        ("shop-b", "", "80/TCP"),
    ]
    assert seen(CLUSTER, *zones) == [("shop-b", "", "80/TCP")]
    assert seen((), *zones) == []


def test_a_name_that_is_somebody_elses_first_is_none() -> None:
    zones = [*zone("z1", b="10.0.0.9"), *zone("z2", b="10.0.0.1")]
    assert [name for name, *_ in seen(("z1.x", "z2.x", *CLUSTER), *zones)] == ["shop-b"]


def test_behind_a_headless_service_stand_its_pods_on_any_port() -> None:
    pod = {"kind": "Pod", "metadata": {"name": "b-1", "labels": {STACK: "shop", SERVICE: "b"}}}
    pod["status"] = {"podIPs": [{"ip": "10.1.0.1"}]}
    headless = service("shop-b", "b")
    objects = [workload("a", searches=("z1.x",)), workload("b"), headless, pod, *zone("z1", b="10.1.0.1")]
    found = world(objects, {}, namespace="ns")
    (name,) = names(found, found.workloads["shop/a"], found.workloads["shop/b"])
    assert (name.name, name.ports) == ("b", ALL)
