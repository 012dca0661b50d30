"""The simulated API server of the explored orders answers as a real one does, call by call.

What differs by nature is left out: names of namespaces, uids and versions (but whether they change), times, defaults,
and the words of a refusal. Compared is what the operator decides by: codes and reasons, generations, who holds which
fields, the values of those, what a list and a watch say.
"""

import json
from collections.abc import Callable, Iterator
from itertools import islice

import orjson
import pytest
import urllib3

from ailtire_operator import naming
from ailtire_operator.cluster.errors import from_status
from ailtire_operator.cluster.kinds import (
    CONFIG_MAP,
    EVENT,
    KINDS,
    STACK,
)
from ailtire_operator.cluster.managed_fields import covers, fingerprint, owned_projection
from cluster.orders_calls import (
    CREATE,
    Asked,
    Call,
    Object,
    apply,
    delete,
    deletion_calls,
    manifest,
    object_calls,
    stack_calls,
)
from lab import ControlPlane
from orders.answers import Answer
from orders.api_server import MERGE_PATCH, ApiServer, Request
from orders.connection import Network

pytestmark = pytest.mark.usefixtures("definitions")


class Real:
    """The real server."""

    def __init__(self, plane: ControlPlane) -> None:
        self._api = plane.api
        self._pool = urllib3.PoolManager(ca_cert_data=plane.api.ca.read_text())

    def __call__(self, request: Request) -> Answer:
        headers = {"Authorization": f"Bearer {self._api.token}", "User-Agent": "tests"}
        if request.content_type:
            headers["Content-Type"] = request.content_type
        query = "&".join(f"{key}={value}" for key, value in request.params.items())
        url = f"{self._api.url}{request.path}?{query}"
        answer = self._pool.request(request.method, url, body=request.body or None, headers=headers, retries=False)
        return Answer(answer.status, json.loads(answer.data))


def run(ask: Callable[[Request], Answer], calls: Iterator[Call], namespace: str) -> Asked:
    asked: Asked = {}
    for call in calls:
        path = call.kind.path(namespace, call.of or None, call.subresource or None)
        body = call.body(asked)
        data = b"" if body is None else orjson.dumps(body)
        asked[call.name] = ask(Request("tests", call.method, path, call.params, data, call.content_type))
    return asked


def facts(asked: Asked) -> dict[str, Object]:
    """What the operator decides by, of each answer."""
    uids: dict[str, str] = {}
    found = {}
    for name, answer in asked.items():
        body = answer.body
        if answer.code >= 400:
            error = from_status(answer.code, body)
            found[name] = {"code": answer.code, "reason": body["reason"], "error": type(error).__name__}
            continue
        code = 200 if answer.code == 201 else answer.code
        found[name] = {"code": code, "status": body.get("status") if body["kind"] == "Status" else ""}
        if body["kind"] in KINDS:
            uids.setdefault(body["metadata"]["uid"], f"{body['kind']} {body['metadata']['name']}")
            found[name] |= _of_object(json.loads(_named(json.dumps(body), uids)))
    return found


def _named(text: str, uids: dict[str, str]) -> str:
    for uid, name in sorted(uids.items(), key=lambda each: -len(each[0])):
        text = text.replace(f'"{uid}"', f'"{name}"').replace(f'\\"{uid}\\"', f'\\"{name}\\"')
    return text


def _of_object(obj: Object) -> Object:
    metadata = obj["metadata"]
    entries = [
        each for each in metadata.get("managedFields") or () if each["manager"] not in ("kube-controller-manager",)
    ]
    return {
        "uid": metadata["uid"],
        "generation": metadata.get("generation"),
        "deleting": "deletionTimestamp" in metadata,
        "finalizers": metadata.get("finalizers"),
        "labels": metadata.get("labels"),
        "owners": metadata.get("ownerReferences"),
        "owned": fingerprint(owned_projection(obj)),
        "applied": {
            (each["manager"], each.get("subresource", "")): json.dumps(each["fieldsV1"], sort_keys=True)
            for each in entries
            if each["operation"] == "Apply"
        },
        "others": sorted({each["manager"] for each in entries if each["operation"] == "Update"}),
        "status": obj.get("status") if obj["kind"] == STACK.kind else None,
    }


def versions(asked: Asked, names: list[tuple[str, str]]) -> list[bool]:
    """Of pairs of calls, whether the second has left the version as the first had it."""
    return [_version(asked[one]) == _version(asked[other]) for one, other in names]


def _version(answer: Answer) -> str:
    return str(answer.body["metadata"]["resourceVersion"])


SCRIPTS: dict[str, tuple[Callable[[], Iterator[Call]], list[tuple[str, str]]]] = {
    "stacks": (
        stack_calls,
        [
            ("create child", "the same again"),
            ("the same again", "change child"),
            ("drop a service", "first status"),
            ("next status", "same status"),
        ],
    ),
    "objects": (
        object_calls,
        [(f"create {name}", f"the same {name}") for name in ("conf", "open")]
        + [("the same conf", "change conf"), ("change open", "relabel open")],
    ),
    "deletions": (deletion_calls, [("create held", "delete held")]),
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_simulated_server_answers_as_a_real_one(control_plane: ControlPlane, namespace: str, script: str) -> None:
    calls, pairs = SCRIPTS[script]
    real = run(Real(control_plane), calls(), namespace)
    simulated = run(ApiServer().handle, calls(), namespace)
    wanted, found = facts(real), facts(simulated)
    for name in wanted:
        assert found[name] == wanted[name], f"{script}: {name}: {real[name].body}"
        if real[name].body["kind"] in KINDS:
            assert _missing(real[name].body, simulated[name].body) == [], f"{script}: {name}"
    assert versions(simulated, pairs) == versions(real, pairs)


def _missing(real: Object, simulated: Object) -> list[str]:
    """Parts of an object that the simulated server has and the real one has not so."""
    given = {"clusterIP", "clusterIPs"}
    parts = {key: value for key, value in simulated.items() if key not in ("metadata", "status")}
    if isinstance(parts.get("spec"), dict):
        parts["spec"] = {key: value for key, value in parts["spec"].items() if key not in given}
    return [key for key, value in parts.items() if not covers(real.get(key), value)]


WATCHED = {"labelSelector": f"{naming.LABEL_MANAGED_BY}={naming.OPERATOR_NAME}"}


def test_lists_and_watches_say_the_same(control_plane: ControlPlane, namespace: str) -> None:
    simulated = ApiServer()
    for ask, events in ((Real(control_plane), _real_events), (simulated.handle, _simulated_events)):
        run(ask, iter([apply("create old", CONFIG_MAP, "old", manifest(CONFIG_MAP, "old", CREATE))]), namespace)
        path = CONFIG_MAP.path(namespace)
        listed = ask(Request("tests", "GET", path, WATCHED)).body
        assert [item["metadata"]["name"] for item in listed["items"]] == ["old"]
        assert "kind" not in listed["items"][0]
        asked = run(ask, _watched_calls(), namespace)
        version = listed["metadata"]["resourceVersion"]
        found = events(control_plane, simulated, path, version, 4)
        numbers = [int(event["object"]["metadata"]["resourceVersion"]) for event in found]
        assert numbers == sorted(set(numbers)) and numbers[0] > int(version)
        assert [
            (event["type"], event["object"]["metadata"]["name"], event["object"].get("data")) for event in found
        ] == [
            ("ADDED", "new", {"a": "1"}),
            ("MODIFIED", "new", {"a": "2"}),
            ("DELETED", "old", None),  # it has lost its label
            ("DELETED", "new", {"a": "2"}),
        ]
        assert int(_version(asked["unlabel old"])) == numbers[2]
        late = ask(Request("tests", "GET", path, {})).body["metadata"]["resourceVersion"]
        assert int(late) >= numbers[-1]


def _watched_calls() -> Iterator[Call]:
    yield apply("create new", CONFIG_MAP, "new", manifest(CONFIG_MAP, "new", CREATE, data={"a": "1"}))
    yield apply("change new", CONFIG_MAP, "new", manifest(CONFIG_MAP, "new", {"uid": "@create new"}, data={"a": "2"}))
    yield apply("the same new", CONFIG_MAP, "new", manifest(CONFIG_MAP, "new", {"uid": "@create new"}, data={"a": "2"}))
    unlabel = {"metadata": {"labels": {naming.LABEL_MANAGED_BY: None}}}
    yield Call("unlabel old", "PATCH", CONFIG_MAP, "old", lambda asked: unlabel, {}, MERGE_PATCH)
    yield delete("delete new", CONFIG_MAP, "new", "create new")


def _real_events(plane: ControlPlane, simulated: ApiServer, path: str, version: str, count: int) -> list[Object]:
    """The first events of a watch; all of one that ends before."""
    pool = urllib3.PoolManager(ca_cert_data=plane.api.ca.read_text())
    query = f"watch=1&resourceVersion={version}&timeoutSeconds=60&labelSelector={WATCHED['labelSelector']}"
    headers = {"Authorization": f"Bearer {plane.api.token}"}
    url = f"{plane.api.url}{path}?{query}"
    answer = pool.request("GET", url, headers=headers, retries=False, preload_content=False)
    try:
        return [json.loads(line) for line in islice(answer, count)]
    finally:
        answer.close()


def _simulated_events(plane: ControlPlane, simulated: ApiServer, path: str, version: str, count: int) -> list[Object]:
    watch = Network(simulated).open("tests", path, {"resourceVersion": version, **WATCHED})
    found = [{"type": what, "object": obj} for what, obj in watch.backlog]
    assert len(found) == count
    return found


def test_a_watch_from_a_version_that_is_compacted_is_expired(control_plane: ControlPlane, namespace: str) -> None:
    control_plane.compact()
    # Events alone are watched in etcd itself: the API server keeps a history of its own of all other kinds.
    real = _real_events(control_plane, ApiServer(), EVENT.path(namespace), "1", 1)
    simulated = ApiServer()
    simulated.compact()
    for event in (real[0], _simulated_events(control_plane, simulated, EVENT.path(namespace), "1", 1)[0]):
        assert event["type"] == "ERROR"
        assert (event["object"]["kind"], event["object"]["code"]) == ("Status", 410)
        assert type(from_status(410, event["object"])).__name__ == "Gone"
