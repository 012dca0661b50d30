"""Which image runs: overrides, registries, digests."""

from typing import Any

import pytest

from ailtire_operator.model.field_path import SPEC, path_of
from ailtire_operator.model.images import parse
from ailtire_operator.model.loading import parse_spec
from ailtire_operator.model.settings import GATEWAY_IMAGE
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Observed
from support.definitions.stacks import SETTINGS, find, plan_of, pod_spec, stack

DIGEST = "@sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("image", "name"),
    [("web", "web"), ("web:1", "web"), (f"web{DIGEST}", "web"), (f"web:1{DIGEST}", "web"),
     ("host:5000/web", "host:5000/web"), ("host:5000/web:1", "host:5000/web"), ("a/b/c:1.2-x_y", "a/b/c")],
)  # fmt: skip
def test_an_image_without_its_tag(image: str, name: str) -> None:
    assert parse(image).name == name


@pytest.mark.parametrize(
    ("image", "named"),
    [("web", False), ("team/web", False), ("host:5000/web", True), ("registry.example/web", True),
     ("localhost/web", True), ("web:1", False), ("docker.io/library/web", True)],
)  # fmt: skip
def test_a_registry_is_known_by_its_dot_or_port(image: str, named: bool) -> None:
    assert parse(image).names_registry is named


RUN = [
    # image, registry, overrides, what runs
    ("web:1", None, {}, "web:1"),
    ("web:1", "registry.example/shop", {}, "registry.example/shop/web:1"),
    ("web:1", "registry.example/shop/", {}, None),  # the model refuses the slash
    ("team/web:1", "host:5000", {}, "host:5000/team/web:1"),
    ("quay.example/web:1", "registry.example", {}, "quay.example/web:1"),
    ("localhost/web", "registry.example", {}, "localhost/web"),
    ("web:1", None, {"web": "web:2"}, "web:2"),
    ("web:1", None, {"web:1": "web:2"}, "web:2"),
    ("web:1", None, {"web": "web:2", "web:1": "web:3"}, "web:3"),
    ("web:1", None, {"web:2": "web:3"}, "web:1"),
    ("web:1", None, {"we": "x"}, "web:1"),
    ("web", "registry.example", {"web": "web:2"}, "registry.example/web:2"),
    ("web", "registry.example", {"web": f"other.example/web{DIGEST}"}, f"other.example/web{DIGEST}"),
    (f"web{DIGEST}", None, {"web": "web:2"}, "web:2"),
    ("host:5000/web:1", None, {"host:5000/web": "web:2"}, "web:2"),
]


@pytest.mark.parametrize(("image", "registry", "overrides", "expected"), RUN)
def test_the_image_that_runs(image: str, registry: str | None, overrides: dict[str, str], expected: str | None) -> None:
    spec = {"services": {"web": {"image": image}}, "images": overrides}
    if registry:
        spec["imageRegistry"] = registry
    if expected is None:
        with pytest.raises(ValueError, match="imageRegistry"):
            plan_of(spec)
        return
    assert pod_spec(find(plan_of(spec), "Deployment", "shop-web"))["containers"][0]["image"] == expected


def test_the_outermost_override_and_the_nearest_registry_count() -> None:
    below = {
        "services": {"web": {"image": "web:1"}}, "images": {"web": "web:inner", "api": "api:2"},
        "imageRegistry": "near.example",
    }  # fmt: skip
    spec = {
        "services": {"c": {"type": "stack", "stack": below}},
        "images": {"web": "web:outer"},
        "imageRegistry": "far.example",
    }
    place = find(plan_of(spec), "AiltireStack", "shop-c")["spec"]["place"]
    assert (place["images"], place["imageRegistry"]) == ({"web": "web:outer"}, "far.example")
    made = plan_of({**below, "place": place})
    assert pod_spec(find(made, "Deployment", "shop-web"))["containers"][0]["image"] == "near.example/web:outer"
    assert [each.path for each in reversed(made.notices)] == ["spec.images.web", "spec.images.api"]


ROUTED = {"image": "api:1", "interface": {"/": {}}}
TEMPLATE = parse_spec({"templateOnly": True, "services": {"db": {"image": "db:1"}}})


def child(**spec: Any) -> dict[str, Any]:
    return {"c": {"type": "stack", "stack": spec}}


UNUSED = [
    # the spec beside images, the keys of images, those of them that nothing takes
    ({"services": {"web": {"image": "web:1"}}}, ["web", "wbe"], ["wbe"]),
    ({"services": {"web": {"image": "web:1"}}}, ["web:1", "web"], ["web"]),
    ({"services": {"web": {"image": "web:1"}, "other": {"image": "web:2"}}}, ["web:1", "web"], []),
    ({"services": {"web": {"image": "web"}}}, ["web:1", "web:latest"], ["web:1", "web:latest"]),
    ({"services": {"web": {"image": f"web:1{DIGEST}"}}}, ["web:1", "web"], ["web:1"]),
    ({"services": {"web": {"image": f"web:1{DIGEST}"}}}, [f"web:1{DIGEST}", "web"], ["web"]),
    ({"services": {"web": {"image": "host:5000/web:1"}}}, ["host:5000/web", "web", "host:5000"], ["host:5000", "web"]),
    ({"services": {"web": {"image": "web:1"}}, "imageRegistry": "host:5000"}, ["host:5000/web"], ["host:5000/web"]),
    # a gateway that there is, and one that there is not, here and below
    ({"services": {"api": ROUTED}, "gateway": {"image": "host:5000/cache"}}, ["host:5000/cache", "api"], []),
    ({"services": {"api": {"image": "api"}}, "gateway": {"image": "host:5000/cache"}}, ["host:5000/cache", "api"],
     ["host:5000/cache"]),
    ({"services": child(services={"api": ROUTED}, gateway={"image": "edge:1"})}, ["edge", "api"], []),
    ({"services": child(services={"api": {"image": "api"}}, gateway={"image": "edge:1"})}, ["edge", "api"], ["edge"]),
    ({"services": {"api": ROUTED}}, [GATEWAY_IMAGE], [GATEWAY_IMAGE]),  # the operator's setting chooses that one
    # files of an image, and templates
    ({"services": {"web": {"image": "web", "volumes": {"f": {"image": "files:3", "target": "/f"}}}}},
     ["files", "files:3"], ["files"]),
    ({"services": {"c": {"type": "stack", "stackRef": {"name": "base"}}}}, ["db", "bd"], ["bd"]),
    # a word below that fits better
    ({"services": child(services={"web": {"image": "web:1"}}, images={"web:1": "web:2"})}, ["web"], ["web"]),
    ({"services": child(services={"web": {"image": "web:1"}}, images={"web": "web:2"})}, ["web"], []),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "keys", "unused"), UNUSED)
def test_every_override_runs_in_place_of_an_image_or_is_told(
    spec: dict[str, Any], keys: list[str], unused: list[str]
) -> None:
    images = {key: f"other/number:{number}" for number, key in enumerate(keys)}
    made = plan(stack({**spec, "images": images}), SETTINGS, Observed(templates={"base": TEMPLATE}))
    told = {each.path for each in made.notices if each.path.startswith("spec.images")}
    assert told == {str(path_of(SPEC, "images", key)) for key in unused}


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"services": {"web": {"image": "web:1"}}}, False),
        ({"services": {"web": {"image": "host:5000/web"}}}, True),
        ({"services": {"web": {"image": "web"}}, "images": {"web": "host:5000/web"}}, True),
        ({"services": {"web": {"image": "host:5000/web"}}, "images": {"host:5000/web": "web"}}, False),
        ({"services": {"api": {**ROUTED, "image": "a.b/c"}}, "gateway": {"image": "edge:1"}}, False),
        ({"services": {"api": {"image": "a.b/c"}}, "gateway": {"image": "edge:1"}}, True),
        ({"services": {"w": {"image": "a.b/c", "volumes": {"f": {"image": "files", "target": "/f"}}}}}, False),
        ({"services": child(services={"web": {"image": "web"}})}, False),
        ({"services": child(services={"web": {"image": "web"}}, imageRegistry="near.example")}, True),
        ({"services": child(services={"web": {"image": "web"}}, images={"web": "host:5000/web"})}, True),
        ({"services": {"c": {"type": "stack", "stackRef": {"name": "not-there-yet"}}}}, False),
    ],
)
def test_a_registry_is_put_before_an_image_or_that_is_told(spec: dict[str, Any], told: bool) -> None:
    notices = plan_of({**spec, "imageRegistry": "registry.example"}).notices
    assert ("spec.imageRegistry" in [each.path for each in notices]) is told
