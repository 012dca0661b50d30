"""Addresses, placeholders, hooks, published ports and dependencies."""

from typing import Any

import pytest

from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.model.settings import Settings
from ailtire_operator.plan.types import DependencyPlan, Plan
from support.definitions.stacks import find, plan_of, pod_spec, variables
from support.definitions.wide import by_ref, wide_plan

Json = dict[str, Any]


def planned(stack: Json | None = None, **service: Any) -> Plan:
    return plan_of({"services": {"web": {"image": "web:1", "user": "1000", **service}}, **(stack or {})})


def pod(made: Plan) -> Json:
    service = made.services["web"]
    return pod_spec(find(made, service.kind, service.name))


def told(made: Plan) -> list[str]:
    return [each.path.removeprefix("spec.services.web.") for each in made.notices]


@pytest.mark.parametrize(
    ("service", "complaint"),
    [
        ({"extraHosts": {"a": ["1.2.3"]}}, r"extraHosts\.a\[0\]: '1.2.3' is not an IP address"),
        ({"extraHosts": {"a": ["host-gateway"]}}, r"extraHosts\.a\[0\]"),
        ({"extraHosts": {"my_db": ["10.0.0.1"]}}, r"extraHosts\.my_db\[0\]: 'my_db' is not a valid host name"),
        ({"dns": ["a.b"]}, r"dns\[0\]: 'a.b' is not an IP address"),
        (
            {"environment": {"A": "{{.Node.Platform.OS}}"}},
            r"environment\.A: '{{.Node.Platform.OS}}' is not a known placeholder",
        ),
        ({"environment": {"A": "{{ index .Service.Labels `a` }}"}}, r"environment\.A: "),
        ({"environment": {"A": "{{.Service.Labels.x}}"}}, r"environment\.A: "),
        (
            {"environment": {"A": "{{.Task.Slot}}"}, "deploy": {"mode": "replicatedJob"}},
            r"environment\.A: '{{.Task.Slot}}' is not a known placeholder",
        ),
        ({"volumes": {"v": {"source": "{{.Task.Slot}}", "target": "/v"}}}, r"volumes\.v\.source: "),
    ],
)
def test_what_is_none_is_refused_with_its_path(service: Json, complaint: str) -> None:
    with pytest.raises(InvalidStack, match=r"spec\.services\.web\." + complaint):
        planned(**service)


def test_further_hosts_stand_by_address_once() -> None:
    made = planned(extraHosts={"b": ["10.0.0.5", "FD00::5"], "A.example": ["10.0.0.5"]})
    assert pod(made)["hostAliases"] == [
        {"ip": "10.0.0.5", "hostnames": ["a.example", "b"]},
        {"ip": "fd00::5", "hostnames": ["b"]},
    ]


def test_the_resolver_keeps_the_networks_first() -> None:
    made = planned(dns=["10.0.0.53"], dnsSearch=["Corp.example"], dnsOptions={"ndots": "3", "rotate": ""})
    config = pod(made)["dnsConfig"]
    assert config["nameservers"] == ["10.0.0.10", "10.0.0.53"]
    assert [name.split(".")[0][:2] for name in config["searches"]] == ["z-", "co", "sh", "sv", "cl"]
    assert config["options"] == [{"name": "ndots", "value": "3"}, {"name": "rotate"}]
    assert told(made) == ["dns"]
    full = planned(dnsSearch=["x" * 60 + ".example"] * 1 + [f"{index}{'y' * 60}.example" for index in range(4)])
    assert told(full) != []


def test_placeholders_become_what_is_known_or_what_the_kubelet_knows() -> None:
    environment = {
        "NAME": "{{.Service.Name}}",
        "NODE": "cost $5 on {{ .Node.Hostname }}",
        "SLOT": "{{.Task.Slot}}",
        "TIER": "{{.Service.Labels.tier}}",
        "BRACES": '{{"{{"}}x}}',
        "PLAIN": "$(X) {x}",
    }
    made = planned(environment=environment, deploy={"labels": {"tier": "front"}})
    workload = find(made, "StatefulSet", "shop-web")
    found = variables(workload)
    assert {name: found[name] for name in environment} == {
        "NAME": "shop_web",
        "NODE": "cost $$5 on $(AILTIRE_NODE_HOSTNAME)",
        "SLOT": "$(AILTIRE_TASK_SLOT)",
        "TIER": "front",
        "BRACES": "{{x}}",
        "PLAIN": "$$(X) {x}",
    }
    names = [each["name"] for each in pod(made)["containers"][0]["env"]]
    assert names.index("AILTIRE_TASK_SLOT") < names.index("SLOT"), "a variable is expanded from those before it"
    assert workload["spec"]["ordinals"] == {"start": 1}, "Swarm counts from one"


def test_the_source_of_a_volume_may_have_the_services_name_in_it() -> None:
    volumes = {"v": {"source": "{{.Service.Name}}-data", "target": "/v"}}
    made = planned({"data": {"shop_web-data": {}}}, volumes=volumes)
    assert pod(made)["volumes"][0]["persistentVolumeClaim"] == {"claimName": "shop--shop-web-data--data"}
    with pytest.raises(InvalidStack, match=r"volumes\.v\.source: there is no volume 'shop_web-data'"):
        planned(volumes=volumes)


def test_a_global_service_has_its_node_for_a_slot() -> None:
    made = planned(environment={"SLOT": "{{.Task.Slot}}"}, deploy={"mode": "global"})
    assert variables(find(made, "DaemonSet", "shop-web"))["SLOT"] == "$(AILTIRE_NODE_HOSTNAME)"


@pytest.mark.parametrize(
    ("service", "stop", "notices"),
    [
        ({"preStop": [{"command": ["a", "b c"]}]}, ["a", "b c"], 0),
        ({"preStop": [{"command": ["a"], "environment": {"X": 1}}]}, ["env", "X=1", "a"], 0),
        ({"preStop": [{"command": ["a"], "workingDir": "/x y"}]}, ["/bin/sh", "-c", "(cd '/x y' && a)"], 1),
        ({"preStop": [{"command": ["a"]}, {"command": ["b c"]}]}, ["/bin/sh", "-c", "a && 'b c'"], 1),
        ({"preStop": [{"command": ["a"]}], "ports": {"p": {"port": 1}}}, ["/bin/sh", "-c", "sleep 15; a"], 1),
        (
            {"preStop": [{"command": ["a"]}], "stopSignal": "SIGINT"},
            ["/bin/sh", "-c", "sleep 0; a; kill -INT 1; while kill -0 1 2>/dev/null; do sleep 1; done"],
            1,
        ),
    ],
)
def test_hooks_drain_and_signal_share_the_one_hook_that_there_is(service: Json, stop: list[str], notices: int) -> None:
    made = planned(**service, postStart=[{"command": ["warm"]}])
    hooks = pod(made)["containers"][0]["lifecycle"]
    assert hooks == {"postStart": {"exec": {"command": ["warm"]}}, "preStop": {"exec": {"command": stop}}}
    assert len(made.notices) == notices


@pytest.mark.parametrize(
    ("exposure", "number", "kind", "node_port", "notices"),
    [
        (None, 80, "ClusterIP", None, 1),
        ({"type": "LoadBalancer"}, 80, "LoadBalancer", None, 0),
        ({"type": "NodePort"}, 80, "NodePort", None, 1),
        ({"type": "NodePort"}, 30080, "NodePort", 30080, 0),
    ],
)
def test_published_ports(exposure: Json | None, number: int, kind: str, node_port: int | None, notices: int) -> None:
    stack = {"exposure": exposure} if exposure else {}
    made = planned(stack, ports={"http": {"port": 8080, "published": number}, "own": {"port": 9}})
    service = find(made, "Service", "shop-web--published")
    assert service["spec"]["type"] == kind
    (port,) = service["spec"]["ports"]
    assert (port["port"], port["targetPort"], port.get("nodePort")) == (number, 8080, node_port)
    policy = find(made, "NetworkPolicy", "shop-web--published")
    assert policy["spec"]["ingress"] == [{"ports": [{"port": 8080, "protocol": "TCP"}]}]
    assert [each["port"] for each in find(made, "Service", "shop-web")["spec"]["ports"]] == [9, 8080], "peers dial 8080"
    assert len(made.notices) == notices


def test_each_port_may_have_an_exposure_of_its_own() -> None:
    ports = {
        "open": {"port": 8080, "published": 80, "exposure": "LoadBalancer"},
        "node": {"port": 8081, "published": 30081, "exposure": "NodePort"},
        "inside": {"port": 8082, "published": 82, "exposure": "ClusterIP"},
        "stack": {"port": 8083, "published": 83},
    }
    made = planned({"exposure": {"type": "LoadBalancer", "annotations": {"a.example/b": "c"}}}, ports=ports)
    found = {
        each["metadata"]["name"]: (each["spec"]["type"], [port["port"] for port in each["spec"]["ports"]])
        for each in made.objects
        if each["kind"] == "Service" and "published" in each["metadata"]["name"]
    }
    assert found == {
        "shop-web--published": ("LoadBalancer", [80, 83]),
        "shop-web--published-nodeport": ("NodePort", [30081]),
        "shop-web--published-clusterip": ("ClusterIP", [82]),
    }
    (rule,) = find(made, "NetworkPolicy", "shop-web--published")["spec"]["ingress"]
    assert sorted(each["port"] for each in rule["ports"]) == [8080, 8081, 8082, 8083]
    assert not made.notices


def test_an_exposure_of_what_is_not_published_is_told() -> None:
    made = planned({}, ports={"http": {"port": 80, "exposure": "NodePort"}})
    assert "exposure: ignored: it applies only to published ports" in str(made.notices[0])


def test_a_port_of_the_node_is_open_to_callers_from_outside() -> None:
    """What arrives there is sent on to the pod, where policies count."""
    ports = {
        "node": {"port": 8080, "published": 80, "mode": "host"},
        "cluster": {"port": 9090, "published": 90},
        "own": {"port": 9},
    }
    web = {"image": "web:1", "user": "1000"}
    stack = {"securityProfile": "privileged", "services": {"web": {**web, "ports": ports}}}
    settings = Settings(allow_privileged=True, nameservers=["10.0.0.10"], edge_sources=["192.0.2.0/24"])
    made = plan_of(stack, settings=settings)
    (rule,) = find(made, "NetworkPolicy", "shop-web--published")["spec"]["ingress"]
    assert rule["from"] == [{"ipBlock": {"cidr": "192.0.2.0/24"}}]
    assert [each["port"] for each in rule["ports"]] == [9090, 8080]
    assert [each["port"] for each in find(made, "Service", "shop-web--published")["spec"]["ports"]] == [90]
    del ports["cluster"]
    alone = plan_of(stack, settings=settings)
    (rule,) = find(alone, "NetworkPolicy", "shop-web--published")["spec"]["ingress"]
    assert [each["port"] for each in rule["ports"]] == [8080]
    services = {each["metadata"]["name"] for each in alone.objects if each["kind"] == "Service"}
    assert "shop-web--published" not in services


def test_dependencies_are_carried_and_roll_what_depends() -> None:
    def made(image: str) -> Plan:
        spec = {
            "services": {
                "web": {"image": "a", "dependsOn": {"db": {"restart": True}, "orders/api": {"condition": "healthy"}}},
                "log": {"image": "a", "dependsOn": {"db": None, "gone": {"required": False}}},
                "db": {"image": image},
            }
        }
        return plan_of(spec)

    first, second = made("b:1"), made("b:2")
    assert first.services["web"].depends_on == (
        DependencyPlan("db", "shop", "db", "started"),
        DependencyPlan("orders/api", "shop-orders", "api", "healthy"),
    )
    changed = [key for key, each in first.services.items() if each.template_hash != second.services[key].template_hash]
    assert changed == ["db", "web"]
    assert list(first.services) == ["db", "log", "web"]
    assert [(each.path, each.classification) for each in first.notices] == [
        ("spec.services.log.dependsOn.gone", "ignored"),
    ]


@pytest.mark.parametrize(
    ("wanted", "complaint"),
    [
        ({"a": ["b"], "b": ["c"], "c": ["a"]}, r"spec\.services\.a\.dependsOn\.b: .*: a -> b -> c -> a"),
        ({"a": ["a"]}, r"spec\.services\.a\.dependsOn\.a: .*: a -> a"),
        ({"a": ["x"]}, r"spec\.services\.a\.dependsOn\.x: there is no service 'x'"),
    ],
)
def test_what_can_never_come_is_refused(wanted: dict[str, list[str]], complaint: str) -> None:
    services = {key: {"image": "a", "dependsOn": dict.fromkeys(others)} for key, others in wanted.items()}
    with pytest.raises(InvalidStack, match=complaint):
        plan_of({"services": services})


def test_labels_that_are_none_become_annotations() -> None:
    objects = by_ref(wide_plan())
    for name in ("Deployment/shop-web", "Service/shop-web"):
        metadata = objects[name]["metadata"]
        assert (metadata["labels"]["tier"], metadata["annotations"]["traefik.rule"]) == (
            "front",
            "Host(`shop.example`)",
        )
    template = objects["Deployment/shop-web"]["spec"]["template"]["metadata"]
    assert "tier" not in template["labels"], "labels of the service roll no pod"
