"""Which change rolled a pod: in the status, as an Event, and by ``why``, against a real API server."""

import json
from pathlib import Path
from typing import Any

from ailtire_operator.cli.failures import Exit
from cluster.program import Cli, kubeconfig_of
from lab import ControlPlane, Operator
from support.kube.trees import Trees, child, service, targets

WEB = "docker.io/library/web"


def shop(image: str = "1", **environment: str) -> dict[str, Any]:
    web = service(f"{WEB}:{image}", environment=environment)
    return {"services": {"front": service(), "orders": child({"api": web})}}


def rollouts(trees: Trees, name: str) -> list[dict[str, Any]]:
    return list(trees.status(name).get("rollouts") or ())


def changes(entry: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(each["path"], each.get("before"), each.get("after")) for each in entry["changes"]]


def told(cli: Cli, path: str) -> list[dict[str, Any]]:
    done = cli("why", path, "-o", "json")
    assert done.code == Exit.DONE, done.err
    found: list[dict[str, Any]] = json.loads(done.out)
    return found


def test_each_rollout_is_told_with_its_fields_and_who_asked_for_it(trees: Trees, cli: Cli, operator: Operator) -> None:
    trees.apply("shop", shop())
    trees.until_ready("shop", "shop-orders")
    assert told(cli, "shop") == []
    assert "no rollout is known" in cli("why", "shop").err
    trees.apply("shop", shop("2", LOG="debug", PASSWORD="s3cret-9"))
    trees.until("told", lambda: rollouts(trees, "shop-orders"))
    trees.until_ready("shop", "shop-orders")
    trees.settle()
    (entry,) = rollouts(trees, "shop-orders")
    assert rollouts(trees, "shop") == [], "a stack tells of its own services"
    assert (entry["service"], entry["name"], entry["cause"], entry["rootGeneration"]) == (
        "api", "shop-orders-api", "Planned", trees.must("AiltireStack", "shop")["metadata"]["generation"],
    )  # fmt: skip
    assert entry["manager"]
    assert changes(entry) == [
        ("containers[api].image", f"{WEB}:1", f"{WEB}:2"),
        ("containers[api].env[LOG]", None, "debug"),
        ("containers[api].env[PASSWORD]", None, None),
    ]
    events = trees.plane.api.get(f"/api/v1/namespaces/{trees.namespace}/events")["items"]
    (event,) = [each for each in events if each["reason"] == "Rollout"]
    assert event["involvedObject"]["name"] == "shop-orders"
    assert event["message"].startswith(f"Deployment shop-orders-api: containers[api].image {WEB}:1 -> {WEB}:2, ")
    assert "s3cret-9" not in json.dumps([event, entry])
    # Neither a change of the count alone nor a restart of the operator is a rollout, or writes anything more.
    spec = shop("2", LOG="debug", PASSWORD="s3cret-9")
    spec["services"]["orders"]["stack"]["services"]["api"]["deploy"] = {"replicas": 2}
    trees.apply("shop", spec)
    trees.until_ready("shop", "shop-orders")
    trees.settle()
    assert rollouts(trees, "shop-orders") == [entry]
    mark = trees.audit.mark()
    operator.stop()
    operator.start()
    trees.settle()
    assert targets(trees.writes(mark)) == []
    (block,) = [each for each in told(cli, "shop/orders/api") if each["type"] == "rollout"]
    assert (block["path"], block["recorded"], block["manager"]) == ("shop/orders/api", True, entry["manager"])
    text = cli("why", "shop").out
    assert "shop/orders/api  " in text
    assert f"  containers[api].image {WEB}:1 -> {WEB}:2\n" in text
    assert "  containers[api].env[PASSWORD] (values not shown)\n" in text
    assert cli("why", "shop/front").out == ""
    assert cli("why", "shop/orders/nobody").code == Exit.MISSING


def test_what_the_status_has_lost_is_read_from_what_kubernetes_keeps(
    trees: Trees, cli: Cli, control_plane: ControlPlane, tmp_path: Path
) -> None:
    mounts = {"data": {"source": "records", "target": "/data"}}

    def spec(image: str) -> dict[str, Any]:
        db = service(f"{WEB}:{image}", volumes=mounts)
        data = {"records": {"perReplica": True}}
        return {"services": {"web": service(f"{WEB}:{image}"), "db": db}, "data": data}

    trees.apply("shop", spec("1"))
    trees.until_ready("shop")
    trees.apply("shop", spec("2"))
    trees.until("both told", lambda: len(rollouts(trees, "shop")) == 2)
    trees.until_ready("shop")
    trees.settle()
    recorded = {each["path"]: each["recorded"] for each in told(cli, "shop") if each["type"] == "rollout"}
    assert recorded == {"shop/web": True, "shop/db": True}
    # As if the operator had ended between the write of the workloads and that of the status.
    trees.plane.kubectl(
        "-n", trees.namespace, "patch", "ailtirestack", "shop", "--subresource=status", "--type=json",
        "-p", json.dumps([{"op": "remove", "path": "/status/rollouts"}]),
    )  # fmt: skip
    lost = [each for each in told(cli, "shop") if each["type"] == "rollout"]
    assert {each["path"] for each in lost} == {"shop/web", "shop/db"}
    for each in lost:
        name = each["path"].rpartition("/")[2]
        assert not each["recorded"]
        assert changes(each) == [(f"containers[{name}].image", f"{WEB}:1", f"{WEB}:2")]
        assert each["time"]
    trees.apply("shop", spec("1"))
    trees.until("both told", lambda: len(rollouts(trees, "shop")) == 2)
    trees.until_ready("shop")
    again = [each for each in told(cli, "shop/web") if each["type"] == "rollout"]
    assert [each["recorded"] for each in again] == [True], "what runs again is told by the status"
    viewer = kubeconfig_of("ailtire-view", control_plane, trees.namespace, tmp_path)
    limited = cli("why", "shop/web", "--kubeconfig", viewer)
    assert limited.code == Exit.DONE, limited.err
    assert f"containers[web].image {WEB}:2 -> {WEB}:1" in limited.out
    assert "note: the answer is not complete, as you may not list replicasets, controllerrevisions, pods" in limited.err


def test_what_somebody_changed_by_hand_is_told_as_put_back(trees: Trees, cli: Cli) -> None:
    trees.apply("shop", {"services": {"web": service(f"{WEB}:1")}})
    trees.until_ready("shop")
    trees.settle()
    trees.kubectl("set", "image", "deployment/shop-web", "web=evil:1", "--field-manager=kubectl-edit")
    (entry,) = trees.until("put back", lambda: rollouts(trees, "shop"))
    assert (entry["cause"], entry["manager"]) == ("PutBack", "kubectl-edit")
    assert changes(entry) == [("containers[web].image", "evil:1", f"{WEB}:1")]
    trees.until_ready("shop")
    assert "put back: changed by kubectl-edit" in cli("why", "shop/web").out


def test_a_pod_that_was_deleted_and_a_container_that_has_ended_are_told(trees: Trees, cli: Cli) -> None:
    trees.apply("shop", {"services": {"web": service(f"{WEB}:1")}})
    trees.until_ready("shop")

    def is_told() -> bool:
        """A pod that is made in the very second in which the rollout was complete may be one of it: once more then."""
        if any("not by a rollout" in each.get("what", "") for each in told(cli, "shop/web")):
            return True
        for name in trees.names("Pod"):
            trees.delete("pod", name)
        return False

    trees.until("the new pod", is_told)
    trees.until("a pod", lambda: any(map(_runs, trees.all_of("Pod"))))
    pod = next(filter(_runs, trees.all_of("Pod")))
    ended = {"exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-01-01T00:00:00Z", "startedAt": None}
    status = pod["status"]["containerStatuses"][0] | {"restartCount": 3, "lastState": {"terminated": ended}}
    trees.plane.kubectl(
        "-n", trees.namespace, "patch", "pod", pod["metadata"]["name"], "--subresource=status", "--type=merge",
        "-p", json.dumps({"status": {"containerStatuses": [status]}}),
    )  # fmt: skip
    text = cli("why", "shop").out
    assert "container web has started again, 3 times in all" in text
    assert "it ended with exit code 137 (OOMKilled)" in text


def _runs(pod: dict[str, Any]) -> bool:
    return "deletionTimestamp" not in pod["metadata"] and bool(pod["status"].get("containerStatuses"))
