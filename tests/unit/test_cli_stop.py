"""``stop`` and ``start``: where it is written, what is so already, and what cannot be."""

from typing import Any

import pytest

from ailtire_operator.cli.definition_edits import Plan
from ailtire_operator.cli.definition_places import locate
from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.restarts import require_running
from ailtire_operator.cli.stops import judge_stopped, plan_start, plan_stop
from ailtire_operator.cli.wait_outcomes import Outcome
from support.definitions.written import Resource, child, resource


def shop(**stopped: Any) -> list[Resource]:
    """``stopped`` says it of the root, of orders as a member and by its own definition, of its services, of pay."""
    api = {"image": "x", **({"stopped": True} if stopped.get("api") else {})}
    dm = {**child({"db": {"image": "x"}}), **({"stopped": True} if stopped.get("dm") else {})}
    orders = child({"api": api, "dm": dm}, **({"stopped": True} if stopped.get("inside") else {}))
    orders |= {"stopped": True} if stopped.get("orders") else {}
    pay = {"type": "stack", "stackRef": {"name": "payments"}}
    spec = {"services": {"orders": orders, "pay": pay}, **({"stopped": True} if stopped.get("root") else {})}
    template = {"templateOnly": True, "services": {"api": {"image": "x"}}}
    template |= {"stopped": True} if stopped.get("template") else {}
    return [resource("shop", spec), resource("payments", template)]


def stop(stacks: list[Resource], *paths: str) -> Plan:
    return plan_stop([locate(each, stacks) for each in paths])


def start(stacks: list[Resource], *paths: str) -> Plan:
    return plan_start([locate(each, stacks) for each in paths], stacks)


def changes(plan: Plan) -> list[tuple[str, Any]]:
    return [(f"{each.owner}:{each.where}", each.after) for each in plan.edits if each.before != each.after]


def test_what_stops_is_a_member_or_a_root() -> None:
    plan = stop(shop(), "shop/orders", "shop/orders/api", "shop/pay", "shop/orders")
    assert changes(plan) == [
        ("shop:spec.services.orders.stopped", True),
        ("shop:spec.services.pay.stopped", True),
    ]
    assert plan.notes == ["shop/orders/api is part of shop/orders"]
    assert changes(stop(shop(), "shop")) == [("shop:spec.stopped", True)]
    assert changes(stop(shop(), "shop/pay/api")) == [("payments:spec.services.api.stopped", True)]


def test_a_key_with_a_slash_is_no_part_of_what_it_begins_with() -> None:
    stacks = [resource("shop", {"services": {"orders": child({"api": {"image": "x"}}), "orders/api": {"image": "x"}}})]
    plan = stop(stacks, "shop/orders", "shop/orders-api")
    assert [each.where for each in plan.edits] == ["spec.services.orders.stopped", "spec.services.orders/api.stopped"]
    assert plan.notes == []
    services = stacks[0]["spec"]["services"]
    services["orders"]["stack"]["services"]["api"]["stopped"] = services["orders/api"]["stopped"] = True
    assert start(stacks, "shop/orders", "shop/orders-api").notes == [
        "shop/orders/api below shop/orders stays stopped, as it was stopped itself"
    ]


@pytest.mark.parametrize(
    ("stopped", "path", "said"),
    [
        ("orders", "shop/orders", "ailtirestack/shop: shop/orders is stopped already"),
        ("inside", "shop/orders", "ailtirestack/shop: shop/orders is stopped already"),
        ("orders", "shop/orders/api", "ailtirestack/shop: shop/orders/api is stopped already, as shop/orders is"),
        ("root", "shop/orders/dm/db", "ailtirestack/shop: shop/orders/dm/db is stopped already, as shop is"),
        ("api", "shop/orders/api", "ailtirestack/shop: shop/orders/api is stopped already"),
    ],
)
def test_what_is_stopped_already_is_told_and_not_written_again(stopped: str, path: str, said: str) -> None:
    plan = stop(shop(**{stopped: True}), path)
    assert plan.already == [said]
    assert changes(plan) == []
    with pytest.raises(Failure, match="so nothing of it can restart"):
        require_running([locate(path, shop(**{stopped: True}))])


def test_a_start_takes_away_whatever_stops_it_and_names_what_stays_stopped() -> None:
    plan = start(shop(orders=True, inside=True, api=True, dm=True), "shop/orders")
    assert changes(plan) == [
        ("shop:spec.services.orders.stopped", None),
        ("shop:spec.services.orders.stack.stopped", None),
    ]
    assert plan.notes == ["shop/orders/api, shop/orders/dm below shop/orders stays stopped, as it was stopped itself"]
    assert changes(start(shop(root=True), "shop")) == [("shop:spec.stopped", None)]
    plan = start(shop(), "shop/orders")
    assert (changes(plan), plan.already) == ([], ["ailtirestack/shop: shop/orders is not stopped"])


def test_below_what_is_stopped_nothing_starts_unless_both_are_named() -> None:
    stacks = shop(root=True, orders=True, api=True)
    with pytest.raises(Failure, match="shop/orders/api cannot run while shop is stopped") as caught:
        start(stacks, "shop/orders/api")
    assert caught.value.hint == "Start that: kubectl ailtire start shop"
    with pytest.raises(Failure, match="shop/orders/api cannot run while shop/orders is stopped"):
        start(stacks, "shop/orders/api", "shop")
    assert len(changes(start(stacks, "shop/orders/api", "shop", "shop/orders"))) == 3


def test_a_template_never_runs_and_what_it_stops_is_started_there() -> None:
    for verb in (stop, start):
        with pytest.raises(Failure, match="payments is a template, which never runs"):
            verb(shop(), "payments/api")
    with pytest.raises(Failure, match="shop/pay is stopped by its template 'payments'") as caught:
        start(shop(template=True), "shop/pay")
    assert "Take stopped out of the AiltireStack payments" in caught.value.hint


def live(*conditions: str, generation: int = 1, kind: str = "Deployment", **status: Any) -> Resource:
    spec = {"services": {"web": {"image": "x", "stopped": True}}}
    told = {"Ready": {"type": "Ready", "status": "False", "reason": "Progressing", "observedGeneration": 1}}
    told |= {each: {"type": each, "status": "True", "observedGeneration": 1} for each in conditions}
    services = {"web": {"kind": kind, "ready": 0, "wanted": 0, **status}}
    found = resource("shop", spec, generation=generation)
    found["status"] = {"observedGeneration": 1, "conditions": list(told.values()), "services": services}
    return found


@pytest.mark.parametrize(
    ("stack", "outcome"),
    [
        (live(), Outcome.REACHED),
        (live(ready=1, wanted=1), Outcome.WAITING),
        (live(reason="Stopping", message="1 pod left"), Outcome.WAITING),
        (live(generation=2), Outcome.WAITING),
        (live(kind="Job", ready=1, wanted=1), Outcome.REACHED),
        (live("Suspended"), Outcome.SUSPENDED),
    ],
)
def test_it_has_stopped_when_its_stack_says_so(stack: Resource, outcome: Outcome) -> None:
    assert judge_stopped(plan_stop([locate("shop/web", [stack])]).edits, [stack]).outcome is outcome
