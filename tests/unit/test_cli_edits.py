"""Values written into definitions: by which requests, in whose name, and what goes with them when they are removed."""

import json
from typing import Any

import pytest

from ailtire_operator.cli.definition_edits import Edit, grouped, has_come_down, problems, warnings
from ailtire_operator.cli.definition_places import Place, locate, subtree
from ailtire_operator.cli.definition_writes import Request, Write, edited, requests
from ailtire_operator.cli.edit_waits import judge_edits
from ailtire_operator.cli.failures import Failure, Missing
from ailtire_operator.cli.wait_outcomes import Outcome
from support.definitions.written import LAST_APPLIED, Resource, child, owner, resource

WEB = ("spec", "services", "web")


def shop(**metadata: Any) -> Resource:
    services: Resource = {"web": {"image": "x", "environment": {"A": "1", "B": "2"}}}
    return resource("shop", {"services": services}, resourceVersion="7", **metadata)


def operations(request: Request) -> list[Resource]:
    return [each for each in request.body if each["op"] != "test"]


def variable(name: str, value: str | None) -> Write:
    return Write(WEB, ("environment", name), value)


def test_a_value_is_added_with_what_is_missing_on_the_way_to_it() -> None:
    writes = [
        Write(WEB, ("image",), "y"),
        Write(WEB, ("deploy", "replicas"), 3),
        Write(WEB, ("deploy", "mode"), "replicated"),
        Write(("spec",), ("restartedAt",), "2026-11-29T12:00:00Z"),
    ]
    (request,) = requests(shop(), writes)
    assert operations(request) == [
        {"op": "add", "path": "/spec/services/web/image", "value": "y"},
        {"op": "add", "path": "/spec/services/web/deploy", "value": {"replicas": 3}},
        {"op": "add", "path": "/spec/services/web/deploy/mode", "value": "replicated"},
        {"op": "add", "path": "/spec/restartedAt", "value": "2026-11-29T12:00:00Z"},
    ]
    assert not request.recorded
    assert {"op": "test", "path": "/metadata/generation", "value": 1} in request.body


def test_what_is_empty_after_a_removal_goes_with_it_but_never_what_was_there_in_any_case() -> None:
    (request,) = requests(shop(), [variable("A", None), variable("B", None), variable("C", None)])
    assert operations(request) == [
        {"op": "remove", "path": "/spec/services/web/environment/A"},
        {"op": "remove", "path": "/spec/services/web/environment"},
    ]
    only = resource("shop", {"stopped": True})
    (request,) = requests(only, [Write(("spec",), ("stopped",), None)])
    assert operations(request) == [{"op": "remove", "path": "/spec/stopped"}]
    assert edited(only, [Write(("spec",), ("stopped",), None)])["spec"] == {}
    assert requests(shop(), [variable("C", None)]) == []


def test_the_annotation_of_kubectl_apply_forgets_what_is_removed() -> None:
    last = {"spec": {"services": {"web": {"environment": {"A": "1"}}}}}
    (request,) = requests(shop(annotations={LAST_APPLIED: json.dumps(last)}), [variable("A", None)])
    assert request.recorded
    removed, told = operations(request)
    assert removed["path"] == "/spec/services/web/environment/A"
    assert json.loads(told["value"]) == {"spec": {"services": {"web": {}}}}
    other = {LAST_APPLIED: json.dumps({"spec": {"services": {"web": {"image": "x"}}}})}
    (request,) = requests(shop(annotations=other), [variable("A", None)])
    assert [each["op"] for each in request.body] == ["test", "test", "remove"], "it says nothing of it already"
    assert request.recorded


def test_what_others_have_set_beside_a_variable_is_not_put_into_the_annotation() -> None:
    annotations = {LAST_APPLIED: json.dumps({"spec": {"services": {"web": {"image": "x"}}}})}
    (request,) = requests(shop(annotations=annotations), [variable("C", "3")])
    assert not request.recorded
    (request,) = requests(shop(annotations=annotations), [variable("A", "3"), variable("B", "4")])
    assert request.recorded, "both are in it now, so that nothing goes that is somebody else's"


def test_a_root_is_written_by_whoever_applies_it_though_nobody_says_more_than_spec() -> None:
    metadata = {"managedFields": [owner("kubectl", {"spec": {"services": {"web": {"image": {}}}}})]}
    (request,) = requests(shop(**metadata), [Write(("spec",), ("stopped",), True)])
    assert request.manager == "kubectl"
    assert request.body["spec"] == {"services": {"web": {"image": "x"}}, "stopped": True}
    assert request.body["metadata"]["resourceVersion"] == "7"


def test_an_apply_leaves_out_what_only_its_manager_has_set_and_a_patch_removes_what_others_have() -> None:
    def entries(*others: Resource) -> Resource:
        fields: Resource = {"spec": {"services": {"web": {"image": {}, "environment": {"A": {}, "B": {}}}}}}
        return {"managedFields": [owner("flux", fields), *others]}

    (request,) = requests(shop(**entries()), [variable("A", None)])
    assert request.manager == "flux"
    assert request.body["spec"] == {"services": {"web": {"image": "x", "environment": {"B": "2"}}}}
    also = owner("edit", {"spec": {"services": {"web": {"environment": {"A": {}}}}}}, "Update")
    (request,) = requests(shop(**entries(also)), [variable("A", None)])
    assert operations(request) == [{"op": "remove", "path": "/spec/services/web/environment/A"}]
    assert {"op": "test", "path": "/metadata/generation", "value": 1} in request.body
    first, second = requests(shop(**entries(also)), [variable("A", None), variable("B", None)])
    assert first.body["spec"]["services"]["web"]["environment"] == {"A": "1"}
    assert operations(second) == [{"op": "remove", "path": "/spec/services/web/environment"}]
    assert {"op": "test", "path": "/metadata/generation", "value": 1} not in second.body, "the first has changed that"


def tree() -> list[Resource]:
    orders = child({"api": {"image": "x"}, "dm": child({"db": {"image": "x"}})})
    pay = {"type": "stack", "stackRef": {"name": "payments"}}
    lost = {"type": "stack", "stackRef": {"name": "nowhere"}}
    services: Resource = {"web": {"image": "x"}, "orders": orders, "pay": pay, "lost": lost}
    template = resource("payments", {"templateOnly": True, "services": {"api": {"image": "x"}}})
    return [resource("shop", {"services": services}), template]


def test_a_stack_is_a_member_of_its_parent_and_a_root_its_own_definition() -> None:
    def at(path: str) -> tuple[str, tuple[str, ...], str, str]:
        place = locate(path, tree())
        return place.entry.owner, place.entry.steps, place.holder, place.member

    assert at("shop") == ("shop", ("spec",), "shop", "")
    assert at("shop/orders") == ("shop", ("spec", "services", "orders"), "shop", "orders")
    inner = ("spec", "services", "orders", "stack", "services", "dm")
    assert at("shop/orders/dm") == ("shop", inner, "shop-orders", "dm")
    assert at("shop/pay") == ("shop", ("spec", "services", "pay"), "shop", "pay")
    assert at("shop/pay/api") == ("payments", ("spec", "services", "api"), "shop-pay", "api")
    assert at("shop/lost")[1] == ("spec", "services", "lost"), "what is written of it is in the parent"
    with pytest.raises(Failure, match="the template 'nowhere', to which shop/lost refers, is not there"):
        locate("shop/lost/x", tree())
    with pytest.raises(Missing, match="there is no 'wbe' in shop"):
        locate("shop/wbe", tree())
    paths = [each.path for each in subtree(locate("shop", tree()), tree())]
    assert sorted(paths) == ["shop", "shop/lost", "shop/orders", "shop/orders/dm", "shop/pay"]


def test_templates_in_a_circle_have_an_end() -> None:
    ring = {"type": "stack", "stackRef": {"name": "ring"}}
    stacks = [
        resource("a", {"services": {"r": ring}}),
        resource("ring", {"templateOnly": True, "services": {"r": ring}}),
    ]
    assert 1 < len(list(subtree(locate("a", stacks), stacks))) < 100


def edit(place: Place, field: str, value: Any) -> Edit:
    before = place.entry.value.get(field)
    return Edit(place.path, place.entry, (field,), before, value, place.holder, place.member)


def test_a_place_that_two_paths_lead_to_is_written_once_and_the_whole_tree_is_checked() -> None:
    stacks = [*tree(), resource("other", {"services": {"pay": {"type": "stack", "stackRef": {"name": "payments"}}}})]
    edits = [edit(locate(path, stacks), "image", "y") for path in ("shop/pay/api", "other/pay/api")]
    (group,) = grouped(edits)
    assert len(group) == 1
    assert problems([group], stacks) == []
    assert warnings(group, stacks)[0] == "payments is a template: shop-pay follows it, and other-pay with it"
    direct = [edit(locate("payments/api", stacks), "image", "y")]
    assert warnings(direct, stacks)[0] == "payments is a template, which other-pay, shop-pay follows"
    verdict = judge_edits(direct, [edited(stacks[1], [each.write for each in direct])])
    assert (verdict.outcome, "is a template" in verdict.line) == (Outcome.REACHED, True)
    wrong = problems(grouped([edit(locate("shop/pay/api", stacks), "image", "no image")]), stacks)
    assert any(each.startswith("AiltireStack payments: spec.services.api.image: ") for each in wrong)


def live(name: str, spec: Resource, state: str = "True", **place: str) -> Resource:
    conditions = [{"type": "Ready", "status": state, "reason": "Progressing", "observedGeneration": 1}]
    status = {"observedGeneration": 1, "conditions": conditions, "services": {"api": {"ready": 1, "wanted": 1}}}
    return {**resource(name, {**spec, **({"place": place} if place else {})}), "status": status}


def test_what_is_written_has_come_true_when_the_stack_that_runs_it_says_so() -> None:
    stacks = tree()
    change = edit(locate("shop/orders/api", stacks), "image", "y")
    place = {"parent": "shop", "parentKey": "orders"}
    old, new = (live("shop-orders", {"services": {"api": {"image": each}}}, **place) for each in "xy")
    assert (has_come_down(change, old), has_come_down(change, new)) == (False, True)
    assert judge_edits([change], [stacks[0], old]).outcome is Outcome.WAITING
    assert judge_edits([change], [stacks[0], new]).outcome is Outcome.REACHED
    assert "has not come down to shop-orders yet" in judge_edits([change], [stacks[0]]).line
    suspended = live("shop", stacks[0]["spec"])
    suspended["status"]["conditions"].append({"type": "Suspended", "status": "True", "message": "hands off"})
    assert judge_edits([change], [suspended, old]).outcome is Outcome.SUSPENDED
    whole = edit(locate("shop/orders", stacks), "restartedAt", "t")
    written = live("shop", {"services": {"orders": {**stacks[0]["spec"]["services"]["orders"], "restartedAt": "t"}}})
    assert judge_edits([whole], [written]).outcome is Outcome.WAITING, "the child has not been made"
    assert judge_edits([whole], [written, new]).outcome is Outcome.REACHED
    assert judge_edits([whole, change], [written, old]).outcome is Outcome.WAITING
