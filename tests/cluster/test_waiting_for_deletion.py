"""What is deleted and does not go, on a real API server: it is named, and nothing waits but what takes its place."""

from typing import Any

from ailtire_operator import naming
from support.kube.trees import Trees, child, service, targets

HOLD = "example.com/hold"
PORTS: dict[str, Any] = {"ports": {"http": {"port": 80}}}


def hold(trees: Trees, kind: str, name: str) -> str:
    """Let a finalizer of somebody else hold an object; what the status is to say of it."""
    trees.patch(kind, name, {"metadata": {"finalizers": [HOLD]}})
    return f"waits for {kind} {name} to go: finalizer {HOLD}"


def release(trees: Trees, kind: str, name: str) -> None:
    trees.patch(kind, name, {"metadata": {"finalizers": None}})


def events(trees: Trees) -> list[str]:
    found = [each for each in trees.all_of("Event") if each["reason"] == "WaitingForDeletion"]
    return [each["message"] for each in found if each["involvedObject"]["kind"] == naming.KIND]


def until_told(trees: Trees, message: str) -> None:
    trees.until(message, lambda: trees.condition("shop", "WaitingForDeletion").get("message") == message)


def image(trees: Trees, name: str) -> str:
    return str(trees.must("Deployment", name)["spec"]["template"]["spec"]["containers"][0]["image"])


def test_a_service_that_cannot_be_replaced_yet_holds_nothing_else_back(trees: Trees) -> None:
    trees.apply("shop", {"services": {"p": service(**PORTS), "other": service()}})
    trees.until_ready("shop")
    told = hold(trees, "Service", "shop-p")
    new = "docker.io/library/web:2"
    trees.apply("shop", {"services": {"p": service(), "other": service(new), "new": child({"x": service()})}})
    until_told(trees, told)
    trees.until("the child", lambda: trees.get(naming.KIND, "shop-new"))
    trees.until("the other", lambda: image(trees, "shop-other") == new)
    stack = trees.must(naming.KIND, "shop")
    assert stack["status"]["observedGeneration"] == stack["metadata"]["generation"]
    trees.until("an Event", lambda: events(trees) == [told])
    trees.until_ready("shop-new")
    trees.until("all else", lambda: trees.condition("shop")["reason"] == "Deleting")
    ready = trees.condition("shop")
    assert (ready["status"], ready["message"]) == ("False", f"stack: {told}")
    trees.settle()
    mark = trees.audit.mark()
    trees.settle()
    assert targets(trees.writes(mark)) == [], "it is waited for, not asked for"
    release(trees, "Service", "shop-p")
    trees.until_ready("shop", timeout=60)
    assert trees.must("Service", "shop-p")["spec"]["clusterIP"] == "None"
    assert trees.condition("shop", "WaitingForDeletion") == {}


def test_what_takes_the_place_of_another_workload_is_not_started_beside_it(trees: Trees) -> None:
    trees.apply("shop", {"services": {"db": service()}})
    trees.until_ready("shop")
    told = hold(trees, "Deployment", "shop-db")
    mounts = {"data": {"source": "records", "target": "/data"}}
    trees.apply("shop", {"services": {"db": service(volumes=mounts)}, "data": {"records": {"perReplica": True}}})
    until_told(trees, told)
    trees.settle()
    assert trees.get("StatefulSet", "shop-db") is None
    assert told in trees.condition("shop")["message"]
    release(trees, "Deployment", "shop-db")
    trees.until_ready("shop")
    assert trees.must("StatefulSet", "shop-db")["spec"]["replicas"] == 1


def test_a_stack_is_not_ready_while_anything_that_was_removed_is_left(trees: Trees) -> None:
    one = {"web": service(), "old": service(), "a": child({"x": service()})}
    trees.apply("shop", {"services": one})
    trees.until_ready("shop")
    held = [hold(trees, kind, name) for kind, name in ((naming.KIND, "shop-a"), ("Deployment", "shop-old"))]
    trees.apply("shop", {"services": {"web": service()}})
    until_told(trees, ", ".join(held))
    assert trees.condition("shop")["status"] == "False"
    release(trees, naming.KIND, "shop-a")
    until_told(trees, held[1])
    assert trees.condition("shop")["message"] == f"stack: {held[1]}"
    release(trees, "Deployment", "shop-old")
    trees.until_ready("shop")


def test_a_volume_that_is_deleted_while_a_pod_uses_it_is_named(trees: Trees) -> None:
    def spec(**fields: Any) -> dict[str, Any]:
        mounts = {"data": {"source": "uploads", "target": "/data"}}
        return {"services": {"web": service(volumes=mounts, **fields)}, "data": {"uploads": {"retain": True}}}

    trees.apply("shop", spec())
    trees.until_ready("shop")
    (claim,) = trees.names("PersistentVolumeClaim")
    first = trees.must("PersistentVolumeClaim", claim)["metadata"]["uid"]
    trees.delete("persistentvolumeclaim", claim)
    until_told(trees, f"waits for PersistentVolumeClaim {claim} to go: finalizer kubernetes.io/pvc-protection")
    assert trees.condition("shop")["status"] == "False"
    trees.apply("shop", spec(deploy={"replicas": 0}))
    metadata = {"metadata": {"uid": first}}
    trees.until(
        "a new claim",
        lambda: (trees.get("PersistentVolumeClaim", claim) or metadata)["metadata"]["uid"] != first,
    )
    trees.apply("shop", spec())
    trees.until_ready("shop")
