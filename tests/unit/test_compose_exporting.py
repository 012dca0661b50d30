"""Export: what upstream's generator would write, and Compose files that Swarm takes as they are."""

from pathlib import Path
from typing import Any, Literal

import pytest
import yaml

from ailtire_operator.compose.exporting import Exported, dump, export_tree
from ailtire_operator.compose.importing import import_application
from ailtire_operator.model.loading import parse_stack
from ailtire_operator.model.problems import InvalidStack
from support.definitions.applications import SOCKET, deploy, services, stack, write

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
            "web": plain("web", "team/shop_web", "FLAG=true", "PULSAR_HOST=pulsar:6650"),
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
    assert values == ['HTML=a&b"\n', 'PRICE=$$5 $${X} {{"{{"}}.Node}}']
    assert read(dump(exported(spec, "ailtire").files["shop"]))["services"]["web"]["environment"][-2] == 'HTML=a&b"\n'


def test_two_stacks_of_one_name_are_told() -> None:
    leaf = {"services": {"x": {"image": "x"}}}
    nested = {"services": {"b": {"type": "stack", "stack": leaf}}}
    spec = {"services": {"a-b": {"type": "stack", "stack": leaf}, "a": {"type": "stack", "stack": nested}}}
    result = exported(spec)
    assert list(result.files) == ["shop", "shop-a", "shop-a-b"]
    assert "spec.services.a-b.stack: rejected: another stack of the tree is called 'shop-a-b'" in told(result)


def test_a_cycle_of_references_is_refused() -> None:
    base = {"templateOnly": True, "services": {"again": {"type": "stack", "stackRef": {"name": "base"}}}}
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
