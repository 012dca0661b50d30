"""Scaling: where the count is written, what is refused, and when it has come true."""

from typing import Any

import pytest

from ailtire_operator.cli.failures import Exit, Failure
from ailtire_operator.cli.scaling import judge_scaled, plan_changes, problems, warnings
from ailtire_operator.cli.waiting import Outcome

Resource = dict[str, Any]


def resource(name: str, spec: Resource, **more: Any) -> Resource:
    metadata = {"name": name, "uid": f"uid-{name}", "generation": 1}
    return {
        "apiVersion": "ailtire.io/v1alpha1",
        "kind": "AiltireStack",
        "metadata": {**metadata, **more},
        "spec": spec,
    }


def shop() -> list[Resource]:
    dm: Resource = {"type": "stack", "stack": {"services": {"db": {"image": "x", "deploy": {"replicas": 2}}}}}
    services: Resource = {
        "web": {"image": "x"},
        "a/b": {"image": "x", "deploy": {}},
        "each": {"image": "x", "deploy": {"mode": "global"}},
        "once": {"image": "x", "deploy": {"restartPolicy": {"condition": "none"}}},
        "auto": {"image": "x", "policies": {"scaling": {"min": 2, "max": 5}}},
        "cpl": {"type": "stack", "stack": {"services": {"dm": dm}}},
        "pay": {"type": "stack", "stackRef": {"name": "payments"}},
        "lost": {"type": "stack", "stackRef": {"name": "nowhere"}},
    }
    top = resource("shop", {"services": services})
    top["status"] = {"services": {"once": {"kind": "Job"}}}
    place = {"parent": "shop", "parentKey": "cpl"}
    below = resource("shop-cpl", {"services": {"dm": dm}, "place": place})
    template = resource("payments", {"template": True, "services": {"api": {"image": "x"}}})
    other = resource("b", {"services": {"pay": {"type": "stack", "stackRef": {"name": "payments"}}}})
    return [top, below, template, other]


def one(wish: str) -> Any:
    (change,) = plan_changes([wish], shop())
    return change


def test_a_plain_service_of_the_root_changes_there() -> None:
    change = one("shop/web=3")
    assert (change.owner, change.live, change.before, change.after) == ("shop", "shop", 1, 3)
    assert change.patch() == {"op": "add", "path": "/spec/services/web/deploy", "value": {"replicas": 3}}


def test_an_inline_child_is_written_in_its_root_however_it_is_named() -> None:
    for wish in ("shop/cpl/dm/db=5", "shop-cpl/dm/db=5"):
        change = one(wish)
        assert (change.owner, change.live, change.before) == ("shop", "shop-cpl-dm", 2)
        pointer = "/spec/services/cpl/stack/services/dm/stack/services/db/deploy/replicas"
        assert change.patch() == {"op": "add", "path": pointer, "value": 5}


def test_a_child_of_a_template_changes_the_template_and_all_who_follow_it() -> None:
    change = one("shop/pay/api=2")
    assert (change.owner, change.live) == ("payments", "shop-pay")
    assert warnings(change, shop()) == ["payments is a template: shop-pay follows it, and b-pay with it"]


def test_a_key_with_a_slash_is_reached_by_its_other_name_and_escaped() -> None:
    assert one("shop/a-b=2").patch()["path"] == "/spec/services/a~1b/deploy/replicas"


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ("shop/each=2", "runs once on each node"),
        ("shop/once=2", "is a job"),
        ("shop/auto=2", r"the autoscaler's \(min 2, max 5\)"),
        ("shop/cpl=2", "shop/cpl is a stack"),
        ("shop=2", "shop is a stack"),
        ("shop/lost/x=2", "the template 'nowhere'"),
        ("shop/web/x=2", "nothing below it"),
        ("shop/web", "is no path and count"),
        ("shop/web=-1", "is no path and count"),
    ],
)
def test_what_cannot_be_scaled_is_refused_with_the_reason(wish: str, message: str) -> None:
    with pytest.raises(Failure, match=message) as caught:
        plan_changes([wish], shop())
    assert caught.value.code is Exit.TROUBLE


def test_a_wrong_name_is_answered_with_near_ones() -> None:
    with pytest.raises(Failure, match="no 'dmm' in shop/cpl") as caught:
        plan_changes(["shop/cpl/dmm/db=1"], shop())
    assert caught.value.code is Exit.MISSING
    assert "Did you mean dm?" in caught.value.hint


def test_one_place_is_not_set_to_two_counts() -> None:
    with pytest.raises(Failure, match="stand in one place"):
        plan_changes(["shop/pay/api=2", "b/pay/api=3"], shop())
    assert len(plan_changes(["shop/web=2", "shop/cpl/dm/db=3"], shop())) == 2


def test_the_model_judges_the_result_and_not_what_was_wrong_before() -> None:
    stacks = shop()
    stacks[0]["spec"]["services"]["cpl"]["stack"]["services"]["bad"] = {"imag": "x"}
    assert problems(plan_changes(["shop/web=3"], stacks), stacks) == []
    (found,) = problems(plan_changes(["shop/cpl/dm/db=5000"], stacks), stacks)
    assert found.startswith("spec.services.cpl.stack.services.dm.stack.services.db.deploy.replicas: ")


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"labels": {"argocd.argoproj.io/instance": "x"}}, "Argo CD"),
        ({"labels": {"kustomize.toolkit.fluxcd.io/name": "x"}}, "Flux"),
        ({"annotations": {"meta.helm.sh/release-name": "x"}}, "Helm"),
        ({"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"}}, "applied from a file"),
        ({"managedFields": [{"manager": "kubectl", "operation": "Apply"}]}, "applied from a file"),
    ],
)
def test_who_may_undo_it_is_named(metadata: Resource, said: str) -> None:
    stacks = shop()
    stacks[0]["metadata"] |= metadata
    (change,) = plan_changes(["shop/web=3"], stacks)
    (warning,) = warnings(change, stacks)
    assert said in warning


def live(replicas: int, **status: Any) -> Resource:
    spec = {"services": {"db": {"image": "x", "deploy": {"replicas": replicas}}}}
    ready = {"type": "Ready", "status": "False", "reason": "Progressing", "observedGeneration": 1}
    told = {"observedGeneration": 1, "conditions": [ready], "services": {"db": status}}
    return {**resource("shop-cpl-dm", spec), "status": told}


@pytest.mark.parametrize(
    ("stack", "outcome", "line"),
    [
        (None, Outcome.WAITING, "has not been made yet"),
        (live(2, ready=2, wanted=2), Outcome.WAITING, "has not come down"),
        (live(5, ready=2, wanted=2), Outcome.WAITING, "2/5"),
        (live(5, ready=2, wanted=5, reason="Unschedulable", message="no node"), Outcome.WAITING, "Unschedulable"),
        (live(5, ready=5, wanted=5), Outcome.REACHED, "5/5"),
    ],
)
def test_it_has_come_true_when_the_stack_that_runs_it_says_so(
    stack: Resource | None, outcome: Outcome, line: str
) -> None:
    verdict = judge_scaled([one("shop/cpl/dm/db=5")], {"shop-cpl-dm": stack} if stack else {})
    assert verdict.outcome is outcome
    assert line in verdict.line
