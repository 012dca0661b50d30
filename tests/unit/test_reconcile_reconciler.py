"""One look at a stack, from the store to the status: what is said when, and what is never written."""

from typing import Any

import pytest

from ailtire_operator.cluster.errors import Conflict, Denied, NotFound, NotLeader, Unavailable
from ailtire_operator.cluster.kinds import Ref
from ailtire_operator.model.nesting import TooDeep
from ailtire_operator.reconcile.plan_inputs import MemberAddresses
from ailtire_operator.reconcile.queue import Outcome
from ailtire_operator.reconcile.status_throttle import FIRST, MOMENT
from ailtire_operator.reconcile.warning_events import PATIENCE, PAUSE
from support.fake_cluster.records import child, pod, put, stack
from support.fake_cluster.world import World

WEB: dict[str, Any] = {"image": "x:1", "user": "1000"}
SPEC: dict[str, Any] = {"services": {"web": WEB}}


@pytest.fixture
def world() -> World:
    return World()


def ready(world: World, spec: dict[str, Any]) -> None:
    """Bring a stack up."""
    world.write(spec)
    world.reconcile()
    world.roll_out()
    assert world.reconcile() is Outcome.DONE
    assert world.conditions()["Ready"] == ("True", "Ready")


def test_a_new_stack_is_told_of_once_it_is_ready(world: World) -> None:
    world.write(SPEC)
    assert world.reconcile() is Outcome.DONE
    assert ("shop", FIRST) in world.queued
    assert "status AiltireStack shop" not in world.cluster.journal
    world.roll_out()
    world.reconcile()
    assert world.cluster.journal == [
        "apply ControllerRevision shop--revision-1",
        "status AiltireStack shop",
        "event Ready AiltireStack shop",
    ]
    world.reconcile()
    assert world.cluster.journal == []


def test_a_new_stack_that_takes_its_time_is_told_of_too(world: World) -> None:
    world.write(SPEC)
    world.reconcile()
    world.time += MOMENT
    world.reconcile()
    assert world.cluster.journal == ["status AiltireStack shop"]
    assert world.conditions()["Reconciling"] == ("True", "Progressing")


def test_what_is_gone_is_forgotten(world: World) -> None:
    assert world.reconcile() is Outcome.DONE
    assert world.queued == [("forget shop", 0)]


def test_what_leaves_is_not_written_to(world: World) -> None:
    world.write(SPEC, deleting=True)
    assert world.reconcile() is Outcome.DONE
    assert world.cluster.journal == []


def test_what_passes_is_not_told_at_once_and_does_not_count_as_ready(world: World) -> None:
    ready(world, SPEC)
    world.write({"services": {"web": {**WEB, "image": "x:2"}}})
    world.cluster.refuses = {"apply Deployment shop-web": Unavailable("later")}
    assert world.reconcile() is Outcome.BUSY
    assert world.cluster.journal == []
    world.failures = 3
    assert world.reconcile() is Outcome.BUSY
    assert world.conditions()["Ready"] == ("False", "Progressing")
    assert "Deployment shop-web is not written yet: later" in world.status()["conditions"][0]["message"]


def test_what_was_refused_is_told_at_once(world: World) -> None:
    world.write(SPEC)
    world.cluster.refuses = {"apply NetworkPolicy shop--siblings--members": Denied("admission says no")}
    assert world.reconcile() is Outcome.FAILED
    assert world.conditions()["Stalled"] == ("True", "RefusedByAdmission")
    assert world.reconcile(retry_refused=False) is Outcome.WAITING
    world.cluster.refuses = {}
    world.roll_out()
    assert world.reconcile() is Outcome.DONE
    assert "Stalled" not in world.conditions()


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Unavailable("down"), Outcome.BUSY),
        (Conflict("another"), Outcome.BUSY),
        (NotFound("gone"), Outcome.BUSY),
        (Denied("no"), Outcome.FAILED),
    ],
)
def test_a_status_that_cannot_be_written_is_tried_again(world: World, error: Any, outcome: Outcome) -> None:
    world.write(SPEC)
    world.reconcile()
    world.roll_out()
    world.cluster.refuses = {"status AiltireStack shop": error}
    assert world.reconcile() is outcome


def test_who_no_longer_leads_stops(world: World) -> None:
    world.write(SPEC)

    async def refuse(*_: Any, **__: Any) -> None:
        raise NotLeader

    world.cluster.apply = refuse  # type: ignore[assignment, method-assign]
    assert world.reconcile() is Outcome.BUSY


def test_a_bad_edit_leaves_what_runs_and_a_good_one_goes_on(world: World) -> None:
    ready(world, SPEC)
    world.write({"services": {"web": {**WEB, "image": 1}}})
    assert world.reconcile() is Outcome.DONE
    assert world.cluster.journal == ["status AiltireStack shop", "event InvalidSpec AiltireStack shop"]
    status = world.status()
    assert status["observedGeneration"] == 2
    assert status["services"]["web"]["ready"] == 1
    assert "spec.services.web.image" in status["conditions"][0]["message"]
    world.write(SPEC)
    world.reconcile()
    assert world.conditions()["Ready"] == ("True", "Ready")


def test_a_suspended_stack_is_left_alone(world: World) -> None:
    ready(world, SPEC)
    world.write({"services": {"web": {**WEB, "image": "x:2"}}, "suspend": True})
    world.reconcile()
    assert world.cluster.journal == ["status AiltireStack shop", "event Suspended AiltireStack shop"]
    assert world.conditions()["Ready"] == ("True", "Ready")


def test_a_suspended_stack_that_is_wrong_says_so(world: World) -> None:
    world.write({"services": {"web": {}}, "suspend": True})
    world.reconcile()
    assert world.conditions()["Stalled"] == ("True", "InvalidSpec")


def test_a_place_of_ones_own_stalls(world: World) -> None:
    world.write({**SPEC, "place": {"parent": "x"}})
    world.reconcile()
    assert world.cluster.journal == ["status AiltireStack shop", "event NotPlaced AiltireStack shop"]


def test_a_template_is_checked_on_all_levels(world: World) -> None:
    inner: dict[str, Any] = {"type": "stack", "stack": {"services": {"x": {"image": 1}}}}
    world.write({"templateOnly": True, "services": {"a": inner}})
    world.reconcile()
    assert world.conditions()["Stalled"] == ("True", "InvalidSpec")
    world.write({"templateOnly": True, "services": {"a": {**inner, "stack": {"services": {"x": WEB}}}}})
    world.reconcile()
    assert world.conditions() == {"Ready": ("True", "Template")}
    assert world.cluster.journal[0] == "status AiltireStack shop"
    assert not any(entry.startswith("apply") for entry in world.cluster.journal)


def test_a_template_that_is_not_valid_is_not_called_missing(world: World) -> None:
    stack(world.store, "tpl", {"templateOnly": True, "services": {"x": {"image": 1}}})
    world.write({"services": {"a": {"type": "stack", "stackRef": {"name": "tpl"}}}})
    world.reconcile()
    assert world.conditions()["Ready"] == ("False", "TemplateInvalid")
    assert world.conditions()["ReferencesResolved"] == ("False", "TemplateMissing")


def test_definitions_are_parsed_anew_for_every_generation(world: World) -> None:
    first = world.definitions.stack(world.write(SPEC))
    again = world.store.get(Ref("AiltireStack", "prod", "shop"))
    assert again is not None
    assert world.definitions.stack(again).spec is first.spec
    assert world.definitions.stack(world.write({"services": {}})).spec is not first.spec
    templates = world.definitions.templates("prod")
    assert world.definitions.templates("prod") is templates
    record = stack(world.store, "tpl", {"templateOnly": True})
    assert set(world.definitions.templates("prod")) == {"tpl"}
    stack(world.store, "tpl", {"template": False}, generation=2)
    assert set(world.definitions.templates("prod")) == set()
    world.store.remove(record.ref)


def test_silence_is_asked_about_after_a_while_and_not_too_often(world: World) -> None:
    mounts = {"d": {"source": "d", "target": "/d"}}
    world.write({"services": {"db": {**WEB, "volumes": mounts}}, "data": {"d": {"perReplica": True}}})
    world.reconcile()
    assert (world.explanations, ("shop", PATIENCE) in world.queued) == ([], True)
    world.time += PATIENCE
    world.answer = ("FailedCreate", "exceeded quota: q")
    world.reconcile()
    assert world.explanations == ["StatefulSet shop-db"]
    assert world.conditions()["Ready"] == ("False", "QuotaExceeded")
    world.time += PAUSE / 2
    world.reconcile()
    assert len(world.explanations) == 1
    world.time += PAUSE
    world.reconcile()
    assert len(world.explanations) == 2


def test_addresses_are_those_of_our_own_and_remember_what_was_asked(world: World) -> None:
    root = world.write({"services": {"a": {"type": "stack", "stack": {}}}})
    inner = child(world.store, root, "a")
    addresses = MemberAddresses(world.store, "prod")
    assert addresses.get("shop-web", ()) == ()
    assert addresses.still_true()
    put(world.store, "Service", "shop-web", owner=root, spec={"clusterIPs": ["10.0.0.1", "fd00::1"]})
    assert not addresses.still_true()
    put(world.store, "Service", "foreign", spec={"clusterIPs": ["10.0.0.2"]})
    labels = {"ailtire.io/stack": "shop-a", "ailtire.io/service": "db"}
    put(world.store, "Service", "shop-a-db", owner=inner, labels=labels, spec={"clusterIPs": ["None"]})
    for name, is_ready, ip in (("p2", True, "10.1.0.2"), ("p1", True, "10.1.0.1"), ("p3", False, "10.1.0.3")):
        pod(world.store, "shop-a", "db", name, ready=is_ready, ip=ip)
    pod(world.store, "shop-a", "other", "p4", ip="10.1.0.4")
    found = MemberAddresses(world.store, "prod")
    assert found["shop-web"] == ("10.0.0.1", "fd00::1")
    assert found["shop-a-db"] == ("10.1.0.1", "10.1.0.2")
    assert found.get("foreign") is None
    assert "foreign" not in found
    assert set(found) == {"shop-web", "shop-a-db"}
    assert len(found) == 2
    pod(world.store, "shop-a", "db", "p3", ready=True, ip="10.1.0.3")
    assert not found.still_true()


DEEP = TooDeep({"services": {"web": {"image": "x:2"}}}, ("services", "web", "stack", 0))


def test_a_definition_that_cannot_be_read_is_told_of_and_touches_nothing_that_runs(world: World) -> None:
    world.write({"services": {**SPEC["services"], "cpl": {"type": "stack", "stack": SPEC}}})
    world.reconcile()
    world.roll_out()
    running = {each.ref for each in world.store.of_kind("Deployment")}
    record = world.write(DEEP)
    assert world.reconcile() is Outcome.DONE
    assert {line.split()[0] for line in world.cluster.journal} == {"status", "event"}
    assert running
    assert {each.ref for each in world.store.of_kind("Deployment")} == running
    assert world.conditions()["Stalled"] == ("True", "InvalidSpec")
    assert world.conditions()["Ready"] == ("False", "InvalidSpec")
    assert world.status()["observedGeneration"] == record.generation
    assert "spec.services.web.stack[0]: nested more than 128 levels deep" in str(world.status()["conditions"])
    assert set(world.status()["services"]) == {"web"}
    assert set(world.status()["stacks"]) == {"cpl"}
    world.reconcile()
    assert world.cluster.journal == []
    world.write(SPEC)
    world.reconcile()
    world.roll_out()
    world.reconcile()
    assert world.conditions()["Ready"] == ("True", "Ready")


@pytest.mark.parametrize("field", ["template", "suspend"])
def test_a_definition_that_cannot_be_read_is_told_of_where_it_is_not_run(world: World, field: str) -> None:
    world.write(TooDeep({**DEEP, field: True}, DEEP.location))
    assert world.reconcile() is Outcome.DONE
    assert world.conditions()["Stalled"] == ("True", "InvalidSpec")
    assert not any(line.startswith("apply") for line in world.cluster.journal)


def test_a_child_that_cannot_be_read_stalls_its_parent_and_is_put_right_by_it(world: World) -> None:
    root = world.write({"services": {"cpl": {"type": "stack", "stack": SPEC}}})
    world.reconcile()
    live = world.store.get(Ref("AiltireStack", "prod", "shop-cpl"))
    assert live is not None
    spec = {**live.summary["spec"], "services": {"web": WEB, "more": {"type": "stack"}}}
    put(
        world.store,
        "AiltireStack",
        "shop-cpl",
        owner=root,
        uid=live.uid,
        generation=2,
        spec=TooDeep(spec, ("services", "more", "stack")),
    )
    world.reconcile("shop-cpl")
    assert world.conditions("shop-cpl")["Stalled"] == ("True", "InvalidSpec")
    world.reconcile()
    assert world.cluster.journal == [
        "remove /services/more AiltireStack shop-cpl",
        "status AiltireStack shop",
        "event InvalidSpec AiltireStack shop",
    ]
    assert world.conditions()["Ready"] == ("False", "InvalidSpec")
