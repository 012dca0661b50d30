"""Import: packages become a tree of stacks, with names and images that Kubernetes takes."""

from pathlib import Path
from typing import Any

import pytest

from ailtire_operator.compose.errors import ApplicationError, ComposeError
from support.compose.importing import imported, single, spec, told, web
from support.definitions.applications import deploy, services, stack

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
        "spec.services.cpl.volumes.docker: ignored: the operator replaces",
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


def test_the_order_of_the_file_is_kept_and_the_report_is_the_same_each_time(tmp_path: Path) -> None:
    first, second = (imported(tmp_path, TREE) for _ in range(2))
    assert first == second
    assert list(first.resources[0]["spec"]["services"]) == ["cpl", "web"]
