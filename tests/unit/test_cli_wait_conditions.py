"""What a look means to who waits, and when the waiting ends."""

import asyncio
from typing import Any

import pytest

from ailtire_operator.cli.verbs.wait import until
from ailtire_operator.cli.wait_conditions import judge_deleted, judge_ready, judge_service, subtree
from ailtire_operator.cli.wait_outcomes import EXITS, Outcome, Verdict, timeout_of
from ailtire_operator.cluster.errors import Unavailable

Conditions = dict[str, tuple[str, str, str]]
"""``{"Ready": ("False", "Reason", "message")}``."""


def stack(
    name: str, conditions: Conditions | None = None, *, generation: int = 1, observed: int = 1, parent: str = ""
) -> dict[str, Any]:
    told = [
        {"type": kind, "status": each[0], "reason": each[1], "message": each[2], "observedGeneration": observed}
        for kind, each in (conditions or {}).items()
    ]
    owner = {"kind": "AiltireStack", "uid": f"uid-{parent}", "controller": True}
    return {
        "metadata": {
            "name": name,
            "uid": f"uid-{name}",
            "generation": generation,
            "ownerReferences": [owner] if parent else [],
        },
        "spec": {"services": {}},
        "status": {
            "observedGeneration": observed,
            "conditions": told,
            "counts": {"services": "1/2", "stacks": "0/1"},
        },
    }


READY = {"Ready": ("True", "Ready", "2 services and 1 stack ready")}
STARTING = {"Ready": ("False", "Progressing", "cpl: service db 0/1: Progressing")}
REFUSED = {"Ready": ("False", "InvalidSpec", "spec.x: wrong"), "Stalled": ("True", "InvalidSpec", "spec.x: wrong")}


def test_ready_is_reached_only_for_the_current_definition() -> None:
    assert judge_ready("shop", [stack("shop", READY)]) == Verdict(
        Outcome.REACHED, "shop is ready: 2 services and 1 stack ready"
    )
    stale = judge_ready("shop", [stack("shop", READY, generation=2)])
    assert stale.outcome is Outcome.WAITING
    assert "has not reconciled the current definition yet" in stale.line


def test_while_waiting_it_names_the_blocker() -> None:
    verdict = judge_ready("shop", [stack("shop", STARTING)])
    assert verdict == Verdict(Outcome.WAITING, "shop: 1/2 services, 0/1 stacks: cpl: service db 0/1: Progressing")


def test_stalled_is_the_end_unless_it_speaks_of_an_older_definition() -> None:
    assert judge_ready("shop", [stack("shop", REFUSED)]) == Verdict(
        Outcome.FAILED, "shop cannot become ready: spec.x: wrong (InvalidSpec)"
    )
    assert judge_ready("shop", [stack("shop", REFUSED, generation=2)]).outcome is Outcome.WAITING


def test_what_is_final_below_is_final_above() -> None:
    top, middle = stack("shop", STARTING), stack("shop-a", STARTING, parent="shop")
    leaf = stack("shop-a-b", REFUSED, parent="shop-a")
    verdict = judge_ready("shop", [top, leaf, middle])
    assert verdict == Verdict(Outcome.FAILED, "shop cannot become ready: stack shop-a-b: spec.x: wrong (InvalidSpec)")


@pytest.mark.parametrize("behind", ["shop", "shop-a", "shop-a-b"])
def test_but_not_while_a_correction_is_on_its_way_down(behind: str) -> None:
    parents = {"shop": "", "shop-a": "shop", "shop-a-b": "shop-a"}
    told = {"shop": STARTING, "shop-a": STARTING, "shop-a-b": REFUSED}
    tree = [
        stack(name, told[name], generation=2 if name == behind else 1, parent=parent)
        for name, parent in parents.items()
    ]
    assert judge_ready("shop", tree).outcome is Outcome.WAITING


ROLLED_BACK = {
    "Ready": ("False", "RolledBack", "service web 2/2: RolledBack: x"),
    "Stalled": ("True", "RolledBack", "service web 2/2: RolledBack: x"),
}
SUSPENDED = {**READY, "Suspended": ("True", "Suspended", "spec.suspend is set: what runs keeps running")}


def test_what_was_rolled_back_and_what_is_suspended_end_the_waiting_in_ways_of_their_own() -> None:
    for told, outcome, code in ((ROLLED_BACK, Outcome.ROLLED_BACK, 6), (SUSPENDED, Outcome.SUSPENDED, 7)):
        assert judge_ready("shop", [stack("shop", told)]).outcome is outcome
        below = [stack("shop", STARTING), stack("shop-a", told, parent="shop")]
        assert judge_ready("shop", below).outcome is outcome
        assert EXITS[outcome] == code


def test_a_tree_that_is_ready_tells_of_a_suspended_stack_below() -> None:
    top = stack("shop", READY)
    top["status"]["counts"] |= {"stacksSuspended": 1}
    alone = judge_ready("shop", [top])
    assert alone.outcome is Outcome.SUSPENDED
    named = judge_ready("shop", [top, stack("shop-a", SUSPENDED, parent="shop")])
    assert named.outcome is Outcome.SUSPENDED
    assert named.line.startswith("shop: stack shop-a is suspended: ")
    assert judge_ready("shop", [stack("shop", READY, generation=2)]).outcome is Outcome.WAITING


STOPPED = {**READY, "Stopped": ("True", "Stopped", "spec.stopped is set: nothing runs")}


def test_what_is_stopped_ends_the_waiting_as_what_is_suspended_does() -> None:
    whole = judge_ready("shop", [stack("shop", STOPPED)])
    assert (whole.outcome, EXITS[whole.outcome]) == (Outcome.STOPPED, 7)
    top = stack("shop", READY)
    top["status"]["counts"] |= {"stacksStopped": 1}
    assert judge_ready("shop", [top, stack("shop-a", STOPPED, parent="shop")]).outcome is Outcome.STOPPED
    starting = [stack("shop", STARTING), stack("shop-a", STOPPED, parent="shop")]
    assert judge_ready("shop", starting).outcome is Outcome.WAITING


def test_a_service_that_is_stopped_is_not_one_that_is_scaled_to_zero() -> None:
    top = stack("shop", READY)
    top["status"]["services"] = {"web": {"kind": "Deployment", "ready": 0, "wanted": 0}}
    assert judge_service("shop/web", top, "web").outcome is Outcome.REACHED
    top["spec"] = {"services": {"web": {"image": "x", "stopped": True}}}
    assert judge_service("shop/web", top, "web").outcome is Outcome.STOPPED


def test_each_way_to_end_has_an_exit_code() -> None:
    assert {each: int(EXITS[each]) for each in Outcome} == {
        Outcome.WAITING: 4,
        Outcome.REACHED: 0,
        Outcome.FAILED: 3,
        Outcome.ROLLED_BACK: 6,
        Outcome.SUSPENDED: 7,
        Outcome.STOPPED: 7,
    }


def test_another_tree_does_not_count() -> None:
    assert judge_ready("shop", [stack("shop", STARTING), stack("x", REFUSED, parent="else")]).outcome is Outcome.WAITING


def test_a_template_and_a_leaving_stack_never_get_ready() -> None:
    template, leaving = stack("t", READY), stack("shop", READY)
    template["spec"]["template"] = True
    leaving["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert judge_ready("t", [template]).outcome is Outcome.FAILED
    assert judge_ready("shop", [leaving]) == Verdict(Outcome.FAILED, "shop is being deleted")


def test_gone_means_everything_is() -> None:
    assert judge_deleted("shop", {"AiltireStack": 0, "Pod": 0}).outcome is Outcome.REACHED
    left = judge_deleted("shop", {"AiltireStack": 0, "Deployment": 2, "Pod": 3})
    assert left == Verdict(Outcome.WAITING, "shop: still there: 2 Deployment, 3 Pod")
    unseen = judge_deleted("shop", {"AiltireStack": 0}, ["Ingress"])
    assert unseen.line == "shop is gone with everything below it (but Ingress, which may not be listed)"


def test_a_subtree_is_what_is_owned() -> None:
    tree = [stack("c", parent="b"), stack("a"), stack("b", parent="a"), stack("x")]
    assert [each["metadata"]["name"] for each in subtree(tree[1], tree)] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("text", "seconds"), [("5m", 300), ("90s", 90), ("1h30m", 5400), ("0", 0), ("12", 12), ("1.5", 1.5)]
)
def test_times_are_read_as_kubectl_reads_them(text: str, seconds: float) -> None:
    assert timeout_of(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-1", "5 minutes"])
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        timeout_of(text)


WAITING, REACHED = Verdict(Outcome.WAITING, "not yet"), Verdict(Outcome.REACHED, "there")


def looks(*answers: Verdict | Unavailable, said: list[str], patience: float) -> Verdict:
    """Wait with these answers, the last of which is repeated."""
    left = list(answers)

    async def poll() -> Verdict:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Unavailable):
            raise answer
        return answer

    return asyncio.run(until(poll, patience, said.append))


def test_it_looks_until_it_is_reached_and_tells_only_news(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ailtire_operator.cli.verbs.wait._PAUSE", 0.001)
    said: list[str] = []
    assert looks(WAITING, WAITING, WAITING, REACHED, said=said, patience=5) is REACHED
    assert said == ["not yet", "there"]


def test_it_gives_up_when_the_time_is_up_and_looks_once_without_any() -> None:
    said: list[str] = []
    assert looks(WAITING, said=said, patience=0).outcome is Outcome.WAITING
    assert said == ["not yet", "the time is up (0 s)"]


def test_an_outage_is_sat_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ailtire_operator.cli.verbs.wait._PAUSE", 0.001)
    said: list[str] = []
    assert looks(Unavailable("gone"), WAITING, Unavailable("gone"), REACHED, said=said, patience=5) is REACHED
    assert said == ["gone", "not yet", "gone", "there"]


def test_a_cluster_that_never_answered_is_an_error() -> None:
    with pytest.raises(Unavailable):
        looks(Unavailable("gone"), said=[], patience=0)


@pytest.mark.parametrize(
    ("status", "conditions", "outcome"),
    [
        ({"ready": 1, "wanted": 1}, STARTING, Outcome.REACHED),
        ({"ready": 0, "wanted": 0}, READY, Outcome.REACHED),
        ({"ready": 0, "wanted": 1, "reason": "ImagePullBackOff"}, STARTING, Outcome.WAITING),
        ({"ready": 1, "wanted": 1, "reason": "RolledBack"}, ROLLED_BACK, Outcome.ROLLED_BACK),
        ({"ready": 1, "wanted": 1, "reason": "UpdatePaused"}, STARTING, Outcome.FAILED),
        ({"ready": 1, "wanted": 1}, SUSPENDED, Outcome.SUSPENDED),
        (None, REFUSED, Outcome.FAILED),
        (None, STARTING, Outcome.WAITING),
    ],
)
def test_one_service_is_judged_alone(status: dict[str, Any] | None, conditions: Conditions, outcome: Outcome) -> None:
    found = stack("shop", conditions)
    found["status"]["services"] = {} if status is None else {"web": status}
    assert judge_service("shop/web", found, "web").outcome is outcome
    found["metadata"]["generation"] = 2
    if outcome is Outcome.REACHED:
        assert judge_service("shop/web", found, "web").outcome is Outcome.WAITING


def test_pipelines_go_by_these_numbers() -> None:
    """docs/cli.md promises them: a number never changes its meaning."""
    numbers = {outcome: int(code) for outcome, code in EXITS.items()}
    assert numbers == {
        Outcome.REACHED: 0,
        Outcome.FAILED: 3,
        Outcome.WAITING: 4,
        Outcome.ROLLED_BACK: 6,
        Outcome.SUSPENDED: 7,
        Outcome.STOPPED: 7,
    }
