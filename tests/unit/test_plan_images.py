"""Which image runs: overrides, registries, digests."""

import pytest

from ailtire_operator.model.images import parse
from stacks import find, plan_of, pod_spec

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


def test_an_override_that_nothing_runs_is_told() -> None:
    notices = plan_of({"services": {"web": {"image": "web:1"}}, "images": {"wbe": "wbe:2", "web": "web:2"}}).notices
    assert [each.path for each in notices] == ["spec.images.wbe"]
