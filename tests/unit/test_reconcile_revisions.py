"""Definitions of a whole tree: kept when they are Ready as a whole, once each, and no more than the limit."""

import random
import string
from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.cluster.errors import ClusterError, Denied, Foreign, from_status
from ailtire_operator.cluster.kinds import Ref
from ailtire_operator.cluster.store import Record
from ailtire_operator.plan import tree_revisions
from ailtire_operator.plan.tree_revisions import definition_of
from ailtire_operator.reconcile import revisions
from ailtire_operator.reconcile.queue import Outcome
from support.fake_cluster.records import change, put
from support.fake_cluster.world import World

CHILD = "shop-orders"


def spec(image: str = "web:1", **fields: Any) -> dict[str, Any]:
    return {"services": {"web": {"image": image, "user": "1000"}}, **fields}


class Story:
    """A root, and what is kept of it."""

    def __init__(self) -> None:
        self.world = World()

    def ready(self, definition: dict[str, Any], **fields: Any) -> None:
        """Write the definition, and let it become Ready."""
        self.world.write(definition, **fields)
        self.settle()

    def settle(self) -> None:
        for _ in range(2):
            self.world.reconcile()
            self.world.roll_out()
        self.world.reconcile()

    def later(self) -> None:
        """What the status no longer has to say is written after a pause."""
        self.world.time += 60
        self.world.reconcile()

    def kept(self) -> list[Record]:
        found = self.world.store.of_kind("ControllerRevision")
        return sorted((each for each in found if naming.LABEL_REVISION in each.labels), key=lambda each: each.ref)

    def numbers(self) -> list[int]:
        return sorted(int(each.summary["revision"]) for each in self.kept())

    def images(self) -> list[str]:
        found = []
        for number in self.numbers():
            ref = Ref("ControllerRevision", "prod", naming.revision("shop", number))
            definition = definition_of(self.world.cluster.manifests[ref])
            assert definition is not None
            found.append(definition.spec["services"]["web"]["image"])
        return found

    def notices(self) -> list[str]:
        return [each["message"] for each in self.world.status()["translation"]["notices"]]


def test_each_definition_that_becomes_ready_is_kept_once_and_small() -> None:
    story = Story()
    story.ready(spec("web:1"))
    assert story.images() == ["web:1"]
    story.world.write(spec("web:2"))
    story.world.reconcile()
    assert story.images() == ["web:1"], "it is not ready yet"
    story.settle()
    assert story.images() == ["web:1", "web:2"]
    assert set(story.kept()[0].summary) == {"revision", "definition"}
    story.world.reconcile()
    assert story.world.cluster.journal == []
    story.ready(spec("web:1"))
    assert story.images() == ["web:1", "web:2", "web:1"]
    assert story.numbers() == [1, 2, 3]


def test_a_restart_finds_what_is_kept_and_writes_nothing() -> None:
    story = Story()
    story.ready(spec())
    story.world.reconciler._revisions._digests.clear()
    story.world.reconcile()
    assert story.world.cluster.journal == []


def test_the_oldest_go_beyond_the_limit_and_all_of_them_where_it_is_0() -> None:
    story = Story()
    for number in range(1, 5):
        story.ready(spec(f"web:{number}", revisionHistoryLimit=2))
    assert story.numbers() == [3, 4]
    story.ready(spec("web:4", revisionHistoryLimit=0))
    assert story.numbers() == []


def test_a_child_keeps_nothing_and_is_told_so_where_it_says_a_limit() -> None:
    story = Story()
    orders = {"type": "stack", "stack": spec(revisionHistoryLimit=3)}
    story.ready(spec() | {"services": {"orders": orders}})
    story.world.reconcile(CHILD)
    story.world.roll_out()
    story.world.reconcile(CHILD)
    assert story.kept() == []
    told = story.world.status(CHILD)["translation"]["notices"]
    assert [each["path"] for each in told] == ["spec.revisionHistoryLimit"]


def template(story: Story, image: str) -> None:
    story.world.write({"templateOnly": True, **spec(image)}, "orders")
    story.world.reconcile("orders")


def test_a_template_that_changes_is_a_new_definition_once_its_stacks_have_it() -> None:
    story = Story()
    template(story, "api:1")
    story.ready({"services": {"orders": {"type": "stack", "stackRef": {"name": "orders"}}}})
    assert story.kept() == [], "the child is not ready yet"

    def reconcile_child() -> None:
        story.world.reconcile(CHILD)
        story.world.roll_out()
        story.world.reconcile(CHILD)

    reconcile_child()
    story.settle()
    assert story.numbers() == [1]
    template(story, "api:2")
    # The root still says Ready, and the child has not been written yet.
    root = story.world.store.get(Ref("AiltireStack", "prod", "shop"))
    assert root is not None
    assert not revisions.has_rolled_out(root, story.world.store, story.world.definitions)
    story.settle()
    assert story.numbers() == [1]
    reconcile_child()
    story.settle()
    assert story.numbers() == [1, 2]


def test_what_is_too_large_is_not_kept_and_the_status_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (revisions, tree_revisions):
        monkeypatch.setattr(module, "SIZE_LIMIT", 1024)
    story = Story()
    noise = "".join(random.Random(1).choices(string.ascii_letters, k=4000))
    large = spec() | {"configs": {"noise": {"content": noise}}}
    story.ready(large)
    assert story.kept() == []
    assert any("is not kept as a revision: it takes" in each for each in story.notices())
    assert story.world.conditions()["Ready"] == ("True", "Ready")
    story.world.reconcile()
    assert story.world.cluster.journal == []
    story.ready(spec())
    assert story.numbers() == [1]
    assert story.notices() == []


def test_what_is_refused_is_said_and_not_sent_again() -> None:
    story = Story()
    name = "apply ControllerRevision shop--revision-1"
    story.world.cluster.refuses[name] = Denied("exceeded quota")
    story.ready(spec())
    assert any("exceeded quota" in each for each in story.notices())
    del story.world.cluster.refuses[name]
    story.world.reconcile(retry_refused=False)
    assert story.kept() == []
    story.world.reconcile(retry_refused=True)
    assert story.numbers() == [1]
    story.later()
    assert story.notices() == []


def test_what_had_the_name_of_a_revision_is_waited_for() -> None:
    story = Story()
    name = "apply ControllerRevision shop--revision-1"
    ref = Ref("ControllerRevision", "prod", "shop--revision-1")
    story.world.store.put(
        {
            "kind": ref.kind,
            "metadata": {"name": ref.name, "namespace": ref.namespace, "uid": "before", "resourceVersion": "1"},
        }
    )
    story.world.cluster.refuses[name] = Foreign("exists already and has no owner")
    story.ready(spec())
    assert any("has no owner" in each for each in story.notices())
    del story.world.cluster.refuses[name]
    story.world.store.remove(ref, "before")
    story.world.reconcile(retry_refused=False)
    assert story.numbers() == [1]
    story.later()
    assert story.notices() == []


_ANSWERS = [
    (400, Outcome.FAILED),
    (401, Outcome.FAILED),
    (403, Outcome.FAILED),
    (404, Outcome.BUSY),
    (405, Outcome.FAILED),
    (409, Outcome.BUSY),
    (413, Outcome.FAILED),
    (422, Outcome.FAILED),
    (429, Outcome.BUSY),
    (500, Outcome.BUSY),
    (503, Outcome.BUSY),
]
"""What the API server answers, and what that makes of the reconcile: the queue tries again after FAILED and BUSY."""


def answered(code: int) -> ClusterError:
    return from_status(code, {"message": f"answered {code}"})


@pytest.mark.parametrize(("code", "outcome"), _ANSWERS)
def test_a_revision_that_was_not_written_is_due_again_and_nothing_is_left_of_that(code: int, outcome: Outcome) -> None:
    story = Story()
    name = "apply ControllerRevision shop--revision-1"
    story.world.cluster.refuses[name] = answered(code)
    story.ready(spec())
    assert story.world.reconcile() is outcome
    assert story.world.conditions()["Ready"] == ("True", "Ready")
    assert any(f"answered {code}" in each for each in story.notices()) is (outcome is Outcome.FAILED)
    # Another reconcile in between must not end the pause after which it is tried again.
    assert story.world.reconcile(retry_refused=False) is (Outcome.WAITING if outcome is Outcome.FAILED else outcome)
    del story.world.cluster.refuses[name]
    assert story.world.reconcile() is Outcome.DONE
    assert story.numbers() == [1]
    story.later()
    assert story.notices() == []


@pytest.mark.parametrize(("code", "outcome"), [each for each in _ANSWERS if each[0] != 404])
def test_a_revision_beyond_the_limit_that_was_not_deleted_is_due_again(code: int, outcome: Outcome) -> None:
    story = Story()
    for number in (1, 2):
        story.ready(spec(f"web:{number}", revisionHistoryLimit=2))
    name = "delete ControllerRevision shop--revision-1"
    story.world.cluster.refuses[name] = answered(code)
    story.ready(spec("web:3", revisionHistoryLimit=2))
    assert story.world.reconcile() is outcome
    assert story.numbers() == [1, 2, 3]
    assert any(f"answered {code}" in each for each in story.notices()) is (outcome is Outcome.FAILED)
    del story.world.cluster.refuses[name]
    assert story.world.reconcile() is Outcome.DONE
    assert story.numbers() == [2, 3]
    story.later()
    assert story.notices() == []
    assert story.world.queued == [], "nothing is left for later"


def test_a_definition_that_is_too_large_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revisions, "SIZE_LIMIT", 16)
    story = Story()
    story.ready(spec())
    assert story.world.reconcile() is Outcome.DONE


def test_who_has_changed_the_definition_and_why_is_kept() -> None:
    story = Story()
    root = story.world.write(spec(), annotations={naming.CHANGE_CAUSE: "a new web"})
    change(story.world.store, root, summary={**root.summary, "manager": "flux"})
    story.settle()
    metadata = story.world.cluster.manifests[Ref("ControllerRevision", "prod", "shop--revision-1")]["metadata"]
    assert metadata["annotations"][naming.ANNOTATION_MANAGER] == "flux"
    assert metadata["annotations"][naming.CHANGE_CAUSE] == "a new web"
    assert metadata["annotations"][naming.ANNOTATION_GENERATION] == str(root.generation)


def test_a_root_that_belongs_to_an_object_of_another_kind_has_revisions_too() -> None:
    story = Story()
    owner = {"apiVersion": "example.com/v1", "kind": "Shop", "name": "s", "uid": "other", "controller": True}
    story.ready(spec(), references=[owner])
    assert story.numbers() == [1]


@pytest.mark.parametrize(("name", "adopted"), [("shop--revision-4", True), ("shop--revision-4-copy", False)])
def test_on_request_revisions_without_an_owner_are_taken_over_by_their_own_name_alone(name: str, adopted: bool) -> None:
    story = Story()
    labels = {naming.LABEL_STACK: "shop", naming.LABEL_REVISION: "4", naming.LABEL_LAST_GOOD: "true"}
    put(story.world.store, "ControllerRevision", name, labels=labels)
    story.world.write(spec(), annotations={naming.ANNOTATION_ADOPT: "true"})
    story.world.reconcile()
    story.world.roll_out()
    story.world.reconcile()
    assert (f"adopt ControllerRevision {name}" in story.world.cluster.journal) is adopted
