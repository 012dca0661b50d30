"""Why it is not ready, in the words of the server: quota, admission, scheduling, up to the root of the tree."""

from typing import Any

from support.kube.quotas import limit
from support.kube.trees import Trees, child, service


def test_a_quota_is_told_in_the_words_of_the_server(trees: Trees) -> None:
    limit(trees, "q", pods="1")
    trees.apply("shop", {"services": {"web": service(deploy={"replicas": 2})}})
    trees.until("quota", lambda: _reason(trees, "shop", "QuotaExceeded"))
    # The one pod that fits becomes ready in its own time.
    trees.until("one of two", lambda: "service web 1/2: QuotaExceeded" in trees.condition("shop").get("message", ""))
    assert "exceeded quota" in trees.condition("shop")["message"]


def test_a_stateful_set_that_makes_no_pods_is_explained_by_its_events(trees: Trees) -> None:
    limit(trees, "q", pods="0")
    mounts = {"data": {"source": "records", "target": "/data"}}
    trees.apply("shop", {"services": {"db": service(volumes=mounts)}, "data": {"records": {"perReplica": True}}})
    blocked = trees.until("quota", lambda: _reason(trees, "shop", "QuotaExceeded"))
    assert "service db 0/1" in blocked["message"]


def test_a_pod_that_no_node_takes_is_told(trees: Trees) -> None:
    resources = {"reservations": {"cpu": "9999"}}
    trees.apply("shop", {"services": {"a": child({"big": service(deploy={"resources": resources})})}})
    blocked = trees.until("unschedulable", lambda: _reason(trees, "shop", "Unschedulable"))
    assert blocked["message"].startswith("a: service big 0/1: Unschedulable: 0/")


def test_the_way_to_what_blocks_is_data_and_no_key_is_taken_for_a_word(trees: Trees) -> None:
    big = service(deploy={"resources": {"reservations": {"cpu": "9999"}}})
    trees.apply("shop", {"services": {"spectrum": child({"service": child({"object": big})})}})
    blocked = trees.until("unschedulable", lambda: _reason(trees, "shop", "Unschedulable"))
    assert blocked["message"].startswith("spectrum/service: service object 0/1: Unschedulable: 0/")
    blocker = trees.status("shop")["blocker"]
    told = blocker.pop("message")
    expected = {"path": ["spectrum", "service"], "subject": "service object", "replicas": "0/1"}
    assert blocker == {**expected, "reason": "Unschedulable"}
    assert blocked["message"].endswith(told)
    trees.apply("shop", {"services": {"spectrum": child({"service": child({"object": service()})})}})
    trees.until_ready("shop")
    assert "blocker" not in trees.status("shop")


def test_a_refused_object_does_not_stop_the_others(trees: Trees) -> None:
    limit(trees, "q", persistentvolumeclaims="0")
    mounts = {"data": {"source": "records", "target": "/data"}}
    trees.apply("shop", {"services": {"web": service(), "db": service(volumes=mounts)}, "data": {"records": {}}})
    blocked = trees.until("quota", lambda: _reason(trees, "shop", "QuotaExceeded"))
    assert "PersistentVolumeClaim shop--records--data" in blocked["message"]
    trees.until("web runs", lambda: trees.status("shop")["services"]["web"]["ready"] == 1)
    trees.kubectl("delete", "resourcequota", "q")
    trees.until_ready("shop")


def _reason(trees: Trees, name: str, reason: str) -> dict[str, Any]:
    found = trees.condition(name)
    return found if found.get("reason") == reason else {}
