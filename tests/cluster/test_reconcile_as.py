"""A tree that is written by the rights of a service account: no more than those, and a true word where they end."""

import json
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from ailtire_operator.cluster.kinds import OPERATORS_OWN_KINDS, STACK
from lab import ControlPlane, Operator, forking
from lab.api import Refused
from lab.audit import OPERATOR, Request
from lab.paths import ROOT
from support.kube.rights import until_may
from support.kube.trees import Trees, child, service, targets

Json = dict[str, Any]
OWN = {".".join(filter(None, (kind.plural, kind.group))) for kind in OPERATORS_OWN_KINDS} | {"events"}


def tree(image: str = "docker.io/library/web:1", **more: Any) -> Json:
    route = {"/": {"path": "/", "port": 8080}}
    leaf = child({"db": service(image)}, interface={"/dm": {"path": "/"}})
    return {"services": {"web": service(image, interface=route), "kid": leaf}, "reconcileAs": "tenant", **more}


@pytest.fixture
def tenant(trees: Trees) -> str:
    """The account, as manifests/tenant has it."""
    trees.kubectl("apply", "-k", str(ROOT / "manifests" / "tenant"))
    return f"system:serviceaccount:{trees.namespace}:tenant"


def forbid_to_act(trees: Trees) -> None:
    """Take away the operator's right to be the account."""
    trees.kubectl("delete", "rolebinding", "ailtire-operator-acts-as-tenant")
    until_may(trees.plane, trees.namespace, OPERATOR, "impersonate", "serviceaccounts", may=False, name="tenant")


def forbidden(trees: Trees, name: str) -> str:
    """What a stack says of a right that is lacking; empty while it says nothing."""
    found = trees.condition(name, "Stalled")
    return str(found["message"]) if found.get("reason") == "Forbidden" else ""


def by_whom(requests: list[Request]) -> set[tuple[bool, str]]:
    """Whether the kind is the operator's own, and as whom it was written."""
    return {(each.resource in OWN, each.acting_as) for each in requests}


def test_a_tree_is_written_by_its_accounts_rights_until_they_are_taken_away(trees: Trees, tenant: str) -> None:
    mark = trees.audit.mark()
    trees.apply("shop", tree())
    trees.until_ready("shop")
    assert by_whom(trees.writes(mark)) == {(True, ""), (False, tenant)}

    trees.kubectl("delete", "rolebinding", "tenant-edit")
    until_may(trees.plane, trees.namespace, tenant, "patch", "deployments.apps", may=False)
    trees.apply("shop", tree("docker.io/library/web:2"))
    said = trees.until("the lack of a right", lambda: forbidden(trees, "shop"))
    assert f'User "{tenant}" cannot patch resource "deployments" in API group "apps"' in said
    mark = trees.audit.mark()
    with suppress(AssertionError):
        trees.settle(5.0)
    tries = [each for each in trees.writes(mark) if each.resource not in OWN]
    assert {(each.code, each.acting_as) for each in tries} <= {(403, tenant)}, "nothing is written"
    assert max(Counter(targets(tries)).values(), default=0) <= 5, "and nothing is tried without a pause"
    images = {each["spec"]["template"]["spec"]["containers"][0]["image"] for each in trees.all_of("Deployment")}
    assert "docker.io/library/web:2" not in images

    trees.kubectl("apply", "-k", str(ROOT / "manifests" / "tenant"))
    trees.apply("shop", tree("docker.io/library/web:3"))
    trees.until_ready("shop")
    mark = trees.audit.mark()
    trees.apply("shop", {"services": {}, "reconcileAs": "tenant"})
    trees.until("removal", lambda: not trees.names("Deployment"))
    deletions = [each for each in trees.writes(mark) if each.verb == "delete"]
    assert by_whom(deletions) == {(True, ""), (False, tenant)}


def test_stacks_that_name_no_account_are_written_by_the_default_one(
    control_plane: ControlPlane, operator: Operator, trees: Trees, tenant: str
) -> None:
    operator.stop()
    locked = Operator(control_plane, env={"AILTIRE_OPERATOR_DEFAULT_RECONCILE_AS": "tenant"}, launch=forking.spawn)
    locked.start()
    try:
        mark = trees.audit.mark()
        trees.apply("shop", {key: each for key, each in tree().items() if key != "reconcileAs"})
        trees.until_ready("shop")
        assert by_whom(trees.writes(mark)) == {(True, ""), (False, tenant)}

        forbid_to_act(trees)
        trees.apply("other", {"services": {"web": service()}})
        said = trees.until("the lack of a right", lambda: forbidden(trees, "other"))
        assert 'cannot impersonate resource "serviceaccounts"' in said
        assert trees.get("Deployment", "other-web") is None
    finally:
        locked.stop()


def test_an_account_that_the_operator_may_not_be_gets_nothing(trees: Trees, tenant: str) -> None:
    forbid_to_act(trees)
    trees.apply("shop", tree())
    said = trees.until("the lack of a right", lambda: forbidden(trees, "shop"))
    assert 'cannot impersonate resource "serviceaccounts"' in said
    assert [key for key in trees.owned() if key[0] not in {each.kind for each in OPERATORS_OWN_KINDS}] == []
    assert tenant not in {each["metadata"]["name"] for each in trees.all_of("Deployment")}


def test_only_who_may_be_the_account_names_it(trees: Trees, tenant: str) -> None:
    trees.kubectl("create", "role", "stacks", "--verb=create,patch,get", "--resource=ailtirestacks.ailtire.io")
    trees.kubectl("create", "rolebinding", "stacks", "--role=stacks", "--user=author", "--user=other")
    verb = ("--verb=impersonate", "--resource=serviceaccounts", "--resource-name=tenant")
    trees.kubectl("create", "role", "tenants", *verb)
    trees.kubectl("create", "rolebinding", "tenants", "--role=tenants", "--user=author")

    def told(user: str, spec: Json) -> str:
        api = replace(trees.plane.api, acting_as=user)
        try:
            api.create(f"{STACK.path(trees.namespace)}?dryRun=All", trees.manifest("x", spec))
        except Refused as refused:
            return str(json.loads(str(refused).partition(": ")[2])["message"])
        return ""

    trees.until("the author's right", lambda: told("author", tree()) == "")
    assert "spec.reconcileAs: other may not impersonate the service account tenant" in told("other", tree())
    assert "spec.reconcileAs: author may not impersonate" in told("author", {**tree(), "reconcileAs": "default"})
    assert "author may not create" in told("author", {"services": {}}) or "author may not" in told(
        "author", {"services": {}}
    )
    for name in ("", "system:admin", "a:b", "A"):
        assert "spec.reconcileAs: Invalid value" in told("author", {**tree(), "reconcileAs": name})
