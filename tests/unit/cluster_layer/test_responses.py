"""A success that is not what was asked for: an error that waiting may heal, never a traceback."""

from typing import Any

import pytest

from ailtire_operator.cluster import kinds
from ailtire_operator.cluster.errors import Unavailable
from ailtire_operator.cluster.kinds import KINDS, Ref
from ailtire_operator.cluster.responses import checked, event_of_watch, version_of_list

OBJECT = {"metadata": {"name": "web", "uid": "u", "resourceVersion": "7"}}
LIST = {"metadata": {"resourceVersion": "9"}, "items": [OBJECT]}
BROKEN: list[dict[str, Any]] = [
    {},
    {"metadata": None},
    {"metadata": []},
    {"metadata": "x"},
    {"kind": "List"},
    {"metadata": {"name": 1, "uid": {}, "resourceVersion": None}, "items": [None]},
]


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("namespace", [None, "prod"])
def test_lists_and_objects_of_every_kind(kind: kinds.Kind, namespace: str | None) -> None:
    where = kind.path(namespace)
    named = kind.path(namespace, "web")
    assert checked("GET", where, LIST) is LIST
    assert checked("GET", named, OBJECT) is OBJECT
    for broken in BROKEN:
        for method, path in (("GET", where), ("GET", named), ("PATCH", named), ("PUT", named)):
            with pytest.raises(Unavailable, match="not what was asked for"):
                checked(method, path, broken)
    for method in ("GET", "PATCH", "PUT", "POST", "DELETE"):
        with pytest.raises(Unavailable):
            checked(method, where if method == "POST" else named, {})


@pytest.mark.parametrize("items", [5, {}, "x", [1], [{}], [{"metadata": {}}]])
def test_items_are_objects_with_a_name(items: Any) -> None:
    with pytest.raises(Unavailable):
        checked("GET", kinds.SERVICE.path(None), {"metadata": {"resourceVersion": "9"}, "items": items})


@pytest.mark.parametrize(
    ("method", "path", "answer"),
    [
        ("GET", kinds.SERVICE.path("prod"), {"metadata": {}, "items": None}),
        (
            "GET",
            "/apis/metrics.k8s.io/v1beta1/namespaces/prod/pods",
            {"metadata": {}, "items": [{"metadata": {"name": "a"}}]},
        ),
        ("GET", "/version", {"gitVersion": "v1.35.4"}),
        ("GET", "/apis/apps/v1", {"resources": []}),
        ("GET", "/api/v1", {"resources": []}),
        ("GET", "/api/v1/namespaces/prod", OBJECT),
        ("DELETE", Ref("Service", "prod", "web").path, {"kind": "Status", "metadata": {}, "status": "Success"}),
        ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {"metadata": {}, "status": {}}),
    ],
)
def test_what_the_api_server_really_answers(method: str, path: str, answer: dict[str, Any]) -> None:
    assert checked(method, path, answer) is answer


@pytest.mark.parametrize("metadata", [{}, {"resourceVersion": ""}, {"resourceVersion": 5}])
def test_a_watch_goes_on_from_a_version(metadata: dict[str, Any]) -> None:
    assert version_of_list(LIST) == "9"
    with pytest.raises(Unavailable):
        version_of_list({"metadata": metadata})


def test_events() -> None:
    assert event_of_watch({"type": "ADDED", "object": OBJECT}) == ("ADDED", OBJECT)
    mark = {"metadata": {"resourceVersion": "8"}}
    assert event_of_watch({"type": "BOOKMARK", "object": mark}) == ("BOOKMARK", mark)
    status = {"kind": "Status", "code": 410}
    assert event_of_watch({"type": "ERROR", "object": status}) == ("ERROR", status)
    no_events: list[dict[str, Any]] = [
        {},
        {"type": "ADDED"},
        {"type": 1, "object": OBJECT},
        {"type": "ERROR", "object": 3},
    ]
    no_events += [{"type": what, "object": broken} for what in ("ADDED", "DELETED", "BOOKMARK") for broken in BROKEN]
    for each in no_events:
        with pytest.raises(Unavailable):
            event_of_watch(each)


def test_what_a_dry_run_would_make_has_no_version() -> None:
    new = {"metadata": {"name": "web", "uid": "u"}}
    path = Ref("Service", "prod", "web").path
    assert checked("PATCH", path, new, stored=False) is new
    with pytest.raises(Unavailable, match=r"metadata\.resourceVersion"):
        checked("PATCH", path, new)
    with pytest.raises(Unavailable, match=r"metadata\.uid"):
        checked("PATCH", path, {"metadata": {"name": "web"}}, stored=False)
