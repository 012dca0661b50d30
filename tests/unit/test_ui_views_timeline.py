"""What has happened to a stack, from revisions, rollouts, pods and Events, in one list."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ailtire_operator.cli.event_rows import event_row
from ailtire_operator.cli.pod_causes import PodEvent, PodNote
from ailtire_operator.cli.revisions import Revision, history
from ailtire_operator.cli.rollout_history import Rollout
from ailtire_operator.cli.timeline import Kind, Moment, newest_first, of_definitions, of_event, of_pod, of_rollout
from ailtire_operator.model.status import FieldChangeStatus, RolloutStatus
from ailtire_operator.plan.definition_changes import TreeDefinition

Json = dict[str, Any]
NOON = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
STACKS = {"shop": "prod/shop", "shop/orders": "prod/shop-orders"}


def definition(web: str, api: str, **more: Any) -> TreeDefinition:
    orders = {"type": "stack", "stack": {"services": {"api": {"image": api}}}}
    return TreeDefinition({"services": {"web": {"image": web}, "orders": orders}, **more})


def revision(number: int, of: TreeDefinition, cause: str = "") -> Revision:
    time = f"2026-01-01T12:{number:02}:00Z"
    return Revision(number, number, time, "flux", cause, of.digest(), of)


REVISIONS = [
    revision(1, definition("web:1", "api:1")),
    revision(2, definition("web:2", "api:1"), "new  web"),
    revision(3, definition("web:2", "api:2")),
    revision(4, definition("web:2", "api:2", environment="prod")),
]


def definitions(*keys: str) -> list[Json]:
    entries = history(REVISIONS, definition("web:2", "api:2", environment="prod"))
    return [each.to_json(STACKS) for each in of_definitions(entries, "shop", keys)]


def test_a_root_has_all_revisions_of_its_tree() -> None:
    found = definitions()
    assert [each["revision"] for each in found] == [1, 2, 3, 4]
    assert found[1] == {
        "time": "2026-01-01T12:02:00Z", "kind": "definition", "id": "prod/shop", "stack": "shop", "service": "",
        "revision": 2, "by": "flux", "title": "revision 2 is Ready", "detail": "new web: web image 1 -> 2",
    }  # fmt: skip
    assert found[0]["detail"] == "the oldest definition that is kept"
    assert found[3]["title"] == "revision 4 (current) is Ready"


def test_a_stack_below_has_those_that_have_changed_it_or_what_it_inherits() -> None:
    assert [each["revision"] for each in definitions("orders")] == [1, 3, 4]
    assert {each["stack"] for each in definitions("orders")} == {"shop/orders"}
    assert definitions("orders")[1]["detail"] == "orders/api image 1 -> 2"


def rollout(cause: str, *paths: str, omitted: int = 0, entry: bool = True) -> Rollout:
    changes = tuple(FieldChangeStatus(path=each, before="1", after="2") for each in paths)
    written = RolloutStatus.model_validate(
        {
            "time": "2026-01-01T12:00:00Z",
            "kind": "Deployment",
            "name": "x",
            "cause": cause,
            "manager": "flux",
            "rootGeneration": 7,
        }
    )
    return Rollout("shop/orders/api", ("Deployment", "x"), NOON, changes, omitted, written if entry else None, "shop")


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        (rollout("Planned", "containers[api].image"), Kind.ROLLOUT),
        (rollout("RolledBack", "containers[api].image"), Kind.ROLLBACK),
        (rollout("Planned", "annotations[ailtire.io/restarted-at]"), Kind.RESTART),
        (rollout("Planned", "annotations[ailtire.io/restarted-at]", "containers[api].image"), Kind.ROLLOUT),
        (rollout("Planned", "annotations[ailtire.io/restarted-at]", omitted=1), Kind.ROLLOUT),
        (rollout("Planned", "containers[api].image", entry=False), Kind.ROLLOUT),
    ],
)
def test_a_rollout_is_what_it_was_for(found: Rollout, kind: Kind) -> None:
    assert of_rollout(found).kind is kind


def test_a_rollout_says_who_asked_for_it_and_what_changed() -> None:
    found = of_rollout(rollout("Planned", "containers[api].image", omitted=2)).to_json(STACKS)
    assert (found["stack"], found["service"], found["by"]) == ("shop/orders", "api", "flux")
    assert found["id"] == "prod/shop-orders"
    assert found["title"] == "rollout of Deployment x"
    assert found["detail"].splitlines() == [
        "generation 7 of shop, last changed by flux", "containers[api].image 1 -> 2", "and 2 more fields",
    ]  # fmt: skip
    lost = of_rollout(rollout("Planned", "a", entry=False))
    assert (lost.by, lost.detail) == ("", "a 1 -> 2")


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (PodEvent.MADE, Kind.EVENT),
        (PodEvent.ENDED, Kind.EVENT),
        (PodEvent.FAILED, Kind.FAILURE),
        (PodEvent.STARTED_AGAIN, Kind.RESTART),
    ],
)
def test_what_happens_to_a_pod_is_of_one_kind(event: PodEvent, kind: Kind) -> None:
    found = of_pod(PodNote(event, "shop/web", "shop-web-1", NOON, "ends", "its node is gone"))
    assert (found.kind, found.title, found.detail) == (kind, "pod shop-web-1: ends", "its node is gone")


def test_an_event_that_warns_is_a_failure() -> None:
    def said(type_: str, count: int) -> Json:
        event = {
            "metadata": {}, "involvedObject": {"kind": "Pod", "name": "p"}, "type": type_, "reason": "BackOff",
            "message": "again", "count": count, "lastTimestamp": "2026-01-01T12:00:00Z",
            "source": {"component": "kubelet"},
        }  # fmt: skip
        return of_event("shop", event_row(event)).to_json(STACKS)

    assert (said("Warning", 3)["kind"], said("Warning", 3)["title"]) == ("failure", "BackOff: Pod p (3 times)")
    assert (said("Normal", 1)["kind"], said("Normal", 1)["title"]) == ("event", "BackOff: Pod p")
    assert (said("Normal", 1)["by"], said("Normal", 1)["stack"], said("Normal", 1)["service"]) == (
        "kubelet",
        "shop",
        "",
    )


def test_the_newest_stands_first_and_what_has_no_time_last() -> None:
    times = [NOON, None, NOON + timedelta(seconds=1), NOON - timedelta(days=1)]
    found = newest_first(Moment(Kind.EVENT, each, "shop", "", "") for each in times)
    assert [each.time for each in found] == [times[2], times[0], times[3], None]


def test_of_revisions_in_one_second_the_later_one_stands_first() -> None:
    found = newest_first(Moment(Kind.DEFINITION, NOON, "shop", "", "", revision=each) for each in (7, 8, 6))
    assert [each.revision for each in found] == [8, 7, 6]
