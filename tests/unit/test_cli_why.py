"""What ``why`` makes of statuses, ReplicaSets, pods and Events."""

from datetime import UTC, datetime
from typing import Any

from ailtire_operator.cli.pod_causes import pod_notes
from ailtire_operator.cli.rollout_history import Template, kept_templates, rollouts
from ailtire_operator.cli.why_view import as_json, newest_first, text

WEB = ("Deployment", "shop-web")
NOW = datetime(2026, 1, 1, 13, 0, tzinfo=UTC)


def at(minute: int) -> str:
    return f"2026-01-01T12:{minute:02}:00Z"


def template(image: str) -> dict[str, Any]:
    return {"spec": {"containers": [{"name": "web", "image": image}]}}


def replica_set(revision: int, minute: int, image: str) -> dict[str, Any]:
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop-web", "controller": True}
    metadata = {
        "name": f"shop-web-{revision}",
        "annotations": {"deployment.kubernetes.io/revision": str(revision)},
        "creationTimestamp": at(minute),
        "ownerReferences": [owner],
    }
    return {"kind": "ReplicaSet", "metadata": metadata, "spec": {"template": template(image)}}


def entry(minute: int, before: str, after: str) -> dict[str, Any]:
    change = {"path": "containers[web].image", "before": before, "after": after, "hidden": False}
    of = {"kind": "Deployment", "name": "shop-web", "service": "web", "rootGeneration": 7, "manager": "flux"}
    return {"time": at(minute), "changes": [change], **of}


def shop(*entries: dict[str, Any]) -> dict[str, Any]:
    services = {"web": {"kind": "Deployment", "name": "shop-web"}}
    return {"metadata": {"name": "shop"}, "status": {"services": services, "rollouts": list(entries)}}


def found(stack: dict[str, Any], *kept: dict[str, Any]) -> list[tuple[bool, str | None]]:
    made = rollouts([stack], {"shop": "shop"}, kept_templates(kept))
    return [(each.entry is not None, each.changes[0].after) for each in newest_first(made)]  # type: ignore[union-attr]


def test_an_entry_of_the_status_tells_of_the_running_template() -> None:
    kept = replica_set(1, 1, "x:1"), replica_set(2, 5, "x:2")
    assert found(shop(entry(5, "x:1", "x:2")), *kept) == [(True, "x:2")]


def test_a_rollout_that_the_status_has_lost_is_told_by_the_templates() -> None:
    kept = replica_set(1, 1, "x:1"), replica_set(2, 5, "x:2"), replica_set(10, 9, "x:3")
    assert found(shop(entry(5, "x:1", "x:2")), *kept) == [(False, "x:3"), (True, "x:2")]
    assert found(shop(), replica_set(1, 1, "x:1")) == [], "the first template is no rollout"


def test_a_template_that_runs_again_has_no_time_of_its_own() -> None:
    kept = replica_set(3, 1, "x:1"), replica_set(2, 5, "x:2")
    stack = shop(entry(9, "x:2", "x:1"), entry(5, "x:1", "x:2"))
    assert found(stack, *kept) == [(True, "x:1"), (True, "x:2")]
    lost = rollouts([shop(entry(5, "x:1", "x:2"))], {"shop": "shop"}, kept_templates(kept))
    assert [(each.entry is None, each.time is None) for each in lost] == [(False, False), (True, True)]


def test_what_is_no_entry_or_no_revision_is_left_out() -> None:
    nonsense = {**replica_set(2, 5, "x:2"), "kind": "ControllerRevision", "revision": "x", "data": None}
    assert found(shop({"time": 7}), nonsense) == []


def test_the_blocks_say_who_asked_and_what_changed() -> None:
    made = newest_first(rollouts([shop(entry(5, "x:1", "x:2"))], {"shop": "shop"}, {}))
    assert text(made, NOW) == [
        "shop/web  55m ago  rollout of Deployment shop-web",
        "  generation 7 of shop, last changed by flux",
        "  containers[web].image x:1 -> x:2",
    ]
    (data,) = as_json(made)
    assert (data["time"], data["manager"], data["rootGeneration"]) == (at(5), "flux", 7)


def pod(minute: int, **status: Any) -> dict[str, Any]:
    return {"metadata": {"name": "shop-web-1-a", "creationTimestamp": at(minute)}, "status": status}


def noted(one: dict[str, Any], *events: dict[str, Any]) -> list[tuple[str, str]]:
    complete = {"type": "Progressing", "reason": "NewReplicaSetAvailable", "lastUpdateTime": at(10)}
    deployment = {"metadata": {"name": "shop-web"}, "status": {"conditions": [complete]}}
    kept = {WEB: [Template(1, None, {})]}
    return [(each.what, each.why) for each in pod_notes([("shop/web", WEB, one)], kept, [deployment], list(events))]


def event(reason: str, name: str, minute: int, message: str) -> dict[str, Any]:
    return {"reason": reason, "involvedObject": {"name": name}, "lastTimestamp": at(minute), "message": message}


def test_a_pod_of_the_rollout_needs_no_explanation() -> None:
    assert noted(pod(9, phase="Running")) == []


def test_a_later_pod_is_explained_by_the_nearest_event_or_by_nothing() -> None:
    ((what, why),) = noted(pod(20, phase="Running"))
    assert (what, "no Event tells" in why) == ("was made, and not by a rollout", True)
    near = event("Evicted", "shop-web-1-b", 19, "low on memory")
    scaled = event("ScalingReplicaSet", "shop-web", 20, "Scaled up")
    other = event("Evicted", "shop-other-b", 20, "of another")
    long_ago = event("Evicted", "shop-web-1-c", 1, "long ago")
    assert noted(pod(20), near, scaled, other, long_ago)[0][1] == "Evicted of shop-web-1-b: low on memory"
    assert noted(pod(20), scaled)[0][1] == "ScalingReplicaSet of shop-web: Scaled up"


def test_what_ended_a_pod_or_a_container_is_told() -> None:
    disrupted = {"type": "DisruptionTarget", "status": "True", "reason": "DeletionByPodGC", "message": "node gone"}
    assert noted(pod(9, conditions=[disrupted])) == [("ends", "its node is gone: node gone")]
    assert noted(pod(9, phase="Failed", reason="Evicted", message="low on disk")) == [
        ("has failed", "Evicted: low on disk")
    ]
    ended = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
    restarted = {"name": "web", "restartCount": 1, "lastState": ended}
    assert noted(pod(9, containerStatuses=[restarted])) == [
        ("container web has started again, 1 time in all", "it ended with exit code 137 (OOMKilled)")
    ]
