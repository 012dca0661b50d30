"""The order of a pass and its two gates, with an API server that refuses whatever the test wants refused."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ailtire_operator.cluster.errors import ClusterError, Conflict, Denied, Invalid, Unavailable
from ailtire_operator.cluster.kinds import Ref
from ailtire_operator.cluster.store import Record
from ailtire_operator.reconcile import executor, planner
from ailtire_operator.reconcile.dependency_gate import DependencyGate
from ailtire_operator.reconcile.planner import Planner
from support.definitions.stacks import full_spec
from support.fake_cluster.records import change, put
from support.fake_cluster.world import World

ERRORS: list[ClusterError] = [Denied("no"), Invalid("no"), Conflict("no"), Unavailable("no")]


def small(**services: Any) -> dict[str, Any]:
    return {"services": {key: {"image": "x:1", "user": "1000", **fields} for key, fields in services.items()}}


def test_services_first_autoscalers_last_and_a_second_pass_does_nothing() -> None:
    world = World()
    record = world.write(full_spec())
    assert not world.execute(record).problems
    kinds = [entry.split()[1] for entry in world.cluster.journal]
    services = kinds.count("Service")
    assert set(kinds[:services]) == {"Service"}
    assert kinds[-1] == "HorizontalPodAutoscaler"
    assert not world.execute(record).problems
    assert world.cluster.journal == []


def test_what_leaves_the_plan_is_deleted_after_everything_else() -> None:
    world = World()
    world.execute(world.write(small(web={}, old={})))
    world.execute(world.write(small(web={"image": "x:2"})))
    first, *rest = world.cluster.journal
    assert first == "apply Deployment shop-web"
    assert sorted(rest) == ["delete Deployment shop-old", "delete Service shop-old"]


def test_a_refused_object_is_not_sent_again_for_a_change_of_status() -> None:
    world = World()
    record = world.write(small(web={}, other={}))
    world.cluster.refuses = {"apply Deployment shop-web": Denied("quota")}
    assert len(world.execute(record).problems) == 1
    world.cluster.refuses.clear()
    found = world.execute(record, retry_refused=False)
    assert (world.cluster.journal, len(found.problems)) == ([], 1)
    assert not world.execute(record, retry_refused=True).problems
    assert world.cluster.journal == ["apply Deployment shop-web"]


def test_an_edit_is_tried_at_once_although_the_former_was_refused() -> None:
    world = World()
    world.cluster.refuses = {"apply Deployment shop-web": Denied("quota")}
    world.execute(world.write(small(web={})))
    world.cluster.refuses.clear()
    assert not world.execute(world.write(small(web={"image": "x:2"})), retry_refused=False).problems


def test_replicas_change_hands_before_the_autoscaler_comes() -> None:
    world = World()
    world.execute(world.write(small(web={"deploy": {"replicas": 5}})))
    scaled = {"policies": {"scaling": {"min": 2, "max": 9}}, "deploy": {"resources": {"reservations": {"cpu": "1"}}}}
    record = world.write(small(web=scaled))
    world.execute(record)
    journal = world.cluster.journal
    order = [
        "hand over 5 Deployment shop-web",
        "apply Deployment shop-web",
        "apply HorizontalPodAutoscaler shop-web",
    ]
    assert [each for each in journal if each in order] == order
    world.execute(world.write(small(web={**scaled, "image": "x:2"})))
    assert world.cluster.journal == ["apply Deployment shop-web"]


@pytest.mark.parametrize("count", [0, 1, 4])
def test_what_an_autoscaler_scales_is_left_to_it_unless_somebody_has_scaled_it_to_zero(count: int) -> None:
    world = World()
    record = world.write(small(web={"policies": {"scaling": {"min": 2, "max": 9}}}))
    world.execute(record)
    live = world.store.get(Ref("Deployment", "prod", "shop-web"))
    assert live is not None
    change(world.store, live, summary={**live.summary, "specReplicas": count})
    world.execute(record)
    put_back = ["hand over 1 Deployment shop-web", "apply Deployment shop-web"]
    assert world.cluster.journal == ([] if count else put_back)


def test_an_autoscaler_waits_while_its_workload_still_holds_the_count() -> None:
    world = World()
    world.execute(world.write(small(web={"deploy": {"replicas": 5}})))
    world.cluster.refuses = {"apply Deployment shop-web": Unavailable("later")}
    record = world.write(small(web={"policies": {"scaling": {"min": 2, "max": 9}}}))
    world.execute(record)
    assert "apply HorizontalPodAutoscaler shop-web" not in world.cluster.journal
    world.cluster.refuses.clear()
    world.execute(record)
    assert "hand over 5 Deployment shop-web" in world.cluster.journal


def test_what_others_add_to_a_child_is_taken_away() -> None:
    world = World()
    nested = {"services": {"a": {"type": "stack", "stack": {"services": {}}}}}
    record = world.write(nested)
    world.execute(record)
    child = world.store.get(Ref("AiltireStack", "prod", "shop-a"))
    assert child is not None
    kept = child.owned_hash
    changed = put(
        world.store,
        "AiltireStack",
        "shop-a",
        labels=child.labels,
        references=list(child.summary["ownerReferences"]),
        spec={**child.summary["spec"], "suspend": True},
    )
    changed.owned_hash = kept
    world.execute(record)
    assert world.cluster.journal == ["remove /suspend AiltireStack shop-a"]


def test_a_plan_with_a_wrong_child_prunes_nothing() -> None:
    world = World()
    world.execute(world.write(small(web={}, old={})))
    bad = {**small(web={})["services"], "a": {"type": "stack", "stack": {"services": {"x": {"image": 1}}}}}
    found = world.execute(world.write({"services": bad}))
    assert found.plan.children["a"].problem
    assert world.cluster.journal == []


def _refs() -> list[str]:
    world = World()
    world.execute(world.write(full_spec()))
    return sorted({*world.cluster.journal})


APPLIES = _refs()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.dictionaries(st.sampled_from(APPLIES), st.sampled_from(ERRORS), max_size=6), min_size=1, max_size=4),
    st.booleans(),
)
def test_no_interleaving_of_failures_ever_prunes(rounds: list[dict[str, ClusterError]], retry_refused: bool) -> None:
    """Deletes come only in a pass in which nothing failed; once nothing fails, exactly the leftovers are gone."""
    world = World()
    spec = full_spec()
    spec["services"]["leftover"] = {"image": "x:1", "user": "1000", "ports": {"p": {"port": 1}}}
    world.execute(world.write(spec))
    del spec["services"]["leftover"]
    spec["services"]["web"]["environment"]["NEW"] = "1"
    record = world.write(spec)
    for refuses in rounds:
        world.cluster.refuses = dict(refuses)
        found = world.execute(record, retry_refused=retry_refused)
        deleted = [entry for entry in world.cluster.journal if entry.startswith("delete")]
        assert not (deleted and found.problems)
    world.cluster.refuses = {}
    assert not world.execute(record).problems
    left = {str(each.ref) for each in world.store.owned_by("prod", record.uid)}
    assert not any("leftover" in each for each in left)
    assert {entry.removeprefix("apply ") for entry in APPLIES} - left <= {"PersistentVolumeClaim shop--uploads--data"}


class Counts:
    """How often one pass asks for what costs most."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.found: Counter[str] = Counter()
        self._world = world
        for name, owner, method in (
            ("asked for a plan", Planner, "plan"),
            ("planned", planner, "plan"),
            ("gate", DependencyGate, "held"),
            ("held back", executor, "held_back"),
        ):
            monkeypatch.setattr(owner, method, self._counted(name, getattr(owner, method)))

    def _counted(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            self.found[name] += 1
            return call(*arguments, **options)

        return counted

    def of(self, record: Record) -> tuple[int, int, int, int]:
        """One pass: asked for a plan, made one, asked the gate, and what it holds back."""
        self.found.clear()
        self._world.execute(record)
        return (
            self.found["asked for a plan"],
            self.found["planned"],
            self.found["gate"],
            self.found["held back"],
        )


def test_a_pass_decides_once_and_again_only_after_its_own_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.store.listeners.append(lambda old, new: _address(new))
    counts = Counts(world, monkeypatch)
    member: dict[str, Any] = {"image": "x:1", "user": "1000", "ports": {"p": {"port": 1}}}
    spec = {"services": {"web": {**member, "dependsOn": {"db": {"condition": "healthy"}}}, "db": member}}
    record = world.write(spec)
    assert counts.of(record) == (2, 2, 2, 2), "new Services have addresses, which stand in the zone"
    assert counts.of(record) == (1, 0, 1, 1), "web waits, and nothing is written"
    world.roll_out()
    assert counts.of(record) == (1, 0, 2, 1)
    world.roll_out()
    world.execute(record)
    assert counts.of(record) == (1, 0, 1, 1), "at rest"
    edited = {"services": {**spec["services"], "db": {**spec["services"]["db"], "image": "x:2"}}}
    assert counts.of(world.write(edited)) == (1, 1, 2, 1), "no Service has changed"


def _address(record: Record | None) -> None:
    """The API server gives a Service its address with the answer to its creation."""
    if record is not None and record.ref.kind == "Service" and not record.summary.get("headless"):
        record.summary = {**record.summary, "clusterIPs": ("10.0.0.1",)}
