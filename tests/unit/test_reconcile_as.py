"""By whose rights a tree is written: its root's word, one account for all of it, and never by an empty name."""

import asyncio
from typing import Any

import pytest
from pydantic import ValidationError

from ailtire_operator import naming
from ailtire_operator.cluster.applier import Applier
from ailtire_operator.cluster.apply_result import ApplyResult
from ailtire_operator.cluster.connection import Account
from ailtire_operator.cluster.errors import Denied
from ailtire_operator.cluster.kinds import KINDS, OPERATORS_OWN_KINDS, OWNED_KINDS, Ref
from ailtire_operator.cluster.store import Store
from ailtire_operator.model.loading import parse_spec, parse_stack
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.model.settings import Settings
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Observed
from ailtire_operator.reconcile.apply_errors import problem_of
from ailtire_operator.reconcile.planner import account_of
from support.definitions.stacks import SETTINGS, find, plan_of, stack
from support.fake_cluster.records import put
from support.fake_cluster.records import stack as root

Json = dict[str, Any]
PLACE: Json = {"root": "r", "parent": "r", "parentKey": "kid", "depth": 1, "appName": "r"}
NAMES = ["", " ", "system:admin", "system:serviceaccount:a:b", "a:b", "A", "a/b", "-a"]


def holding(member: Json, **more: Any) -> Json:
    return {"services": {"kid": {"type": "stack", "stack": member}}, **more}


def test_a_child_inherits_its_roots_account_by_its_place() -> None:
    below = find(plan_of(holding(holding({"services": {}}), reconcileAs="tenant")), naming.KIND, "shop-kid")
    assert below["spec"]["place"]["reconcileAs"] == "tenant"
    child = parse_stack(below)
    assert child.reconcile_as == "tenant"
    assert (
        find(plan(child, SETTINGS, Observed()), naming.KIND, "shop-kid-kid")["spec"]["place"]["reconcileAs"] == "tenant"
    )


@pytest.mark.parametrize("above", [None, "tenant"])
def test_a_child_chooses_no_other_account(above: str | None) -> None:
    own: Json = {"services": {}, "reconcileAs": "other"}
    said: Json = {"reconcileAs": above} if above else {}
    for spec in (holding(own, **said), {"services": {"kid": {"type": "stack", "stackRef": {"name": "t"}}}, **said}):
        made = plan(stack(spec), SETTINGS, Observed(templates={"t": parse_spec({**own, "templateOnly": True})}))
        problem = made.children["kid"].problem
        assert problem is not None
        assert ".reconcileAs: a tree has one service account" in str(problem)
    with pytest.raises(InvalidStack, match=r"spec\.reconcileAs: "):
        plan(stack({**own, "place": {**PLACE, **said}}), SETTINGS, Observed())


def test_a_child_may_repeat_its_roots_account() -> None:
    made = plan_of(holding({"services": {}, "reconcileAs": "tenant"}, reconcileAs="tenant"))
    assert made.children["kid"].problem is None


@pytest.mark.parametrize("name", NAMES)
def test_no_name_stands_for_the_operator_or_another_user(name: str) -> None:
    with pytest.raises(InvalidStack, match="reconcileAs"):
        parse_spec({"services": {}, "reconcileAs": name})
    with pytest.raises(ValidationError, match="default_reconcile_as"):
        Settings(default_reconcile_as=name)


@pytest.mark.parametrize(("namespace", "name"), [("", "a"), ("a", ""), ("a:b", "c"), ("a", "b:c")])
def test_there_is_no_account_without_a_name(namespace: str, name: str) -> None:
    with pytest.raises(ValueError, match="is no name"):
        Account(namespace, name)


def test_a_setting_names_the_account_of_those_who_name_none() -> None:
    strict = Settings(default_reconcile_as="limited")
    plain, named = (
        stack({"services": {}}, namespace="shop"),
        stack({"services": {}, "reconcileAs": "x"}, namespace="shop"),
    )
    placed = stack({"services": {}, "place": {**PLACE, "reconcileAs": "x"}}, namespace="shop")
    assert account_of(plain, SETTINGS) is None
    assert account_of(plain, strict) == Account("shop", "limited")
    assert [account_of(each, strict) for each in (named, placed)] == [Account("shop", "x")] * 2


class Sent:
    """Stands for the connection: keeps as whom each request was sent, and each write."""

    def __init__(self) -> None:
        self.accounts: list[Account | None] = []
        self.writers: list[Account | None] = []

    async def request(self, method: str, path: str, *, account: Account | None = None, **_: Any) -> Json:
        self.accounts.append(account)
        if method != "GET":
            self.writers.append(account)
        raise Denied("no")


@pytest.mark.parametrize("kind", [each.kind for each in OWNED_KINDS])
def test_all_but_the_operators_own_is_written_as_the_account(kind: str) -> None:
    """Every way in which the applier writes an object of a stack."""
    sent, tenant = Sent(), Account("shop", "tenant")
    store = Store()
    applier = Applier(sent, store, fence=lambda: True).acting_as(tenant)  # type: ignore[arg-type]
    shop = root(store, "shop", namespace="shop")
    record = put(store, kind, "x", owner=shop, namespace="shop", spec={"replicas": 3})

    async def write() -> None:
        await applier.apply(Ref(kind, "shop", "new").address(), shop.uid)
        await applier.apply(record.ref.address(), shop.uid)
        await applier.apply({**record.ref.address(), "spec": {"replicas": 1}}, shop.uid)
        await applier.delete(record, shop.uid)
        for call in (applier.remove_extra(record, shop.uid, ["/a"]), applier.annotate(record, shop.uid, "a", "b")):
            with pytest.raises(Denied):
                await call

    asyncio.run(write())
    own = KINDS[kind] in OPERATORS_OWN_KINDS
    assert sent.writers == [None if own else tenant] * 6


def test_status_and_events_are_the_operators_own() -> None:
    sent = Sent()
    applier = Applier(sent, Store(), fence=lambda: True).acting_as(Account("a", "b"))  # type: ignore[arg-type]

    async def tell() -> None:
        with pytest.raises(Denied):
            await applier.write_status(Ref(naming.KIND, "a", "x"), "uid", {})
        await applier.event(Ref(naming.KIND, "a", "x"), "uid", reason="A", message="b")

    asyncio.run(tell())
    assert sent.accounts == [None, None]


def test_what_an_account_may_not_do_is_told_in_the_api_servers_words() -> None:
    words = (
        'User "system:serviceaccount:a:b" cannot patch resource "deployments" in API group "apps" in the namespace "a"'
    )
    problem = problem_of(ApplyResult(Ref("Deployment", "a", "x"), False, None, Denied(words), "none"))
    assert problem is not None
    assert (problem.reason, problem.message, problem.transient) == ("Forbidden", words, False)


def test_references_to_other_namespaces_can_be_refused() -> None:
    def routed(namespace: str | None) -> Json:
        parent = {"name": "corp", **({"namespace": namespace} if namespace else {})}
        web = {"image": "web:1", "user": "1000", "interface": {"/": {}}}
        return {"services": {"web": web}, "edge": {"kind": "HTTPRoute", "parentRef": parent}}

    strict = Settings(no_cross_namespace_references=True, nameservers=["10.0.0.10"])
    for namespace in (None, "shop"):
        assert plan(stack(routed(namespace), namespace="shop"), strict, Observed()).objects
    with pytest.raises(InvalidStack, match=r"spec\.edge\.parentRef\.namespace: this operator allows no reference"):
        plan(stack(routed("infra"), namespace="shop"), strict, Observed())
    assert plan(stack(routed("infra"), namespace="shop"), SETTINGS, Observed()).objects
