"""``restart``: at which time, written where, and who uses a Secret or ConfigMap."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ailtire_operator.cli.definition_edits import Plan
from ailtire_operator.cli.definition_places import locate
from ailtire_operator.cli.failures import Exit, Failure, Missing
from ailtire_operator.cli.object_uses import offered, parsed, plan_restart_using
from ailtire_operator.cli.restarts import plan_restart
from support.definitions.written import Resource, child, resource

NOW = datetime(2026, 11, 29, 12, 0, 0, 700_000, UTC)


def shop(**spec: Any) -> list[Resource]:
    migrate = {"image": "x", "deploy": {"mode": "replicatedJob"}, "environmentFrom": [{"secret": "db"}]}
    api: Resource = {
        "image": "x",
        "environmentValuesFrom": {"P": {"secret": "db", "key": "p"}, "Q": {"configMap": "flags", "key": "q"}},
    }
    files = {"secrets": {"password": {"secret": "db"}, "unused": {"secret": "lonely"}}}
    orders = child(
        {
            "api": api,
            "db": {"image": "x", "secrets": {"file": {"source": "password"}}},
            "job": {"image": "x", "secrets": {"password": None}},
            "migrate": migrate,
        },
        **files,
    )
    guarded = {"image": "x", "policies": {"accessControl": {"authentication": {"secret": "users"}}}}
    web = {"image": "x", "environmentFrom": [{"configMap": "flags"}, {"secret": "web"}]}
    pay = {"type": "stack", "stackRef": {"name": "payments"}}
    services: Resource = {"web": web, "orders": orders, "pay": pay, "guarded": guarded}
    template = {
        "templateOnly": True,
        "imagePullSecrets": ["hub"],
        "services": {"api": {"image": "x", "environmentFrom": [{"secret": "db"}]}},
    }
    edge = {"hosts": ["shop.example"], "tls": {"secretName": "shop-tls"}}
    return [resource("shop", {"services": services, "edge": edge, **spec}), resource("payments", template)]


def restarted(stacks: list[Resource], *paths: str) -> Plan:
    return plan_restart([locate(each, stacks) for each in paths], NOW, stacks)


def using(used: str, *paths: str, **spec: Any) -> Plan:
    stacks = shop(**spec)
    return plan_restart_using([locate(each, stacks) for each in paths], used, NOW, stacks)


def places(plan: Plan) -> list[str]:
    return sorted(f"{each.owner}:{each.where}" for each in plan.edits)


def test_the_time_is_written_at_the_member_and_of_a_root_in_its_spec() -> None:
    plan = restarted(shop(), "shop/web", "shop/orders", "shop/pay/api")
    assert {each.after for each in plan.edits} == {"2026-11-29T12:00:00Z"}
    assert places(plan) == [
        "payments:spec.services.api.restartedAt",
        "shop:spec.services.orders.restartedAt",
        "shop:spec.services.web.restartedAt",
    ]
    assert places(restarted(shop(), "shop")) == ["shop:spec.restartedAt"]


def test_what_is_part_of_another_is_written_once_but_a_job_has_a_restart_of_its_own() -> None:
    plan = restarted(shop(), "shop/orders/api", "shop/orders", "shop/orders", "shop/orders/migrate")
    assert places(plan) == [
        "shop:spec.services.orders.restartedAt",
        "shop:spec.services.orders.stack.services.migrate.restartedAt",
    ]
    assert plan.notes == ["shop/orders/api is part of shop/orders"]


@pytest.mark.parametrize(
    "spec",
    [
        {"restartedAt": "2026-11-29T13:00:00+00:00"},
        {"services": {"orders": {**child({"api": {"image": "x"}}), "restartedAt": "2026-11-29T14:00:00+01:00"}}},
        {"services": {"orders": child({"api": {"image": "x", "restartedAt": "2026-11-29T13:00:00.5Z"}})}},
        {"services": {"orders": child({"api": {"image": "x"}}, restartedAt="2026-11-29T13:00:00Z")}},
    ],
)
def test_a_restart_is_later_than_every_one_that_stands_there(spec: Resource) -> None:
    (edit,) = restarted(shop(**spec), "shop/orders").edits
    assert edit.after == "2026-11-29T13:00:01Z"


def test_what_is_no_time_is_passed_over() -> None:
    assert restarted(shop(restartedAt="yesterday"), "shop").edits[0].after == "2026-11-29T12:00:00Z"


def test_all_ways_to_use_a_secret_are_found() -> None:
    plan = using("secret/db", "shop")
    inner = "shop:spec.services.orders.stack.services"
    assert places(plan) == [
        "payments:spec.services.api.restartedAt",
        f"{inner}.api.restartedAt",
        f"{inner}.db.restartedAt",
        f"{inner}.job.restartedAt",
    ]
    assert plan.notes == ["shop/orders/migrate is a job: to run it again, name it"]
    assert places(using("secrets/db", "shop/orders/migrate")) == [f"{inner}.migrate.restartedAt"]
    assert places(using("cm/flags", "shop")) == [f"{inner}.api.restartedAt", "shop:spec.services.web.restartedAt"]


def test_a_pull_secret_restarts_the_stack_and_one_from_above_what_is_named() -> None:
    assert places(using("secret/hub", "shop")) == ["shop:spec.services.pay.restartedAt"]
    assert places(using("secret/hub", "shop/orders", imagePullSecrets=["hub"])) == [
        "shop:spec.services.orders.restartedAt"
    ]


@pytest.mark.parametrize(
    ("used", "said"),
    [
        ("secret/users", "the gateway of shop reads it anew by itself"),
        ("secret/shop-tls", "the edge of shop reads it anew by itself"),
        ("secret/lonely", "What is used there: configmap/flags, secret/db, "),
        ("secret/nobody", "What is used there: configmap/flags, secret/db, "),
    ],
)
def test_where_nothing_has_to_restart_the_reason_is_told(used: str, said: str) -> None:
    with pytest.raises(Missing, match="nothing at shop is to be restarted for") as caught:
        using(used, "shop")
    assert caught.value.code is Exit.MISSING
    assert said in caught.value.hint


@pytest.mark.parametrize("used", ["db", "secret/", "pod/db", "/db"])
def test_only_secrets_and_configmaps_are_used(used: str) -> None:
    with pytest.raises(Failure, match="is no Secret and no ConfigMap"):
        parsed(used)


def test_what_is_offered_is_what_the_definitions_name() -> None:
    stacks = shop(imagePullSecrets=["all"])
    assert set(offered([locate("shop/pay", stacks)], stacks)) == {"secret/db", "secret/hub", "secret/all"}
    everything = {"secret/db", "secret/hub", "secret/web", "secret/lonely", "secret/all", "configmap/flags"}
    assert set(offered([locate("shop", stacks)], stacks)) == everything
