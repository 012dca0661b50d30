"""The status as a whole: counted from leaf to root, naming the deepest blocker, written only when it differs."""

from dataclasses import replace

import pytest

from ailtire_operator.model.field_path import SPEC, FieldPath, path_of
from ailtire_operator.model.limits import MESSAGE_LIMIT, NOTICE_LIMIT
from ailtire_operator.model.report import Notice
from ailtire_operator.model.status import StackStatus
from ailtire_operator.status.events import StatusEvent, status_events
from ailtire_operator.status.health import Health
from ailtire_operator.status.observed import Child, LiveObject, Problem
from ailtire_operator.status.rollup import Branch, branch
from ailtire_operator.status.stack_status import (
    Facts,
    Refusal,
    as_json,
    changed,
    status_of,
    status_of_invalid,
    status_of_new,
    status_of_suspended,
    status_of_template,
)

NOON, LATER = "2026-01-01T12:00:00Z", "2026-01-01T13:00:00Z"


def healthy(key: str, count: int = 1) -> Health:
    return Health(key, "Deployment", f"shop-{key}", count, count)


def ailing(key: str, reason: str = "ImagePullBackOff", message: str = "no such tag") -> Health:
    return Health(key, "Deployment", f"shop-{key}", 0, 1, Problem(reason, message, transient=reason == "Progressing"))


def resource(facts: Facts, generation: int = 1, deleting: bool = False) -> LiveObject:
    """A child stack whose status was made of these facts."""
    return LiveObject(generation, {"spec": {}, "status": as_json(status_of(facts, {}, NOON))}, deleting)


def conditions(status: StackStatus) -> dict[str, tuple[str, str]]:
    return {each.type: (each.status, each.reason) for each in status.conditions}


def message(status: StackStatus, kind: str = "Ready") -> str:
    return next(each.message for each in status.conditions if each.type == kind)


def nested(depth: int, leaf: Facts, *, key: str = "dm") -> Facts:
    """The facts of a stack with the leaf so many levels below it."""
    facts = leaf
    for level in range(depth, 0, -1):
        name = key if level == depth else f"l{level}"
        facts = Facts(generation=1, branches=(branch(Child(name, f"shop-{name}", resource(facts))),))
    return facts


def test_counts_and_blocker_climb_the_tree() -> None:
    leaf = Facts(generation=1, services=(healthy("web"), ailing("db")))
    status = status_of(replace(nested(2, leaf), services=(healthy("front"),)), {}, NOON)
    assert (status.counts.services, status.counts.stacks) == ("2/3", "0/2")
    assert message(status) == "l1/dm: service db 0/1: ImagePullBackOff: no such tag"
    assert conditions(status)["Ready"] == ("False", "ImagePullBackOff")
    assert status.stacks["l1"].message == "dm: service db 0/1: ImagePullBackOff: no such tag"


def test_a_tree_that_is_ready_says_how_much_of_it_there_is() -> None:
    status = status_of(nested(2, Facts(generation=1, services=(healthy("web"), healthy("db")))), {}, NOON)
    assert conditions(status) == {
        "Ready": ("True", "Ready"),
        "Translated": ("True", "Exact"),
        "ReferencesResolved": ("True", "Resolved"),
    }
    assert message(status) == "2 services and 2 stacks ready"
    assert (status.counts.services_ready, status.counts.stacks_ready) == (2, 3)


def test_the_gateway_counts_for_readiness_but_is_no_service() -> None:
    status = status_of(Facts(generation=1, services=(healthy("web"),), gateway=ailing("")), {}, NOON)
    assert conditions(status)["Ready"] == ("False", "ImagePullBackOff")
    assert message(status).startswith("gateway 0/1: ")
    assert status.counts.services == "1/1"


@pytest.mark.parametrize(
    ("child", "reason"),
    [
        (Child("a", "shop-a"), "Progressing"),
        (Child("a", "shop-a", resource(Facts(generation=1)), error=Problem("Refused", "no")), "Refused"),
        (Child("a", "shop-a", resource(Facts(generation=1), generation=2)), "Progressing"),
        (Child("a", "shop-a", resource(Facts(generation=1), deleting=True)), "Deleting"),
        (Child("a", "shop-a", missing="tpl"), "TemplateMissing"),
        (Child("a", "shop-a", LiveObject(1, {"status": {}})), "Progressing"),
    ],
)
def test_a_child_counts_only_in_its_current_definition(child: Child, reason: str) -> None:
    found = branch(child)
    assert found.problem is not None
    assert (found.ready, found.problem.reason) == (False, reason)
    status = status_of(Facts(generation=1, branches=(found,)), {}, NOON)
    assert status.counts.stacks == "0/1"
    assert conditions(status)["Ready"] == ("False", reason)


def stalled_leaf(reason: str = "Forbidden") -> Facts:
    refusal = Refusal("object Service shop-web", Problem(reason, "may not"))
    return Facts(generation=1, services=(healthy("web"),), refusals=(refusal,))


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_what_only_somebody_can_end_stalls_every_stack_above(depth: int) -> None:
    """Whatever else is under way: whoever waits for the root (Flux, Helm) must not wait until the time is up."""
    facts = replace(nested(depth, stalled_leaf()), services=(ailing("front", "Progressing", "starting"),))
    status = status_of(facts, {}, NOON)
    found = conditions(status)
    assert found["Stalled"] == ("True", "Forbidden")
    assert "Reconciling" not in found
    (stalled,) = [each.message for each in status.conditions if each.type == "Stalled"]
    assert stalled == message(status)
    assert stalled.endswith("object Service shop-web: Forbidden: may not")


def test_a_stack_is_stalled_for_that_of_a_child_which_is_and_ready_says_what_is_likely_the_cause() -> None:
    failed = Problem("RolledBack", "the update failed")
    held = Health("db", "Deployment", "shop-a-db", 1, 1, failed)
    child = Facts(generation=1, services=(ailing("api", "CrashLoopBackOff", "exit code 1"), held))
    status = status_of(Facts(generation=1, branches=(branch(Child("a", "shop-a", resource(child))),)), {}, NOON)
    assert conditions(status) == {
        "Ready": ("False", "CrashLoopBackOff"),
        "Stalled": ("True", "RolledBack"),
        "Translated": ("True", "Exact"),
        "ReferencesResolved": ("True", "Resolved"),
    }


@pytest.mark.parametrize(
    "child",
    [
        Child("a", "shop-a", resource(stalled_leaf(), generation=2)),
        Child("a", "shop-a", resource(stalled_leaf(), deleting=True)),
        Child("a", "shop-a", resource(stalled_leaf()), waits=Problem("Waiting", "waits for b", transient=True)),
        Child("a", "shop-a", resource(stalled_leaf()), missing="tpl", optional=True),
        Child("a", "shop-a", resource(replace(stalled_leaf(), refusals=()))),
        Child("a", "shop-a", resource(Facts(generation=1, services=(ailing("db"),)))),
    ],
    ids=["corrected", "leaving", "held", "optional", "ready", "in trouble"],
)
def test_nothing_is_stalled_for_a_child_that_may_get_ready_or_is_not_needed(child: Child) -> None:
    """Its status may be about another definition than the one that it is to have."""
    assert "Stalled" not in conditions(status_of(Facts(generation=1, branches=(branch(child),)), {}, NOON))


def test_a_template_that_may_be_missing_is_not_waited_for() -> None:
    found = branch(Child("a", "shop-a", missing="tpl", optional=True))
    status = status_of(Facts(generation=1, branches=(found,), optional={"a": "tpl"}), {}, NOON)
    assert conditions(status)["Ready"] == ("True", "Ready")
    assert conditions(status)["ReferencesResolved"] == ("False", "OptionalMissing")
    assert status.counts.stacks == "0/0"
    assert status.stacks["a"].reason == "TemplateMissing"


def test_what_is_broken_comes_before_what_is_under_way_and_the_deeper_before_the_higher() -> None:
    broken = nested(2, Facts(generation=1, services=(ailing("db", "CrashLoopBackOff", "exit code 1"),)))
    facts = replace(broken, services=(ailing("web", "Progressing", "starting"), ailing("front")))
    assert message(status_of(facts, {}, NOON)).startswith("l1/dm: service db 0/1: CrashLoopBackOff")
    higher = replace(facts, branches=(branch(Child("slow", "shop-slow")),))
    assert message(status_of(higher, {}, NOON)) == "service front 0/1: ImagePullBackOff: no such tag"


ODD_KEYS = ["spectrum", "spec", "service", "gateway", "stack", "object", "Secret", "a.b", "x-y"]


@pytest.mark.parametrize("key", ODD_KEYS)
def test_no_key_is_taken_for_a_word_of_ours(key: str) -> None:
    status = status_of(nested(2, Facts(generation=1, services=(ailing(key),)), key=key), {}, NOON)
    assert message(status) == f"l1/{key}: service {key} 0/1: ImagePullBackOff: no such tag"
    assert status.blocker is not None
    assert (status.blocker.path, status.blocker.subject) == (["l1", key], f"service {key}")


@pytest.mark.parametrize(
    "text", ["service db: no", 'User "x" cannot patch: no', "spec: no", "a/b/c: no", "stack x: no", ""]
)
def test_no_word_of_the_cluster_is_taken_for_a_path(text: str) -> None:
    error = Problem("Denied", text)
    refused = Facts(generation=1, branches=(branch(Child("a", "shop-a", error=error)),), services=(ailing("web"),))
    status = status_of(refused, {}, NOON)
    assert status.blocker is not None
    assert (status.blocker.path, status.blocker.reason, status.blocker.message) == (["a"], "Denied", text)
    assert message(status) == (f"a: {text}" if text else "a")
    above = status_of(Facts(generation=1, branches=(branch(Child("top", "t", resource(refused))),)), {}, NOON)
    assert above.blocker is not None and above.blocker.path == ["top", "a"]


def test_what_an_earlier_release_wrote_of_a_child_is_told_as_it_is() -> None:
    old = as_json(status_of(nested(1, Facts(generation=1, services=(ailing("db"),))), {}, NOON))
    del old["blocker"]
    found = branch(Child("spectrum", "shop-s", LiveObject(1, {"status": old})))
    status = status_of(Facts(generation=1, branches=(found,)), {}, NOON)
    assert conditions(status)["Ready"] == ("False", "ImagePullBackOff")
    assert message(status) == "spectrum: dm: service db 0/1: ImagePullBackOff: no such tag"
    assert status.counts.stacks == "0/2"


def test_who_is_ready_names_no_blocker() -> None:
    ready = Facts(generation=1, services=(healthy("web"),))
    assert "blocker" not in as_json(status_of(ready, {}, NOON))
    broken = as_json(status_of(Facts(generation=1, services=(ailing("web"),)), {}, NOON))
    assert "blocker" not in as_json(status_of_template(2, broken, LATER))
    assert as_json(status_of_suspended(2, "", broken, LATER))["blocker"] == broken["blocker"]
    for status in (
        status_of_new(1, NOON),
        status_of_suspended(1, "", {}, NOON),
        status_of_invalid(ready, "Bad", "x", {}, NOON),
    ):
        assert status.blocker is not None
        assert (status.blocker.reason, status.blocker.message) == (conditions(status)["Ready"][1], message(status))


def test_a_deep_blocker_keeps_its_ends() -> None:
    facts = Facts(generation=1, services=(ailing("db", message="y" * 2000),))
    for level in range(16):
        key = f"{level:02}" + "k" * 60
        facts = Facts(generation=1, branches=(branch(Child(key, f"s{level}", resource(facts))),))
    text = message(status_of(facts, {}, NOON))
    assert len(text) <= MESSAGE_LIMIT
    assert text.startswith("15k")
    assert "…" in text
    assert "service db 0/1: ImagePullBackOff: yyy" in text
    told = status_of(facts, {}, NOON)
    assert told.blocker is not None
    assert [each[:2] for each in told.blocker.path] == [f"{level:02}" for level in range(15, -1, -1)]
    higher = status_of(Facts(generation=1, branches=(branch(Child("top", "t", resource(facts))),)), {}, NOON)
    StackStatus.model_validate(as_json(higher))


def test_refusals_stall_and_say_what_and_why() -> None:
    refusal = Refusal("object NetworkPolicy shop--siblings--members", Problem("RefusedByAdmission", "policy says no"))
    status = status_of(Facts(generation=1, services=(healthy("web"),), refusals=(refusal,)), {}, NOON)
    assert conditions(status)["Stalled"] == ("True", "RefusedByAdmission")
    assert conditions(status)["Ready"] == ("False", "RefusedByAdmission")
    assert "Reconciling" not in conditions(status)
    assert message(status) == "object NetworkPolicy shop--siblings--members: RefusedByAdmission: policy says no"


def test_foreign_objects_are_named() -> None:
    problem = Problem("Conflicting", "Service shop-web exists already and was not made by this stack")
    facts = Facts(generation=1, refusals=(Refusal("object Service shop-web", problem),), foreign=("Service shop-web",))
    status = status_of(facts, {}, NOON)
    assert conditions(status)["Conflicting"] == ("True", "ForeignObject")
    assert "Service shop-web" in message(status, "Conflicting")


def test_what_has_lost_its_owner_is_named_behind_the_way_back() -> None:
    problem = Problem("Conflicting", "Service shop-web exists already and has no owner")
    names = tuple(f"Service {'x' * 60}-{each}" for each in range(9))
    refusals = (Refusal("object Service shop-web", problem),)
    status = status_of(Facts(generation=1, refusals=refusals, orphans=names, root="shop"), {}, NOON)
    assert conditions(status)["Conflicting"] == ("True", "OrphanedObject")
    assert conditions(status)["Stalled"] == ("True", "Conflicting")
    told = message(status, "Conflicting")
    assert "kubectl annotate ailtirestack shop ailtire.io/adopt=true" in told
    assert names[0] in told
    both = status_of(Facts(generation=1, refusals=refusals, orphans=("B b",), foreign=("A a",), root="shop"), {}, NOON)
    assert conditions(both)["Conflicting"] == ("True", "ForeignObject")
    assert all(each in message(both, "Conflicting") for each in ("A a", "B b"))


def test_a_name_that_two_stacks_want_is_no_harm_to_the_one_that_has_it() -> None:
    contested = Facts(generation=1, contested=("Service shop-a-b (wanted by shop-a)",))
    status = status_of(contested, {}, NOON)
    assert conditions(status)["Conflicting"] == ("True", "ContestedName")
    assert conditions(status)["Ready"] == ("True", "Ready")


def test_what_is_not_written_yet_keeps_it_from_being_ready() -> None:
    status = status_of(
        Facts(generation=1, services=(healthy("web"),), pending="Service x is not written yet"), {}, NOON
    )
    assert conditions(status)["Ready"] == ("False", "Progressing")
    assert conditions(status)["Reconciling"] == ("True", "Progressing")


def test_deviations_are_counted_and_the_first_are_told() -> None:
    notices = tuple(Notice(path_of(SPEC, "services", f"s{n}"), "approximate", "m" * 2000) for n in range(80))
    status = status_of(Facts(generation=1, notices=notices), {}, NOON)
    assert (status.translation.count, len(status.translation.notices)) == (80, NOTICE_LIMIT)
    assert conditions(status)["Translated"] == ("True", "WithDeviations")
    refused = (*notices, Notice(path_of(SPEC, "networks", "x"), "rejected", "no"))
    assert conditions(status_of(Facts(generation=1, notices=refused), {}, NOON))["Translated"] == (
        "False",
        "NotAllowed",
    )


def test_time_changes_with_the_truth_alone() -> None:
    first = status_of(Facts(generation=1, services=(ailing("db"),)), {}, NOON)
    again = status_of(Facts(generation=2, services=(ailing("db", "OOMKilled"),)), as_json(first), LATER)
    times = {each.type: each.last_transition_time for each in again.conditions}
    assert times == dict.fromkeys(times, NOON)
    assert {each.observed_generation for each in again.conditions} == {2}
    ready = status_of(Facts(generation=2, services=(healthy("db"),)), as_json(again), LATER)
    assert next(each for each in ready.conditions if each.type == "Ready").last_transition_time == LATER


def test_the_same_facts_make_the_same_status() -> None:
    facts = Facts(generation=1, services=(ailing("db"),), branches=(Branch("a", "shop-a", False, (0, 1), (0, 1)),))
    old = as_json(status_of(facts, {}, NOON))
    assert not changed(old, status_of(facts, old, LATER))
    assert changed(old, status_of(replace(facts, url="http://x"), old, LATER))
    assert changed({}, status_of(facts, {}, NOON))


def test_no_map_is_written_empty() -> None:
    assert not {"services", "stacks", "routes"} & as_json(status_of(Facts(generation=1), {}, NOON)).keys()


def test_a_bad_edit_says_why_and_shows_what_runs() -> None:
    facts = Facts(generation=1, app_name="shop", url="http://shop", services=(healthy("web"),))
    old = as_json(status_of(facts, {}, NOON))
    running = Facts(generation=2, services=(healthy("web"),))
    status = status_of_invalid(running, "InvalidSpec", "spec.services.web.image: no", old, LATER)
    assert conditions(status) == {"Ready": ("False", "InvalidSpec"), "Stalled": ("True", "InvalidSpec")}
    assert status.observed_generation == 2
    assert (status.services["web"].ready, status.url, status.app_name) == (1, "http://shop", "shop")
    assert message(status) == "spec.services.web.image: no"


def test_a_template_counts_nowhere() -> None:
    status = status_of_template(3, {}, NOON)
    assert conditions(status) == {"Ready": ("True", "Template")}
    assert (status.observed_generation, status.counts.services, status.counts.stacks) == (3, "0/0", "0/0")


def test_a_suspended_stack_stays_what_it_was_and_says_so() -> None:
    old = as_json(status_of(Facts(generation=1, services=(healthy("web"),)), {}, NOON))
    status = status_of_suspended(2, "", old, LATER)
    assert conditions(status)["Ready"] == ("True", "Ready")
    assert conditions(status)["Suspended"] == ("True", "Suspended")
    assert status.services["web"].ready == 1
    child = branch(Child("a", "shop-a", LiveObject(2, {"status": as_json(status)})))
    assert (child.ready, child.suspended) == (True, True)
    assert child.summary().reason == "Suspended"
    below = status_of_suspended(2, "shop", old, LATER)
    assert "'shop'" in message(below, "Suspended")


def test_a_stack_that_is_suspended_from_the_start_never_ran() -> None:
    assert conditions(status_of_suspended(1, "", {}, NOON))["Ready"] == ("False", "Suspended")


def test_a_status_of_another_release_is_no_obstacle() -> None:
    assert status_of_suspended(1, "", {"observedGeneration": "1", "removed": 1}, NOON).observed_generation == 1


def test_the_largest_status_is_bounded() -> None:
    services = tuple(replace(ailing(f"s{n}", message="x" * 4000), name="n" * 63) for n in range(500))
    notices = tuple(Notice(FieldPath("p" * 4000), "rejected", "m" * 4000, "r" * 4000) for _ in range(500))
    status = as_json(status_of(Facts(generation=1, services=services, notices=notices), {}, NOON))
    assert len(str(status)) < 250_000
    StackStatus.model_validate(status)


def events(old: Facts | None, new: Facts) -> list[tuple[str, str]]:
    before = as_json(status_of(old, {}, NOON)) if old else {}
    return [(each.type, each.reason) for each in status_events(before, status_of(new, before, LATER))]


READY = Facts(generation=1, services=(healthy("web"),))
BROKEN = Facts(generation=1, services=(ailing("web"),))
ROLLING = Facts(generation=1, services=(ailing("web", "Progressing"),))
CONFLICT = Facts(
    generation=1, refusals=(Refusal("object Service x", Problem("Conflicting", "no")),), foreign=("Service x",)
)
MISSING = Facts(generation=1, missing={"a": "tpl"})


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (None, ROLLING, []),
        (None, READY, [("Normal", "Ready")]),
        (READY, READY, []),
        (READY, replace(READY, generation=2, url="http://x"), []),
        (READY, ROLLING, [("Normal", "Progressing")]),
        (READY, BROKEN, [("Warning", "ImagePullBackOff")]),
        (ROLLING, BROKEN, []),
        (BROKEN, READY, [("Normal", "Ready")]),
        (READY, CONFLICT, [("Warning", "Conflicting"), ("Warning", "ForeignObject")]),
        (None, CONFLICT, [("Warning", "Conflicting"), ("Warning", "ForeignObject")]),
        (CONFLICT, CONFLICT, []),
        (None, MISSING, [("Normal", "Ready"), ("Warning", "TemplateMissing")]),
        (MISSING, READY, [("Normal", "Resolved")]),
    ],
)
def test_events_tell_what_has_turned(old: Facts | None, new: Facts, told: list[tuple[str, str]]) -> None:
    assert events(old, new) == told


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (None, ROLLING, []),
        (None, READY, []),
        (ROLLING, READY, []),
        (READY, ROLLING, []),
        (READY, BROKEN, [("Warning", "ImagePullBackOff")]),
        (BROKEN, READY, [("Normal", "Ready")]),
        (CONFLICT, READY, [("Normal", "Ready")]),
    ],
)
def test_of_a_stack_below_troubles_and_their_ends_are_told(
    old: Facts | None, new: Facts, told: list[tuple[str, str]]
) -> None:
    """A tree of a hundred stacks that comes up would be a hundred Events, of which nobody needs but the root's."""
    assert events(old and replace(old, parent="shop"), replace(new, parent="shop")) == told


def test_suspending_and_resuming_are_told() -> None:
    old = as_json(status_of(READY, {}, NOON))
    suspended = status_of_suspended(2, "", old, LATER)
    assert [each.reason for each in status_events(old, suspended)] == ["Suspended"]
    resumed = status_of(replace(READY, generation=3), as_json(suspended), LATER)
    assert list(status_events(as_json(suspended), resumed)) == [
        StatusEvent("Normal", "Resumed", "changes are applied again")
    ]


def test_what_is_stopped_or_suspended_below_shows_at_every_level_above() -> None:
    stopped = Facts(generation=1, services=(healthy("web"), healthy("db", 0)))
    for depth in (0, 1, 2):
        status = status_of(nested(depth, stopped), {}, NOON)
        below = ("", " and 1 stack", " and 2 stacks")[depth]
        assert message(status) == f"1 service{below} ready, 1 service stopped"
        assert as_json(status)["ready"] == "True"
    leaf = as_json(status_of(nested(1, stopped), {}, NOON))
    suspended = as_json(status_of_suspended(1, "", leaf, LATER))
    assert suspended["ready"] == "Suspended"
    facts = Facts(generation=1)
    for level in ("cpl", "top"):
        facts = Facts(
            generation=1, branches=(branch(Child(level, f"shop-{level}", LiveObject(1, {"status": suspended}))),)
        )
        above = status_of(facts, {}, NOON)
        suspended = as_json(above)
    assert message(above) == "1 service and 1 stack ready, 1 service stopped, 2 stacks suspended"
    assert suspended["ready"] == "True"


def test_a_stack_that_is_stopped_is_ready_and_shows_as_stopped() -> None:
    ending = Health("web", "Deployment", "shop-web", 0, 0, Problem("Stopping", "1 pod not ended yet", transient=True))
    stopping = status_of(Facts(generation=1, services=(ending,), stopped="spec.stopped is set"), {}, NOON)
    assert conditions(stopping)["Ready"] == ("False", "Stopping")
    assert "Stopped" not in conditions(stopping)
    assert conditions(stopping)["Reconciling"] == ("True", "Stopping")

    down = Facts(generation=1, services=(healthy("web", 0),), stopped="spec.stopped is set")
    stopped = status_of(down, as_json(stopping), LATER)
    assert (conditions(stopped)["Ready"], conditions(stopped)["Stopped"]) == (("True", "Stopped"), ("True", "Stopped"))
    assert as_json(stopped)["ready"] == "Stopped"
    assert message(stopped) == "spec.stopped is set; 0 services ready, 1 service stopped"
    assert [each.reason for each in status_events(as_json(stopping), stopped)] == ["Stopped"]
    started = status_of(replace(READY, generation=2), as_json(stopped), LATER)
    assert [each.reason for each in status_events(as_json(stopped), started)] == ["Started"]

    suspended = as_json(status_of_suspended(1, "", as_json(stopped), LATER))
    assert suspended["ready"] == "Suspended"
    for told, words in ((as_json(stopped), "1 stack stopped"), (suspended, "1 stack suspended")):
        above = status_of(
            Facts(generation=1, branches=(branch(Child("a", "shop-a", LiveObject(1, {"status": told}))),)), {}, NOON
        )
        assert message(above) == f"0 services and 0 stacks ready, 1 service stopped, {words}"
        assert as_json(above)["ready"] == "True"


def test_a_status_says_in_one_field_what_kubectl_shows_under_ready() -> None:
    broken = status_of(Facts(generation=1, services=(ailing("web"),)), {}, NOON)
    template = status_of_template(1, {}, NOON)
    new = status_of_new(1, NOON)
    assert [as_json(each)["ready"] for each in (broken, template, new)] == ["False", "True", "False"]
