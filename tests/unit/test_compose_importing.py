"""Import: what an application becomes, and that nothing of it disappears without a word."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ailtire_operator.compose.errors import ApplicationError, ComposeError
from ailtire_operator.compose.importing import Imported, import_application
from ailtire_operator.model.loading import levels, parse_stack
from applications import SOCKET, STOCK, deploy, services, stack, write


def imported(folder: Path, files: dict[str, Any], env: str | None = "dev", **options: Any) -> Imported:
    return import_application(write(folder, files), env=env, **{"registry": None, **options})


def single(folder: Path, data: Any, **options: Any) -> Imported:
    """One services.js alone."""
    write(folder / "shop", {"services.js": data})
    options = {"env": None, "registry": None, **options}
    return import_application(folder / "shop/services.js", **options)


def spec(result: Imported) -> Any:
    """The one resource's spec; it is what the API server would take."""
    (resource,) = result.resources
    found = parse_stack(yaml.safe_load(yaml.safe_dump(resource)))
    assert list(levels(found.name, found.spec, {}))
    assert "namespace" not in resource["metadata"]
    return resource["spec"]


def told(result: Imported) -> str:
    return "\n".join(map(str, result.notices))


def web(folder: Path, **fields: Any) -> tuple[dict[str, Any], str]:
    """What a plain service becomes, and what is told about it."""
    result = single(folder, services(web={"image": "web", **fields}))
    return spec(result)["services"]["web"], told(result)


TREE = {
    "deploy/deploy.js": deploy("Shop_App", "dev", "prod"),
    "deploy/services.js": services(
        cpl=stack("shop_cpl", interface={"cpl": {"path": "/cpl", "port": 3000}}),
        web={"image": "shop_web:1", "interface": {"/web": {"path": "/web", "port": 3000, "protocol": "http"}}},
    ),
    "api/Physical/deploy/deploy.js": deploy("SHOP_cpl", "dev"),
    "api/Physical/deploy/services.js": services(
        dm=stack("shop_cpl_dm:latest"), dm2=stack("registry.example/team/shop_cpl_dm"), gone=stack("sa_pe_engine")
    ),
    "api/Physical/Devices/deploy/deploy.js": deploy("shop_cpl_dm", "prod"),
    "api/Physical/Devices/deploy/services.js": services(api={"image": "api"}),
    "api/Unused/deploy/deploy.js": deploy("shop_unused", "dev"),
}


def test_packages_become_inline_children(tmp_path: Path) -> None:
    result = imported(tmp_path, TREE, registry="registry.example/team/")
    (resource,) = result.resources
    assert resource["apiVersion"] == "ailtire.io/v1alpha1"
    assert resource["kind"] == "AiltireStack"
    assert resource["metadata"] == {"name": "shop-app"}
    found = spec(result)
    assert {key: value for key, value in found.items() if key != "services"} == {
        "appName": "shop_app",
        "environment": "dev",
        "imageRegistry": "registry.example/team",
        "securityProfile": "baseline",
        "interface": {"ports": {"80": 3000, "443": 3000}},
    }
    plain = {"stopSignal": "SIGINT", "stopGracePeriod": "1m"}
    leaf = {"type": "stack", "stack": {"services": {"api": {"image": "api", **plain}}}}
    assert found["services"] == {
        "cpl": {
            "type": "stack",
            "interface": {"cpl": {"path": "/cpl", "port": 3000}},
            "stack": {
                "services": {
                    "dm": leaf,
                    "dm2": leaf,
                    "gone": {"type": "stack", "stackRef": {"name": "sa-pe-engine", "optional": True}},
                }
            },
        },
        "web": {
            "image": "shop_web:1",
            "interface": {"/web": {"path": "/web", "port": 3000, "protocol": "http"}},
            **plain,
        },
    }


def test_the_report_names_every_deviation_of_the_tree(tmp_path: Path) -> None:
    lines = told(imported(tmp_path, TREE, registry="registry.example/team")).splitlines()
    for start in (
        "metadata.name: resolved: 'Shop_App' became 'shop-app'",
        "spec.securityProfile: resolved: baseline",
        "spec.services.cpl.volumes.docker: ignored: the operator does",
        "spec.services.cpl.stack.services.gone.stackRef: approximate: 'sa_pe_engine' names no package",
        "api/Physical/Devices/deploy/deploy.js: contexts: approximate: there is no context 'dev'",
        "api: ignored: no stack of this environment runs these packages: shop_unused.",
    ):
        assert [line for line in lines if line.startswith(start)], start


def test_a_cycle_is_an_error_that_names_the_chain(tmp_path: Path) -> None:
    files = {
        "deploy/deploy.js": deploy("shop", "dev"),
        "deploy/services.js": services(a=stack("shop_a")),
        "api/A/deploy/deploy.js": deploy("shop_a", "dev"),
        "api/A/deploy/services.js": services(b=stack("shop_b")),
        "api/B/deploy/deploy.js": deploy("shop_b", "dev"),
        "api/B/deploy/services.js": services(a=stack("shop_a")),
    }
    with pytest.raises(ApplicationError, match="cannot contain itself: shop_a -> shop_b -> shop_a") as caught:
        imported(tmp_path, files)
    assert str(caught.value).startswith("spec.services.a.stack.services.b.stack.services.a: ")
    files["api/B/deploy/services.js"] = services(top=stack("SHOP"))
    with pytest.raises(ApplicationError, match="shop -> shop_a -> shop_b -> shop"):
        imported(tmp_path, files)


def chain(length: int, uses: int = 1) -> dict[str, Any]:
    files: dict[str, Any] = {"deploy/deploy.js": deploy("p0", "dev")}
    for level in range(length):
        place = f"api/P{level}/deploy" if level else "deploy"
        files[f"{place}/deploy.js"] = deploy(f"p{level}", "dev")
        below = {f"s{use}": stack(f"p{level + 1}") for use in range(uses)}
        files[f"{place}/services.js"] = services(**below) if level + 1 < length else services(web={"image": "web"})
    return files


def test_depth_and_size_are_bounded(tmp_path: Path) -> None:
    assert spec(imported(tmp_path / "16", chain(17)))
    with pytest.raises(ApplicationError, match="deeper than 16 levels"):
        imported(tmp_path / "17", chain(18))
    with pytest.raises(ApplicationError, match="more than 5000 services and stacks"):
        imported(tmp_path / "wide", chain(16, uses=4))


def test_a_broken_package_stops_the_import_where_it_is_used(tmp_path: Path) -> None:
    broken = {**TREE, "api/Physical/Devices/deploy/services.js": "module.exports = {services: load()}"}
    with pytest.raises(ComposeError, match=r"api/Physical/Devices/deploy/services\.js:1:29: .*'load\(\)'"):
        imported(tmp_path / "used", broken)
    unused = {**TREE, "api/Unused/deploy/services.js": "module.exports = load()"}
    assert spec(imported(tmp_path / "unused", unused))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (None, "shop"),
        ("My_Shop", "my-shop"),
        ("3tier", "stack-3tier"),
        ("x" * 200, "x" * 54 + "-"),
        ("a--b", "a-b"),
    ],
)
def test_names(tmp_path: Path, name: str | None, expected: str) -> None:
    result = single(tmp_path, services(web={"image": "web"}), name=name)
    assert result.resources[0]["metadata"]["name"].startswith(expected)
    assert spec(result)
    assert ("metadata.name: resolved" in told(result)) == (name is not None)


@pytest.mark.parametrize("options", [{"env": "my env"}, {"registry": "with space"}, {"registry": "/"}])
def test_options_that_no_spec_can_hold_are_errors(tmp_path: Path, options: dict[str, str]) -> None:
    with pytest.raises(ApplicationError, match=r"cannot be spec\."):
        single(tmp_path, services(), **options)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("web", "web"),
        ("Shop_Web:Latest", "shop_web:Latest"),
        ("_mp_web", "mp_web"),
        ("registry.example:5000/Team/web@sha256:" + "0" * 64, "registry.example:5000/team/web@sha256:" + "0" * 64),
        ("localhost/web", "localhost/web"),
    ],
)
def test_images(tmp_path: Path, written: str, expected: str) -> None:
    found, report = web(tmp_path, image=written)
    assert found["image"] == expected
    assert ("became" in report) == (written != expected)


@pytest.mark.parametrize("image", [None, "", "<%= name %>", 3, {"a": 1}, "___", "a b", "x" * 600])
def test_a_service_without_an_image_is_left_out(tmp_path: Path, image: Any) -> None:
    result = single(tmp_path, services(web={"image": image}, other={"image": "web"}))
    assert list(spec(result)["services"]) == ["other"]
    assert "spec.services.web.image: rejected: " in told(result)


@pytest.mark.parametrize("kind", ["Stack", "service", "job", 3])
def test_only_the_exact_type_is_a_stack(tmp_path: Path, kind: Any) -> None:
    found, report = web(tmp_path, type=kind)
    assert "type" not in found
    assert ("spec.services.web.type: approximate" in report) == (kind != "service")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (True, "true"),
        (3.0, "3"),
        (0.1, "0.1"),
        (1e21, "1e+21"),
        (1.5e-7, "1.5e-7"),
        (None, ""),
        ("a&b\"'", "a&b\"'"),
        ("$$5", "$5"),
        ("tasks.pulsar:6650", "pulsar:6650"),
        ("tasks.pulsar", "pulsar"),
        ("http://policy_engine:8080/x?y=policy_engine", "http://policy-engine:8080/x?y=policy_engine"),
        ("policy_engine:1,policy_engine:2", "policy-engine:1,policy-engine:2"),
        ("amqp://me:secret@childStack:5672/", "amqp://me:secret@childstack:5672/"),
        ("web:80", "web:80"),
        ("${AILTIRE_APPNAME}/x", "shop/x"),
        ("${NOT_SET:-fallback}", "fallback"),
        ("${NOT_SET-}", ""),
        ("${AILTIRE_APPNAME:+yes}", "yes"),
    ],
)
def test_environment_values(tmp_path: Path, written: Any, expected: str) -> None:
    members = {key: {"image": "x"} for key in ("policy_engine", "pulsar", "childStack")}
    result = single(tmp_path, services(web={"image": "web", "environment": {"VALUE": written}}, **members))
    assert spec(result)["services"]["web"]["environment"] == {"VALUE": expected}
    changed = isinstance(written, str) and written not in (expected, "$$5")
    assert ("environment.VALUE: resolved" in told(result)) == changed


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ("tasks.gone:80", "'tasks.gone' does not resolve here"),
        ("http://other_stack:3000/", "'other_stack' does not resolve here"),
        ("policy_engine", "it stays, as it may not be meant as a host name"),
        ("${HOME}/x", "'${HOME}' is not known at import"),
        ("${NEEDED:?say it}", "is not known at import"),
        ("{{.Node.Hostname}}", "templates ({{...}}) are not filled in"),
    ],
)
def test_environment_values_that_stay_are_told(tmp_path: Path, written: str, word: str) -> None:
    members = {"policy_engine": {"image": "x"}}
    result = single(tmp_path, services(web={"image": "web", "environment": {"VALUE": written}}, **members))
    assert spec(result)["services"]["web"]["environment"] == {"VALUE": written}
    assert word in told(result)


@pytest.mark.parametrize("written", ["SABR:1", "path/to_file", "a_b", "./streams.js", "x_y=1", "Mozilla/5.0"])
def test_values_that_are_no_hosts_are_left_alone(tmp_path: Path, written: str) -> None:
    found, report = web(tmp_path, environment={"VALUE": written})
    assert found["environment"] == {"VALUE": written}
    assert "environment" not in report


def test_environment_entries_that_no_container_can_have(tmp_path: Path) -> None:
    variables = {"AILTIRE_PORT": 3000, "OBJECT": {"a": 1}, "A=B": "x", "": "x", "NUL": "\0", "FINE": "x"}
    found, report = web(tmp_path, environment=variables)
    assert found["environment"] == {"FINE": "x"}
    for path in (
        ".AILTIRE_PORT: ignored",
        ".OBJECT: rejected",
        '["A=B"]: rejected',
        '[""]: rejected',
        ".NUL: rejected",
    ):
        assert f"spec.services.web.environment{path}" in report


def test_environment_as_a_list(tmp_path: Path) -> None:
    found, report = web(tmp_path, environment=["A=1", "B=x=y", "C", 3])
    assert found["environment"] == {"A": "1", "B": "x=y"}
    assert "environment[2]: rejected" in report


def test_the_stack_containers_environment_fills_the_childs_values(tmp_path: Path) -> None:
    files = {
        "deploy/deploy.js": deploy("shop", "dev"),
        "deploy/services.js": services(a=stack("shop_a", environment={"NETWORK": "net", "OTHER": "x"})),
        "api/A/deploy/deploy.js": deploy("shop_a", "dev"),
        "api/A/deploy/services.js": services(
            web={
                "image": "w",
                "environment": {"N": "${NETWORK}", "S": "$AILTIRE_SERVICENAME", "A": "${AILTIRE_APPNAME}"},
            }
        ),
    }
    result = imported(tmp_path, files)
    child = spec(result)["services"]["a"]["stack"]["services"]["web"]
    assert child["environment"] == {"N": "net", "S": "a", "A": "shop"}
    assert "spec.services.a.environment.NETWORK: resolved" in told(result)
    assert "spec.services.a.environment.OTHER: ignored" in told(result)


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
    assert "spec.services.web.volumes.docker: ignored: there is no Docker socket" in told(result)
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
        "spec.networks.siblings: resolved",
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
    assert "spec.services.b.interface.web: approximate: /web is the external prefix of spec.services.a" in report
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


def test_policies(tmp_path: Path) -> None:
    policies = {
        "scaling": {"min": 0, "max": 5.0},
        "timeout": {"requestTimeout": 1500},
        "retry": {"maxRetries": 9, "backoffStrategy": "exponential"},
        "accessControl": {"authentication": "jwt", "rateLimit": 100},
        "logging": {"level": "Warning"},
        "security": {"tls": True},
    }
    found, report = web(tmp_path, policies=policies)
    assert found["policies"] == {
        "scaling": {"min": 0, "max": 5},
        "timeout": {"requestTimeout": "1500ms"},
        "retry": {"maxRetries": 5},
        "accessControl": {"rateLimit": 100},
        "logging": {"level": "warn"},
    }
    for path in (
        "retry.maxRetries",
        "retry.backoffStrategy",
        "accessControl.authentication",
        "accessControl.rateLimit",
        "security",
    ):
        assert f"spec.services.web.policies.{path}: " in report


@pytest.mark.parametrize(
    "policies",
    [
        {"scaling": {"min": 5, "max": 1}},
        {"scaling": {"min": 1}},
        {"scaling": "auto"},
        {"timeout": {"requestTimeout": 0}},
        {"timeout": {"requestTimeout": "soon"}},
        {"retry": {"maxRetries": -1}},
        {"accessControl": {"rateLimit": "none"}},
        {"logging": {"level": "loud"}},
    ],
)
def test_policies_that_say_nothing_sensible_are_told(tmp_path: Path, policies: Any) -> None:
    found, report = web(tmp_path, policies=policies)
    assert "policies" not in found
    assert "rejected" in report


def test_deploy_also_where_it_is_nested_wrongly(tmp_path: Path) -> None:
    deploying = {
        "replicas": 2,
        "mode": "replicated",
        "placement": {
            "constraints": ["node.role==manager"],
            "resources": {
                "limits": {"cpus": "0.50", "memory": "50M"},
                "reservations": {"cpus": 0.25, "memory": "1.5g"},
            },
        },
        "max_replicas_per_node": 1,
        "update_config": {"order": "stop-first", "parallelism": 2, "delay": "10s", "failure_action": "rollback"},
        "restart_policy": {"condition": "on-failure"},
        "endpoint_mode": "dnsrr",
    }
    found, report = web(tmp_path, deploy=deploying)
    assert found["deploy"] == {
        "replicas": 2,
        "resources": {"limits": {"cpu": "500m", "memory": "50Mi"}},
        "placement": {"maxReplicasPerNode": 1},
        "restartPolicy": {"condition": "onFailure"},
        "updateConfig": {"order": "stopFirst", "parallelism": 2, "delay": "10s", "failureAction": "rollback"},
        "endpointMode": "dnsrr",
    }
    base = "spec.services.web.deploy"
    for start in (
        f"{base}.placement.constraints: ignored",
        f"{base}.placement.resources: resolved",
        f"{base}.resources.reservations: rejected",
        f"{base}.max_replicas_per_node: resolved",
    ):
        assert start in report


def test_a_container_of_deployments_runs_where_there_is_no_image(tmp_path: Path) -> None:
    container = {"image": "svc", "cmd": "node 'my app.js'", "environment": {"A": "1"}, "volumes": {"d": "data:/d"}}
    result = single(tmp_path, services(web={"deployments": {"container": container, "external": {"url": "http://x"}}}))
    found = spec(result)["services"]["web"]
    assert (found["image"], found["command"], found["environment"]) == ("svc", ["node", "my app.js"], {"A": "1"})
    assert found["volumes"] == {"d": {"source": "data", "target": "/d"}}
    assert "spec.services.web.deployments.external: ignored" in told(result)


def test_unknown_keys_are_told_wherever_they_stand(tmp_path: Path) -> None:
    data = {
        **services(web={"image": "w", "healthcheck": {"test": "x"}, "baseDir": "."}),
        "policies": {"a": 1},
        "zones": {"a": 1},
    }
    report = told(single(tmp_path, data))
    for path in ("spec.services.web.healthcheck", "spec.services.web.baseDir", "spec.policies.a", "spec.zones"):
        assert f"{path}: ignored" in report


def test_a_stack_service_says_what_it_cannot_keep(tmp_path: Path) -> None:
    member = stack(
        "gone",
        deploy={"replicas": 2},
        policies={"scaling": {"max": 3}, "retry": {"maxRetries": 1}},
        environment={"A": "1"},
    )
    member["volumes"]["conf"] = "/etc/x:/etc/x"
    result = single(tmp_path, services(sub=member))
    assert spec(result)["services"]["sub"] == {
        "type": "stack",
        "policies": {"retry": {"maxRetries": 1}},
        "stackRef": {"name": "gone", "optional": True},
    }
    for path in ("deploy", "policies.scaling", "environment.A", "volumes.docker", "volumes.conf"):
        assert f"spec.services.sub.{path}: ignored" in told(result)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"a_b": {"image": "x"}, "a-b": {"image": "x"}}, "both become the name 'a-b'"),
        ({"___": {"image": "x"}}, "spec.services.___"),
        ({"k" * 64: {"image": "x"}}, "spec.services.kkk"),
        ({f"s{number}": {"image": "x"} for number in range(600)}, "spec.services"),
    ],
)
def test_what_no_resource_can_hold_is_refused_with_its_path(tmp_path: Path, members: Any, message: str) -> None:
    with pytest.raises(ApplicationError, match="does not fit into an AiltireStack") as caught:
        single(tmp_path, services(**members))
    assert message in str(caught.value)


@pytest.mark.parametrize("data", [{"services": []}, {"services": "x"}])
def test_services_that_are_no_map_are_refused(tmp_path: Path, data: Any) -> None:
    with pytest.raises(ApplicationError, match=r"spec\.services is .* not a map"):
        single(tmp_path, data)


def test_the_order_of_the_file_is_kept_and_the_report_is_the_same_each_time(tmp_path: Path) -> None:
    first, second = (imported(tmp_path, TREE) for _ in range(2))
    assert first == second
    assert list(first.resources[0]["spec"]["services"]) == ["cpl", "web"]


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 70000)
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "web", "/", "a b", "_x", "${A", "tasks.web:1", "1m", "50M"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "",
                    "a",
                    "web",
                    "image",
                    "source",
                    "target",
                    "path",
                    "port",
                    "ports",
                    "min",
                    "max",
                    "limits",
                    "aliases",
                    "siblings",
                    "order",
                    "external",
                    "name",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
SERVICE_FIELDS = [
    "type",
    "image",
    "volumes",
    "interface",
    "environment",
    "policies",
    "networks",
    "deploy",
    "deployments",
    "x",
]
POLICY_FIELDS = ["scaling", "timeout", "retry", "accessControl", "logging"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "services": st.dictionaries(
                st.sampled_from(["web", "policy_engine", "a-b"]),
                st.dictionaries(st.sampled_from(SERVICE_FIELDS), JUNK)
                | st.fixed_dictionaries(
                    {"image": st.just("web"), "policies": st.dictionaries(st.sampled_from(POLICY_FIELDS), JUNK)}
                )
                | st.fixed_dictionaries({"image": st.just("web"), "deploy": JUNK})
                | JUNK,
            ),
            "networks": JUNK,
            "policies": JUNK,
            "data": JUNK,
            "interface": JUNK,
            "x": JUNK,
        },
    )
)
def test_any_data_is_imported_or_refused_with_a_reason(tmp_path: Path, data: Any) -> None:
    try:
        result = single(tmp_path, data)
    except ComposeError:
        return
    assert spec(result) is not None


HAND_WRITTEN = """
services:
  frontend:
    image: traefik:v2.11
    command: ["--providers.docker.swarmMode=true", "--entrypoints.web.address=:80"]
    ports: ["80:80", "443:443"]
    volumes: ["/var/run/docker.sock:/var/run/docker.sock"]
  cpl:
    image: shop_cpl
    environment: {LEVEL: info}
    volumes: ["/var/run/docker.sock:/var/run/docker.sock"]
    deploy:
      labels:
        traefik.http.routers.cpl.rule: "PathPrefix(`/cpl`)"
        traefik.http.routers.cpl.middlewares: strip
        traefik.http.middlewares.strip.stripprefix.prefixes: /cpl
        traefik.http.services.cpl.loadbalancer.server.port: "3000"
  doc:
    image: shop_doc
    deploy:
      labels:
        - traefik.http.routers.doc.rule=Host(`shop.example`) && Path(`/doc`)
        - traefik.http.services.doc.loadbalancer.server.port=8080
"""


@pytest.mark.parametrize("key", ["file", "design"])
def test_a_context_may_be_a_compose_file_whose_labels_are_the_routes(tmp_path: Path, key: str) -> None:
    files = {
        "deploy/deploy.js": {"name": "shop", "contexts": {"dev": {"type": "swarm", key: "stack.yml"}}},
        "deploy/stack.yml": HAND_WRITTEN,
        "api/Cpl/deploy/deploy.js": deploy("shop_cpl", "dev"),
        "api/Cpl/deploy/services.js": services(api={"image": "api"}),
    }
    result = imported(tmp_path, files)
    members = spec(result)["services"]
    assert set(members) == {"cpl", "doc"}
    assert members["cpl"]["type"] == "stack"
    assert members["cpl"]["stack"]["services"]["api"]["image"] == "api"
    assert members["cpl"]["interface"] == {"/cpl": {"path": "/", "port": 3000}}
    assert members["doc"]["interface"] == {"/doc": {"path": "/doc", "port": 8080}}
    assert spec(result)["interface"] == {"ports": {"80": 3000}}
    assert spec(result)["edge"] == {"hosts": ["shop.example"]}
    report = told(result)
    assert "deploy/stack.yml: services.frontend: resolved: this Traefik asks Docker for its routes" in report
    assert "HTTPS ends at the edge" in report
    assert "what is below /doc leads to the service too" in report


@pytest.mark.parametrize(
    ("written", "kept", "reported"),
    [
        ({"mode": "global"}, {"mode": "global"}, ""),
        ({"mode": "global", "replicas": 2}, {"mode": "global"}, "replicas: rejected: there is one replica"),
        ({"mode": "often"}, {}, "mode: rejected: 'often' is nothing that Compose has here"),
        ({"replicas": "many"}, {}, "replicas: rejected"),
        ({"resources": "few"}, {}, "resources: rejected: expected a map"),
        ({"resources": {"reservations": {"devices": [5]}}}, {}, "resources.reservations.devices: rejected"),
        ({"resources": {"limits": {"cpus": "1"}}, "placement": {"resources": {"limits": {"cpus": "2"}}}},
         {"resources": {"limits": {"cpu": "1"}}}, "placement.resources: ignored: deploy.resources says it already"),
        ({"update_config": {"max_failure_ratio": "x"}}, {}, "update_config.max_failure_ratio: rejected"),
        ({"update_config": {"max_failure_ratio": 7}}, {}, "updateConfig: rejected: the model has no such value"),
        ({"labels": ["a=b"]}, {"labels": {"a": "b"}}, ""),
        ({"rollback_config": {"order": "stop-first"}}, {"rollbackConfig": {"order": "stopFirst"}}, ""),
        ({"anything": 1}, {}, "anything: ignored"),
        ({"placement": {"preferences": {"spread": "x"}}}, {}, "placement.preferences: ignored"),
    ],
    ids=str,
)  # fmt: skip
def test_deploy_means_what_it_means_in_a_compose_file(
    tmp_path: Path, written: dict[str, Any], kept: dict[str, Any], reported: str
) -> None:
    found, report = web(tmp_path, deploy=written)
    assert found.get("deploy", {}) == kept
    assert not reported or f"spec.services.web.deploy.{reported}" in report


def test_what_a_container_adds_is_merged(tmp_path: Path) -> None:
    container = {"image": "svc", "environment": {"A": "1", "B": "1"}, "volumes": {"d": "data:/d"}}
    own = {"environment": {"B": "2"}, "volumes": {"e": "more:/e"}, "deployments": {"container": container}}
    found = spec(single(tmp_path, services(web=own)))["services"]["web"]
    assert found["environment"] == {"A": "1", "B": "2"}
    assert set(found["volumes"]) == {"d", "e"}
