"""Last good definitions over many looks: kept when complete, marked when the next fails, forgotten with what is new."""

from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.cluster.errors import Invalid
from ailtire_operator.cluster.kinds import Ref
from ailtire_operator.cluster.store import Record
from support.fake_cluster.records import put
from support.fake_cluster.world import World

SPEC = {"deploy": {"updateConfig": {"failureAction": "rollback"}}}


def spec(image: str, **fields: Any) -> dict[str, Any]:
    return {"services": {"web": {"image": image, "user": "1000", **SPEC, **fields}}}


class Story:
    """One service in one stack."""

    def __init__(self) -> None:
        self.world = World()
        self.world.write(spec("web:1"))
        self.world.reconcile()
        self.world.roll_out()
        self.world.reconcile()

    def kept(self) -> list[Record]:
        found = self.world.store.of_kind("ControllerRevision")
        return [each for each in found if naming.LABEL_REVISION not in each.labels]

    def image(self) -> str:
        live = self.world.cluster.manifests[Ref("Deployment", "prod", "shop-web")]
        return str(live["spec"]["template"]["spec"]["containers"][0]["image"])

    def fail(self, created: str = "1970-01-01T00:16:30Z") -> None:
        """The new pod's image cannot be pulled."""
        record = self.world.store.get(Ref("Deployment", "prod", "shop-web"))
        assert record is not None
        message = 'ReplicaSet "shop-web-new" is progressing.'
        counts = {"updated": 1, "replicas": 2, "ready": 1, "observedGeneration": record.generation}
        condition = {"conditions": {"Progressing": ("True", "ReplicaSetUpdated", message)}}
        record.summary = {**record.summary, **counts, **condition}
        waiting = {"reason": "ImagePullBackOff", "message": "no such tag"}
        put(
            self.world.store,
            "Pod",
            "new",
            labels={naming.LABEL_STACK: "shop", naming.LABEL_SERVICE: "web"},
            references=[{"kind": "ReplicaSet", "name": "shop-web-new", "uid": "x", "controller": True}],
            status={"phase": "Pending", "containerStatuses": [{"name": "web", "state": {"waiting": waiting}}]},
            created=created,
        )


def test_what_has_rolled_out_is_kept_once_and_small() -> None:
    story = Story()
    (kept,) = story.kept()
    assert kept.summary["image"] == "web:1"
    assert set(kept.summary) == {"revision", "template", "image", "pods"}
    story.world.reconcile()
    assert story.world.cluster.journal == []


def test_a_failure_is_marked_and_what_ran_runs_again() -> None:
    story = Story()
    story.world.write(spec("web:2"))
    story.world.reconcile()
    assert story.image() == "web:2"
    story.fail()
    story.world.reconcile()
    name = story.kept()[0].ref.name
    assert story.world.cluster.journal[:2] == [f"mark ControllerRevision {name}", "apply Deployment shop-web"]
    assert story.image() == "web:1"
    story.world.roll_out()
    story.world.store.remove(Ref("Pod", "prod", "new"))
    story.world.reconcile()
    assert story.world.conditions()["Stalled"] == ("True", "RolledBack")
    assert story.world.conditions()["RolledBack"] == ("True", "UpdateFailed")
    assert "event RolledBack AiltireStack shop" in story.world.cluster.journal
    assert "event" not in " ".join(each for each in story.world.cluster.journal if "RolledBack" not in each)
    story.world.reconcile()
    assert story.world.cluster.journal == []


def test_a_failing_pod_is_looked_at_again_when_its_time_is_up() -> None:
    story = Story()
    story.world.write(spec("web:2"))
    story.world.reconcile()
    story.fail(created="1970-01-01T00:16:38Z")
    story.world.reconcile()
    assert ("shop", 4.0) in story.world.queued
    assert story.image() == "web:2"
    story.world.time += 4
    story.world.reconcile()
    assert story.image() == "web:1"


def test_an_edit_of_something_else_moves_the_mark_and_a_new_definition_takes_it_away() -> None:
    story = Story()
    story.world.write(spec("web:2"))
    story.world.reconcile()
    story.fail()
    story.world.reconcile()
    name = story.kept()[0].ref.name
    more = {"environment": {}, "deploy": {**SPEC["deploy"], "replicas": 3}}
    story.world.write(spec("web:2", **more))
    story.world.reconcile()
    assert f"mark ControllerRevision {name}" in story.world.cluster.journal
    assert story.image() == "web:1"
    story.world.store.remove(Ref("Pod", "prod", "new"))
    story.world.write(spec("web:3"))
    story.world.reconcile()
    assert f"unmark ControllerRevision {name}" in story.world.cluster.journal
    assert story.image() == "web:3"
    story.world.roll_out()
    story.world.reconcile()
    assert [each.summary["image"] for each in story.kept()] == ["web:3"]


def test_nothing_is_kept_of_a_service_that_says_nothing_about_failures() -> None:
    story = Story()
    story.world.write(spec("web:1", deploy={}))
    story.world.reconcile()
    assert story.kept() == []


def test_a_mark_that_nobody_can_read_is_taken_away() -> None:
    story = Story()
    (kept,) = story.kept()
    kept.summary = {**kept.summary, "failed": "[]"}
    story.world.reconcile()
    assert "unmark" in story.world.cluster.journal[0]


def test_going_back_waits_for_nobody_and_nobody_goes_on_with_what_was_gone_back_to() -> None:
    def two(web: str, db: str) -> dict[str, Any]:
        both = spec(web, dependsOn={"db": {"condition": "healthy"}, "cache": {"condition": "healthy"}})
        both["services"]["db"] = {"image": db, "user": "1000"}
        both["services"]["cache"] = {"image": "x:1", "user": "1000"}
        both["services"]["app"] = {"image": web, "user": "1000", "dependsOn": {"web": {"condition": "healthy"}}}
        return both

    story = Story()
    for _ in range(3):
        story.world.write(two("web:1", "db:1"))
        story.world.reconcile()
        story.world.roll_out()
        story.world.reconcile()
    story.world.write(two("web:2", "db:1"))
    story.world.reconcile()
    assert story.image() == "web:2"
    story.fail()
    db = story.world.store.get(Ref("Deployment", "prod", "shop-db"))
    assert db is not None
    db.summary = {**db.summary, "ready": 0}
    story.world.reconcile()
    assert story.image() == "web:1", "although db is down"
    story.world.roll_out()
    story.world.reconcile()
    app = story.world.cluster.manifests[Ref("Deployment", "prod", "shop-app")]
    assert app["spec"]["template"]["spec"]["containers"][0]["image"] == "web:1"
    assert "waits with its update for web (its update has failed)" in str(story.world.status())


@pytest.mark.parametrize(("suffix", "adopted"), [("", True), ("-copy", False)])
def test_on_request_what_is_kept_is_taken_over_by_its_own_name_alone(suffix: str, adopted: bool) -> None:
    """A copy of one has all its labels, and is somebody's; its content may be none that the API server lets change."""
    story = Story()
    (kept,) = story.kept()
    name, template = kept.ref.name + suffix, {naming.ANNOTATION_TEMPLATE: kept.summary["template"]}
    put(story.world.store, "ControllerRevision", name, uid="other", labels=dict(kept.labels), annotations=template)
    story.world.write(spec("web:1"), annotations={naming.ANNOTATION_ADOPT: "true"})
    story.world.reconcile()
    assert (f"adopt ControllerRevision {name}" in story.world.cluster.journal) is adopted


def test_what_the_api_server_does_not_let_take_over_stops_nothing() -> None:
    story = Story()
    (kept,) = story.kept()
    ref, template = kept.ref, {naming.ANNOTATION_TEMPLATE: kept.summary["template"]}
    put(story.world.store, ref.kind, ref.name, uid="other", labels=dict(kept.labels), annotations=template)
    story.world.cluster.refuses[f"adopt {ref}"] = Invalid("data: field is immutable")
    story.world.write(spec("web:2"), annotations={naming.ANNOTATION_ADOPT: "true"})
    story.world.reconcile()
    assert story.image() == "web:2"
