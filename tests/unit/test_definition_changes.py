"""What differs between two definitions of a tree, in words and as data."""

import json
from typing import Any

import pytest

from ailtire_operator.model.limits import DEPTH_LIMIT
from ailtire_operator.plan.definition_changes import (
    CHANGE_LIMIT,
    DefinitionChange,
    TreeDefinition,
    changes_between,
)


def between(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [str(each) for each in changes_between(TreeDefinition(before), TreeDefinition(after))]


def services(**members: Any) -> dict[str, Any]:
    return {"services": members}


def child(**members: Any) -> dict[str, Any]:
    return {"type": "stack", "stack": services(**members)}


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (services(api={"image": "api:1.4"}), services(api={"image": "api:1.5"}), "api image 1.4 -> 1.5"),
        (services(api={"image": "a:1"}), services(api={"image": "b:1"}), "api image a:1 -> b:1"),
        (services(api={"image": "r:5000/a"}), services(api={"image": "r:5000/b"}), "api image r:5000/a -> r:5000/b"),
        (services(api={"image": "a@x:1"}), services(api={"image": "a@x:2"}), "api image x:1 -> x:2"),
        (services(api={}), services(api={"env": {"LEVEL": "debug"}}), 'api env {"LEVEL":"debug"} added'),
        (services(api={"env": {"A": "1"}}), services(api={"env": {"A": ""}}), 'api env.A 1 -> ""'),
        (services(api={"env": {"A": "1", "B": "2"}}), services(api={"env": {"B": "2"}}), "api env.A removed (was 1)"),
        (services(api={"command": ["a"]}), services(api={"command": ["a", "b"]}), 'api command ["a"] -> ["a","b"]'),
        (services(), services(api={"image": "a:1"}), "api added"),
        (services(api={"image": "a:1"}), services(), "api removed"),
        (services(api=None), services(api={"image": "a:1"}), "api image a:1 added"),
        ({"appName": "shop"}, {"appName": "store"}, "appName shop -> store"),
        (
            services(orders=child(api={"image": "api:1.4"})),
            services(orders=child(api={"image": "api:1.5"})),
            "orders/api image 1.4 -> 1.5",
        ),
        (
            services(orders={"type": "stack", "stack": {}, "networks": {"a": {}}}),
            services(orders={"type": "stack", "stack": {}, "networks": {"b": {}}}),
            "orders networks.a removed (was {}) / orders networks.b {} added",
        ),
        (
            services(api={"deploy": {"replicas": 1}}),
            services(api={"deploy": {"replicas": 2, "mode": "global"}}),
            "api deploy.mode global added / api deploy.replicas 1 -> 2",
        ),
        (services(a={"image": "x" * 80}), services(a={"image": "y"}), f"a image {'x' * 59}… -> y"),
        (services(a={"env": {"A": "1"}}), services(a={"env": {"A": "\x1b[2J\u202e"}}), "a env.A 1 -> \\x1b[2J\\u202e"),
    ],
)
def test_a_change_in_words(before: dict[str, Any], after: dict[str, Any], words: str) -> None:
    assert " / ".join(between(before, after)) == words


def test_definitions_that_say_the_same_have_no_changes_and_one_digest() -> None:
    one = TreeDefinition({"services": {"a": {"image": "a:1"}, "b": {"image": "b:1"}}}, {"t": {"templateOnly": True}})
    other = TreeDefinition({"services": {"b": {"image": "b:1"}, "a": {"image": "a:1"}}}, {"t": {"templateOnly": True}})
    assert changes_between(one, other) == []
    assert one.digest() == other.digest()
    assert one.digest() != TreeDefinition(one.spec).digest()


def reference(name: str) -> dict[str, Any]:
    return {"type": "stack", "stackRef": {"name": name}}


def test_a_change_of_a_template_shows_at_every_member_that_refers_to_it() -> None:
    spec = services(eu=reference("region"), us=reference("region"), other=reference("other"))
    templates = {
        "region": {"templateOnly": True} | services(orders=reference("orders")),
        "orders": {"templateOnly": True} | services(api={"image": "api:1.4"}),
        "other": {"templateOnly": True} | services(api={"image": "api:1.4"}),
    }
    changed = templates | {"orders": services(api={"image": "api:1.5"})}  # a mark is no part of the definition
    found = changes_between(TreeDefinition(spec, templates), TreeDefinition(spec, changed))
    assert found == [
        DefinitionChange(("eu", "orders", "api"), ("image",), "api:1.4", "api:1.5"),
        DefinitionChange(("us", "orders", "api"), ("image",), "api:1.4", "api:1.5"),
    ]


def test_another_template_of_the_same_content_changes_the_reference_alone() -> None:
    templates = {name: services(api={"image": "api:1"}) for name in ("old", "new")}
    before, after = (TreeDefinition(services(a=reference(name)), templates) for name in ("old", "new"))
    assert [str(each) for each in changes_between(before, after)] == ["a stackRef.name old -> new"]


def test_a_template_that_was_missing_adds_its_members() -> None:
    spec = services(a=reference("t"))
    before = TreeDefinition(spec, {"t": services(b=reference("u"))})
    after = TreeDefinition(spec, {**before.templates, "u": services(api={"image": "api:1"})})
    assert [str(each) for each in changes_between(before, after)] == ["a/b/api added"]


def test_a_service_that_becomes_a_stack_says_so() -> None:
    before, after = services(a={"image": "a:1"}), services(a=child(api={"image": "a:1"}))
    assert between(before, after) == [
        "a image removed (was a:1)",
        "a type stack added",
        'a stack.services {"api":{"image":"a:1"}} added',
    ]


def test_templates_that_contain_themselves_end() -> None:
    templates = [{"t": services(a=reference("t"), b={"image": f"b:{version}"})} for version in (1, 2)]
    found = changes_between(*(TreeDefinition(services(a=reference("t")), each) for each in templates))
    assert 0 < len(found) <= DEPTH_LIMIT + 1


def test_templates_that_double_at_each_level_are_listed_up_to_the_limit() -> None:
    def definition(image: str) -> TreeDefinition:
        levels = {f"t{n}": services(a=reference(f"t{n + 1}"), b=reference(f"t{n + 1}")) for n in range(15)}
        return TreeDefinition(services(a=reference("t0")), levels | {"t15": services(api={"image": image})})

    assert 0 < len(changes_between(definition("api:1"), definition("api:2"))) <= CHANGE_LIMIT


@pytest.mark.parametrize("odd", [None, [], "x", 1, {"services": []}, {"services": {"a": []}}])
def test_what_is_no_definition_is_compared_all_the_same(odd: Any) -> None:
    definition = TreeDefinition({"services": {"a": {"type": "stack", "stack": odd, "stackRef": odd}}})
    changes_between(definition, TreeDefinition(services(a=child(api={"image": "a:1"}))))
    changes_between(TreeDefinition(services(a=child(api={"image": "a:1"}))), definition)


def test_a_change_as_data() -> None:
    change = DefinitionChange(("orders", "api"), ("image",), None, "api:1")
    assert json.loads(json.dumps(change.to_json())) == {
        "path": "orders/api", "field": "image", "before": None, "after": "api:1",
    }  # fmt: skip
