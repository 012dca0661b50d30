"""From JSON to a typed stack: every error has its path, at every level."""

from typing import Any

import pytest

from ailtire_operator.model.field_path import SPEC, path_of
from ailtire_operator.model.loading import levels, parse_spec, parse_stack, sound_levels
from ailtire_operator.model.problems import InvalidStack

Json = dict[str, Any]


def child(below: Json) -> Json:
    return {"type": "stack", "stack": below}


WRONG = [
    ({"services": {"web": {"image": 5}}}, "spec.services.web.image"),
    ({"services": {"web": {}}}, "spec.services.web"),
    ({"services": {"web": {"image": "a", "prots": {}}}}, "spec.services.web.prots"),
    ({"services": {"web": {"image": "a", "interface": {"/x": {"port": 70000}}}}},
     'spec.services.web.interface["/x"].port'),
    ({"services": {"web": {"image": "a", "environment": {"AILTIRE_X": "1"}}}},
     "spec.services.web.environment.AILTIRE_X"),
    ({"services": {"web": {"image": "a", "labels": {"app.kubernetes.io/name": "x"}}}},
     'spec.services.web.labels["app.kubernetes.io/name"]'),
    ({"services": {"a_b": {"image": "a"}, "A-b": {"image": "a"}}}, "spec.services.a_b"),
    ({"services": {"web": {"image": "a", "networks": {"x": {}}}}}, "spec.services.web.networks.x"),
    ({"services": {"web": {"image": "a", "volumes": {"v": {"source": "x", "target": "/x"}}}}},
     "spec.services.web.volumes.v.source"),
    ({"data": {"a_b": {}, "a-b": {}}}, "spec.data.a_b"),
    ({"networks": {"a_b": {}, "a-b": {}}}, "spec.networks.a_b"),
    ({"services": {"c": {"type": "stack"}}}, "spec.services.c"),
    ({"services": {"c": {"type": "stack", "stack": {}, "image": "a"}}}, "spec.services.c"),
    ([], "spec"),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "path"), WRONG)
def test_an_error_names_the_path_to_its_value(spec: Any, path: str) -> None:
    with pytest.raises(InvalidStack) as caught:
        parse_spec(spec)
    assert [problem.path for problem in caught.value.problems] == [path]


def test_all_errors_are_told_at_once() -> None:
    with pytest.raises(InvalidStack) as caught:
        parse_spec({"services": {"a": {}, "b": {"image": 1}}, "x": 1})
    assert len(caught.value.problems) == 3


def test_an_error_far_below_names_the_whole_path() -> None:
    spec = parse_spec({"services": {"cpl": child({"services": {"dm": child({"services": {"x": {"image": 1}}})}})}})
    with pytest.raises(InvalidStack, match=r"^spec\.services\.cpl\.stack\.services\.dm\.stack\.services\.x\.image: "):
        list(levels("shop", spec, {}))
    assert [level.name for level in sound_levels("shop", spec, {})] == ["shop", "shop-cpl"]


@pytest.mark.parametrize("name", ["a--b", "A", "1a", "", "x" * 64, "a-"])
def test_a_stacks_name_is_a_dns_label_without_a_double_hyphen(name: str) -> None:
    with pytest.raises(InvalidStack, match=r"^metadata\."):
        parse_stack({"metadata": {"name": name}, "spec": {}})


def test_a_resource_without_a_spec_is_an_empty_stack() -> None:
    assert parse_stack({"metadata": {"name": "a"}}).spec.services == {}


@pytest.mark.parametrize(
    ("steps", "path"),
    [(("a", "b_c", "d-e"), "spec.a.b_c.d-e"), (("a", 0, "b"), "spec.a[0].b"), (("/web",), 'spec["/web"]'),
     (("a", "[key]"), 'spec.a["[key]"]'), (("a.b",), 'spec["a.b"]')],
)  # fmt: skip
def test_a_path_is_written_as_a_person_would_look_it_up(steps: tuple[int | str, ...], path: str) -> None:
    assert str(path_of(SPEC, *steps)) == path


def test_levels_come_parents_first_by_their_keys_with_names_and_depths() -> None:
    spec = parse_spec({"services": {"b": child({"services": {"c": child({})}}), "a": child({})}})
    assert [(each.name, each.depth, each.key, each.parent) for each in levels("shop", spec, {})] == [
        ("shop", 0, "", ""), ("shop-a", 1, "a", "shop"), ("shop-b", 1, "b", "shop"), ("shop-b-c", 2, "c", "shop-b")
    ]  # fmt: skip


def test_an_inline_definition_is_parsed_once() -> None:
    spec = parse_spec({"services": {"b": child({"services": {"w": {"image": "x"}}})}})
    first, second = (list(levels("shop", spec, {}))[1].spec for _ in range(2))
    assert first is second


def test_what_is_nested_without_end_is_refused_and_not_followed() -> None:
    spec: Json = {}
    for _ in range(5000):
        spec = {"services": {"c": child(spec)}}
    parsed = parse_spec(spec)
    with pytest.raises(InvalidStack, match="deeper than 16 levels"):
        list(levels("shop", parsed, {}))
    assert len(list(sound_levels("shop", parsed, {}))) == 17
