"""No pod before its policies, and none with a volume that is not its stack's, on a real control plane."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from ailtire_operator import naming
from support.kube.quotas import limit
from support.kube.trees import Manifest, Trees, child, content, service

POLICIES = "networkpolicies.networking.k8s.io"
WORKLOADS = ("deployments.apps", "statefulsets.apps", "daemonsets.apps", "jobs.batch")
BACK = "shop--back--members"
NEW = "docker.io/library/web:2"


def two(image: str = "docker.io/library/web:1") -> Manifest:
    """``db`` in a network of its own, ``web`` in the stack's."""
    services = {"db": service(image, networks={"back": {}}), "web": service(image)}
    return {"networks": {"back": {}}, "services": services}


@pytest.fixture
def no_policies(trees: Trees) -> Callable[[], None]:
    """Forbids NetworkPolicies by a quota; ``allow`` allows them again."""
    return partial(limit, trees, "none", **{f"count/{POLICIES}": "0"})


def allow(trees: Trees) -> None:
    trees.kubectl("delete", "resourcequota", "none")


def written(trees: Trees, mark: int) -> list[tuple[str, str]]:
    """What the operator wrote with success, in its order."""
    return [(each.resource, each.name) for each in trees.writes(mark) if each.verb == "patch" and each.code < 300]


def generation(trees: Trees, name: str) -> int:
    return int(trees.must("Deployment", name)["metadata"]["generation"])


def test_policies_are_written_first_all_over_a_tree(trees: Trees) -> None:
    below = child({"api": service(networks={"bus": {}}), "own": service(interface={"/": {"port": 8080}})})
    below["stack"]["networks"] = {"bus": {"external": True}}
    spec = {"networks": {"bus": {"name": "bus"}, "back": {"internal": True}}, **two(), "edge": {"hosts": ["a.example"]}}
    spec["networks"] = {"bus": {"name": "bus"}, "back": {"internal": True}}
    spec["services"] = {**spec["services"], "below": {**below, "interface": {"/b": {"path": "/"}}}}
    mark = trees.audit.mark()
    trees.apply("shop", spec)
    trees.until_ready("shop")
    order = written(trees, mark)
    policies = trees.all_of("NetworkPolicy")
    workloads = trees.all_of("Deployment")
    assert len(workloads) == 6
    for workload in workloads:
        labels = workload["spec"]["template"]["metadata"]["labels"]
        selecting = [each for each in policies if each["spec"]["podSelector"]["matchLabels"].items() <= labels.items()]
        assert any("Ingress" in each["spec"]["policyTypes"] for each in selecting)
        at = order.index(("deployments.apps", workload["metadata"]["name"]))
        for policy in selecting:
            assert order.index((POLICIES, policy["metadata"]["name"])) < at


def test_who_loses_its_edge_or_a_published_port_is_closed_again(trees: Trees) -> None:
    web = service(interface={"/": {"port": 80}})
    published = {"metrics": {"port": 9100, "published": 9100, "exposure": "LoadBalancer"}}
    trees.apply("shop", {"services": {"web": {**web, "ports": published}}, "edge": {"hosts": ["a.example"]}})
    trees.until("opened", lambda: "shop--siblings--edge" in trees.names("NetworkPolicy"))
    trees.until("a gateway", lambda: trees.names("Pod"))
    opened = trees.names("NetworkPolicy")
    trees.apply("shop", {"services": {"web": web}})
    trees.until_ready("shop")
    trees.until("closed", lambda: trees.names("NetworkPolicy") == {"shop--siblings--members"})
    assert len(opened) > 1


def test_under_a_quota_of_no_policies_nothing_runs_and_with_policies_it_does(
    trees: Trees, no_policies: Callable[[], None]
) -> None:
    no_policies()
    mark = trees.audit.mark()
    trees.apply(
        "shop", {**two(), "services": {**two()["services"], "a": child({"x": service(networks={"parent": {}})})}}
    )
    stalled = trees.until("stalled", lambda: trees.condition("shop", "Stalled"))
    assert stalled["reason"] == "QuotaExceeded"
    below = trees.until("below", lambda: trees.condition("shop-a", "Stalled"))
    assert below["reason"] == "QuotaExceeded"
    trees.settle()
    assert not [each for each in written(trees, mark) if each[0] in WORKLOADS]
    assert trees.names("Deployment") == set()
    told = trees.status("shop")["services"]["db"]
    assert (told["reason"], told["ready"]) == ("QuotaExceeded", 0)
    assert told["message"].startswith(
        f"waits for NetworkPolicy {BACK}, without which its pods would be open to others: "
    )
    allow(trees)
    trees.until_ready("shop")


def test_a_policy_of_somebody_elses_in_the_way_holds_those_that_need_it_and_no_others(trees: Trees) -> None:
    open_to_all = {"podSelector": {"matchLabels": {"other": "yes"}}, "policyTypes": ["Ingress"], "ingress": [{}]}
    metadata = {"name": BACK, "namespace": trees.namespace}
    trees.apply_object(
        {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": open_to_all}
    )
    before = trees.must("NetworkPolicy", BACK)
    trees.apply("shop", two())
    trees.until("conflict", lambda: trees.condition("shop", "Conflicting"))
    trees.until("web", lambda: trees.status("shop")["services"]["web"]["ready"] == 1)
    assert trees.names("Deployment") == {"shop-web"}
    assert trees.status("shop")["services"]["db"]["reason"] == "Conflicting"
    assert trees.must("NetworkPolicy", BACK) == before
    trees.delete("networkpolicy", BACK)
    trees.until_ready("shop")
    assert trees.names("Deployment") == {"shop-web", "shop-db"}


def test_what_runs_runs_on_and_changes_when_its_policy_is_back(trees: Trees, no_policies: Callable[[], None]) -> None:
    trees.apply("shop", two())
    trees.until_ready("shop")
    trees.settle()
    no_policies()
    trees.delete("networkpolicy", BACK)
    trees.until("noticed", lambda: trees.condition("shop", "Stalled"))
    before, uid = generation(trees, "shop-db"), trees.must("Deployment", "shop-db")["metadata"]["uid"]
    trees.apply("shop", two(NEW))
    trees.until("web changes", lambda: generation(trees, "shop-web") > 1)
    words = f"waits with its update for NetworkPolicy {BACK}"
    trees.until("told", lambda: trees.status("shop")["services"]["db"].get("message", "").startswith(words))
    trees.settle()
    assert generation(trees, "shop-db") == before
    assert trees.must("Deployment", "shop-db")["metadata"]["uid"] == uid
    allow(trees)
    trees.until_ready("shop")
    assert generation(trees, "shop-db") > before


def volume(retain: bool = False, **data: Any) -> Manifest:
    mounts = {"d": {"source": "records", "target": "/d"}}
    found = {"records": {"size": "1Gi", **data, **({"retain": True} if retain else {})}}
    return {"services": {"db": service(volumes=mounts), "web": service()}, "data": found}


@pytest.mark.parametrize(("data", "claim"), [({}, "shop--records--data"), ({"perReplica": True}, "records-shop-db-0")])
def test_a_retained_volume_is_left_alone_by_a_stack_that_does_not_retain_it(
    trees: Trees, data: Manifest, claim: str
) -> None:
    trees.apply("shop", volume(retain=True, **data))
    trees.until_ready("shop")
    trees.until(
        "the claim bound",
        lambda: (trees.get("PersistentVolumeClaim", claim) or {}).get("status", {}).get("phase") == "Bound",
    )
    trees.delete("ailtirestack", "shop")
    trees.until(
        "gone", lambda: not trees.names("Deployment") | trees.names("StatefulSet") | trees.names("AiltireStack")
    )
    trees.until("no pods", lambda: not trees.names("Pod"))
    kept = content(trees.must("PersistentVolumeClaim", claim))

    trees.apply("shop", volume(**data))
    conflict = trees.until("conflict", lambda: trees.condition("shop", "Conflicting"))
    assert claim in conflict["message"]
    trees.until("told", lambda: _says(trees, "say retain: true"))
    assert claim in trees.condition("shop")["message"]
    trees.settle()
    assert trees.names("Deployment") | trees.names("StatefulSet") == {"shop-web"}
    assert content(trees.must("PersistentVolumeClaim", claim)) == kept
    trees.delete("ailtirestack", "shop")
    trees.until("gone again", lambda: not trees.names("Deployment") | trees.names("AiltireStack"))
    assert content(trees.must("PersistentVolumeClaim", claim)) == kept

    trees.apply("shop", volume(retain=True, **data))
    trees.until_ready("shop")
    assert trees.must("PersistentVolumeClaim", claim)["metadata"]["uid"] == kept["metadata"]["uid"]
    trees.apply("shop", volume(**data))
    trees.until("told", lambda: _says(trees, "say retain: true"))
    trees.settle()
    live = trees.must("PersistentVolumeClaim", claim)["metadata"]
    assert "ownerReferences" not in live
    assert data or live["labels"][naming.LABEL_RETAIN] == "true"


def _says(trees: Trees, words: str) -> Manifest | None:
    ready = trees.condition("shop")
    return ready if words in ready.get("message", "") else None


@pytest.mark.parametrize(("data", "claim"), [({}, "shop--records--data"), ({"perReplica": True}, "records-shop-db-0")])
def test_a_claim_of_somebody_elses_is_neither_mounted_nor_touched(trees: Trees, data: Manifest, claim: str) -> None:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    metadata = {"name": claim, "namespace": trees.namespace}
    trees.apply_object({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec})
    uid = trees.must("PersistentVolumeClaim", claim)["metadata"]["uid"]
    trees.apply("shop", volume(**data))
    conflict = trees.until("conflict", lambda: trees.condition("shop", "Conflicting"))
    assert claim in conflict["message"]
    trees.until("web", lambda: trees.status("shop")["services"]["web"]["ready"] == 1)
    trees.settle()
    assert trees.names("Deployment") | trees.names("StatefulSet") == {"shop-web"}
    assert trees.status("shop")["services"]["db"]["reason"] == "Conflicting"
    live = trees.must("PersistentVolumeClaim", claim)["metadata"]
    assert (live["uid"], live.get("labels"), live.get("ownerReferences")) == (uid, None, None)


def test_a_file_of_somebody_elses_is_not_mounted(trees: Trees) -> None:
    config = naming.config("shop", "page", "ours")
    metadata = {"name": config, "namespace": trees.namespace}
    trees.apply_object({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"content": "theirs"}})
    web = service(configs={"page": {"target": "/page"}})
    trees.apply("shop", {"services": {"web": web, "other": service()}, "configs": {"page": {"content": "ours"}}})
    trees.until("conflict", lambda: trees.condition("shop", "Conflicting"))
    trees.until("other", lambda: trees.names("Deployment") == {"shop-other"})
    trees.delete("configmap", config)
    trees.until_ready("shop")


def test_an_object_of_another_namespace_that_names_the_stack_stays(trees: Trees) -> None:
    trees.apply("shop", two())
    trees.until_ready("shop")
    elsewhere = f"{trees.namespace}-other"
    trees.plane.kubectl("create", "namespace", elsewhere)
    try:
        uid = trees.must(naming.KIND, "shop")["metadata"]["uid"]
        labels = {naming.LABEL_MANAGED_BY: naming.OPERATOR_NAME, naming.LABEL_STACK: "shop", naming.LABEL_ROOT: "shop"}
        owner = {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "name": "shop", "uid": uid, "controller": True}
        forged = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": "shop-kid", "namespace": elsewhere, "labels": labels, "ownerReferences": [owner],
                "finalizers": ["example.com/hold"],
            },
        }  # fmt: skip
        mark = trees.audit.mark()
        trees.plane.kubectl("create", "-f", "-", stdin=json.dumps(forged))
        trees.apply("shop", {"services": {"web": service(NEW)}, "networks": {}})
        trees.until("the change", lambda: trees.names("Deployment") == {"shop-web"})
        trees.settle()
        assert (
            trees.audit.writes(mark, user="system:serviceaccount:ailtire-system:ailtire-operator", namespace=elsewhere)
            == []
        )
    finally:
        trees.plane.kubectl(
            "patch", "configmap", "shop-kid", "-n", elsewhere, "--type=merge", "-p", '{"metadata":{"finalizers":null}}'
        )
        trees.plane.kubectl("delete", "namespace", elsewhere, "--wait=false")
