"""Which fields of a pod template differ, in few words, and what is never shown of them."""

from typing import Any

import pytest

from ailtire_operator.cluster.template_changes import TemplateChange, replacement_changes, template_changes
from ailtire_operator.reconcile.rollouts import change_text, field_changes
from ailtire_operator.status.field_values import shown_pair


def template(**container: Any) -> dict[str, Any]:
    return {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "web", "image": "x:1", **container}]}}


def told(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [change_text(each) for each in field_changes(template_changes(before, after))]


def test_what_is_the_same_is_no_change_whatever_labels_controllers_add() -> None:
    other = template()
    other["metadata"]["labels"]["pod-template-hash"] = "77"
    assert template_changes(template(), other) == ()


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {"image": "x:2"}, "containers[web].image x:1 -> x:2"),
        ({}, {"env": [{"name": "LOG", "value": "debug"}]}, "containers[web].env[LOG] (none) -> debug"),
        (
            {"env": [{"name": "LOG", "value": "a"}]},
            {"env": [{"name": "LOG", "value": "b"}]},
            "containers[web].env[LOG] a -> b",
        ),
        (
            {"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]},
            {"env": [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}]},
            'containers[web].env ["A","B"] -> ["B","A"]',
        ),
        ({"args": ["a"]}, {"args": ["a", "b"]}, 'containers[web].args ["a"] -> ["a","b"]'),
        (
            {"resources": {"limits": {"cpu": "1"}}},
            {"resources": {"limits": {"cpu": "2"}}},
            "containers[web].resources.limits.cpu 1 -> 2",
        ),
        (
            {"volumeMounts": [{"name": "a", "mountPath": "/a"}, {"name": "a", "mountPath": "/b"}]},
            {"volumeMounts": [{"name": "a", "mountPath": "/a"}, {"name": "a", "mountPath": "/b", "readOnly": True}]},
            "containers[web].volumeMounts[/b].readOnly (none) -> true",
        ),
    ],
)
def test_a_change_is_told_by_its_field(before: dict[str, Any], after: dict[str, Any], expected: str) -> None:
    assert told(template(**before), template(**after)) == [expected]


def test_annotations_and_containers_have_their_own_steps_and_images_come_first() -> None:
    after = template(env=[{"name": "A", "value": "1"}], image="x:2")
    after["metadata"]["annotations"] = {"example.com/a.b": "1"}
    after["spec"]["initContainers"] = [{"name": "first", "image": "y:1"}]
    assert told(template(), after) == [
        "containers[web].image x:1 -> x:2",
        "containers[web].env[A] (none) -> 1",
        "annotations[example.com/a.b] (none) -> 1",
        'initContainers[first] (none) -> {"name":"first","image":"y:1"}',
    ]


@pytest.mark.parametrize(
    "container",
    [
        {"env": [{"name": "DB_PASSWORD", "value": "s3cret"}]},
        {"env": [{"name": "DB", "value": "postgres://me:s3cret@db/x"}]},
        {"args": ["--password", "s3cret"]},
        {"args": ["--api-token=s3cret"]},
        {"command": ["sh", "-c", "run password=s3cret"]},
        {"lifecycle": {"postStart": {"httpGet": {"httpHeaders": [{"name": "X-Api-Key", "value": "s3cret"}]}}}},
    ],
)
def test_what_looks_like_a_credential_is_not_shown(container: dict[str, Any]) -> None:
    for before, after in ((template(), template(**container)), (template(**container), template())):
        (change,) = field_changes(template_changes(before, after))
        assert change.hidden
        assert "s3cret" not in change_text(change)


def test_where_a_secret_comes_from_is_shown() -> None:
    variable = {"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "pw"}}}
    (change,) = field_changes(template_changes(template(), template(env=[variable])))
    assert change.after == '{"secretKeyRef":{"name":"db","key":"pw"}}'


def test_a_long_value_is_cut_where_it_begins_to_differ() -> None:
    digest = "registry.example.com/" + "x" * 200
    before, after = shown_pair(f"{digest}:1", f"{digest}:2")
    assert before is not None
    assert after is not None
    assert len(before) <= 160
    assert (before[-2:], after[-2:]) == (":1", ":2")
    assert shown_pair("a\x1b\nb", None) == ("a\\x1b b", None)


def test_a_replaced_workload_tells_what_could_not_be_changed() -> None:
    before = {"replicas": 1, "serviceName": "a", "template": template()}
    after = {"replicas": 2, "serviceName": "b", "template": template()}
    assert replacement_changes(before, after) == (TemplateChange("spec.serviceName", "serviceName", "a", "b"),)
