"""Who is held, for how long, and what is left alone meanwhile: whole passes without a cluster."""

from typing import Any

from ailtire_operator.cluster.kinds import Ref
from ailtire_operator.cluster.store import Record
from support.fake_cluster.records import change
from support.fake_cluster.world import World

HEALTHY = {"condition": "healthy"}


def service(image: str = "x:1", **fields: Any) -> dict[str, Any]:
    return {"image": image, "user": "1000", **fields}


def stack(services: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"type": "stack", "stack": {"services": services}, **fields}


def pair(web: Any = "x:1", db: Any = "x:1", **fields: Any) -> dict[str, Any]:
    return {"services": {"web": service(web, dependsOn={"db": HEALTHY}, **fields), "db": service(db)}}


def applied(world: World, *kinds: str) -> list[str]:
    return [each for each in world.cluster.journal if each.startswith("apply") and each.split()[1] in kinds]


def found(world: World, kind: str, name: str) -> Record:
    record = world.store.get(Ref(kind, "prod", name))
    assert record is not None
    return record


def test_a_workload_waits_with_its_autoscaler_and_all_else_goes_on() -> None:
    world = World()
    scaled = {"policies": {"scaling": {"min": 2, "max": 9}}, "deploy": {"resources": {"reservations": {"cpu": "1"}}}}
    record = world.write(pair(**scaled))
    done = world.execute(record)
    assert done.waiting["web"].message == "waits for db to be healthy (0/1)"
    assert applied(world, "Deployment", "HorizontalPodAutoscaler") == ["apply Deployment shop-db"]
    assert len(applied(world, "Service")) == 3, "both, and the zone"
    world.roll_out()
    assert not world.execute(record).waiting
    kinds = [each.split()[1] for each in world.cluster.journal]
    assert kinds == ["Deployment", "HorizontalPodAutoscaler"]


def test_what_is_in_sync_does_not_care() -> None:
    world = World()
    record = world.write(pair())
    world.execute(record)
    world.roll_out()
    world.execute(record)
    db = found(world, "Deployment", "shop-db")
    db.summary = {**db.summary, "ready": 0}
    done = world.execute(record)
    assert (world.cluster.journal, done.waiting) == ([], {})


def test_an_update_waits_and_what_runs_keeps_all_it_has() -> None:
    world = World()
    files = {"configs": {"site": {"content": "one"}}}
    mounted = {"configs": {"site": {"target": "/site"}}}
    world.execute(world.write({**pair(**mounted), **files}))
    world.roll_out()
    world.execute(world.write({**pair(**mounted), **files}))
    (config,) = [each.ref.name for each in world.store.of_kind("ConfigMap")]

    changed = {**pair("x:2", "x:2", **mounted), "configs": {"site": {"content": "two"}}}
    record = world.write(changed)
    done = world.execute(record)
    assert done.waiting["web"].message == "waits with its update for db to be healthy (0/1)"
    assert applied(world, "Deployment") == ["apply Deployment shop-db"]
    assert config in [each.ref.name for each in world.store.of_kind("ConfigMap")]
    world.roll_out()
    world.execute(record)
    assert "apply Deployment shop-web" in world.cluster.journal
    world.roll_out()
    world.execute(record)
    assert world.cluster.journal == [f"delete ConfigMap {config}"]


def test_another_kind_of_workload_does_not_take_the_place_of_what_runs_before_its_time() -> None:
    world = World()
    world.execute(world.write(pair()))
    world.roll_out()
    world.execute(world.write(pair()))
    own = {"volumes": {"data": {"source": "d", "target": "/d"}}}
    record = world.write({**pair(db="x:2", **own), "data": {"d": {"perReplica": True}}})
    world.execute(record)
    assert not [each for each in world.cluster.journal if each.startswith("delete")]
    world.roll_out()
    world.execute(record)
    assert [each for each in world.cluster.journal if "shop-web" in each] == [
        "delete Deployment shop-web",
        "apply StatefulSet shop-web",
    ]


def test_a_stack_that_is_to_become_a_service_stays_until_then() -> None:
    world = World()
    api = service(interface={"/": {"port": 80}})
    world.execute(
        world.write({"services": {"web": stack({"api": api}, interface={"/": {"path": "/"}}), "db": service()}})
    )
    record = world.write(pair(ports={"http": {"port": 80}}))
    found(world, "Deployment", "shop-db").summary = {}
    world.execute(record)
    assert not [each for each in world.cluster.journal if "shop-web" in each]
    world.roll_out()
    world.execute(record)
    assert world.cluster.journal[:2] == ["delete AiltireStack shop-web", "apply Service shop-web"]


def test_what_is_let_go_within_a_pass_gets_a_look_of_its_own() -> None:
    world = World()
    world.execute(world.write(pair()))
    world.roll_out()
    world.execute(world.write(pair()))
    labelled = pair("x:2")
    labelled["services"]["db"]["deploy"] = {"labels": {"team": "blue"}}
    world.write(labelled)
    kept = found(world, "Deployment", "shop-db").summary
    world.store.listeners.append(lambda old, new: _keep(new, kept))
    world.reconcile()
    assert ("shop", 0.0) in world.queued
    world.reconcile()
    assert "apply Deployment shop-web" in world.cluster.journal


def _keep(record: Record | None, summary: Any) -> None:
    """The controller has nothing to do about a change of labels, so its counts stay."""
    if record is not None and record.ref.name == "shop-db" and record.ref.kind == "Deployment":
        record.summary = {**summary, "observedGeneration": record.generation}


def tree(**waits: Any) -> dict[str, Any]:
    """A root with two children, the services of one waiting for those of the other."""
    front = stack({"web": service(dependsOn=waits)})
    return {"services": {"orders": stack({"db": service()}), "front": front}}


def grow(world: World, spec: dict[str, Any]) -> None:
    world.write(spec)
    for name in ("shop", "shop-front", "shop-orders", "shop"):
        if world.store.get(Ref("AiltireStack", "prod", name)):
            world.reconcile(name)


def test_across_stacks_the_dependency_is_judged_by_what_its_own_stack_plans() -> None:
    world = World()
    grow(world, tree(**{"orders/db": HEALTHY}))
    front = found(world, "AiltireStack", "shop-front")
    assert world.execute(front).waiting["web"].message == "waits for orders/db to be healthy (0/1)"
    world.woken.clear()
    world.roll_out()
    world.execute(front)
    assert world.cluster.journal == ["apply Deployment shop-front-web"]

    # The root's new definition of orders is not written yet: what runs there is not what is waited for.
    changed = tree(**{"orders/db": HEALTHY})
    changed["services"]["orders"]["stack"]["services"]["db"]["image"] = "x:2"
    world.write(changed)
    found(world, "Deployment", "shop-front-web").owned_hash = "drifted"
    world.cluster._hashes.pop(Ref("Deployment", "prod", "shop-front-web"))
    done = world.execute(front)
    assert done.waiting["web"].message == "waits with its update for orders/db (not updated yet)"


def test_who_waits_is_woken_by_what_it_waits_for_and_by_nothing_once_it_waits_no_more() -> None:
    world = World()
    grow(world, tree(**{"orders/db": HEALTHY}))
    world.woken.clear()
    db = found(world, "Deployment", "shop-orders-db")
    for trigger in world.store.triggers:
        trigger(db, db, None)
    assert world.woken == ["shop-front"]
    world.roll_out()
    world.execute(found(world, "AiltireStack", "shop-front"))
    world.woken.clear()
    for trigger in world.store.triggers:
        trigger(db, db, None)
    assert world.woken == []


def test_an_edit_anywhere_in_the_tree_is_news_to_who_depends_on_something() -> None:
    world = World()
    grow(world, tree(**{"orders/db": HEALTHY}))
    world.roll_out()
    world.execute(found(world, "AiltireStack", "shop-front"))
    orders = found(world, "AiltireStack", "shop-orders")
    world.woken.clear()
    world.write(tree())
    assert world.woken == ["shop-front"]
    for trigger in world.store.triggers:
        trigger(orders, None, None)
    assert world.woken == ["shop-front", "shop-front"]
    front = found(world, "AiltireStack", "shop-front")
    world.store.remove(front.ref, front.uid)
    world.woken.clear()
    world.write(tree())
    assert world.woken == []


def test_a_circle_is_told_although_nothing_has_to_be_written() -> None:
    world = World()
    grow(world, tree(**{"orders/db": HEALTHY}))
    world.roll_out()
    grow(world, tree(**{"orders/db": HEALTHY}))
    spec = tree(**{"orders/db": HEALTHY})
    spec["services"]["orders"]["stack"]["services"]["db"]["dependsOn"] = {"front/web": {}}
    grow(world, spec)
    assert world.conditions("shop-orders")["Stalled"] == ("True", "DependencyCycle")
    grow(world, tree(**{"orders/db": HEALTHY}))
    assert world.conditions("shop-orders")["Ready"] == ("True", "Ready")


def test_a_path_to_nothing_is_for_its_author_to_mend_and_stops_nobody_else() -> None:
    world = World()
    spec = tree(**{"orders/gone": HEALTHY})
    spec["services"]["front"]["stack"]["services"]["other"] = service()
    grow(world, spec)
    assert world.conditions("shop-front")["Stalled"] == ("True", "DependencyMissing")
    status = world.status("shop-front")
    (stalled,) = [each["message"] for each in status["conditions"] if each["type"] == "Stalled"]
    assert stalled.startswith(
        'service web: DependencyMissing: spec.services.web.dependsOn["orders/gone"]: the tree has no'
    )
    assert world.store.get(Ref("Deployment", "prod", "shop-front-other"))
    assert not world.store.get(Ref("Deployment", "prod", "shop-front-web"))


def test_what_is_not_required_is_waited_for_only_where_it_exists() -> None:
    world = World()
    grow(world, tree(**{"orders/gone": {**HEALTHY, "required": False}}))
    assert world.store.get(Ref("Deployment", "prod", "shop-front-web"))
    world.time += 10
    world.reconcile("shop-front")
    (notice,) = world.status("shop-front")["translation"]["notices"]
    assert notice["path"] == 'spec.services.web.dependsOn["orders/gone"]'
    world = World()
    grow(world, tree(**{"orders/db": {**HEALTHY, "required": False}}))
    assert not world.store.get(Ref("Deployment", "prod", "shop-front-web"))


def test_a_circle_through_the_tree_is_told_on_all_its_members() -> None:
    world = World()
    spec = tree(**{"orders/db": HEALTHY})
    spec["services"]["orders"]["stack"]["services"]["db"]["dependsOn"] = {"front/web": {}}
    grow(world, spec)
    for name in ("shop-front", "shop-orders"):
        assert world.conditions(name)["Stalled"] == ("True", "DependencyCycle")
    assert "front/web -> orders/db -> front/web" in str(world.status("shop-front"))


def test_a_child_stack_is_held_as_a_whole() -> None:
    world = World()
    spec = {"services": {"db": service(), "front": stack({"web": service()}, dependsOn={"db": HEALTHY})}}
    world.write(spec)
    world.reconcile()
    world.time += 10
    world.reconcile()
    assert not world.store.get(Ref("AiltireStack", "prod", "shop-front"))
    front = world.status()["stacks"]["front"]
    assert (front["reason"], front["message"]) == ("Waiting", "stack waits for db to be healthy (0/1)")
    world.roll_out()
    world.reconcile()
    assert world.store.get(Ref("AiltireStack", "prod", "shop-front"))


def test_who_waits_for_a_stack_waits_until_it_is_ready_in_its_current_definition() -> None:
    world = World()
    spec = {"services": {"web": service(dependsOn={"orders": HEALTHY}), "orders": stack({"db": service()})}}
    grow(world, spec)
    assert not world.store.get(Ref("Deployment", "prod", "shop-web"))
    world.roll_out()
    world.reconcile("shop-orders")
    world.reconcile()
    assert world.store.get(Ref("Deployment", "prod", "shop-web"))


def test_in_a_suspended_stack_what_runs_is_taken_as_it_is() -> None:
    world = World()
    grow(world, {"services": {"orders": stack({"db": service()})}})
    world.roll_out()
    spec = tree(**{"orders/db": HEALTHY})
    spec["services"]["orders"]["stack"]["suspend"] = True
    spec["services"]["orders"]["stack"]["services"]["db"]["image"] = "x:2"
    grow(world, spec)
    assert world.store.get(Ref("Deployment", "prod", "shop-front-web"))

    world = World()
    spec["services"]["orders"]["stack"]["services"] = {"db": service()}
    grow(world, spec)
    held = world.execute(found(world, "AiltireStack", "shop-front")).waiting["web"]
    assert held.message == "waits for orders/db to be healthy (not created yet), whose stack is suspended"


def run(world: World, spec: dict[str, Any]) -> None:
    """Bring the tree of the root to its definition, with a pod for every replica that is asked for."""
    names = ("shop", "shop-orders", "shop-front")
    for _ in range(4):
        world.write(spec)
        for name in names:
            if world.store.get(Ref("AiltireStack", "prod", name)):
                look(world, name)
        world.roll_out()


def look(world: World, *names: str) -> None:
    """Reconcile some stacks, each long after what was written before."""
    for name in names:
        world.time += 60
        world.reconcile(name)


def replicas(world: World) -> dict[str, int]:
    return {
        ref.name: each["spec"]["replicas"] for ref, each in world.cluster.manifests.items() if ref.kind == "Deployment"
    }


def test_what_others_depend_on_stops_after_their_pods_have_ended() -> None:
    world = World()
    spec = tree(**{"orders/db": HEALTHY})
    run(world, spec)
    last = found(world, "Pod", "shop-front-web-ready-0")
    world.write({**spec, "stopped": True})
    look(world, "shop", "shop-orders", "shop-front", "shop-orders", "shop-front")
    assert replicas(world) == {"shop-orders-db": 1, "shop-front-web": 0}
    held = world.execute(found(world, "AiltireStack", "shop-orders")).waiting["db"]
    assert held.message == "waits to stop for front/web (1 pod left)"
    assert world.conditions("shop-front")["Ready"] == ("False", "Stopping")

    # A pod that is being deleted has not ended; when it has, that wakes the stack that waits for it.
    last = change(world.store, last, deleting=True)
    look(world, "shop-orders")
    assert replicas(world)["shop-orders-db"] == 1
    world.woken.clear()
    world.store.remove(last.ref, last.uid)
    assert "shop-orders" in world.woken
    world.roll_out()
    look(world, "shop-orders", "shop-front", "shop")
    assert replicas(world) == {"shop-orders-db": 0, "shop-front-web": 0}
    world.roll_out()
    look(world, "shop-orders", "shop-front", "shop")
    assert world.conditions() == {**world.conditions(), "Ready": ("True", "Stopped"), "Stopped": ("True", "Stopped")}
    assert world.status()["ready"] == "Stopped"
    assert world.status()["counts"]["stacksStopped"] == 2
    world.reconcile()
    assert world.cluster.journal == []


def test_who_is_not_to_stop_or_is_left_alone_is_not_waited_for() -> None:
    for field in ({}, {"suspend": True}):
        world = World()
        spec = tree(**{"orders/db": HEALTHY})
        run(world, spec)
        spec["services"]["front"]["stack"] |= field
        run(world, spec)
        world.write(
            {**spec, "stopped": True}
            if field
            else {"services": {**spec["services"], "orders": {**spec["services"]["orders"], "stopped": True}}}
        )
        look(world, "shop", "shop-orders")
        assert replicas(world) == {"shop-orders-db": 0, "shop-front-web": 1}


def test_an_update_waits_while_what_it_depends_on_is_stopped_and_what_runs_runs_on() -> None:
    world = World()
    spec = pair()
    run(world, spec)
    spec["services"]["db"]["stopped"] = True
    run(world, spec)
    assert replicas(world) == {"shop-db": 0, "shop-web": 1}
    assert world.conditions()["Ready"] == ("True", "Ready")
    spec["services"]["web"]["image"] = "x:2"
    done = world.execute(world.write(spec))
    assert done.waiting["web"].message == "waits with its update for db (it is stopped)"
    del spec["services"]["db"]["stopped"]
    run(world, spec)
    assert replicas(world) == {"shop-db": 1, "shop-web": 1}


def test_a_stack_that_its_own_definition_stops_is_not_there_for_who_depends_on_it() -> None:
    world = World()
    orders = stack({"db": service()})
    orders["stack"]["stopped"] = True
    grow(world, {"services": {"web": service(dependsOn={"orders": HEALTHY}), "orders": orders}})
    assert (
        world.execute(found(world, "AiltireStack", "shop")).waiting["web"].message == "waits for orders (it is stopped)"
    )


def test_a_service_whose_update_has_failed_is_stopped_as_any_other() -> None:
    world = World()
    update: dict[str, Any] = {"deploy": {"updateConfig": {"failureAction": "pause"}}}
    run(world, {"services": {"web": service(**update)}})
    run(world, {"services": {"web": service("x:2", stopped=True, **update)}})
    assert world.conditions()["Ready"] == ("True", "Ready")
    assert replicas(world) == {"shop-web": 0}
