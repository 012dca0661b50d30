"""A service that was stopped: its gateway answers 503 until the service is ready again, whatever else changes."""

import json
from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import Ref
from ailtire_operator.reconcile import planner
from support.fake_cluster.records import put
from support.fake_cluster.world import World

GATEWAY = Ref("Deployment", "prod", "shop--gateway")


def spec(stopped: bool, **more: Any) -> dict[str, Any]:
    api = {"image": "api:1", "user": "1000", "interface": {"/api": {"port": 8080}}, "stopped": stopped}
    web = {"image": "web:1", "user": "1000", "interface": {"/web": {"port": 8080}}, **more}
    return {"services": {"api": api, "web": web}}


def answers(world: World) -> str:
    """What the gateway's configuration has for the path of the service."""
    volumes = world.cluster.manifests[GATEWAY]["spec"]["template"]["spec"]["volumes"]
    (name,) = [each["configMap"]["name"] for each in volumes if "configMap" in each]
    text: str = world.cluster.manifests[Ref("ConfigMap", "prod", name)]["data"]["nginx.conf"]
    return "503" if "return 503" in text else "passed"


def noted(world: World) -> Any:
    annotations = world.cluster.manifests[GATEWAY]["metadata"].get("annotations") or {}
    return json.loads(annotations.get(naming.ANNOTATION_STOPPED_ROUTES, "null"))


def settle(world: World, *, ready: bool = True) -> None:
    for _ in range(4):
        world.reconcile()
        world.roll_out()
        if not ready:
            record = world.store.get(Ref("Deployment", "prod", "shop-api"))
            assert record is not None
            record.summary = {**record.summary, "ready": 0, "available": 0}
    world.reconcile()


@pytest.fixture
def world() -> World:
    """Stopped, and started again, with nothing ready yet."""
    world = World()
    world.write(spec(stopped=True))
    settle(world)
    assert (answers(world), noted(world)) == ("503", ["api"])
    world.write(spec(stopped=False))
    settle(world, ready=False)
    return world


def test_the_gateway_goes_on_to_answer_503_until_it_is_ready(world: World) -> None:
    assert (answers(world), noted(world)) == ("503", ["api"])
    assert [each for each in world.cluster.journal if "gateway" in each] == [], "and nothing is written meanwhile"
    settle(world)
    assert (answers(world), noted(world)) == ("passed", None)


def test_the_stack_is_not_ready_before_the_gateway_answers(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a replica becomes ready between the plan of a pass and its status."""
    monkeypatch.setattr(planner, "starting", lambda *_: frozenset({"api"}))
    settle(world)
    world.time += 60
    world.reconcile()
    assert answers(world) == "503"
    assert world.conditions()["Ready"] == ("False", "Progressing")
    assert "answers 503" in world.status()["blocker"]["message"]
    monkeypatch.undo()
    settle(world)
    assert answers(world) == "passed"
    assert world.conditions()["Ready"] == ("True", "Ready")


def test_one_that_never_gets_ready_holds_up_nothing_else(world: World) -> None:
    world.write(spec(stopped=False, interface={"/web": {"port": 8080}, "/more": {"port": 8080}}))
    settle(world, ready=False)
    assert answers(world) == "503"
    volumes = world.cluster.manifests[GATEWAY]["spec"]["template"]["spec"]["volumes"]
    (name,) = [each["configMap"]["name"] for each in volumes if "configMap" in each]
    assert "/more" in world.cluster.manifests[Ref("ConfigMap", "prod", name)]["data"]["nginx.conf"]


def test_a_job_that_was_stopped_is_not_waited_for() -> None:
    """It answers while it runs, and is never ready: its route would stay closed for ever."""
    world = World()
    job = {"deploy": {"mode": "replicatedJob"}}
    for stopped in (True, False):
        definition = spec(stopped=stopped)
        definition["services"]["api"] |= job
        world.write(definition)
        world.reconcile()
        world.reconcile()
        assert answers(world) == ("503" if stopped else "passed")


def test_what_was_ready_once_and_is_not_any_more_is_not_stopped(world: World) -> None:
    settle(world)
    settle(world, ready=False)
    assert answers(world) == "passed"


@pytest.mark.parametrize("text", ["no JSON", "{}", "[1, null]", '["gone"]', '["web"]'])
def test_a_note_that_makes_no_sense_stops_nothing(world: World, text: str) -> None:
    settle(world)
    gateway = world.store.get(GATEWAY)
    assert gateway is not None
    gateway.summary = {**gateway.summary, "stoppedRoutes": text}
    world.write(spec(stopped=False))
    settle(world)
    assert answers(world) == "passed"


def test_a_gateway_without_stopped_routes_has_no_note() -> None:
    world = World()
    world.write(spec(stopped=False))
    settle(world, ready=False)
    assert (answers(world), noted(world)) == ("passed", None)


@pytest.mark.parametrize("stuck", [False, True])
def test_a_service_is_not_kept_running_for_a_gateway_that_cannot_be_replaced(world: World, stuck: bool) -> None:
    settle(world)
    world.write(spec(stopped=True, interface={"/other": {"port": 8080}}))
    world.reconcile()
    gateway = world.store.get(GATEWAY)
    assert gateway is not None
    old = {"replicas": 3, "updated": 1, "ready": 2, "available": 2, "observedGeneration": gateway.generation}
    gateway.summary = {**gateway.summary, **old}
    trouble = {"name": "gateway", "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no image"}}}
    put(
        world.store,
        "Pod",
        "shop--gateway-new",
        labels={naming.LABEL_STACK: "shop", naming.LABEL_COMPONENT: naming.COMPONENT_GATEWAY},
        references=[{"kind": "ReplicaSet", "name": "shop--gateway-new", "uid": "x", "controller": True}],
        status={"phase": "Pending", "containerStatuses": [trouble] if stuck else []},
    )
    world.reconcile()
    api = world.cluster.manifests[Ref("Deployment", "prod", "shop-api")]
    assert (api["spec"]["replicas"] == 0) == stuck


@pytest.mark.parametrize("whole", [False, True])
def test_what_is_stopped_is_not_waited_for(whole: bool) -> None:
    world = World()
    world.write({**spec(stopped=not whole), "stopped": whole})
    settle(world)
    world.time += 60
    world.reconcile()
    assert world.conditions()["Ready"][0] == "True"
    assert answers(world) == "503"
