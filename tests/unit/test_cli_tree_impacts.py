"""What becomes of each tree that uses a changed template, and how it is said of hundreds of them."""

from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.cli.impact_lines import first, impact_lines, refusal_of
from ailtire_operator.cli.impact_previews import ImpactPreview
from ailtire_operator.cli.tree_impacts import TreeImpact, Verdict
from ailtire_operator.model.stack import Stack, StackSpec
from ailtire_operator.model.template_users import TemplateUsers
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Observed, Plan
from support.definitions.stacks import SETTINGS

Json = dict[str, Any]


def resource(name: str, services: Json, **fields: Any) -> Json:
    metadata = {"name": name, "namespace": "prod"}
    return {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": metadata,
            "spec": {"services": services, **fields}}  # fmt: skip


def template(name: str, services: Json, **fields: Any) -> Json:
    return resource(name, services, templateOnly=True, **fields)


def service(image: str = "x:1", **fields: Any) -> Json:
    return {"image": image, "user": "1000", **fields}


def of(name: str, **fields: Any) -> Json:
    return {"type": "stack", "stackRef": {"name": name}, **fields}


def make(stack: Stack, templates: dict[str, StackSpec]) -> Plan:
    return plan(stack, SETTINGS, Observed(templates=templates))


def impacts(live: list[Json], given: list[Json]) -> dict[str, TreeImpact]:
    return {each.root: each for each in ImpactPreview(live, given).impacts(make)}  # type: ignore[arg-type]


PAY = template("pay", {"api": service(), "db": service()})
SHOP = resource("shop", {"web": service(), "pay": of("pay")})
OTHER = resource("other", {"web": service()})


def test_another_image_replaces_the_pods_of_that_service_and_of_no_other() -> None:
    found = impacts([PAY, SHOP, OTHER], [template("pay", {"api": service("x:2"), "db": service()})])
    assert set(found) == {"shop"}
    shop = found["shop"]
    assert (shop.verdict, shop.templates, shop.stacks) == (Verdict.VALID, ("pay",), ("shop/pay",))
    assert (shop.added, shop.changed, shop.removed) == ((), ("shop/pay/api",), ())
    assert shop.replaced == ("shop/pay/api",)


def test_services_come_and_go_and_a_change_without_new_pods_is_told_from_one_with() -> None:
    scaled = service(deploy={"replicas": 3})
    shop = impacts([PAY, SHOP], [template("pay", {"api": scaled, "cache": service()})])["shop"]
    assert (shop.added, shop.changed, shop.removed) == (("shop/pay/cache",), ("shop/pay/api",), ("shop/pay/db",))
    assert shop.replaced == ()


def test_a_template_that_others_use_reaches_the_roots_of_those() -> None:
    outer = template("outer", {"inner": of("pay"), "web": service()})
    live = [PAY, outer, resource("far", {"o": of("outer")}), SHOP, OTHER]
    found = impacts(live, [template("pay", {"api": service("x:2"), "db": service()})])
    assert {name: each.replaced for name, each in found.items()} == {
        "far": ("far/o/inner/api",),
        "shop": ("shop/pay/api",),
    }


def test_an_inline_child_uses_templates_too() -> None:
    nested = resource("nested", {"box": {"type": "stack", "stack": {"services": {"pay": of("pay")}}}})
    found = impacts([PAY, nested], [template("pay", {"api": service("x:2"), "db": service()})])
    assert found["nested"].replaced == ("nested/box/pay/api",)


def test_a_route_of_a_template_changes_the_gateways_above_it() -> None:
    live = [
        template("pay", {"api": service()}),
        resource("shop", {"pay": of("pay", interface={"/pay": {"path": "/"}})}),
    ]
    routed = template("pay", {"api": service(interface={"/": {"path": "/", "port": 80}})})
    shop = impacts(live, [routed])["shop"]
    assert "shop/pay/(gateway)" in shop.added
    assert "shop/pay/api" in shop.changed


def test_nothing_changes_where_the_template_is_the_same() -> None:
    shop = impacts([PAY, SHOP], [PAY])["shop"]
    assert (shop.changes, shop.verdict) == (False, Verdict.VALID)
    assert impact_lines([shop]) == []
    assert impacts([PAY, SHOP], [OTHER]) == {}


MOUNTS = {"one": {"target": "/x"}, "two": {"target": "/x"}}
INVALID: dict[str, tuple[Json, str, tuple[str, ...]]] = {
    "the plan of the child refuses it": (
        {"api": service(volumes=MOUNTS)},
        "spec.services.pay.stackRef(pay).services.api.volumes.two",
        (),
    ),
    "it refers to itself": (
        {"again": of("pay")},
        "spec.services.pay.stackRef(pay).services.again.stackRef.name: a stack cannot contain itself",
        ("shop/pay/api", "shop/pay/db"),
    ),
}


@pytest.mark.parametrize(("services", "said", "removed"), INVALID.values(), ids=INVALID.keys())
def test_a_tree_that_becomes_invalid_says_why_and_keeps_what_is_refused(
    services: Json, said: str, removed: tuple[str, ...]
) -> None:
    shop = impacts([PAY, SHOP], [template("pay", services)])["shop"]
    assert shop.verdict is Verdict.INVALID
    assert said in refusal_of(shop)
    assert shop.removed == removed


def test_only_some_trees_may_become_invalid() -> None:
    needs = template("pay", {"api": service()}, serviceAccounts=["payer"])
    trees = [resource("with", {"pay": of("pay")}, serviceAccounts=["payer"]), resource("without", {"pay": of("pay")})]
    using = template("pay", {"api": service(serviceAccountName="payer")}, serviceAccounts=["payer"])
    found = impacts([needs, *trees], [using])
    assert {name: each.verdict for name, each in found.items()} == {
        "with": Verdict.VALID,
        "without": Verdict.INVALID,
    }


def test_errors_that_a_tree_has_already_are_not_the_templates_doing() -> None:
    broken = resource("broken", {"pay": of("pay"), "web": service(volumes=MOUNTS)})
    found = impacts([PAY, broken], [template("pay", {"api": service("x:2"), "db": service()})])["broken"]
    assert (found.verdict, found.changes) == (Verdict.INVALID_ALREADY, False)
    assert "volumes.two" in str(found.problems[0])


def test_a_template_that_is_one_no_more_is_missed_by_its_trees() -> None:
    shop = impacts([PAY, SHOP], [resource("pay", {"api": service()})])["shop"]
    assert (shop.missing, shop.removed) == (("pay",), ())


def test_a_root_that_is_given_is_compared_with_itself_as_it_is() -> None:
    changed = resource("shop", {"web": service("x:2"), "pay": of("pay")})
    shop = impacts([PAY, SHOP], [changed, template("pay", {"api": service("x:2"), "db": service()})])["shop"]
    assert shop.replaced == ("shop/web", "shop/pay/api")
    new = impacts([PAY], [SHOP, PAY])["shop"]
    assert new.added == ("shop/web", "shop/pay/api", "shop/pay/db")


def test_nothing_of_a_suspended_tree_changes() -> None:
    still = resource("shop", {"pay": of("pay")}, suspend=True)
    shop = impacts([PAY, still], [template("pay", {"api": service("x:2")})])["shop"]
    assert (shop.suspended, shop.changes) == (True, False)


def test_templates_in_a_circle_are_followed_once() -> None:
    users = TemplateUsers({"a": {"services": {"b": of("b")}}, "b": {"services": {"a": of("a"), "c": of("c")}}})
    assert users.used({"services": {"x": of("a")}}) == {"a", "b", "c"}
    assert users.users({"r": {"services": {"x": of("b")}}, "s": {"services": {}}}, ["c"]) == {"r": ("c",)}


def many(count: int) -> list[TreeImpact]:
    live = [PAY, *(resource(f"shop{index:03}", {"pay": of("pay")}) for index in range(count))]
    return list(impacts(live, [template("pay", {"api": service("x:2"), "db": service()})]).values())


def test_hundreds_of_trees_are_summed_up() -> None:
    lines = impact_lines(many(120))
    assert lines[0] == "template pay: used by 120 trees: 120 would change"
    assert lines[1] == "  shop000: 1 stack; changed: pay/api; pods replaced: pay/api"
    assert (len(lines), lines[-1]) == (12, "  and 110 more trees")


def test_what_becomes_invalid_comes_first() -> None:
    live = [
        PAY,
        resource("a", {"pay": of("pay")}),
        resource("z", {"pay": of("pay"), "web": service(dependsOn={"pay/db": {}})}),
        resource("m", {"web": service(), "pay": of("pay")}, suspend=True),
    ]
    lines = impact_lines(list(impacts(live, [template("pay", {"api": service()})]).values()))
    assert lines[0].startswith("template pay: used by 3 trees: 1 would become invalid, ")
    assert lines[1].startswith("  z: would become invalid (spec.services.web.dependsOn"), lines[1]
    assert lines[2] == "  a: 1 stack; removed: pay/db"
    assert len(lines) == 3, "the suspended one is counted alone"


def test_many_errors_are_cut_off_with_their_number() -> None:
    lines = [f"line {index}" for index in range(60)]
    assert first(lines)[-2:] == ["line 49", "and 10 more problems (-o json has all)"]
    assert first(lines[:50]) == lines[:50]
    assert impact_lines([]) == []


def test_the_data_names_all_of_it() -> None:
    (shop,) = impacts([PAY, SHOP], [template("pay", {"api": service("x:2"), "db": service()})]).values()
    assert shop.to_json() == {
        "tree": "shop",
        "namespace": "prod",
        "templates": ["pay"],
        "verdict": "valid",
        "problems": [],
        "missingTemplates": [],
        "suspended": False,
        "stacks": ["shop/pay"],
        "services": {"added": [], "changed": ["shop/pay/api"], "removed": []},
        "podsReplaced": ["shop/pay/api"],
    }
