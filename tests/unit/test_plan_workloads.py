"""Services, updates, autoscalers, disruption budgets."""

from typing import Any

import pytest

from ailtire_operator.plan.types import Plan
from support.definitions.stacks import find, plan_of

Json = dict[str, Any]


def planned(**service: Any) -> Plan:
    return plan_of({"services": {"web": {"image": "web:1", **service}}})


PORTS = [
    # service -> clusterIP None?, ports
    ({}, True, []),
    ({"ports": {"peer": {"port": 7000}}}, False, [(7000, "TCP", "peer")]),
    ({"ports": {"b": {"port": 7000}, "a": {"port": 7000, "protocol": "UDP"}}}, False,
     [(7000, "TCP", "b"), (7000, "UDP", "a")]),
    ({"interface": {"/": {"port": 80}, "/x": {"port": 80}}}, False, [(80, "TCP", "p-80-tcp")]),
    ({"interface": {"/": {"port": 80}}, "ports": {"http": {"port": 80}}}, False, [(80, "TCP", "http")]),
    ({"interface": {"/": {"port": 80}}, "ports": {"p-80-tcp": {"port": 81}}}, False,
     [(80, "TCP", "i-80-tcp"), (81, "TCP", "p-80-tcp")]),
    ({"ports": {"peer": {"port": 1}}, "deploy": {"endpointMode": "dnsrr"}}, True, [(1, "TCP", "peer")]),
]  # fmt: skip


@pytest.mark.parametrize(("service", "headless", "ports"), PORTS)
def test_a_service_is_dialled_on_the_ports_it_listens_on(
    service: Json, headless: bool, ports: list[tuple[int, str, str]]
) -> None:
    made = planned(**service)
    spec = find(made, "Service", "shop-web")["spec"]
    assert spec.get("clusterIP") == ("None" if headless else None)
    assert [(each["port"], each["protocol"], each["name"]) for each in spec.get("ports", [])] == ports
    declared = find(made, "Deployment", "shop-web")["spec"]["template"]["spec"]["containers"][0].get("ports", [])
    assert [(each["containerPort"], each["protocol"]) for each in declared] == [port[:2] for port in ports]


def test_a_port_said_twice_has_the_first_name_and_is_told() -> None:
    made = planned(ports={"b": {"port": 1}, "a": {"port": 1, "appProtocol": "http"}})
    (port,) = find(made, "Service", "shop-web")["spec"]["ports"]
    assert port == {"port": 1, "protocol": "TCP", "name": "a", "appProtocol": "http"}
    assert [each.path for each in made.notices] in (["spec.services.web.ports.a"], ["spec.services.web.ports.b"])


UPDATES = [
    (None, {"maxSurge": 1, "maxUnavailable": 0}),
    ({"order": "startFirst", "parallelism": 2}, {"maxSurge": 2, "maxUnavailable": 0}),
    ({"order": "stopFirst"}, {"maxSurge": 0, "maxUnavailable": 1}),
    ({"parallelism": 0}, {"maxSurge": "100%", "maxUnavailable": 0}),
    ({"order": "stopFirst", "parallelism": 0}, {"maxSurge": 0, "maxUnavailable": "100%"}),
]


@pytest.mark.parametrize(("update", "rolling"), UPDATES)
def test_an_update_rolls_as_it_is_said(update: Json | None, rolling: Json) -> None:
    made = planned(deploy={"updateConfig": update} if update else {})
    assert find(made, "Deployment", "shop-web")["spec"]["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": rolling,
    }


@pytest.mark.parametrize(
    ("update", "ready", "deadline"),
    [({}, None, None), ({"delay": "5s"}, 5, 605), ({"delay": "5s", "monitor": "20s"}, 20, 620),
     ({"delay": "20m"}, 1200, 1800), ({"monitor": "100ms"}, 1, 601)],
)  # fmt: skip
def test_a_new_replica_must_stay_ready_and_the_deadline_leaves_time_for_it(
    update: Json, ready: int | None, deadline: int | None
) -> None:
    spec = find(planned(deploy={"updateConfig": update}), "Deployment", "shop-web")["spec"]
    assert (spec.get("minReadySeconds"), spec.get("progressDeadlineSeconds")) == (ready, deadline)


@pytest.mark.parametrize(("replicas", "budget"), [(0, False), (1, False), (2, True)])
def test_more_than_one_replica_has_a_disruption_budget(replicas: int, budget: bool) -> None:
    made = planned(deploy={"replicas": replicas})
    assert find(made, "Deployment", "shop-web")["spec"]["replicas"] == replicas
    assert any(each["kind"] == "PodDisruptionBudget" for each in made.objects) is budget


SCALING = [
    ({"max": 5}, 1, {"cpu": 80}, False),
    ({"min": 2, "max": 5, "cpu": 60, "memory": 70}, 2, {"cpu": 60, "memory": 70}, True),
    ({"min": 0, "max": 5, "memory": 70}, 1, {"memory": 70}, False),
]


@pytest.mark.parametrize(("scaling", "least", "targets", "budget"), SCALING)
def test_an_autoscaler_sets_the_count_and_replicas_are_left_alone(
    scaling: Json, least: int, targets: dict[str, int], budget: bool
) -> None:
    reserved = {"resources": {"reservations": {"cpu": "1", "memory": "1Gi"}}, "replicas": 9}
    made = planned(policies={"scaling": scaling}, deploy=reserved)
    spec = find(made, "HorizontalPodAutoscaler", "shop-web")["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (least, 5)
    assert {
        each["resource"]["name"]: each["resource"]["target"]["averageUtilization"] for each in spec["metrics"]
    } == targets
    assert "replicas" not in find(made, "Deployment", "shop-web")["spec"]
    assert made.services["web"].replicas is None
    assert any(each["kind"] == "PodDisruptionBudget" for each in made.objects) is budget


def test_an_autoscaler_that_has_nothing_to_measure_is_told() -> None:
    made = planned(policies={"scaling": {"max": 3}})
    assert ["reservations.cpu" in each.remedy for each in made.notices] == [True]


def test_a_long_key_gives_a_statefulset_room_for_what_kubernetes_appends() -> None:
    key = "x" * 60
    data = {"d": {"perReplica": True}}
    mount = {"d": {"source": "d", "target": "/d"}}
    made = plan_of({"services": {key: {"image": "web:1", "volumes": mount}}, "data": data})
    (name,) = [each["metadata"]["name"] for each in made.objects if each["kind"] == "StatefulSet"]
    assert len(name) <= 52
    assert made.services[key].name == name
    assert find(made, "StatefulSet", name)["spec"]["serviceName"].startswith("shop-xxx")


def test_an_order_of_updates_that_a_statefulset_does_not_have_is_told() -> None:
    service = {
        "image": "web:1",
        "volumes": {"d": {"source": "d", "target": "/d"}},
        "deploy": {"updateConfig": {"order": "startFirst", "parallelism": 3, "delay": "5s"}},
    }
    made = plan_of({"services": {"web": service}, "data": {"d": {"perReplica": True}}})
    assert find(made, "StatefulSet", "shop-web")["spec"]["minReadySeconds"] == 5
    assert [each.path.rpartition(".")[2] for each in made.notices] == ["order", "parallelism"]
