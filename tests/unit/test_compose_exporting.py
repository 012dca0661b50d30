"""Export: what upstream's generator would write, and Compose files that Swarm takes as they are."""

from pathlib import Path
from typing import Any, Literal

import pytest
import yaml

from ailtire_operator.compose.exporting import Exported, dump, export_tree
from ailtire_operator.compose.importing import import_application
from ailtire_operator.model.loading import parse_stack
from ailtire_operator.model.problems import InvalidStack
from applications import SOCKET, deploy, services, stack, write

Profile = Literal["swarm", "ailtire"]


def exported(
    spec: dict[str, Any], profile: Profile = "swarm", *, name: str = "shop", templates: dict[str, Any] | None = None
) -> Exported:
    resources = {key: parse_stack(resource(key, each)) for key, each in (templates or {}).items()}
    root = parse_stack(resource(name, spec))
    return export_tree(name, root.spec, {key: each.spec for key, each in resources.items()}, profile=profile)


def resource(name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "ailtire.io/v1alpha1", "kind": "AiltireStack", "metadata": {"name": name}, "spec": spec}


def told(result: Exported) -> str:
    return "\n".join(map(str, result.notices))


def round_trip(folder: Path, data: dict[str, Any], name: str, registry: str | None = None) -> dict[str, Any]:
    """A services file as upstream's generator would have it: imported, exported, the one document as YAML reads it."""
    path = write(folder / name, {"services.js": data}) / "services.js"
    (found,) = import_application(path, env=None, registry=registry).resources
    result = exported(found["spec"], "ailtire", name=name)
    return read(dump(result.files[name]))


def read(text: str) -> dict[str, Any]:
    document = yaml.safe_load(text)
    assert isinstance(document, dict)
    return document


def plain(key: str, image: str, *environment: str) -> dict[str, Any]:
    """A plain service in upstream's output."""
    return {
        "image": image,
        "stop_grace_period": "1m",
        "stop_signal": "SIGINT",
        "deploy": {"replicas": 1},
        "environment": [
            "AILTIRE_STACKNAME={{.Service.Name}}-{{.Task.Slot}}",
            f"AILTIRE_SERVICENAME={key}",
            "AILTIRE_PARENT=${AILTIRE_APPNAME}",
            "AILTIRE_PARENTHOST=admin",
            "AILTIRE_APPNAME=${AILTIRE_APPNAME}",
            *environment,
        ],
        "networks": {"sibling": None, "parent": {"aliases": [key]}},
    }


def container(key: str, image: str, owner: str) -> dict[str, Any]:
    """A stack container in upstream's output."""
    return {
        "image": image,
        "stop_grace_period": "1m",
        "stop_signal": "SIGINT",
        "volumes": ["/var/run/docker.sock:/var/run/docker.sock"],
        "deploy": {"replicas": 1},
        "environment": [
            "AILTIRE_STACKNAME={{.Service.Name}}-{{.Task.Slot}}",
            "AILTIRE_PARENT=${AILTIRE_APPNAME}",
            f"AILTIRE_SERVICENAME={key}",
            "AILTIRE_APPNAME=${AILTIRE_APPNAME}",
            f"AILTIRE_PARENT_NETWORK=${{AILTIRE_APPNAME}}_{owner}_{key}_family",
        ],
        "networks": {f"child{key}": None, "sibling": None, "parent": {"aliases": [key]}},
    }


def networks(owner: str, *children: str) -> dict[str, Any]:
    """The networks in upstream's output."""
    families = {
        f"child{key}": {"driver": "overlay", "attachable": True, "name": f"${{AILTIRE_APPNAME}}_{owner}_{key}_family"}
        for key in children
    }
    own = {"sibling": {"driver": "overlay"}, "parent": {"external": True, "name": "${AILTIRE_PARENT_NETWORK}"}}
    return own | families


def test_golden_a_stack_of_plain_services(tmp_path: Path) -> None:
    """Upstream's own test design: three services that differ in their key alone."""
    keys = ("servicea", "serviceb", "servicec")
    interface = {"/x": {"path": "/", "port": 3000, "protocol": "http"}}
    members = {key: {"image": "simple:latest", "interface": interface, "policies": {}} for key in keys}
    assert round_trip(tmp_path, services(**members), "testms") == {
        "version": "3.7",
        "services": {key: plain(key, "simple:latest") for key in keys},
        "networks": networks("testms"),
    }


def test_golden_a_stack_of_stacks(tmp_path: Path) -> None:
    """Upstream's two-tier design; its file is invalid (volumes: null), ours mounts the socket as a stack needs it."""
    keys = ("servicea", "serviceb")
    members = {key: {"type": "stack", "image": f"test2t_{key}"} for key in keys}
    assert round_trip(tmp_path, services(**members), "test2t", "team") == {
        "version": "3.7",
        "services": {key: container(key, f"team/test2t-{key}", "test2t") for key in keys},
        "networks": networks("test2t", *keys),
    }


def test_golden_a_web_application_with_registry_environment_and_volumes(tmp_path: Path) -> None:
    """The design of a real application's local environment, in small: volumes of plain services are not written."""
    members = {
        "web": {
            "image": "shop_web",
            "volumes": SOCKET,
            "interface": {"/web": {"path": "/web", "port": 3000}},
            "environment": {"PULSAR_HOST": "pulsar:6650", "FLAG": True},
        },
        "pulsar": {"image": "shop_pulsar:standalone", "volumes": SOCKET, "interface": {"/p/": {"port": 6650}}},
        "doc": {"image": "shop_doc", "networks": {"siblings": {}}},
    }
    assert round_trip(tmp_path, services(**members), "shop", "team") == {
        "version": "3.7",
        "services": {
            "web": plain("web", "team/shop_web", "PULSAR_HOST=pulsar:6650", "FLAG=true"),
            "pulsar": plain("pulsar", "team/shop_pulsar:standalone"),
            "doc": plain("doc", "team/shop_doc"),
        },
        "networks": networks("shop"),
    }


def test_golden_keys_in_capitals(tmp_path: Path) -> None:
    """The first document's example: the image's name in capitals, which no registry takes, is lower case here."""
    found = round_trip(tmp_path, services(childStack=stack("childStack")), "myapp")
    assert found["services"] == {"childStack": container("childStack", "childstack", "myapp")}
    assert found["networks"] == networks("myapp", "childStack")


def test_a_whole_application_has_a_file_per_stack_under_upstreams_names(tmp_path: Path) -> None:
    files = {
        "deploy/deploy.js": deploy("Shop_App", "dev"),
        "deploy/services.js": services(cpl=stack("shop_app_cpl"), web={"image": "web"}),
        "api/C/deploy/deploy.js": deploy("shop_app_cpl", "dev"),
        "api/C/deploy/services.js": services(shop_app_cpl_dm=stack("shop_app_cpl_dm")),
        "api/D/deploy/deploy.js": deploy("shop_app_cpl_dm", "dev"),
        "api/D/deploy/services.js": services(api={"image": "api"}),
    }
    (found,) = import_application(write(tmp_path, files), env="dev", registry="team").resources
    result = exported(found["spec"], "ailtire", name="shop-app")
    assert list(result.files) == ["shop-app", "shop-app-cpl", "shop-app-cpl-shop-app-cpl-dm"]
    root, middle, leaf = result.files.values()
    assert root["services"]["cpl"] == container("cpl", "team/shop_app_cpl", "shop_app")
    key = "shop_app_cpl_dm"
    assert middle["services"][key] == container(key, "team/shop_app_cpl_dm", "shop_app_cpl")
    assert leaf["services"]["api"] == plain("api", "team/api")


def test_what_upstreams_generator_does_not_write_is_told() -> None:
    spec = {
        "imageRegistry": "team",
        "data": {"d": {}},
        "edge": {"hosts": ["shop.example"]},
        "networks": {"net": {}},
        "services": {
            "web": {
                "image": "web",
                "command": ["x"],
                "deploy": {"replicas": 3},
                "healthcheck": {"tcp": True},
                "policies": {"retry": {"maxRetries": 1}},
                "volumes": {"d": {"source": "d", "target": "/d"}},
                "networks": {"siblings": {}, "net": {}},
                "stopSignal": "SIGQUIT",
                "stopGracePeriod": "5s",
                "interface": {"/": {}},
            },
            "calm": {"image": "web", "deploy": {"replicas": 1}, "stopGracePeriod": "60s", "readOnly": False},
        },
    }
    report = told(exported(spec, "ailtire"))
    for path in (
        *(
            f"web.{field}: ignored"
            for field in ("command", "deploy", "healthcheck", "policies", "volumes", "networks.net")
        ),
        *(f"web.{field}: approximate" for field in ("stopSignal", "stopGracePeriod")),
    ):
        assert f"spec.services.{path}" in report
    for path in ("spec.data", "spec.edge", "spec.networks.net", "spec"):
        assert f"{path}: ignored" in report
    assert "calm" not in report


def test_values_are_what_they_are_in_the_cluster() -> None:
    spec = {"services": {"web": {"image": "web", "environment": {"PRICE": "$5 ${X} {{.Node}}", "HTML": 'a&b"\n'}}}}
    values = exported(spec, "ailtire").files["shop"]["services"]["web"]["environment"][-2:]
    assert values == ['PRICE=$$5 $${X} {{"{{"}}.Node}}', 'HTML=a&b"\n']
    assert read(dump(exported(spec, "ailtire").files["shop"]))["services"]["web"]["environment"][-1] == 'HTML=a&b"\n'


FULL: dict[str, Any] = {
    "appName": "shop_app",
    "imageRegistry": "team",
    "images": {"web": "web:2"},
    "data": {"uploads": {"size": "5Gi"}, "shared": {"mode": "ReadWriteMany"}},
    "networks": {"tele": {"name": "shop_tele", "internal": True}, "own": {}},
    "services": {
        "Front_End": {
            "image": "web:1",
            "entrypoint": ["/bin/x"],
            "command": ["$HOME"],
            "workingDir": "/app",
            "user": "1000",
            "readOnly": True,
            "labels": {"team": "a"},
            "environment": {"COUNT": 3},
            "healthcheck": {"test": ["CMD", "true"], "startPeriod": "1m"},
            "deploy": {
                "replicas": 2,
                "endpointMode": "dnsrr",
                "resources": {"limits": {"cpu": "500m", "memory": "256Mi"}, "reservations": {"memory": "1000"}},
                "updateConfig": {"delay": "5s", "parallelism": 0},
            },
            "volumes": {
                "up": {"source": "uploads", "target": "/up"},
                "host": {"source": "/etc/x", "target": "/x", "readOnly": True},
                "mem": {"target": "/mem", "medium": "Memory", "size": "1Mi"},
                **SOCKET,
            },
            "networks": {"siblings": {"aliases": ["www"]}, "tele": {}, "own": {}, "parent": {}},
            "stopSignal": "SIGINT",
        },
        "child": {
            "type": "stack",
            "stack": {
                "networks": {"tele": {"external": True, "name": "shop_tele"}},
                "services": {
                    "api": {
                        "image": "example.com/api",
                        "interface": {"/": {}},
                        "networks": {"parent": {}, "tele": {}},
                        "policies": {"scaling": {"min": 2, "max": 5}, "retry": {"maxRetries": 1}},
                    }
                },
            },
        },
        "other": {"type": "stack", "stackRef": {"name": "base"}},
    },
}


def test_the_swarm_profile_says_the_same_in_swarms_words() -> None:
    result = exported(FULL, templates={"base": {"template": True, "services": {"db": {"image": "db"}}}})
    assert list(result.files) == ["shop", "shop-child", "shop-other"]
    root = read(dump(result.files["shop"]))
    assert list(root["services"]) == ["Front_End"]
    assert root["services"]["Front_End"] == {
        "image": "team/web:2",
        "entrypoint": ["/bin/x"],
        "command": ["$$HOME"],
        "working_dir": "/app",
        "user": "1000",
        "read_only": True,
        "labels": {"team": "a"},
        "stop_signal": "SIGINT",
        "stop_grace_period": "30s",
        "environment": {
            "AILTIRE_STACKNAME": "{{.Service.Name}}-{{.Task.Slot}}",
            "AILTIRE_PARENT": "shop",
            "AILTIRE_PARENTHOST": "",
            "AILTIRE_APPNAME": "shop_app",
            "AILTIRE_SERVICENAME": "Front_End",
            "AILTIRE_PARENT_NETWORK": "shop_app_top",
            "COUNT": "3",
        },
        "healthcheck": {
            "test": ["CMD", "true"],
            "interval": "30s",
            "timeout": "30s",
            "retries": 3,
            "start_period": "1m",
        },
        "volumes": [
            {"type": "volume", "source": "uploads", "target": "/up"},
            {"type": "bind", "source": "/etc/x", "target": "/x", "read_only": True},
            {"type": "tmpfs", "target": "/mem", "tmpfs": {"size": 1048576}},
        ],
        "networks": {
            "siblings": {"aliases": ["front-end", "www"]},
            "tele": {"aliases": ["front-end"]},
            "own": {"aliases": ["front-end"]},
        },
        "deploy": {
            "replicas": 2,
            "endpoint_mode": "dnsrr",
            "resources": {"limits": {"cpus": "0.5", "memory": "256M"}, "reservations": {"memory": "1000b"}},
            "update_config": {"order": "stop-first", "parallelism": 0, "delay": "5s"},
        },
    }
    assert root["networks"] == {
        "siblings": {"driver": "overlay", "attachable": True, "name": "shop_siblings"},
        "tele": {"driver": "overlay", "attachable": True, "internal": True, "name": "shop_tele"},
        "own": {"driver": "overlay", "attachable": True, "name": "shop_own"},
    }
    assert root["volumes"] == {"uploads": {}}


def test_a_child_joins_the_networks_that_files_before_it_made() -> None:
    result = exported(FULL, templates={"base": {"template": True, "services": {"db": {"image": "db"}}}})
    child = result.files["shop-child"]
    assert child["networks"] == {
        "parent": {"external": True, "name": "shop_siblings"},
        "tele": {"external": True, "name": "shop_tele"},
    }
    api = child["services"]["api"]
    assert api["image"] == "example.com/api"
    assert api["deploy"]["replicas"] == 2
    assert api["environment"]["AILTIRE_PARENT"] == "shop-child"
    assert api["environment"]["AILTIRE_PARENTHOST"] == "admin"
    assert api["environment"]["AILTIRE_PARENT_NETWORK"] == "shop_siblings"


def test_a_network_that_no_file_before_made_is_made_where_it_is_first_used() -> None:
    spec = {
        "networks": {"tele": {"name": "shop_tele"}},
        "services": {
            key: {
                "type": "stack",
                "stack": {
                    "networks": {"t": {"external": True, "name": "shop_tele"}},
                    "services": {"api": {"image": "x", "networks": {"t": {}, "parent": {}}}},
                },
            }
            for key in ("a", "b")
        },
    }
    result = exported(spec)
    assert result.files["shop"] == {"version": "3.8", "services": {}}
    first, second = result.files["shop-a"]["networks"], result.files["shop-b"]["networks"]
    assert {key: "external" in network for key, network in first.items()} == {"t": False, "parent": False}
    assert {key: "external" in network for key, network in second.items()} == {"t": True, "parent": True}


def test_what_a_swarm_file_does_not_hold_is_told() -> None:
    spec = {
        "securityProfile": "baseline",
        "imagePullSecrets": ["s"],
        "edge": {"hosts": ["shop.example"]},
        "interface": {"ports": {"80": 3000}},
        "data": {"d": {"size": "2Gi"}},
        "services": {
            "web": {
                "image": "web",
                "interface": {"/": {}},
                "annotations": {"a": "b"},
                "healthcheck": {"http": "/"},
                "environmentFrom": [{"secret": "s"}],
                "environmentValuesFrom": {"A": {"secret": "s", "key": "k"}},
                "policies": {"scaling": {"max": 5}, "accessControl": {"rateLimit": 3}},
                "volumes": {**SOCKET, "d": {"source": "d", "target": "/d"}, "t": {"target": "/t", "size": "1Gi"}},
            },
            "gone": {"type": "stack", "stackRef": {"name": "gone"}},
            "k" * 60: {"image": "x"},
        },
    }
    report = told(exported(spec))
    for start in (
        "spec: ignored: the gateway is not exported yet",
        "spec.securityProfile: ignored",
        "spec.imagePullSecrets: ignored",
        "spec.edge: ignored",
        "spec.interface: ignored",
        "spec.data.d: ignored: Swarm's local volumes know no size",
        "spec.services.web.annotations: ignored",
        "spec.services.web.healthcheck: ignored",
        "spec.services.web.environmentFrom: rejected",
        "spec.services.web.environmentValuesFrom: rejected",
        "spec.services.web.policies.scaling: approximate",
        "spec.services.web.policies.accessControl: ignored",
        "spec.services.web.volumes.docker: gated",
        "spec.services.web.volumes.t.size: ignored",
        "spec.services.gone.stackRef: ignored",
        f"spec.services.{'k' * 60}: rejected",
    ):
        assert start in report, start


def test_two_stacks_of_one_name_are_told() -> None:
    leaf = {"services": {"x": {"image": "x"}}}
    nested = {"services": {"b": {"type": "stack", "stack": leaf}}}
    spec = {"services": {"a-b": {"type": "stack", "stack": leaf}, "a": {"type": "stack", "stack": nested}}}
    result = exported(spec)
    assert list(result.files) == ["shop", "shop-a-b", "shop-a"]
    assert "spec.services.a.stack.services.b.stack: rejected: another stack of the tree is called 'shop-a-b'" in told(
        result
    )


def test_a_cycle_of_references_is_refused() -> None:
    base = {"template": True, "services": {"again": {"type": "stack", "stackRef": {"name": "base"}}}}
    with pytest.raises(InvalidStack, match="cannot contain itself: base -> base"):
        exported({"services": {"a": {"type": "stack", "stackRef": {"name": "base"}}}}, templates={"base": base})


def test_a_subtree_taken_from_a_cluster_keeps_its_place() -> None:
    spec = {
        "place": {
            "root": "shop",
            "parent": "shop",
            "parentKey": "child",
            "depth": 1,
            "appName": "shop_app",
            "imageRegistry": "team",
            "images": {"web": "web:9"},
        },
        "services": {"web": {"image": "web", "networks": {"siblings": {}, "parent": {}}}},
    }
    document = exported(spec, name="shop-child").files["shop-child"]
    assert document["services"]["web"]["image"] == "team/web:9"
    assert document["services"]["web"]["environment"]["AILTIRE_APPNAME"] == "shop_app"
    assert document["networks"]["parent"] == {"external": True, "name": "shop_siblings"}


def test_dump_is_stable_and_writes_no_anchors() -> None:
    shared = {"a": ["x" * 300, "ä", "80:80", "on", "1.0"]}
    text = dump({"b": shared, "a": shared})
    assert text == dump({"b": shared, "a": shared})
    assert text.index("b:") == 0
    assert "&" not in text
    assert read(text) == {"b": shared, "a": shared}
