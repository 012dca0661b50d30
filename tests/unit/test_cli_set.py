"""``set image`` and ``set env``: what is written, and what is refused with which reason."""

import pytest

from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.image_edits import plan_images
from ailtire_operator.cli.variable_edits import parsed, plan_variables
from support.definitions.written import Resource, child, resource


def shop(**spec: object) -> list[Resource]:
    orders = child({"api": {"image": "orders_api:1"}}, images={"inner": "inner:9", "orders_db": "db:1"})
    token = {"TOKEN": {"secret": "provider", "key": "token"}}
    web = {"image": "web:1", "environment": {"LOG": "info"}, "environmentValuesFrom": token}
    return [resource("shop", {"services": {"web": web, "orders": orders}, **spec})]


def test_an_image_is_written_where_it_stands() -> None:
    plan = plan_images(["shop/web=web:2", "shop/orders/api=registry:5000/api:2@sha256:ab"], shop())
    assert [(each.where, each.before, each.after) for each in plan.edits] == [
        ("spec.services.web.image", "web:1", "web:2"),
        ("spec.services.orders.stack.services.api.image", "orders_api:1", "registry:5000/api:2@sha256:ab"),
    ]
    assert plan_images(["shop/web=web:1"], shop()).already == ["ailtirestack/shop: shop/web has web:1 already"]


@pytest.mark.parametrize(
    ("wish", "message", "hint"),
    [
        ("shop/web", "is no path and image", "for example"),
        ("shop/web=", "is no path and image", ""),
        ("shop/orders=x", "shop/orders is a stack, which has no image", "Name a service in it: api."),
        (
            "shop/orders/api=orders_api:2",
            "orders_api:2 for shop/orders/api would have no effect: spec.images of shop says api:7 for 'orders_api'",
            "Change it there: spec.images['orders_api'] of the AiltireStack shop.",
        ),
        (
            "shop/orders/api=inner",
            "spec.images of shop/orders says inner:9 for 'inner'",
            "Change it there: spec.services.orders.stack.images['inner'] of the AiltireStack shop.",
        ),
        ("shop/orders/api=orders_db:3", "spec.images of shop says db:2 for 'orders_db'", "spec.images['orders_db']"),
    ],
)
def test_an_image_without_effect_is_refused_with_the_place_of_the_override(wish: str, message: str, hint: str) -> None:
    overrides = {"orders_api": "api:7", "orders_db": "db:2", "web:1": "web:one"}
    with pytest.raises(Failure) as caught:
        plan_images([wish], shop(images=overrides))
    assert message in str(caught.value)
    assert hint in caught.value.hint


def test_an_override_of_the_tag_before_is_none_of_the_new_one() -> None:
    (edit,) = plan_images(["shop/web=web:2"], shop(images={"web:1": "web:one"})).edits
    assert edit.after == "web:2"


def test_one_place_has_one_image() -> None:
    with pytest.raises(Failure, match="stand in one place"):
        plan_images(["shop/web=web:2", "shop/web=web:3"], shop())
    assert len(plan_images(["shop/web=web:2", "shop/web=web:2"], shop()).edits) == 1


def test_variables_are_set_changed_and_removed_wherever_they_come_from() -> None:
    plan = plan_variables("shop/web", ["LOG=", "NEW=a=b", "TOKEN=plain"], shop())
    assert [(each.field, each.before, each.after) for each in plan.edits] == [
        (("environment", "LOG"), "info", ""),
        (("environment", "NEW"), None, "a=b"),
        (("environment", "TOKEN"), None, "plain"),
        (("environmentValuesFrom", "TOKEN"), {"secret": "provider", "key": "token"}, None),
    ]
    plan = plan_variables("shop/web", ["LOG-", "TOKEN-", "NONE-"], shop())
    assert [(each.field, each.after) for each in plan.edits] == [
        (("environment", "LOG"), None),
        (("environmentValuesFrom", "TOKEN"), None),
    ]
    assert plan.already == ["ailtirestack/shop: shop/web has no NONE already"]
    assert plan_variables("shop/web", ["LOG=info"], shop()).already == [
        "ailtirestack/shop: shop/web has this LOG already"
    ]


def test_variables_of_a_stack_are_its_env_and_what_keeps_its_own_is_named() -> None:
    stacks = shop(env={"REGION": "eu", "LOG": "warn"})
    plan = plan_variables("shop", ["REGION=us", "LOG=debug", "NONE-"], stacks)
    assert [(each.where, each.before, each.after) for each in plan.edits] == [
        ("spec.env.REGION", "eu", "us"),
        ("spec.env.LOG", "warn", "debug"),
    ]
    assert plan.notes == ["LOG of shop/web stays as it is, as it is set there"]
    (edit,) = plan_variables("shop/orders", ["REGION=us"], stacks).edits
    assert (edit.where, edit.live, edit.key) == ("spec.services.orders.stack.env.REGION", "shop-orders", "")
    plan = plan_variables("shop/orders/api", ["REGION-"], stacks)
    assert (plan.edits, plan.notes) == ([], ["REGION still comes from env of shop"])
    assert plan_variables("shop", ["TOKEN=x"], stacks).notes == ["TOKEN of shop/web stays as it is, as it is set there"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (["LOG"], "'LOG' is no variable and value"),
        (["=x"], "'=x' names no variable"),
        (["-"], "'-' names no variable"),
        (["AILTIRE_PARENT=x"], "AILTIRE_PARENT is reserved: the operator sets the AILTIRE_\\* variables itself"),
        (["AILTIRE_PARENT-"], "AILTIRE_PARENT is reserved"),
        (["A=1", "A-"], "A is given twice"),
    ],
)
def test_what_is_no_assignment_is_refused(text: list[str], message: str) -> None:
    with pytest.raises(Failure, match=message):
        parsed(text)
