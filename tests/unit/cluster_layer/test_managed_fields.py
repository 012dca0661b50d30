"""The projection of what we own, and the hash by which live and desired are compared."""

import copy
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ailtire_operator import naming
from ailtire_operator.cluster.managed_fields import (
    desired_projection,
    extra_paths,
    fingerprint,
    leads_somewhere,
    owned_projection,
)
from unit.cluster_layer import samples


def _same(live: dict[str, Any], manifest: dict[str, Any]) -> bool:
    return fingerprint(owned_projection(live)) == fingerprint(desired_projection(manifest))


def test_untouched_objects_equal_what_was_applied() -> None:
    assert _same(samples.service_live(), samples.service_manifest())
    assert _same(samples.deployment_live(), samples.deployment_manifest())


def test_the_fields_of_others_do_not_count() -> None:
    projection = owned_projection(samples.deployment_live())
    assert "status" not in projection
    assert "progressDeadlineSeconds" not in projection["spec"]
    assert [container["name"] for container in projection["spec"]["template"]["spec"]["containers"]] == ["web"]
    assert "annotations" not in projection["spec"]["template"]["metadata"]


def test_every_changed_value_of_ours_is_drift() -> None:
    live = samples.deployment_live()
    changes: list[tuple[tuple[str | int, ...], Any]] = [
        (("spec", "replicas"), 0),
        (("spec", "template", "spec", "containers", 1, "image"), "web:2"),
        (("spec", "template", "spec", "containers", 1, "args"), ["", "serve"]),
        (("spec", "template", "spec", "containers", 1, "env", 1, "value"), "now something"),
        (("spec", "template", "spec", "enableServiceLinks"), True),
        (("metadata", "labels", naming.LABEL_ROOT), "other"),
        (("metadata", "ownerReferences", 0, "controller"), False),
    ]
    for path, value in changes:
        changed = copy.deepcopy(live)
        place: Any = changed
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
        assert not _same(changed, samples.deployment_manifest()), path


def test_a_field_that_we_no_longer_name_is_a_difference() -> None:
    manifest = samples.deployment_manifest()
    del manifest["spec"]["replicas"]
    assert not _same(samples.deployment_live(), manifest)


def test_zero_is_not_the_same_as_unnamed() -> None:
    manifest = samples.deployment_manifest()
    manifest["spec"]["template"]["spec"]["containers"][0]["env"][1].pop("value")
    assert not _same(samples.deployment_live(), manifest)


def test_only_our_own_applies_to_the_object_itself_are_read() -> None:
    live = samples.service_live()
    entry = live["metadata"]["managedFields"][0]
    for other in ({"manager": "kubectl"}, {"operation": "Update"}, {"subresource": "status"}):
        live["metadata"]["managedFields"] = [{**entry, **other}]
        assert owned_projection(live) == {}
    live["metadata"]["managedFields"] = [{**entry, "subresource": ""}]
    assert owned_projection(live) != {}
    del live["metadata"]["managedFields"]
    assert owned_projection(live) == {}


def test_sets_maps_and_whole_values() -> None:
    fields = {
        "f:metadata": {"f:finalizers": {".": {}, 'v:"ours"': {}}},
        "f:data": {".": {}, "f:a": {}},
        "f:list": {'k:{"ip":"1","port":2}': {".": {}}, 'k:{"ip":"9","port":9}': {"f:ip": {}}},
        "f:atomic": {},
    }
    live = {
        "metadata": {"finalizers": ["theirs", "ours"], "managedFields": [samples.applied(fields)]},
        "data": {"a": "1", "b": "2"},
        "list": [{"ip": "1", "port": 1}, {"ip": "1", "port": 2, "theirs": True}],
        "atomic": [{"x": [1]}, 2],
    }
    assert owned_projection(live) == {
        "metadata": {"finalizers": ["ours"]},
        "data": {"a": "1"},
        "list": [{}],
        "atomic": [{"x": [1]}, 2],
    }


def test_what_only_addresses_the_object_is_no_content() -> None:
    manifest = samples.service_manifest()
    manifest["metadata"] |= {"uid": "x", "resourceVersion": "1"}
    projection = desired_projection(manifest)
    assert set(projection) == {"metadata", "spec"}
    assert set(projection["metadata"]) == {"labels", "ownerReferences"}
    assert desired_projection({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {}}) == {
        "data": {}
    }


scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=6)
values = st.recursive(
    scalars,
    lambda inner: (
        st.dictionaries(st.text(max_size=4), inner, max_size=4)
        | st.lists(st.dictionaries(st.text(max_size=4), inner, max_size=4), max_size=4)
        | st.lists(scalars, max_size=4)
    ),
    max_leaves=25,
)
objects = st.dictionaries(st.text(max_size=4), values, max_size=5)


def _shuffle(value: Any, dice: random.Random) -> Any:
    """The same value as the server might give it back: other order of keys, and of the items of lists of maps."""
    if isinstance(value, dict):
        items = [(key, _shuffle(item, dice)) for key, item in value.items()]
        dice.shuffle(items)
        return dict(items)
    if isinstance(value, list):
        items_ = [_shuffle(item, dice) for item in value]
        if items_ and all(isinstance(item, dict) for item in items_):
            dice.shuffle(items_)
        return items_
    return value


@settings(deadline=None)
@given(objects, st.randoms(use_true_random=False))
def test_a_fingerprint_does_not_depend_on_order(value: dict[str, Any], dice: random.Random) -> None:
    assert fingerprint(value) == fingerprint(_shuffle(value, dice))


@settings(deadline=None)
@given(objects, st.text(max_size=4), st.integers(1, 9) | st.text(min_size=1) | st.just(True))
def test_a_fingerprint_tells_changes_apart(value: dict[str, Any], key: str, change: Any) -> None:
    if not value.get(key) or value[key] != change:
        assert fingerprint(value) != fingerprint({**value, key: change})


def test_the_order_of_scalars_counts() -> None:
    assert fingerprint({"args": ["a", "b"]}) != fingerprint({"args": ["b", "a"]})
    assert fingerprint({"args": ["a", ""]}) != fingerprint({"args": ["a"]})
    assert fingerprint({"replicas": 0}) != fingerprint({})
    assert fingerprint({"replicas": 1}) != fingerprint({"replicas": True})


@st.composite
def _grown(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """An object, and the same with maps that others added keys to."""
    desired = draw(objects)

    def grow(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        grown = {key: grow(item) for key, item in value.items()}
        extra = draw(st.dictionaries(st.text(max_size=4), scalars, max_size=2))
        return {**extra, **grown}

    return desired, grow(desired)


def _remove(value: Any, pointer: str) -> None:
    """RFC 6902 ``remove``, as the API server does it."""
    *parents, last = (part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])
    for part in parents:
        value = value[int(part) if isinstance(value, list) else part]
    del value[int(last) if isinstance(value, list) else last]


@settings(deadline=None)
@given(_grown())
def test_removing_what_is_extra_gives_what_is_desired(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    desired, live = pair
    pointers = extra_paths(desired, live)
    assert all(leads_somewhere(live, pointer) for pointer in pointers)
    for pointer in pointers:
        _remove(live, pointer)
    assert live == desired
    assert extra_paths(desired, live) == []


@pytest.mark.parametrize(
    ("desired", "live", "pointers"),
    [
        ({"a": 1}, {"a": 2}, []),
        ({"a": {}}, {"a": {"b/c~": 1}, "d": {"e": 1}}, ["/a/b~1c~0", "/d"]),
        ({"l": [1, 2]}, {"l": [0, 1, 2, 3]}, ["/l/3", "/l/0"]),
        ({"l": [{"n": 1}]}, {"l": [{"n": 1}, {"n": 2}]}, ["/l/1"]),
        ({"l": [1]}, {"l": [2]}, []),
        ({}, {}, []),
    ],
)
def test_extra_paths(desired: Any, live: Any, pointers: list[str]) -> None:
    assert extra_paths(desired, live) == pointers


def test_a_pointer_leads_somewhere_or_not() -> None:
    value = {"a": [{"b/c": 1}]}
    assert leads_somewhere(value, "/a/0/b~1c")
    assert not any(leads_somewhere(value, pointer) for pointer in ("/x", "/a/1", "/a/b", "/a/0/b~1c/d"))
