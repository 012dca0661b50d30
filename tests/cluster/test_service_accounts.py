"""Service accounts of pods on a real API server: set, changed, taken away again, and never without a declaration."""

from functools import partial
from typing import Any

import pytest

from support.kube.trees import Trees, child, service

Json = dict[str, Any]
KINDS: dict[str, Json] = {
    "Deployment": {},
    "DaemonSet": {"deploy": {"mode": "global"}},
    "StatefulSet": {"volumes": {"v": {"source": "own", "target": "/v"}}},
}


def stack(kind: str, **more: Any) -> Json:
    services = {"web": service(**KINDS[kind], **more)}
    return {"services": services, "data": {"own": {"perReplica": True}}, "serviceAccounts": ["first", "second"]}


@pytest.mark.parametrize("kind", KINDS)
def test_an_account_is_set_changed_and_taken_away(trees: Trees, kind: str) -> None:
    """The API server keeps the name in a deprecated alias, from which it would come back after its removal."""
    for account in ("first", "second"):
        trees.kubectl("create", "serviceaccount", account)

    def pod() -> Json:
        found = trees.get(kind, "shop-web")
        made: Json = found["spec"]["template"]["spec"] if found else {}
        return made

    def has(name: str | None, mounted: bool) -> bool:
        made = pod()
        names = (made.get("serviceAccountName"), made.get("serviceAccount"))
        return names == (name, name) and made.get("automountServiceAccountToken") is mounted

    steps: list[tuple[Json, str | None, bool]] = [
        ({"serviceAccountName": "first"}, "first", False),
        ({"serviceAccountName": "second", "automountServiceAccountToken": True}, "second", True),
        ({"serviceAccountName": "second"}, "second", False),
        ({}, None, False),
    ]
    for fields, name, mounted in steps:
        trees.apply("shop", stack(kind, **fields))
        trees.until(f"the account {name} of the {kind}", partial(has, name, mounted))
        trees.until_ready("shop")
        trees.settle()
        assert has(name, mounted)


def test_an_account_that_nobody_declared_is_in_no_pod(trees: Trees) -> None:
    trees.kubectl("create", "serviceaccount", "first")
    below = {"web": service(serviceAccountName="first")}
    trees.apply("shop", {"services": {"kid": child(below), "web": service()}})
    trees.until("a Deployment beside it", lambda: trees.get("Deployment", "shop-web"))
    said = str(trees.until("the refusal", lambda: trees.condition("shop", "Stalled").get("message")))
    assert "services.web.serviceAccountName: not every author may use" in said
    trees.settle()
    assert [each["metadata"]["name"] for each in trees.all_of("Deployment")] == ["shop-web"]

    trees.apply("shop", {"services": {"kid": child(below), "web": service()}, "serviceAccounts": ["first"]})
    trees.until("the child", lambda: trees.get("Deployment", "shop-kid-web"))
    made = trees.must("Deployment", "shop-kid-web")
    assert made["spec"]["template"]["spec"]["serviceAccountName"] == "first"
