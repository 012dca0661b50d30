"""An image by digest passes unchanged through whatever reads its name: plan, overrides, registry, export, import."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ailtire_operator.compose.exporting import export_tree
from ailtire_operator.compose.images import repaired
from ailtire_operator.model.images import parse
from ailtire_operator.model.loading import parse_spec
from ailtire_operator.model.settings import Settings
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Observed
from support.compose.compose_cases import convert_text
from support.compose.exporting import exported
from support.compose.importing import imported, single, spec, told
from support.definitions.applications import deploy, services
from support.definitions.applications import stack as member
from support.definitions.stacks import SETTINGS, find, plan_of, pod_spec, stack

DIGEST = "@sha256:" + "0123456789abcdef" * 4
REGISTRY = "registry.example:5000/shop"
FORMS = [
    ("web", False), ("web:1", False), ("team/web", False), ("team/web:1.2-x_y", False),
    ("host:5000/web", True), ("host:5000/team/web:1", True), ("registry.example/web", True), ("localhost/web:1", True),
]  # fmt: skip
every_form = pytest.mark.parametrize(("image", "has_registry"), [(f"{name}{DIGEST}", has) for name, has in FORMS])
ROUTED = {"interface": {"/": {"port": 80}}}


def runs(made: Any, name: str = "shop-web") -> str:
    image: str = pod_spec(find(made, "Deployment", name))["containers"][0]["image"]
    return image


@every_form
def test_its_parts_make_it_again(image: str, has_registry: bool) -> None:
    assert str(parse(image)) == repaired(image) == image
    assert parse(image).suffix.endswith(DIGEST)
    assert "@" not in parse(image).name
    assert parse(image).names_registry is has_registry


@every_form
def test_it_runs_as_it_is_written_behind_the_registry_that_it_does_not_name(image: str, has_registry: bool) -> None:
    definition = {"services": {"web": {"image": image, "volumes": {"f": {"image": image, "target": "/f"}}}}}
    assert runs(plan_of(definition)) == image
    expected = image if has_registry else f"{REGISTRY}/{image}"
    made = plan_of({**definition, "imageRegistry": REGISTRY})
    assert runs(made) == expected
    volumes = pod_spec(find(made, "Deployment", "shop-web"))["volumes"]
    assert [each["image"]["reference"] for each in volumes if "image" in each] == [expected]


@every_form
def test_an_override_finds_it_by_its_name_and_by_all_of_it(image: str, has_registry: bool) -> None:
    for key in (parse(image).name, image):
        made = plan_of({"services": {"web": {"image": image}}, "images": {key: "other.example/x:2"}})
        assert runs(made) == "other.example/x:2"
        assert not [each for each in made.notices if each.path.startswith("spec.images")]


@every_form
def test_an_override_runs_it(image: str, has_registry: bool) -> None:
    definition = {"services": {"web": {"image": "web:1"}}, "images": {"web": image}}
    assert runs(plan_of(definition)) == image
    child = {"services": {"c": {"type": "stack", "stack": definition}}, "images": {"web": image}}
    place = find(plan_of(child), "AiltireStack", "shop-c")["spec"]["place"]
    assert place["images"] == {"web": image}


@every_form
def test_a_gateway_runs_it(image: str, has_registry: bool) -> None:
    routed = {"services": {"web": {"image": "web", **ROUTED}}}
    setting = Settings(**{**SETTINGS.model_dump(exclude_unset=True), "gateway_image": image})
    (gateway,) = [
        each for each in plan(stack(routed), setting, Observed()).objects
        if each["kind"] == "Deployment" and each["metadata"]["name"] != "shop-web"
    ]  # fmt: skip
    assert pod_spec(gateway)["containers"][0]["image"] == image
    own = plan_of({**routed, "gateway": {"image": image}, "imageRegistry": REGISTRY})
    (gateway,) = [
        each for each in own.objects if each["kind"] == "Deployment" and each["metadata"]["name"] != "shop-web"
    ]
    assert pod_spec(gateway)["containers"][0]["image"] == (image if has_registry else f"{REGISTRY}/{image}")


@every_form
def test_an_export_deploys_it_and_an_import_brings_it_back(image: str, has_registry: bool, tmp_path: Path) -> None:
    definition = {"services": {"web": {"image": image, **ROUTED}}}
    made = exported(definition, gateway_image=image)
    found = {name: each["image"] for file in made.files.values() for name, each in file["services"].items()}
    assert found["web"] == image
    assert set(found.values()) == {image}
    text = yaml.safe_dump({"name": "p", "services": {"web": {"image": found["web"]}}})
    back = convert_text(tmp_path, text)
    assert back.services["web"]["image"] == image
    assert ".image" not in back.told


@every_form
def test_upstreams_own_file_names_it(image: str, has_registry: bool) -> None:
    parsed = parse_spec({"services": {"web": {"image": image}}})
    (file,) = export_tree("shop", parsed, {}, profile="ailtire").files.values()
    assert image in {each.get("image") for each in file["services"].values()}


def test_a_package_is_found_by_the_name_in_it(tmp_path: Path) -> None:
    tree = {
        "deploy/deploy.js": deploy("shop", "dev"),
        "deploy/services.js": services(sub=member(f"registry.example/shop_sub:1{DIGEST}")),
        "api/Sub/deploy/deploy.js": deploy("shop_sub", "dev"),
        "api/Sub/deploy/services.js": services(web={"image": "web"}),
    }
    assert set(spec(imported(tmp_path, tree, registry="registry.example"))["services"]["sub"]["stack"]["services"]) == {
        "web"
    }


@every_form
def test_the_image_of_an_application_is_imported_unchanged(image: str, has_registry: bool, tmp_path: Path) -> None:
    result = single(tmp_path, services(web={"image": image}))
    assert spec(result)["services"]["web"]["image"] == image
    assert "web.image" not in told(result)
