"""The update of a whole tree over many looks: timed, judged by what it concerns, held back, let go of."""

import json
from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.cluster.errors import Unavailable
from ailtire_operator.cluster.kinds import Ref
from ailtire_operator.cluster.store import Record
from ailtire_operator.plan.definition_changes import DefinitionChange
from ailtire_operator.reconcile.tree_updates import Readiness, Unready, likely_cause, touched_by, tree_update_of
from ailtire_operator.status.observed import Problem
from support.fake_cluster.records import put
from support.fake_cluster.world import World

DEADLINE = 60
CHILD = "shop-orders"


def member(image: str, **fields: Any) -> dict[str, Any]:
    return {"image": image, "user": "1000", **fields}


def spec(api: str = "api:1", web: str = "web:1", action: str = "rollback", **fields: Any) -> dict[str, Any]:
    orders = {"type": "stack", "stack": {"services": {"api": member(api)}}}
    policy = {"failureAction": action, "progressDeadline": f"{DEADLINE}s"}
    return {"services": {"web": member(web), "orders": orders}, "updatePolicy": policy, **fields}


class Story:
    """A root with a child, and a new operator whenever one is asked for."""

    def __init__(self, definition: dict[str, Any] | None = None) -> None:
        self.world = World()
        self.world.write(definition or spec())
        self.settle()
        assert self.world.conditions()["Ready"][0] == "True"
        assert self.revision().summary["revision"] == 1

    def reconcile(self) -> list[str]:
        """Both stacks, the root last; what was done."""
        journal = []
        for name in ("shop", CHILD, "shop"):
            if self.world.store.get(Ref("AiltireStack", "prod", name)) is not None:
                self.world.reconcile(name)
                journal += self.world.cluster.journal
        return journal

    def settle(self) -> None:
        for _ in range(3):
            self.reconcile()
            self.world.roll_out()
        self.reconcile()

    def revision(self) -> Record:
        found = [
            each for each in self.world.store.of_kind("ControllerRevision") if naming.LABEL_REVISION in each.labels
        ]
        return max(found, key=lambda each: int(each.summary["revision"]))

    def image(self, name: str = "shop-orders-api") -> str:
        live = self.world.cluster.manifests[Ref("Deployment", "prod", name)]
        return str(live["spec"]["template"]["spec"]["containers"][0]["image"])

    def fail(self, name: str, image: str) -> None:
        """The pods of the deployment's new definition do not start."""
        record = self.world.store.get(Ref("Deployment", "prod", name))
        assert record is not None
        counts = {"updated": 0, "ready": 1, "replicas": 1, "observedGeneration": record.generation}
        record.summary = {**record.summary, **counts}
        waiting = {"reason": "ImagePullBackOff", "message": f"no {image}"}
        stack, service = (CHILD, "api") if name.startswith(CHILD) else ("shop", "web")
        put(
            self.world.store,
            "Pod",
            f"{name}-new-{self.world.time:.0f}",
            labels={naming.LABEL_STACK: stack, naming.LABEL_SERVICE: service},
            references=[{"kind": "ReplicaSet", "name": f"{name}-new", "uid": "x", "controller": True}],
            status={"phase": "Pending", "containerStatuses": [{"name": service, "state": {"waiting": waiting}}]},
        )

    def clean(self, name: str) -> None:
        for pod in list(self.world.store.of_kind("Pod")):
            if pod.ref.name.startswith(name):
                self.world.store.remove(pod.ref)

    def update(self, definition: dict[str, Any], bad: str = "shop-orders-api") -> None:
        """An update of which a part does not start."""
        self.world.write(definition)
        self.reconcile()
        self.fail(bad, "api:2")
        self.reconcile()

    def restart(self) -> None:
        """Another process, which remembers nothing."""
        tree, definitions = self.world.reconciler._tree_rollback, self.world.definitions
        tree._watched.clear()
        definitions._held.clear()
        definitions._held_names.clear()


def test_what_is_not_ready_in_time_takes_the_whole_tree_back_until_the_definition_changes() -> None:
    story = Story()
    story.update(spec("api:2", "web:2"))
    assert (story.image(), story.image("shop-web")) == ("api:2", "web:2")
    update = tree_update_of(story.revision())
    assert update is not None
    assert (update.reached, update.reason) == (False, "")
    assert ("shop", DEADLINE + 1) in story.world.queued
    story.world.time += DEADLINE - 1
    story.reconcile()
    assert story.image() == "api:2"
    story.world.time += 2
    story.reconcile()
    story.reconcile()
    assert (story.image(), story.image("shop-web")) == ("api:1", "web:1")
    assert story.world.conditions()["RolledBack"] == ("True", "TreeRolledBack")
    assert story.world.conditions()["Stalled"] == ("True", "TreeRolledBack")
    assert story.world.conditions()["Ready"] == ("False", "TreeRolledBack")
    message = story.world.status()["blocker"]["message"]
    assert "orders/api: ImagePullBackOff: no api:2" in message or "orders/api" in message
    assert "back to revision 1" in message
    assert "volumes and what Jobs have done" in message
    story.clean("shop-orders-api")
    story.settle()
    assert story.world.conditions()["Stalled"] == ("True", "TreeRolledBack")
    assert story.reconcile() == []
    story.restart()
    assert story.reconcile() == []
    assert story.image() == "api:1"

    story.world.write(spec("api:3", "web:1"))
    story.settle()
    assert story.image() == "api:3"
    assert story.world.conditions()["Ready"][0] == "True"
    assert story.revision().summary["revision"] == 2


def test_what_could_not_be_written_has_not_been_ready() -> None:
    """An API server that refuses for some seconds does not make a bad update a good one."""
    story = Story()
    story.world.failures = 3
    story.world.cluster.refuses = {"apply Deployment shop-orders-api": Unavailable("later")}
    story.world.write(spec("api:2"))
    for _ in range(3):
        story.reconcile()
        story.world.time += 2  # a status is not written at once
    status = story.world.status(CHILD)
    assert status["services"]["api"]["message"] == "Deployment shop-orders-api is not written yet: later"
    update = tree_update_of(story.revision())
    assert update is not None
    assert (story.image(), update.reached) == ("api:1", False)
    story.world.cluster.refuses = {}
    story.update(spec("api:2"))
    assert story.image() == "api:2"
    story.world.time += DEADLINE + 2
    story.reconcile()
    story.reconcile()
    assert (story.image(), story.world.conditions()["RolledBack"]) == ("api:1", ("True", "TreeRolledBack"))


def test_going_back_by_hand_lets_go_and_the_same_update_is_tried_again_later() -> None:
    story = Story()
    story.update(spec("api:2"))
    story.world.time += DEADLINE + 1
    story.reconcile()
    story.clean("shop-orders-api")
    story.settle()
    story.world.write(spec())
    story.settle()
    assert story.world.conditions()["Ready"][0] == "True"
    assert tree_update_of(story.revision()) is None
    story.world.write(spec("api:2"))
    story.reconcile()
    assert story.image() == "api:2"


def test_whoever_takes_the_note_away_has_it_tried_again_for_the_whole_time() -> None:
    story = Story()
    story.update(spec("api:2"))
    story.world.time += DEADLINE + 1
    story.reconcile()
    story.clean("shop-orders-api")
    story.settle()
    assert story.image() == "api:1"
    revision = story.revision()
    revision.summary = {name: each for name, each in revision.summary.items() if name != "update"}
    story.reconcile()
    story.fail("shop-orders-api", "api:2")
    story.reconcile()
    assert story.image() == "api:2"
    story.world.time += DEADLINE - 1
    story.reconcile()
    assert story.image() == "api:2"
    story.world.time += 2
    story.reconcile()
    story.reconcile()
    assert story.image() == "api:1"


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_a_restart_at_any_step_changes_no_outcome(steps: int) -> None:
    story = Story()
    story.world.write(spec("api:2"))
    for step in range(6):
        story.reconcile()
        if step == 0:
            story.fail("shop-orders-api", "api:2")
        if step == steps:
            story.restart()
        story.world.time += DEADLINE / 2
    story.reconcile()
    assert story.image() == "api:1"
    assert story.world.conditions()["RolledBack"] == ("True", "TreeRolledBack")


def test_restarts_again_and_again_do_not_prolong_the_time() -> None:
    story = Story()
    story.update(spec("api:2"))
    for _ in range(4):
        story.world.time += DEADLINE / 3
        story.restart()
        story.reconcile()
    story.reconcile()
    assert story.image() == "api:1"


def test_what_the_change_does_not_concern_takes_nothing_back() -> None:
    story = Story()
    story.world.write(spec("api:2"))
    story.reconcile()
    story.world.roll_out()
    story.fail("shop-web", "web:1")
    story.reconcile()
    story.world.time += 2 * DEADLINE
    story.reconcile()
    story.reconcile()
    assert story.image() == "api:2"
    assert "RolledBack" not in story.world.conditions()
    # What was ready once does not go back when it breaks later.
    story.fail("shop-orders-api", "api:2")
    story.reconcile()
    story.reconcile()
    assert story.image() == "api:2"


def test_without_a_policy_and_without_a_revision_nothing_is_noted() -> None:
    story = Story()
    definition = spec("api:2")
    del definition["updatePolicy"]
    story.update(definition)
    story.world.time += 2 * DEADLINE
    assert story.reconcile() == []
    assert story.image() == "api:2"


def test_a_pause_says_so_and_ends_when_everything_is_ready_after_all() -> None:
    story = Story()
    story.update(spec("api:2", action="pause"))
    story.world.time += DEADLINE + 1
    story.reconcile()
    story.reconcile()
    assert story.image() == "api:2"
    assert story.world.conditions()["UpdatePaused"] == ("True", "TreeUpdatePaused")
    assert story.world.conditions()["Stalled"] == ("True", "TreeUpdatePaused")
    story.clean("shop-orders-api")
    story.settle()
    assert story.world.conditions()["Ready"][0] == "True"
    assert story.revision().summary["revision"] == 2


def test_templates_go_back_with_the_tree() -> None:
    def template(story: Story, image: str) -> None:
        story.world.write({"templateOnly": True, "services": {"api": member(image)}}, "orders")
        story.world.reconcile("orders")

    definition = spec()
    definition["services"]["orders"] = {"type": "stack", "stackRef": {"name": "orders"}}
    story = Story.__new__(Story)
    story.world = World()
    template(story, "api:1")
    story.world.write(definition)
    story.settle()
    template(story, "api:2")
    story.reconcile()
    assert story.image() == "api:2"
    story.fail("shop-orders-api", "api:2")
    story.reconcile()
    story.world.time += DEADLINE + 1
    story.reconcile()
    story.reconcile()
    assert story.image() == "api:1"
    story.restart()
    story.world.reconcile(CHILD)  # the child is the first that the next process looks at
    assert story.image() == "api:1"
    story.clean("shop-orders-api")
    template(story, "api:3")
    story.settle()
    assert story.image() == "api:3"
    assert story.world.conditions()["Ready"][0] == "True"


@pytest.mark.parametrize("odd", ["", "x", "[]", "{}", json.dumps({"definition": 1}), json.dumps({"else": "x"})])
def test_a_note_that_nobody_can_read_is_none(odd: str) -> None:
    story = Story()
    revision = story.revision()
    revision.summary = {**revision.summary, "update": odd}
    assert tree_update_of(revision) is None
    story.world.write(spec("api:2"))
    story.settle()
    assert story.revision().summary["revision"] == 2


def change(path: str, field: str, before: Any = 1, after: Any = 2) -> DefinitionChange:
    return DefinitionChange(tuple(filter(None, path.split("/"))), tuple(filter(None, field.split("."))), before, after)


def test_what_changes_concern() -> None:
    assert touched_by([change("a/b", "image"), change("a/b", "env.X")]) == {(("a", "b"), "")}
    assert touched_by([change("a", "", {}, None)]) == frozenset()
    assert touched_by([change("a", "", None, {})]) == {(("a",), "")}
    assert touched_by([change("", "updatePolicy.failureAction"), change("", "revisionHistoryLimit")]) == frozenset()
    assert touched_by([change("", "images.web")]) == {((), "")}
    assert touched_by([change("", "edge.hosts"), change("a", "gateway.replicas")]) == {
        ((), "gateway"),
        (("a",), "gateway"),
    }


@pytest.mark.parametrize(
    ("reasons", "named"),
    [
        pytest.param(["Progressing", "ImagePullBackOff"], 1, id="what has failed before what has not ended"),
        pytest.param(["ImagePullBackOff", "CrashLoopBackOff"], 0, id="the first of those that have failed"),
        pytest.param(["Waiting", "Stopping", "Progressing"], 2, id="nothing that waits for others"),
        pytest.param(["Waiting"], None, id="nobody is to blame"),
        pytest.param([], None, id="all are ready"),
    ],
)
def test_of_what_is_late_the_likely_cause_is_named(reasons: list[str], named: int | None) -> None:
    unready = [Unready((str(number),), Problem(each, "")) for number, each in enumerate(reasons)]
    assert likely_cause(unready) == (None if named is None else unready[named])


@pytest.mark.parametrize("of_all", [False, True])
@pytest.mark.parametrize("late", [False, True])
def test_a_check_that_fails_takes_the_tree_back_at_once(of_all: bool, late: bool) -> None:
    """``of_all``: the change is one of the whole tree. ``late``: all else of the child is ready before it has begun."""
    more: dict[str, Any] = {"env": {"LEVEL": "2"}} if of_all else {}
    story = Story()
    story.world.write(spec("api:2"))
    story.settle()
    story.world.write(spec("api:3", **more))
    story.reconcile()
    child = story.world.store.get(Ref("AiltireStack", "prod", CHILD))
    assert child is not None
    story.world.roll_out()
    story.world.reconcile(CHILD)
    status = dict(child.summary["status"])
    if late:
        status["verify"] = {"job": "verify", "phase": "Pending"}
        ready = {"type": "Ready", "status": "False", "reason": "Progressing", "observedGeneration": child.generation}
        status |= {"observedGeneration": child.generation, "conditions": [ready]}
        status["blocker"] = {"subject": "", "reason": "Progressing", "message": "", "path": ["web"]}
        child.summary = {**child.summary, "status": status}
        story.world.reconcile()
        update = tree_update_of(story.revision())
        assert update is not None
        assert not update.reached
    # As a child's own check leaves its status.
    ready = {"type": "Ready", "status": "False", "reason": "VerificationFailed", "observedGeneration": child.generation}
    status |= {"observedGeneration": child.generation, "conditions": [ready]}
    status["blocker"] = {"subject": "verify", "reason": "VerificationFailed", "message": "no answer", "path": []}
    child.summary = {**child.summary, "status": status}
    story.world.reconcile()
    update = tree_update_of(story.revision())
    assert update is not None
    assert (update.reason, update.message) == ("VerificationFailed", "orders: VerificationFailed: no answer")


@pytest.mark.parametrize(
    ("phase", "blocker", "stopped", "expected"),
    [
        ("Pending", {}, 1, None),
        ("Passed", {}, 0, None),
        ("Pending", {"reason": "CrashLoopBackOff", "path": ["other"]}, 0, "Waiting"),
        ("Running", {"reason": "CrashLoopBackOff", "path": ["other"]}, 0, "Waiting"),
        ("Running", {"reason": "Verifying", "path": []}, 0, "Verifying"),
        ("Failed", {"reason": "CrashLoopBackOff", "path": ["other"]}, 0, "VerificationFailed"),
    ],
)
def test_a_check_that_waits_is_no_fault_of_the_change_and_one_that_has_failed_is(
    phase: str, blocker: dict[str, Any], stopped: int, expected: str | None
) -> None:
    """What it waits for may have been in trouble before; nor does what is stopped have a check to wait for."""
    status = {"verify": {"phase": phase}, "counts": {"servicesStopped": stopped}, "blocker": blocker}
    story = Story()
    root = story.world.store.get(Ref("AiltireStack", "prod", "shop"))
    assert root is not None
    readiness = Readiness(root, status, story.world.store, story.world.definitions)
    found = [each.problem.reason for each in readiness.unready(frozenset({((), "gateway")}))]
    assert found == ([expected] if expected else [])


def test_the_time_in_which_it_waits_for_what_was_not_changed_does_not_count() -> None:
    """And what was waited for takes nothing back either."""

    def definition(api: str) -> dict[str, Any]:
        found = spec(api)
        found["services"]["orders"]["dependsOn"] = {"web": {"condition": "healthy"}}
        return found

    story = Story(definition("api:1"))
    story.fail("shop-web", "web:1")
    web = story.world.store.get(Ref("Deployment", "prod", "shop-web"))
    assert web is not None
    web.summary = {**web.summary, "ready": 0, "available": 0}
    story.world.write(definition("api:2"))
    story.reconcile()
    for _ in range(3):
        story.world.time += DEADLINE
        story.reconcile()
    assert "waits" in str(story.world.status()["stacks"]["orders"])
    assert story.image() == "api:1", "it is held for its dependency"
    story.clean("shop-web")
    story.world.roll_out()
    story.reconcile()
    assert story.image() == "api:2"
    story.fail("shop-orders-api", "api:2")
    story.reconcile()
    story.world.time += DEADLINE - 1
    story.reconcile()
    update = tree_update_of(story.revision())
    assert update is not None
    assert update.reason == "", "its own time is not over"
    story.world.time += 2
    story.reconcile()
    story.reconcile()
    assert story.image() == "api:1"
