"""A service that is stopped and started again, and its gateway."""

from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import Ref
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


def settle(world: World, *, ready: bool = True) -> None:
    for _ in range(4):
        world.reconcile()
        world.roll_out()
        if not ready:
            record = world.store.get(Ref("Deployment", "prod", "shop-api"))
            assert record is not None
            record.summary = {**record.summary, "ready": 0, "available": 0}
    world.reconcile()


def test_the_gateway_passes_requests_again_with_the_first_reconcile() -> None:
    world = World()
    world.write(spec(stopped=True))
    settle(world)
    assert answers(world) == "503"
    world.write(spec(stopped=False))
    settle(world, ready=False)
    assert answers(world) == "passed"


@pytest.mark.parametrize("stuck", [False, True])
def test_a_service_is_not_kept_running_for_a_gateway_that_cannot_be_replaced(stuck: bool) -> None:
    world = World()
    world.write(spec(stopped=False))
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
