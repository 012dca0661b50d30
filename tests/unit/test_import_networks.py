"""Import: volumes, networks, interfaces and ports."""

from pathlib import Path

from support.compose.importing import imported, single, spec, told, web
from support.definitions.applications import SOCKET, STOCK, deploy, services, stack


def test_volumes(tmp_path: Path) -> None:
    volumes = {
        **SOCKET,
        "home": {"source": "/var/jenkins_home", "target": "/var/jenkins_home"},
        "again": {"source": "/var/jenkins_home", "target": "/backup", "readOnly": True},
        "uploads": {"source": "uploads", "target": "/up"},
        "short": "./conf:/etc/conf:ro",
        "scratch": {"target": "/tmp/x"},
        "wrong": {"source": "a"},
    }
    result = single(tmp_path, services(web={"image": "web", "volumes": volumes}))
    assert spec(result)["services"]["web"]["volumes"] == {
        **SOCKET,
        "home": {"source": "var-jenkins-home", "target": "/var/jenkins_home"},
        "again": {"source": "var-jenkins-home", "target": "/backup", "readOnly": True},
        "uploads": {"source": "uploads", "target": "/up"},
        "short": {"source": "conf", "target": "/etc/conf", "readOnly": True},
        "scratch": {"target": "/tmp/x"},
    }
    assert spec(result)["data"] == {"var-jenkins-home": {}, "uploads": {}, "conf": {}}
    assert "spec.services.web.volumes.docker: ignored: Kubernetes has no Docker socket" in told(result)
    assert "spec.services.web.volumes.home: approximate: the host's path '/var/jenkins_home'" in told(result)
    assert "spec.services.web.volumes.wrong: rejected" in told(result)


def test_stack_data(tmp_path: Path) -> None:
    data = {"uploads": {"size": "5Gi", "retain": True}, "odd": {"weight": 3}, "empty": None}
    result = single(tmp_path, {**services(web={"image": "web"}), "data": data})
    assert spec(result)["data"] == {"uploads": {"size": "5Gi", "retain": True}, "odd": {}, "empty": {}}
    assert "spec.data.odd: rejected" in told(result)


def test_networks(tmp_path: Path) -> None:
    declared = {
        "telemetry": {"driver": "overlay", "attachable": True, "name": "shop_telemetry"},
        "outside": {"external": {"name": "corp"}, "ipam": {"x": 1}},
        "siblings": {"driver": "overlay"},
    }
    result = single(
        tmp_path,
        {
            **STOCK,
            "networks": declared,
            "services": {
                "plain": {"image": "x"},
                "own": {"image": "x", "networks": {"children": {}, "siblings": {}}},
                "named": {"image": "x", "networks": {"siblings": {"aliases": ["Front_End", "db"]}}},
                "all": {"image": "x", "networks": {"parent": {}, "telemetry": None, "gone": {}}},
                "listed": {"image": "x", "networks": ["outside"]},
            },
        },
    )
    found = spec(result)
    assert found["networks"] == {
        "telemetry": {"name": "shop_telemetry", "driver": "overlay", "attachable": True},
        "outside": {"name": "corp", "external": True},
    }
    assert {key: member.get("networks") for key, member in found["services"].items()} == {
        "plain": None,
        "own": None,
        "named": {"siblings": {"aliases": ["front-end", "db"]}},
        "all": {"siblings": {}, "parent": {}, "telemetry": {}},
        "listed": {"siblings": {}, "outside": {}},
    }
    for start in (
        "spec.networks.siblings: ignored",
        "spec.networks.outside.ipam: ignored",
        "spec.services.named.networks.siblings.aliases: approximate: the alias 'Front_End' became 'front-end'",
        "spec.services.all.networks.gone: rejected",
    ):
        assert start in told(result)


def test_a_network_of_a_stack_above_is_declared_where_it_is_used(tmp_path: Path) -> None:
    files = {
        "deploy/deploy.js": deploy("shop", "dev"),
        "deploy/services.js": {**services(a=stack("shop_a")), "networks": {"net": {"name": "shop_net"}}},
        "api/A/deploy/deploy.js": deploy("shop_a", "dev"),
        "api/A/deploy/services.js": services(web={"image": "w", "networks": {"net": {}}}),
    }
    result = imported(tmp_path, files)
    child = spec(result)["services"]["a"]["stack"]
    assert child["networks"] == {"net": {"external": True, "name": "shop_net"}}
    assert "spec.services.a.stack.services.web.networks.net: resolved" in told(result)


def test_interfaces(tmp_path: Path) -> None:
    interface = {
        "/a": {"path": "b/", "port": "8080", "protocol": "HTTP"},
        "label": {"path": "/label"},
        "/bare": None,
        "/odd": {"protocol": "ftp", "host": "h"},
        "/bad path": {},
        "/inject": {"path": "/;}"},
        "/port": {"port": 70000},
        "/list": [1],
    }
    found, report = web(tmp_path, interface=interface)
    assert found["interface"] == {
        "/a": {"path": "/b/", "port": 8080, "protocol": "http"},
        "label": {"path": "/label"},
        "/bare": {},
        "/odd": {},
    }
    base = "spec.services.web.interface"
    for start in (
        f'{base}["/odd"].protocol: rejected',
        f'{base}["/odd"].host: ignored',
        f'{base}["/bad path"]: rejected',
        f'{base}["/inject"].path: rejected',
        f'{base}["/port"].port: rejected',
        f'{base}["/list"]: rejected',
    ):
        assert start in report


def test_two_routes_of_one_prefix_are_told(tmp_path: Path) -> None:
    members = services(
        a={"image": "x", "interface": {"/web/": {"path": "/"}, "web": {"path": "/other"}}},
        b={"image": "x", "interface": {"web": {"path": "/web"}}},
    )
    report = told(single(tmp_path, members))
    assert "spec.services.b.interface.web: approximate: /web is also the external prefix of spec.services.a" in report
    assert report.count("external prefix") == 1


def test_ports_of_the_root_are_kept_and_those_of_a_child_told(tmp_path: Path) -> None:
    ports = {"ports": {"80": 3000, "6650": "6650", "0": 1, "x": 3}}
    files = {
        "deploy/deploy.js": deploy("shop", "dev"),
        "deploy/services.js": {**services(a=stack("shop_a", interface={"/a": {"port": 8080}})), "interface": ports},
        "api/A/deploy/deploy.js": deploy("shop_a", "dev"),
        "api/A/deploy/services.js": {**services(web={"image": "w"}), "interface": {"ports": {"80": 3000, "443": 1}}},
    }
    result = imported(tmp_path, files)
    assert spec(result)["interface"] == {"ports": {"80": 3000, "6650": 6650}}
    for start in (
        "spec.interface.ports.0: rejected",
        "spec.interface.ports.x: rejected",
        'spec.services.a.interface["/a"].port: ignored',
        "spec.services.a.stack.interface.ports.443: ignored",
    ):
        assert start in told(result)
