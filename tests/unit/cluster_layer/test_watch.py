"""A reflector against a scripted API server: nothing that happens may stay unseen."""

import asyncio
import copy
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.cluster import watch
from ailtire_operator.cluster.errors import ClusterError, Denied, Gone, NotFound, Unavailable
from ailtire_operator.cluster.kinds import CONFIG_MAP, HTTP_ROUTE, KINDS, SECRET, STACK, WATCHED_KINDS, Kind, Ref
from ailtire_operator.cluster.list_watch import PAGE
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.cluster.watch import Reflector, Watches
from unit.cluster_layer import samples

Event = dict[str, Any]


def config(name: str, version: int, *, content: str = "") -> dict[str, Any]:
    metadata = samples.metadata(name, uid=f"uid-{name}", version=version)
    fields = {"f:metadata": samples.label_fields(), "f:data": {"f:a": {}}}
    metadata["managedFields"] = [samples.applied(fields)]
    return {"metadata": metadata, "data": {"a": content}}


def event(kind: str, name: str, version: int, **more: Any) -> Event:
    return {"type": kind, "object": config(name, version, **more)}


def bookmark(version: int) -> Event:
    return {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": str(version)}}}


def page(version: int, *items: dict[str, Any], token: str = "") -> dict[str, Any]:
    return {"metadata": {"resourceVersion": str(version), "continue": token}, "items": list(items)}


class NoJson(Unavailable):
    """A line of an open watch that cannot be decoded."""


class Script:
    """Plays the API server: lists and watches in the order in which they are put down; then it is quiet."""

    def __init__(self) -> None:
        self.lists: list[dict[str, Any] | ClusterError] = []
        self.watches: list[list[Event | ClusterError]] = []
        self.asked: list[dict[str, Any]] = []
        self.streamed: list[dict[str, Any]] = []

    async def request(self, method: str, path: str, *, params: dict[str, Any], timeout: float) -> dict[str, Any]:
        await asyncio.sleep(0)
        self.asked.append(params)
        answer = self.lists.pop(0) if len(self.lists) > 1 else self.lists[0]
        if isinstance(answer, ClusterError):
            raise answer
        return answer

    async def stream(
        self, path: str, params: dict[str, Any], *, idle: float, on_open: Callable[[], None]
    ) -> AsyncIterator[Event]:
        self.streamed.append(params)
        script = self.watches.pop(0) if self.watches else [Unavailable("silence")]
        for step in script:
            await asyncio.sleep(0)
            if isinstance(step, NoJson):
                on_open()
            if isinstance(step, ClusterError):
                if str(step) == "silence":
                    on_open()
                    await asyncio.sleep(idle)
                raise step
            on_open()
            yield step


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(watch, "_PAUSE_MIN", 0.001)
    monkeypatch.setattr(watch, "_PAUSE_MAX", 0.01)
    return iter(())


@asynccontextmanager
async def _following(script: Script, kind: Kind = CONFIG_MAP, **options: Any) -> AsyncIterator[tuple[Reflector, Store]]:
    store = Store()
    options = {"silence": 30.0, "absent_pause": 0.01, **options}
    reflector = Reflector(script, store, kind, **options)  # type: ignore[arg-type]
    task = asyncio.create_task(reflector.run())
    try:
        yield reflector, store
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.001)


def _names(store: Store) -> set[str]:
    return {record.ref.name for record in store.of_kind("ConfigMap")}


def _ref(name: str) -> Ref:
    return Ref("ConfigMap", "prod", name)


async def test_pages_then_events() -> None:
    script = Script()
    script.lists = [page(10, config("a", 3), token="next"), page(10, config("b", 4))]
    script.watches = [[event("ADDED", "c", 11), event("DELETED", "a", 12), event("MODIFIED", "b", 13, content="x")]]
    async with _following(script) as (reflector, store):
        await _until(lambda: _names(store) == {"b", "c"})
        assert reflector.synced.is_set()
        assert not reflector.absent
        assert store.get(_ref("b")).owned_hash != ""  # type: ignore[union-attr]
    assert [params.get("continue") for params in script.asked] == [None, "next"]
    assert all(params["limit"] == PAGE and "managed-by" in params["labelSelector"] for params in script.asked)
    assert script.streamed[0]["resourceVersion"] == "10"
    assert script.streamed[0]["allowWatchBookmarks"] == "true"
    assert 270 <= script.streamed[0]["timeoutSeconds"] <= 290


async def test_stacks_are_watched_without_a_selector() -> None:
    script = Script()
    script.lists = [page(10)]
    async with _following(script, STACK) as (reflector, _):
        await reflector.synced.wait()
    assert "labelSelector" not in script.asked[0]


async def test_what_vanished_while_nobody_watched_is_noticed() -> None:
    script = Script()
    script.lists = [page(10, config("a", 3), config("b", 4)), page(20, config("b", 4))]
    script.watches = [[bookmark(12), Gone("too old")]]
    deleted: list[str] = []

    def listen(old: Record | None, new: Record | None) -> None:
        if old is not None and new is None:
            deleted.append(old.ref.name)

    async with _following(script) as (_, store):
        store.listeners.append(listen)
        await _until(lambda: _names(store) == {"b"})
    assert deleted == ["a"]


async def test_history_lost_in_mid_stream_is_read_anew() -> None:
    script = Script()
    script.lists = [page(10, config("a", 3)), page(20)]
    gone = {"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}}
    script.watches = [[gone]]
    async with _following(script) as (_, store):
        await _until(lambda: len(script.asked) == 2 and not _names(store))


async def test_a_broken_watch_goes_on_where_it_stopped() -> None:
    script = Script()
    script.lists = [page(10)]
    script.watches = [
        [event("ADDED", "a", 11), Unavailable("reset")],
        [Unavailable("refused")],
        [bookmark(15)],
        [event("ADDED", "b", 16)],
    ]
    async with _following(script) as (reflector, store):
        await _until(lambda: _names(store) == {"a", "b"})
        assert reflector.error == ""
    assert len(script.asked) == 1, "no list: nothing was lost"
    assert [params["resourceVersion"] for params in script.streamed[:4]] == ["10", "11", "11", "15"]


async def test_silence_is_not_trusted() -> None:
    """One silent watch is opened again; after a second one the list tells what is true."""
    script = Script()
    script.lists = [page(10, config("a", 3)), page(20)]
    script.watches = [[Unavailable("silence")], [Unavailable("silence")]]
    async with _following(script, silence=0.01) as (_, store):
        await _until(lambda: not _names(store) and len(script.asked) == 2)
    assert [params["resourceVersion"] for params in script.streamed[:2]] == ["10", "10"]


async def test_age_counts_from_the_last_sign_of_life() -> None:
    now = [100.0]
    script = Script()
    script.lists = [Unavailable("down")]
    async with _following(script, clock=lambda: now[0]) as (reflector, _):
        await _until(lambda: reflector.error == "down")
        now[0] = 160.0
        assert reflector.age() == 60.0
        assert not reflector.synced.is_set()
        script.lists = [page(10)]
        await reflector.synced.wait()
        assert reflector.age() == 0.0
        assert reflector.error == ""


async def test_an_add_on_that_is_missing_is_no_error_and_may_come_and_go() -> None:
    script = Script()
    script.lists = [NotFound("404 page not found")]
    async with _following(script, HTTP_ROUTE) as (reflector, store):
        await reflector.synced.wait()
        assert reflector.absent
        route = config("r", 11)
        script.watches = [[NotFound("the CRD was deleted")]]
        script.lists = [page(10, route), NotFound("gone again")]
        await _until(lambda: len(script.streamed) == 1)
        await _until(lambda: reflector.absent and not list(store.of_kind("HTTPRoute")))
        assert reflector.error == ""


async def test_an_add_on_that_we_may_not_see_is_absent_too() -> None:
    script = Script()
    script.lists = [Denied("may not list")] * 4
    async with _following(script, HTTP_ROUTE) as (reflector, _):
        await reflector.synced.wait()
        assert reflector.absent


@pytest.mark.parametrize("kind", [CONFIG_MAP, HTTP_ROUTE, STACK])
async def test_a_refusal_that_passes_is_no_absence_and_forgets_nothing(kind: Kind) -> None:
    """Also where the operator could do without the kind in this namespace."""
    script = Script()
    script.lists = [page(10, config("a", 3))]
    away = [Unavailable("no connection")] * 5
    refused = [Denied("no answer of the authorizer")] * 3
    unknown = [Denied("no such token", status=401)] * 5
    for failure in (*away, *refused, *away, *refused, *unknown):
        script.watches.append([failure])
    script.watches.append([event("ADDED", "b", 11)])
    forgotten: list[str] = []

    def listen(old: Record | None, new: Record | None) -> None:
        if new is None and old is not None:
            forgotten.append(old.ref.name)

    async with _following(script, kind, alone=False, absent_pause=3600.0) as (reflector, store):
        store.listeners.append(listen)
        await _until(lambda: len(list(store.of_kind(kind.kind))) == 2)
        assert (reflector.absent, forgotten) == (False, [])
    assert len(script.asked) == 1, "no list: nothing was lost"


async def test_a_namespace_that_is_taken_away_is_forgotten_and_looked_for_less_and_less() -> None:
    script = Script()
    script.lists = [page(10, config("a", 3))]
    script.watches = [[Denied("may not watch")]] * 10
    async with _following(script, alone=False) as (reflector, store):
        await _until(lambda: reflector.absent)
        assert not _names(store)
        assert reflector.error == ""
        script.lists = [page(10, config("a", 3))]
        await _until(lambda: not reflector.absent)


async def test_at_the_start_a_refusal_that_passes_is_no_absence_either() -> None:
    script = Script()
    script.lists = [Denied("no answer of the authorizer"), Denied("none yet"), page(10, config("a", 3))]
    async with _following(script, alone=False, absent_pause=3600.0) as (reflector, store):
        await reflector.synced.wait()
        assert (reflector.absent, _names(store)) == (False, {"a"})


async def test_a_kind_that_comes_back_is_not_absent_when_its_first_object_is_there() -> None:
    script = Script()
    script.lists = [NotFound("not installed"), page(10, config("a", 3), token="next"), page(10, config("b", 4))]
    absent: list[bool] = []
    async with _following(script, HTTP_ROUTE) as (reflector, store):
        store.listeners.append(lambda old, new: absent.append(reflector.absent))
        await _until(lambda: len(absent) == 2)
    assert absent == [False, False]


def test_what_stays_away_is_looked_for_once_a_minute_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    for error, soon in ((NotFound("no such kind"), False), (Denied("may not list"), True)):
        reflector = Reflector(Script(), Store(), HTTP_ROUTE)  # type: ignore[arg-type]
        pauses = [reflector._failed(error) for _ in range(20)]
        assert (max(pauses[:5]) < 6.0) == soon, "an authorizer may answer by then, no add-on is installed so soon"
        assert all(50.0 < each < 70.0 for each in pauses[-5:])


@pytest.mark.parametrize("error", [NotFound("no CRD yet"), Denied("may not list")])
async def test_a_kind_that_must_be_there_is_waited_for(error: ClusterError) -> None:
    script = Script()
    script.lists = [error, error, page(10)]
    async with _following(script, STACK) as (reflector, _):
        await _until(lambda: reflector.error != "")
        assert not reflector.absent
        await reflector.synced.wait()


async def test_a_restored_database_starts_history_anew() -> None:
    script = Script()
    script.lists = [page(1000, config("a", 900), config("b", 950)), page(500, config("a", 400, content="restored"))]
    script.watches = [[Gone("version in the future")]]
    async with _following(script) as (_, store):
        await _until(lambda: _names(store) == {"a"})
        record = store.get(_ref("a"))
        assert record is not None
        assert record.resource_version == "400"


@pytest.mark.parametrize(
    "event", [{}, {"type": "ADDED", "object": {"metadata": {"name": "odd"}}}, {"type": "BOOKMARK"}]
)
async def test_what_is_no_event_is_told_and_history_read_anew(caplog: pytest.LogCaptureFixture, event: Event) -> None:
    script = Script()
    script.lists = [page(10), page(20, config("a", 12))]
    script.watches = [[event]]
    async with _following(script) as (_, store):
        await _until(lambda: _names(store) == {"a"})
    assert "configmaps: the API server's" in caplog.text
    assert "Traceback" not in caplog.text


async def test_what_is_no_list_is_told_and_asked_for_again(caplog: pytest.LogCaptureFixture) -> None:
    script = Script()
    script.lists = [{"metadata": {}, "items": []}, page(20, config("a", 12))]
    async with _following(script) as (reflector, store):
        await _until(lambda: _names(store) == {"a"})
        assert reflector.error == ""
    assert "the list has no metadata.resourceVersion" in caplog.text
    assert "Traceback" not in caplog.text


async def test_an_object_that_breaks_its_reader_does_not_end_it(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = Script()
    script.lists = [page(10), page(20, config("a", 12))]
    script.watches = [[event("ADDED", "odd", 11)]]
    put = Store.put

    def odd(self: Store, obj: dict[str, Any]) -> Record | None:
        if obj["metadata"]["name"] == "odd":
            raise ZeroDivisionError
        return put(self, obj)

    monkeypatch.setattr(Store, "put", odd)
    async with _following(script) as (_, store):
        await _until(lambda: _names(store) == {"a"})
    assert "following configmaps" in caplog.text


@pytest.mark.parametrize("wish", [None, 0.0, 1.0, 3600.0])
async def test_after_any_outage_it_is_back_within_seconds(monkeypatch: pytest.MonkeyPatch, wish: float | None) -> None:
    monkeypatch.undo()
    reflector = Reflector(Script(), Store(), CONFIG_MAP)  # type: ignore[arg-type]
    pauses = [reflector._failed(Unavailable("no", retry_after=wish)) for _ in range(200)]
    assert max(pauses) <= 5.0
    assert len(set(pauses)) > 150, "many operators do not come back as one"


async def test_without_their_definition_there_are_no_stacks_and_with_it_they_come_back() -> None:
    """Also those that are as old as they were: a right that was taken away and given back looks the same."""
    script = Script()
    stack = config("a", 3)
    script.lists = [page(10, stack)]
    async with _following(script, STACK, silence=0.01) as (reflector, store):
        await _until(lambda: bool(list(store.of_kind("AiltireStack"))))
        script.lists = [NotFound("404 page not found", status=404)]
        await _until(lambda: not list(store.of_kind("AiltireStack")))
        script.lists = [page(10, stack)]
        await _until(lambda: bool(list(store.of_kind("AiltireStack"))))
        await _until(lambda: reflector.error == "")


@pytest.mark.parametrize(
    "error",
    [
        NotFound("404 page not found", status=404),
        Denied("may not list", status=403),
        Unavailable("etcd has no leader", status=503),
        ClusterError("teapot", status=418),
        Gone("too old", status=410),
    ],
)
async def test_a_refusal_is_heard_though_nothing_is_up_to_date(error: ClusterError) -> None:
    script = Script()
    script.lists = [error]
    now = [0.0]
    async with _following(script, STACK, clock=lambda: now[0]) as (reflector, _):
        now[0] = 500.0
        await _until(lambda: reflector.silence() == 0.0)
        assert reflector.age() == 500.0


async def test_a_connection_that_is_lost_is_silence() -> None:
    script = Script()
    script.lists = [Unavailable("cannot be reached")]
    now = [0.0]
    async with _following(script, STACK, clock=lambda: now[0]) as (reflector, _):
        now[0] = 500.0
        await _until(lambda: reflector.error != "")
        assert reflector.silence() == 500.0


@pytest.mark.parametrize("code", [400, 401, 403, 404, 409, 410, 429, 500, 503, None, "odd"])
async def test_no_error_event_ends_it(code: Any) -> None:
    script = Script()
    script.lists = [page(10), page(20, config("a", 12))]
    script.watches = [[{"type": "ERROR", "object": {"kind": "Status", "code": code, "message": "no"}}]]
    async with _following(script) as (_, store):
        await _until(lambda: _names(store) == {"a"})


async def test_a_line_that_stays_no_json_is_passed_by_a_list() -> None:
    script = Script()
    script.lists = [page(10), page(20, config("a", 12))]
    broken = NoJson("the API server's answer is not the JSON that was expected")
    script.watches = [[event("ADDED", "b", 11), broken], [broken], [broken]]
    async with _following(script) as (_, store):
        await _until(lambda: _names(store) == {"a"})


async def test_a_listener_that_fails_hides_nothing_from_the_others(caplog: pytest.LogCaptureFixture) -> None:
    script, heard = Script(), list[str]()
    script.lists = [page(10, config("a", 3), config("b", 4))]

    def fails(old: Record | None, new: Record | None) -> None:
        raise RecursionError("a listener's own")

    def hears(old: Record | None, new: Record | None) -> None:
        heard.append((new or old).ref.name)  # type: ignore[union-attr]

    async with _following(script) as (reflector, store):
        store.listeners += [fails, hears]
        await reflector.synced.wait()
    assert heard == ["a", "b"]
    assert "a change of ConfigMap a was not understood" in caplog.text


async def test_all_kinds_together() -> None:
    script = Script()
    script.lists = [page(10)]
    watches = Watches(script, Store(), ["prod"])  # type: ignore[arg-type]
    assert not watches.is_synced()
    await watches.start()
    async with asyncio.timeout(60):
        await watches.synced()
    assert watches.is_synced()
    assert set(watches.health()) == {kind.kind for kind in WATCHED_KINDS}
    assert all(age < 60 for age in watches.health().values())
    assert watches.absent() == frozenset()
    assert watches.failures() == {}
    await watches.stop()


async def test_a_missing_kind_is_told_apart_from_a_failing_one() -> None:
    script = Script()
    script.lists = [NotFound("404 page not found")]
    watches = Watches(script, Store(), watched=[HTTP_ROUTE, STACK])  # type: ignore[arg-type]
    await watches.start()
    await _until(lambda: bool(watches.absent() and watches.failures()))
    assert watches.absent() == {"HTTPRoute"}
    assert watches.failures() == {"AiltireStack": "404 page not found"}
    assert set(watches.health()) == {"AiltireStack"}
    await watches.stop()


class Namespaces:
    """An API server that shows what it is told to in each namespace, and refuses the others."""

    def __init__(self, **shown: list[str]) -> None:
        self.shown = shown

    async def request(self, method: str, path: str, **_: Any) -> dict[str, Any]:
        await asyncio.sleep(0)
        namespace = path.split("/")[4]
        if namespace not in self.shown:
            raise Denied("forbidden")
        found = [config(name, 5) for name in self.shown[namespace]]
        for each in found:
            each["metadata"] |= {"namespace": namespace, "uid": f"{namespace}-{each['metadata']['name']}"}
        return page(10, *found)

    async def stream(self, path: str, params: Any, *, idle: float, on_open: Callable[[], None]) -> AsyncIterator[Event]:
        on_open()
        await asyncio.sleep(idle)
        yield bookmark(11)


async def test_several_namespaces_are_followed_and_one_that_is_taken_away_stops_none_of_the_others() -> None:
    server, store = Namespaces(a=["x"], b=["x", "y"]), Store()
    watches = Watches(server, store, ["a", "b", "gone"], watched=[CONFIG_MAP])  # type: ignore[arg-type]
    await watches.start()
    async with asyncio.timeout(60):
        await watches.synced()
    assert {(each.ref.namespace, each.ref.name) for each in store.of_kind("ConfigMap")} == {
        ("a", "x"), ("b", "x"), ("b", "y"),
    }  # fmt: skip
    assert watches.absent() == frozenset(), "a kind that is shown somewhere is served"
    assert watches.failures() == {}
    assert set(watches.health()) == {"ConfigMap"}
    await watches.stop()


async def test_the_only_namespace_has_to_be_shown() -> None:
    watches = Watches(Namespaces(), Store(), ["gone"], watched=[CONFIG_MAP])  # type: ignore[arg-type]
    await watches.start()
    await _until(lambda: watches.failures() == {"ConfigMap": "forbidden"})
    assert not watches.is_synced()
    await watches.stop()


async def test_streams_are_closed() -> None:
    closed: list[bool] = []

    class Closing(Script):
        async def stream(self, *args: Any, **options: Any) -> AsyncIterator[Event]:
            try:
                await asyncio.Event().wait()
                yield {}
            finally:
                closed.append(True)

    script = Closing()
    script.lists = [page(10)]
    async with _following(script) as (reflector, _):
        await reflector.synced.wait()
        await asyncio.sleep(0.01)
    assert closed == [True]


class MetadataScript(Script):
    """Plays an API server that is asked for metadata, and remembers as what answers were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.accepted: list[tuple[str, str]] = []

    async def request(self, method: str, path: str, *, accept: str = "", **options: Any) -> dict[str, Any]:
        self.accepted.append((method, accept))
        return await super().request(method, path, **options)

    async def stream(
        self, path: str, params: dict[str, Any], *, accept: str = "", **options: Any
    ) -> AsyncIterator[Event]:
        self.accepted.append(("WATCH", accept))
        async for each in super().stream(path, params, **options):
            yield each


async def test_of_secrets_nothing_but_metadata_is_asked_for() -> None:
    """Each page, each watch, and each list after lost history; a server that knows no such answer has no other way."""
    script = MetadataScript()
    script.lists = [page(10, config("a", 3), token="next"), page(10), page(20, config("a", 15))]
    script.watches = [[event("MODIFIED", "a", 12), Gone("compacted")]]
    async with _following(script, SECRET) as (_, store):
        await _until(lambda: [each.version for each in store.of_kind("Secret")] == [15])
        await _until(lambda: len(script.accepted) >= 5)
        (record,) = store.of_kind("Secret")
        assert record.summary == {"version": "15"}
    assert set(script.accepted) == {
        ("GET", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"),
        ("WATCH", "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"),
    }


async def test_a_secret_belongs_to_no_stack_whatever_its_metadata_say() -> None:
    """Else one that somebody gives to a stack, so that it goes with it, would be deleted as what is not planned."""
    secret = config("a", 3)
    reference = {"apiVersion": "ailtire.io/v1alpha1", "kind": "AiltireStack", "name": "shop", "uid": "uid-shop"}
    secret["metadata"] |= {
        "ownerReferences": [reference | {"controller": True}],
        "labels": {naming.LABEL_MANAGED_BY: naming.OPERATOR_NAME, naming.LABEL_STACK: "shop"},
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": '{"data":{"password":"aHVudGVyMg=="}}'},
        "deletionTimestamp": "2026-01-01T00:00:00Z",
        "finalizers": ["example.com/hold"],
    }
    changed: Event = {"type": "MODIFIED", "object": copy.deepcopy(secret)}
    changed["object"]["metadata"]["resourceVersion"] = "12"
    script = MetadataScript()
    script.lists, script.watches = [page(10, secret)], [[changed]]
    async with _following(script, SECRET) as (_, store):
        await _until(lambda: [each.version for each in store.of_kind("Secret")] == [12])
        (record,) = store.of_kind("Secret")
        namespace = record.ref.namespace
        assert not list(store.owned_by(namespace, "uid-shop"))
        assert not list(store.by_label(namespace, naming.LABEL_STACK, "shop"))
        assert not list(store.deleting(namespace))
        assert "hunter2" not in repr(record) and "aHVudGVyMg" not in repr(record)


def test_secrets_are_not_among_what_is_watched_unless_asked_for() -> None:
    assert SECRET not in WATCHED_KINDS
    assert SECRET.kind not in KINDS, "nothing else may address one"
    assert [kind for kind in (*KINDS.values(), SECRET) if kind.metadata_only] == [SECRET]
