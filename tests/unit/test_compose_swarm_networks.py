"""The swarm profile: gateways, and who answers under which name in which network."""

from typing import Any

import pytest

from ailtire_operator.model.problems import InvalidStack
from support.compose.exporting import WEB, aliases, exported, stack, told


def test_a_gateway_is_a_service_with_the_configuration_of_the_cluster_in_swarms_names() -> None:
    spec = {"services": {"web": WEB, "api_2": {"image": "x", "interface": {"/api": {}}}, "sub": stack({"web": WEB})}}
    result = exported(spec)
    gateway = result.files["shop"]["services"]["stack-gateway"]
    assert gateway["networks"] == {"siblings": {"aliases": ["admin"]}}
    assert gateway["configs"] == [{"source": "stack-gateway", "target": "/etc/ailtire-gateway/nginx.conf"}]
    text = result.beside["shop.stack-gateway.conf"].decode()
    assert "resolver 127.0.0.11 valid=5s ipv6=off;" in text
    for target in ("shop_web:3000", "shop_api_2:3000", "shop-sub_stack-gateway:3000"):
        assert f"set $target {target};" in text
    assert aliases(result.files["shop-sub"], "stack-gateway") == {"siblings": ["admin"], "parent": ["sub"]}


def test_a_changed_configuration_is_another_config() -> None:
    def config(prefix: str) -> Any:
        result = exported({"services": {"web": {"image": "web", "interface": {prefix: {}}}}})
        return result.files["shop"]["configs"]["stack-gateway"]

    assert config("/a") == config("/a") != config("/b")
    assert config("/a")["file"] == config("/b")["file"] == "./shop.stack-gateway.conf"


def test_the_gateway_of_the_root_is_published_as_its_interface_or_its_edge_says() -> None:
    def ports(**more: Any) -> Any:
        return exported({"services": {"web": WEB}, **more}).files["shop"]["services"]["stack-gateway"].get("ports")

    http = {"target": 3000, "protocol": "tcp", "mode": "ingress"}
    assert ports() is None
    assert ports(edge={}) == [{**http, "published": 80}]
    assert ports(edge={}, interface={"ports": {"8080": 3000}}) == [{**http, "published": 8080}]


def test_a_gateway_runs_as_often_as_in_a_cluster() -> None:
    def replicas(**more: Any) -> list[int]:
        files = exported({"services": {"web": WEB, "sub": stack({"web": WEB})}, **more}).files
        return [document["services"]["stack-gateway"]["deploy"]["replicas"] for document in files.values()]

    assert replicas() == replicas(gateway={"image": "nginx"}) == [2, 2]
    assert replicas(gateway={"replicas": 3}) == [3, 3]


def test_tcp_passes_through_the_gateway() -> None:
    broker = {"image": "x", "interface": {"b": {"protocol": "tcp", "port": 6650}}}
    result = exported({"services": {"broker": broker}, "interface": {"ports": {"6651": 6650}}})
    (port,) = result.files["shop"]["services"]["stack-gateway"]["ports"]
    assert (port["published"], port["target"]) == (6651, 6650)
    assert "shop_broker:6650" in result.beside["shop.stack-gateway.conf"].decode()


def test_users_of_a_route_are_a_secret_of_the_gateway() -> None:
    control = {"accessControl": {"authentication": {"secret": "users"}}}
    result = exported({"services": {"web": {**WEB, "policies": control}}})
    assert result.files["shop"]["services"]["stack-gateway"]["secrets"] == [
        {"source": "users-auth", "target": "/etc/ailtire-authentication/users/auth"}
    ]
    assert result.files["shop"]["secrets"] == {"users-auth": {"external": True, "name": "users-auth"}}
    assert any(command.endswith("docker secret create users-auth -") for command in result.needed)


def test_admin_is_the_gateway_unless_a_service_has_that_name() -> None:
    hosts = []
    for key in ("web", "admin"):
        document = exported({"services": {key: WEB}}).files["shop"]
        hosts.append(document["services"][key]["environment"]["AILTIRE_PARENTHOST"])
    assert hosts == ["admin", "shop_stack-gateway"]


def test_a_gateway_knows_its_parents_by_a_name_that_no_other_has() -> None:
    files = exported({"services": {"web": WEB, "sub": stack({"web": WEB, "low": stack({"web": WEB})})}}).files
    found = [
        {
            name: document["services"]["stack-gateway"]["environment"][f"AILTIRE_{name}"]
            for name in ("PARENT", "PARENTHOST")
        }
        for document in files.values()
    ]
    assert found == [
        {"PARENT": "", "PARENTHOST": ""},
        {"PARENT": "shop", "PARENTHOST": "shop_stack-gateway"},
        {"PARENT": "shop-sub", "PARENTHOST": "shop-sub_stack-gateway"},
    ]


def test_a_child_that_nobody_answers_in_is_told() -> None:
    spec = {"services": {"web": WEB, "sub": stack({"api": {"image": "x"}})}}
    assert "spec.services.sub.interface: ignored: no service inside has an interface" in told(exported(spec))


def test_the_networks_own_stack_keeps_a_name_that_two_want() -> None:
    joining = {"image": "x", "networks": {"siblings": {}, "parent": {"aliases": ["db", "extra"]}}}
    spec = {"services": {"web": WEB, "db": {"image": "x"}, "sub": stack({"web": joining, "other": joining})}}
    result = exported(spec)
    document = result.files["shop-sub"]
    assert set(document["services"]) == {"shop-sub-web", "other"}
    assert aliases(document, "shop-sub-web") == {"siblings": ["web"], "parent": ["extra"]}
    assert aliases(document, "other") == {"siblings": [], "parent": ["extra"]}
    report = told(result)
    assert "services.web.networks: ignored: in 'shop_siblings' the name 'web' belongs to another member" in report
    assert "services.other.networks: ignored: in 'shop_siblings' the name 'db' belongs to another member" in report


def test_two_networks_of_one_name_stay_two() -> None:
    def branch() -> dict[str, Any]:
        inside = {"api": {"image": "x", "networks": {"tele": {}}}}
        return stack(inside, networks={"tele": {"name": "shared"}})

    result = exported({"services": {"web": WEB, "a": branch(), "b": branch()}})
    names = [result.files[f"shop-{key}"]["networks"]["tele"]["name"] for key in ("a", "b")]
    assert names == ["shared", "shop-b_tele"]
    assert "another stack has a network of that name" in told(result)


def test_a_network_that_nobody_declares_has_to_be_there() -> None:
    spec = {"networks": {"old": {"external": True}}, "services": {"web": {"image": "x", "networks": {"old": {}}}}}
    result = exported(spec)
    assert result.files["shop"]["networks"] == {"old": {"external": True, "name": "old"}}
    assert result.needed == ("docker network create --driver overlay --attachable old",)


def test_a_port_of_the_swarm_is_published_once() -> None:
    service = {"image": "x", "ports": {"http": {"port": 8080, "published": 80}}}
    result = exported({"services": {"web": service, "sub": stack({"web": service})}})
    (port,) = result.files["shop"]["services"]["web"]["ports"]
    assert port == {"target": 8080, "published": 80, "protocol": "tcp", "mode": "ingress"}
    assert "ports" not in result.files["shop-sub"]["services"]["web"]
    assert "TCP port 80 is already published by 'shop_web'" in told(result)


def test_without_virtual_addresses_ports_are_those_of_nodes_and_are_not_held_twice() -> None:
    service = {"image": "x", "ports": {"http": {"port": 8080, "published": 81}}}
    files = exported({"services": {"web": WEB, "db": service}, "edge": {}}, endpoint_mode="dnsrr").files
    for key, mode in (("web", "start-first"), ("db", "stop-first"), ("stack-gateway", "stop-first")):
        found = files["shop"]["services"][key]
        assert found["deploy"]["endpoint_mode"] == "dnsrr"
        assert found["deploy"]["update_config"]["order"] == mode
        assert {port["mode"] for port in found.get("ports", [])} <= {"host"}


def test_who_publishes_a_port_has_a_virtual_address_and_it_is_said() -> None:
    bare = {"image": "x", "deploy": {"endpointMode": "dnsrr"}}
    published = {**bare, "ports": {"http": {"port": 8080, "published": 81}}}
    result = exported({"services": {"bare": bare, "published": published}})
    services = result.files["shop"]["services"]
    assert services["bare"]["deploy"]["endpoint_mode"] == "dnsrr"
    assert "endpoint_mode" not in services["published"]["deploy"]
    assert [each.path for each in result.notices if "virtual address" in each.message] == [
        "spec.services.published.deploy.endpointMode"
    ]


def test_names_that_swarm_would_refuse_are_shortened() -> None:
    services = {"k" * 60: {"image": "x"}, "web": WEB}
    result = exported({"services": {"s" * 30: stack({"t" * 30: stack(services)}), "web": WEB}})
    for name, document in result.files.items():
        assert all(len(f"{name}_{key}") <= 63 for key in document["services"])
    deepest = result.files[list(result.files)[-1]]
    (cut,) = (key for key in deepest["services"] if key.startswith("kkk"))
    assert aliases(deepest, cut) == {"siblings": ["k" * 60]}


def test_one_file_holds_the_whole_tree() -> None:
    spec = {
        "data": {"d": {}},
        "services": {
            "web": {**WEB, "volumes": {"d": {"source": "d", "target": "/d"}}},
            "sub": stack(
                {"web": {**WEB, "volumes": {"d": {"source": "d", "target": "/d"}}}, "api": {"image": "x"}},
                data={"d": {}},
            ),
        },
    }
    result = exported(spec, single=True)
    (document,) = result.files.values()
    assert set(document["services"]) == {"web", "stack-gateway", "sub-web", "api", "sub-stack-gateway"}
    assert set(document["volumes"]) == {"d", "sub-d"}
    assert document["services"]["sub-web"]["volumes"][0]["source"] == "sub-d"
    assert not any("external" in network for network in document["networks"].values())
    assert aliases(document, "sub-web") == {"sub-siblings": ["web"]}
    assert aliases(document, "sub-stack-gateway") == {"sub-siblings": ["admin"], "siblings": ["sub"]}
    assert "set $target shop_sub-web:3000;" in result.beside["shop.sub-stack-gateway.conf"].decode()
    assert "set $target shop_sub-stack-gateway:3000;" in result.beside["shop.stack-gateway.conf"].decode()


def test_one_file_cannot_hold_two_volumes_of_one_key() -> None:
    mounting = {"image": "x", "volumes": {"v": {"target": "/v"}}}

    def using(volume: str) -> dict[str, Any]:
        return {**mounting, "volumes": {"v": {"source": volume, "target": "/v"}}}

    spec = {
        "data": {"sub-d": {}},
        "services": {"web": using("sub-d"), "sub": stack({"web": using("d")}, data={"d": {}})},
    }
    with pytest.raises(InvalidStack, match="two volumes would have the key 'sub-d'"):
        exported(spec, single=True)
    assert len(exported(spec).files) == 2


def test_a_subtree_from_a_cluster_joins_what_its_parents_have_there() -> None:
    place = {
        "root": "shop", "parent": "shop", "parentKey": "sub", "parentHost": "shop", "depth": 1, "appName": "shop",
        "gatewayNetworks": ["shop/siblings"],
    }  # fmt: skip
    document = exported({"place": place, "services": {"web": WEB}}, name="shop-sub").files["shop-sub"]
    assert document["networks"]["parent"] == {"external": True, "name": "shop_siblings"}
    assert set(document["services"]["stack-gateway"]["networks"]) == {"siblings", "parent"}
