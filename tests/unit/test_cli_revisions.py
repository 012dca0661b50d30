"""The history of a tree as it is shown, and what going back would write. Pure."""

from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.cli import revisions
from ailtire_operator.cli.delivery_tools import tools_of
from ailtire_operator.cli.failures import Failure, Missing
from ailtire_operator.cli.revisions import (
    find,
    history,
    in_words,
    manifests,
    read,
    require_root,
    rows,
    unified,
    written,
)
from ailtire_operator.cli.rollbacks import explain, problems
from ailtire_operator.cli.spec_replacing import removal, replacement
from ailtire_operator.cluster.connection import APPLY, JSON_PATCH
from ailtire_operator.plan.definition_changes import DefinitionChange, TreeDefinition
from ailtire_operator.plan.tree_revisions import Origin, compressed, revision

Resource = dict[str, Any]
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def web(image: str, **fields: Any) -> Resource:
    return {"services": {"web": {"image": image, **fields}}}


def root(spec: Resource, **metadata: Any) -> Resource:
    fields = {"name": "shop", "namespace": "prod", "uid": "u", "generation": 4, "resourceVersion": "9", **metadata}
    return {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": fields, "spec": spec}


def kept(number: int, definition: TreeDefinition, manager: str = "flux", cause: str = "", owner: str = "u") -> Resource:
    made = revision("shop", "shop", number, definition.digest(), compressed(definition), Origin(number, manager, cause))
    made["metadata"] |= {"creationTimestamp": f"2026-01-0{number}T00:00:00Z", "ownerReferences": [{"uid": owner}]}
    return made


ONE, TWO = TreeDefinition(web("web:1")), TreeDefinition(web("web:2"), {"t": web("t:1")})
OBJECTS = [kept(2, TWO, cause="a new\nweb"), kept(1, ONE), kept(3, ONE, owner="other"), {"metadata": {}}]


def test_revisions_are_read_in_order_and_those_of_another_root_are_none() -> None:
    found = read(OBJECTS, root(web("web:2")))
    assert [(each.number, each.manager, each.generation) for each in found] == [(1, "flux", 1), (2, "flux", 2)]
    damaged = {**kept(1, ONE), "data": {"compressed": "x"}}
    assert read([damaged], root(web("web:1"))) == []


def test_a_line_for_each_with_what_it_changed_and_which_is_current() -> None:
    entries = history(read(OBJECTS, root(dict(TWO.spec))), TWO)
    heading, second, first = rows(entries)
    assert heading.split() == ["REVISION", "TIME", "BY", "CHANGE-CAUSE", "CHANGES"]
    assert second.split() == [
        "2",
        "(current)",
        "2026-01-02T00:00:00Z",
        "flux",
        "a",
        "new",
        "web",
        "web",
        "image",
        "1",
        "->",
        "2",
    ]
    assert first.endswith("the first definition")
    data = [each.to_json() for each in entries]
    assert data[0]["changes"] is None
    assert data[1]["changes"] == [{"path": "web", "field": "image", "before": "web:1", "after": "web:2"}]
    assert (data[1]["current"], data[1]["manager"], data[1]["time"]) == (True, "flux", "2026-01-02T00:00:00Z")


def test_only_the_first_changes_stand_in_a_line() -> None:
    changes = [DefinitionChange((f"s{n}",), ("image",), "a:1", "a:2") for n in range(5)]
    assert in_words(changes) == "s0 image 1 -> 2; s1 image 1 -> 2; s2 image 1 -> 2; and 2 other changes"
    assert in_words([]) == "nothing that runs"


def test_what_is_asked_for_is_found_or_said_to_be_missing() -> None:
    found = read(OBJECTS, root(dict(TWO.spec)))
    assert find(found, 1, "shop").number == 1
    assert revisions.before(found, TWO, "shop").number == 1
    assert revisions.before(found, TreeDefinition(web("web:3")), "shop").number == 2
    with pytest.raises(Missing) as missing:
        find(found, 9, "shop")
    assert missing.value.hint == "There are: 1, 2."
    with pytest.raises(Missing):
        revisions.before([], ONE, "shop")


def test_only_a_root_has_a_history() -> None:
    require_root(root(web("web:1")))
    with pytest.raises(Failure, match="part of shop"):
        require_root(root({"place": {"root": "shop"}}, name="shop-orders"))
    with pytest.raises(Failure, match="template"):
        require_root(root({"templateOnly": True}))


def test_a_revision_as_files_and_as_a_diff() -> None:
    assert [each["metadata"]["name"] for each in manifests(TWO, root(dict(TWO.spec)))] == ["shop", "t"]
    lines = list(unified(ONE, TWO, ("one", "two"), root(dict(TWO.spec))))
    assert lines[:2] == ["--- one", "+++ two"]
    assert "-      image: web:1" in lines
    assert "+      image: web:2" in lines


def test_what_to_say_before_going_back() -> None:
    template = root({"templateOnly": True, **web("t:2")}, name="t", uid="t")
    spec = {"services": {"web": {"image": "web:3"}, "t": {"type": "stack", "stackRef": {"name": "t"}}}}
    now = root(spec, labels={"argocd.argoproj.io/instance": "shop"})
    then = {"services": {"web": {"image": "web:2"}, "t": spec["services"]["t"]}}
    (wanted,) = read([kept(1, TreeDefinition(then, {"t": {"templateOnly": True, **web("t:1")}}))], now)
    said = explain(now, [now, template], wanted, written(spec, [now, template]))
    assert said.lines == [str(each) for each in said.changes] == ["web image 3 -> 2"]
    assert "templates that differ since then are shared by others, and stay as they are: t" in said.notes
    assert any("kept by Argo CD, which will bring its own definition back" in each for each in said.notes)
    assert problems(now, [now, template], wanted) == []
    (wrong,) = read([kept(1, TreeDefinition({"services": {"web": {"image": 1}}}))], now)
    assert problems(now, [now, template], wrong)


def test_who_keeps_a_definition_is_told_by_marks_and_managers() -> None:
    fields: Resource = {"f:spec": {}}
    by = [{"manager": "kustomize-controller", "fieldsV1": fields}, {"manager": "helm-controller", "fieldsV1": {}}]
    assert tools_of(root({}, managedFields=by)) == ["Flux"]
    assert tools_of(root({}, annotations={"argocd.argoproj.io/tracking-id": "x"})) == ["Argo CD"]
    assert tools_of(root({})) == []


def applied(manager: str, spec: Resource) -> Resource:
    fields = {"f:spec": spec, "f:metadata": {"f:labels": {"f:a": {}}}}
    return {"manager": manager, "operation": "Apply", "fieldsV1": fields}


def test_server_side_apply_is_written_in_the_name_of_who_says_most() -> None:
    both = [
        applied("ci", {"f:services": {"f:web": {"f:image": {}}}}),
        applied("other", {"f:environment": {}}),
    ]
    now = root({**web("web:1"), "environment": "qa"}, managedFields=both, labels={"a": "b"})
    request = replacement(now, web("web:2"))
    assert (request.content_type, request.manager) == (APPLY, "ci")
    assert request.body["spec"] == web("web:2")
    assert request.body["metadata"] == {
        "labels": {"a": "b"}, "name": "shop", "namespace": "prod", "uid": "u", "resourceVersion": "9",
    }  # fmt: skip
    left = removal({**now, "spec": {**web("web:2"), "environment": "qa"}}, web("web:2"))
    assert left is not None
    assert left.body[-1] == {"op": "remove", "path": "/spec/environment"}
    assert removal({**now, "spec": web("web:2")}, web("web:2")) is None


def test_the_annotation_of_kubectl_apply_is_brought_along() -> None:
    now = root(web("web:1"), annotations={LAST_APPLIED: '{"kind":"AiltireStack","spec":{"services":{}}}'})
    request = replacement(now, web("web:2"))
    assert (request.content_type, request.recorded) == (JSON_PATCH, True)
    tests = [each for each in request.body if each["op"] == "test"]
    assert {each["path"] for each in tests} >= {"/metadata/uid", "/metadata/generation"}
    assert '"image":"web:2"' in request.body[-1]["value"]
    plain = replacement(root(web("web:1"), annotations={LAST_APPLIED: "no json"}), web("web:2"))
    assert (plain.manager, plain.recorded) == (naming.CLI_MANAGER, False)
