"""What ``diff`` says of changes that would wait for others: in the words of the operator's own gate."""

import json
from copy import deepcopy
from typing import Any

from ailtire_operator import naming
from ailtire_operator.cli.definitions import Definitions
from ailtire_operator.cli.diff_formats import formatted
from ailtire_operator.cli.differences import Action, Difference, summary
from ailtire_operator.cli.formats import DiffFormat
from ailtire_operator.cli.held_back import HeldBackPreview
from ailtire_operator.cli.previews import Preview
from ailtire_operator.cluster.kinds import Ref
from ailtire_operator.cluster.store import Store
from ailtire_operator.model.loading import parse_stack
from ailtire_operator.model.stack import Stack
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Observed
from ailtire_operator.reconcile.planner import Planned
from ailtire_operator.reconcile.pruning import owned
from support.definitions.stacks import SETTINGS
from support.fake_cluster.world import World

Json = dict[str, Any]
HEALTHY: Json = {"condition": "healthy"}
KINDS = ("AiltireStack", "Deployment", "Pod", "Service", "NetworkPolicy")


def service(image: str = "x:1", **fields: Any) -> Json:
    return {"image": image, "user": "1000", **fields}


def nested(services: Json, **fields: Any) -> Json:
    return {"type": "stack", "stack": {"services": services}, **fields}


def make(stack: Stack) -> Planned:
    made = plan(stack, SETTINGS, Observed())
    return Planned(made, {Ref.of(each): each for each in (owned(each, stack) for each in made.objects)}, None)


def reasons(world: World, spec: Json) -> dict[str, str]:
    """By kind and name: what would wait if the stack ``shop`` of the world became this one."""
    store = Store()
    preview = HeldBackPreview(store, make)
    for kind in KINDS:
        for record in world.store.of_kind(kind):
            store.offer(record)
    live = store.get(Ref(naming.KIND, "prod", "shop"))
    root = {
        "apiVersion": naming.API_VERSION,
        "kind": naming.KIND,
        "metadata": {"name": "shop", "namespace": "prod", "uid": live.uid if live else ""},
        "spec": spec,
    }
    plans, waiting = dict[str, Planned](), [parse_stack(root)]
    while waiting:
        stack = waiting.pop()
        planned = plans[stack.name] = make(stack)
        for ref, manifest in planned.manifests.items():
            if ref.kind == naming.KIND:
                known = store.get(ref)
                waiting.append(parse_stack(manifest).model_copy(update={"uid": known.uid if known else ""}))
    found = preview.reasons([root], [Ref(naming.KIND, "prod", "shop")], plans)
    return {str(ref): reason for ref, reason in found.items()}


def running(spec: Json, *names: str) -> World:
    """A tree that has come to rest."""
    world = World()
    world.write(deepcopy(spec))
    for _ in range(3):
        for name in ("shop", *names):
            world.reconcile(name)
        world.roll_out()
        world.time += 60
    return world


def pair(web: str = "x:1", db: str = "x:1") -> Json:
    return {"services": {"web": service(web, dependsOn={"db": HEALTHY}), "db": service(db)}}


def test_a_new_stack_waits_for_what_does_not_exist_yet() -> None:
    assert reasons(World(), pair()) == {"Deployment shop-web": "waits for db to be healthy (not created yet)"}


def test_an_update_waits_for_what_changes_with_it_and_for_nothing_else() -> None:
    world = running(pair())
    assert reasons(world, pair()) == {}
    assert reasons(world, pair(web="x:2")) == {}
    held = {"Deployment shop-web": "waits with its update for db to be healthy (not updated yet)"}
    assert reasons(world, pair(web="x:2", db="x:2")) == held


def across() -> Json:
    front = nested({"web": service(dependsOn={"orders/db": HEALTHY})})
    return {"services": {"orders": nested({"db": service()}), "front": front}}


def test_across_stacks_the_definitions_count_as_written() -> None:
    spec = across()
    world = running(spec, "shop-front", "shop-orders")
    spec["services"]["front"]["stack"]["services"]["web"]["image"] = "x:2"
    assert reasons(world, spec) == {}
    spec["services"]["orders"]["stack"]["services"]["other"] = service()
    assert reasons(world, spec) == {}, "the stack changes, and what is depended on does not"
    spec["services"]["orders"]["stack"]["services"]["db"]["image"] = "x:2"
    held = {"Deployment shop-front-web": "waits with its update for orders/db to be healthy (not updated yet)"}
    assert reasons(world, spec) == held


def test_what_is_in_a_stack_that_waits_waits_with_it() -> None:
    spec: Json = {"services": {"db": service(), "front": nested({"web": service()}, dependsOn={"db": HEALTHY})}}
    found = reasons(World(), spec)
    assert set(found.values()) == {"stack waits for db to be healthy (not created yet)"}
    assert {"AiltireStack shop-front", "Deployment shop-front-web", "Service shop-front-web"} <= found.keys()
    assert "Deployment shop-db" not in found


def test_a_circle_is_told_before_it_is_applied() -> None:
    spec = across()
    spec["services"]["orders"]["stack"]["services"]["db"]["dependsOn"] = {"front/web": HEALTHY}
    found = reasons(World(), spec)
    assert found["Deployment shop-front-web"].startswith("DependencyCycle: spec.services.web.dependsOn")


def test_it_is_shown_with_the_difference() -> None:
    change = Difference(Ref("Deployment", "prod", "shop-web"), Action.CREATE, None, {}, held="waits for db")
    assert list(change.unified())[1] == "# held back: waits for db"
    assert change.to_json()["heldBack"] == "waits for db"
    (result,) = json.loads(formatted(DiffFormat.SARIF, [change], Preview(), Definitions()))["runs"][0]["results"]
    assert result["message"]["text"] == "would be created; held back: waits for db"
    assert summary([change]) == "would be: 1 created; held back: 1"
