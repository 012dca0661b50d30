"""Scaling: where the count is written, what is refused, and when it has come true."""

import json
from typing import Any

import pytest

from ailtire_operator.cli.definition_edits import grouped, problems, requests_for, warnings
from ailtire_operator.cli.failures import Exit, Failure
from ailtire_operator.cli.scaling import judge_scaled, plan_changes
from ailtire_operator.cli.wait_outcomes import Outcome

Resource = dict[str, Any]
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def applied(manager: str, service: str) -> Resource:
    """What the API server keeps of an apply that names the image of one service."""
    fields: Resource = {"f:spec": {"f:services": {f"f:{service}": {"f:image": {}}}}}
    return {"manager": manager, "operation": "Apply", "fieldsV1": fields}


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
    template = resource("payments", {"templateOnly": True, "services": {"api": {"image": "x"}}})
    other = resource("b", {"services": {"pay": {"type": "stack", "stackRef": {"name": "payments"}}}})
    return [top, below, template, other]


def one(wish: str) -> Any:
    (change,) = plan_changes([wish], shop())
    return change


def operation(change: Any) -> Resource:
    (request,) = requests_for([change])
    (found,) = (each for each in request.body if each["op"] == "add")
    return dict(found)


def test_a_plain_service_of_the_root_changes_there() -> None:
    change = one("shop/web=3")
    assert (change.owner, change.live, change.before, change.after) == ("shop", "shop", 1, 3)
    assert operation(change) == {"op": "add", "path": "/spec/services/web/deploy", "value": {"replicas": 3}}


def test_an_inline_child_is_written_in_its_root_however_it_is_named() -> None:
    for wish in ("shop/cpl/dm/db=5", "shop-cpl/dm/db=5"):
        change = one(wish)
        assert (change.owner, change.live, change.before) == ("shop", "shop-cpl-dm", 2)
        pointer = "/spec/services/cpl/stack/services/dm/stack/services/db/deploy/replicas"
        assert operation(change) == {"op": "add", "path": pointer, "value": 5}


def test_a_child_of_a_template_changes_the_template_and_all_who_follow_it() -> None:
    change = one("shop/pay/api=2")
    assert (change.owner, change.live) == ("payments", "shop-pay")
    assert warnings([change], shop())[0] == "payments is a template: shop-pay follows it, and b-pay with it"


def test_a_key_with_a_slash_is_reached_by_its_other_name_and_escaped() -> None:
    assert operation(one("shop/a-b=2"))["path"] == "/spec/services/a~1b/deploy/replicas"


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
    assert problems(grouped(plan_changes(["shop/web=3"], stacks)), stacks) == []
    (found,) = problems(grouped(plan_changes(["shop/cpl/dm/db=5000"], stacks)), stacks)
    assert found.startswith(
        "AiltireStack shop: spec.services.cpl.stack.services.dm.stack.services.db.deploy.replicas: "
    )


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"labels": {"argocd.argoproj.io/instance": "x"}}, "Argo CD"),
        ({"labels": {"kustomize.toolkit.fluxcd.io/name": "x"}}, "Flux"),
        ({"annotations": {"meta.helm.sh/release-name": "x"}}, "Helm"),
        (
            {"annotations": {LAST_APPLIED: '{"spec":{"services":{"web":{"image":"x"}}}}'}},
            "brings back what the file says",
        ),
        ({"annotations": {LAST_APPLIED: "{}"}}, "no apply of shop knows of this count"),
        ({"annotations": {LAST_APPLIED: "{"}}, "no apply of shop knows of this count"),
        ({"managedFields": [applied("kubectl", "web")]}, "brings back what the file says"),
        ({"managedFields": [applied("kubectl", "other")]}, "brings back what the file says"),
        ({"managedFields": [{"manager": "kubectl", "operation": "Apply"}]}, "no apply of shop knows of this count"),
        ({}, "no apply of shop knows of this count"),
    ],
)
def test_who_may_undo_it_is_named(metadata: Resource, said: str) -> None:
    stacks = shop()
    stacks[0]["metadata"] |= metadata
    (change,) = plan_changes(["shop/web=3"], stacks)
    (warning,) = warnings([change], stacks, "count")
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
    verdict = judge_scaled([one("shop/cpl/dm/db=5")], [stack] if stack else [])
    assert verdict.outcome is outcome
    assert line in verdict.line


def written(metadata: Resource, *wishes: str) -> list[Any]:
    stacks = shop()
    stacks[0]["metadata"] |= metadata
    return requests_for(plan_changes(wishes, stacks))


def test_the_annotation_of_kubectl_apply_learns_of_the_count_and_its_writer_writes_it() -> None:
    last: Resource = {"spec": {"services": {"web": {"image": "x"}, "a/b": {"deploy": {"replicas": 1}}}}}
    annotations: Resource = {"f:metadata": {"f:annotations": {f"f:{LAST_APPLIED}": {}}}}
    entry = {"manager": "kubectl-client-side-apply", "operation": "Update", "fieldsV1": annotations}
    metadata = {"annotations": {LAST_APPLIED: json.dumps(last)}, "managedFields": [entry]}
    (request,) = written(metadata, "shop/web=0", "shop/a-b=4")
    assert (request.manager, request.recorded) == ("kubectl-client-side-apply", True)
    told = json.loads(request.body[-1]["value"])["spec"]["services"]
    assert told == {"web": {"image": "x", "deploy": {"replicas": 0}}, "a/b": {"deploy": {"replicas": 4}}}
    assert request.body[-2] == {"op": "test", "path": request.body[-1]["path"], "value": json.dumps(last)}


def test_what_others_have_set_beside_the_count_is_never_put_into_the_annotation() -> None:
    """The next apply would remove the whole of ``deploy``, or of a service that the file does not have."""
    stacks = shop()
    stacks[0]["spec"]["services"]["web"]["deploy"] = {"placement": {"constraints": ["node.role == worker"]}}
    lasts: list[Any] = [{"spec": {"services": {"web": {"image": "x"}}}}, {"spec": {"services": {}}}, {"spec": None}, []]
    for last in lasts:
        stacks[0]["metadata"]["annotations"] = {LAST_APPLIED: json.dumps(last)}
        (request,) = requests_for(plan_changes(["shop/web=3"], stacks))
        assert not request.recorded
        assert LAST_APPLIED.replace("/", "~1") not in json.dumps(request.body)


def test_of_several_who_apply_the_one_writes_that_says_most_of_the_service() -> None:
    fields = [applied("overlay", "other"), applied("kubectl", "web"), {"manager": "x", "operation": "Update"}]
    (request,) = written({"managedFields": fields, "resourceVersion": "7"}, "shop/web=3")
    assert (request.manager, request.params["force"]) == ("kubectl", "true")
    assert request.body["metadata"] == {"name": "shop", "uid": "uid-shop", "resourceVersion": "7"}
    assert request.body["spec"] == {"services": {"web": {"image": "x", "deploy": {"replicas": 3}}}}


def test_who_applies_in_both_ways_is_told_in_both() -> None:
    annotation = {LAST_APPLIED: '{"spec":{"services":{"web":{}}}}'}
    first, second = written({"managedFields": [applied("kubectl", "web")], "annotations": annotation}, "shop/web=3")
    assert first.recorded
    assert second.recorded
    assert [each["op"] for each in second.body] == ["test", "test", "replace"]
