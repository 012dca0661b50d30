"""What may be taken over: only what bears the plan's labels, has no owner that exists, and needs no replacement."""

from collections.abc import Callable
from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.cluster.applier import Applier
from ailtire_operator.cluster.apply_result import ApplyOptions, ApplyResult
from ailtire_operator.cluster.errors import ClusterError, Conflict, Foreign, NotFound, Orphaned
from ailtire_operator.cluster.kinds import Ref
from ailtire_operator.cluster.store import Store
from support.fake_cluster.records import reference_to

Json = dict[str, Any]

LABELS = {
    naming.LABEL_MANAGED_BY: naming.OPERATOR_NAME,
    naming.LABEL_ROOT: "shop",
    naming.LABEL_STACK: "shop",
    naming.LABEL_SERVICE: "web",
}
UID = "new"
DANGLING = reference_to("shop", "old")


class Server:
    """An API server with a few objects, which takes every write that passes the check, and keeps it."""

    def __init__(self, *objects: Json) -> None:
        self.live = {Ref.of(each).path: each for each in objects}
        self.written: list[tuple[str, Any]] = []

    async def request(
        self, method: str, path: str, *, body: Any = None, guard: Callable[[], None] = lambda: None, **_: Any
    ) -> Json:
        if path not in self.live:
            raise NotFound("gone", status=404)
        live = self.live[path]
        if method == "GET":
            return live
        guard()
        self.written.append((method, body))
        metadata = live["metadata"] | {"resourceVersion": str(int(live["metadata"]["resourceVersion"]) + 1)}
        patch = {each["path"]: each["value"] for each in body} if isinstance(body, list) else {}
        for pointer, value in patch.items():
            *_, section, name = pointer.split("/")
            if section == "labels":
                metadata["labels"] = metadata["labels"] | {name.replace("~1", "/"): value}
            elif name == "ownerReferences":
                metadata[name] = value
        self.live[path] = {**live, "metadata": metadata}
        return self.live[path]


def live(
    kind: str = "Deployment", labels: dict[str, str | None] | None = None, *, references: list[Json] | None = None
) -> Json:
    """An object as it is, under the name of one of the plan's."""
    metadata = {
        "uid": "u",
        "resourceVersion": "7",
        "labels": {name: value for name, value in (LABELS | (labels or {})).items() if value is not None},
        **({} if references is None else {"ownerReferences": references}),
    }
    found = Ref(kind, "prod", "shop-web").address()
    found["metadata"] |= metadata
    return {**found, "spec": {"selector": {"matchLabels": {"a": "b"}}}}


def planned(kind: str = "Deployment", **labels: str) -> Json:
    """The manifest of the object of the plan."""
    manifest = Ref(kind, "prod", "shop-web").address()
    manifest["metadata"] |= {"labels": LABELS | labels, "ownerReferences": [reference_to("shop", UID)]}
    return {**manifest, "spec": {"selector": {"matchLabels": {"a": "b"}}}}


def stack(name: str, uid: str) -> Json:
    metadata = {"name": name, "namespace": "prod", "uid": uid, "resourceVersion": "3"}
    return {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": metadata, "spec": {}}


async def brought(obj: Json, manifest: Json, *others: Json, adopt: bool = True) -> tuple[ApplyResult, Server]:
    """What an apply makes of the object. The store knows nothing but it; the server knows the others too."""
    store, server = Store(), Server(obj, *others)
    store.put(obj)
    applier = Applier(server, store, fence=lambda: True)  # type: ignore[arg-type]
    return await applier.apply(manifest, UID, ApplyOptions(adopt=adopt)), server


@pytest.mark.parametrize(
    ("references", "others"),
    [(None, []), ([], []), ([DANGLING], []), ([DANGLING], [stack("shop", UID)])],
    ids=["none", "empty", "a stack that is gone", "a stack that was made again"],
)
async def test_what_has_lost_its_owner_is_taken_over(references: list[Json] | None, others: list[Json]) -> None:
    applied, server = await brought(live(references=references), planned(), *others)
    assert (applied.error, applied.adopted) == (None, True)
    (_, patch), (_, body) = server.written
    assert patch[0] == {"op": "test", "path": "/metadata/uid", "value": "u"}
    assert patch[1] == {"op": "test", "path": "/metadata/resourceVersion", "value": "7"}
    assert patch[2:] == [{"op": "add", "path": "/metadata/ownerReferences", "value": [reference_to("shop", UID)]}]
    assert body["metadata"]["uid"] == "u", "all else is an ordinary apply"


async def test_without_a_request_nothing_is_written_and_the_way_back_is_told() -> None:
    applied, server = await brought(live(), planned(), adopt=False)
    assert (applied.verb, server.written) == ("foreign", [])
    assert isinstance(applied.error, Orphaned)
    assert str(applied.error).endswith("kubectl annotate ailtirestack shop ailtire.io/adopt=true")


@pytest.mark.parametrize(
    ("obj", "others", "whose"),
    [
        (live(references=[reference_to("other", "o")]), [stack("other", "o")], "belongs to AiltireStack other"),
        (
            live(references=[{**reference_to("other", "o"), "controller": False}]),
            [stack("other", "o")],
            "belongs to AiltireStack other",
        ),
        (live(references=[DANGLING, reference_to("b", "b")]), [stack("b", "b")], "belongs to AiltireStack b"),
        (
            live(references=[{"apiVersion": "v1", "kind": "ConfigMap", "name": "c", "uid": "c"}]),
            [],
            "belongs to ConfigMap c",
        ),
        (
            live(references=[{**DANGLING, "apiVersion": "example.com/v1"}]),
            [],
            "belongs to AiltireStack shop",
        ),
        *((live(labels={label: "x"}), [], "was not made by this stack") for label in LABELS),
        *((live(labels={label: None}), [], "was not made by this stack") for label in LABELS),
        (live(labels={naming.LABEL_COMPONENT: "gateway"}), [], "was not made by this stack"),
    ],
)
async def test_what_belongs_to_somebody_is_not_taken_over(obj: Json, others: list[Json], whose: str) -> None:
    applied, server = await brought(obj, planned(), *others)
    assert (applied.verb, server.written) == ("foreign", [])
    assert isinstance(applied.error, Foreign)
    assert not isinstance(applied.error, Orphaned)
    assert whose in str(applied.error)


async def test_what_would_have_to_be_replaced_is_not_taken_over() -> None:
    other = live()
    other["spec"] = {"selector": {"matchLabels": {"a": "c"}}}
    applied, server = await brought(other, planned())
    assert (applied.verb, server.written) == ("foreign", [])
    assert "cannot be taken over: its selector changes" in str(applied.error)


async def test_what_is_being_deleted_is_not_taken_over() -> None:
    leaving = live()
    leaving["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    applied, server = await brought(leaving, planned())
    assert (applied.verb, server.written) == ("foreign", [])


async def test_a_retained_volume_never_becomes_one_that_goes_with_its_stack() -> None:
    kept = live("PersistentVolumeClaim", {naming.LABEL_RETAIN: "true"})
    applied, server = await brought(kept, planned("PersistentVolumeClaim"))
    assert (applied.verb, server.written) == ("foreign", [])
    assert "say retain: true" in str(applied.error)


@pytest.mark.parametrize("references", [None, [DANGLING]])
async def test_a_volume_that_is_to_be_retained_gets_no_owner(references: list[Json] | None) -> None:
    manifest = planned("PersistentVolumeClaim", **{naming.LABEL_RETAIN: "true"})
    del manifest["metadata"]["ownerReferences"]
    applied, server = await brought(live("PersistentVolumeClaim", references=references), manifest)
    assert (applied.error, applied.adopted) == (None, True)
    found = server.live[Ref.of(manifest).path]["metadata"]
    assert (found["ownerReferences"], found["labels"][naming.LABEL_RETAIN]) == ([], "true")


async def test_what_gets_an_owner_meanwhile_is_left_to_it() -> None:
    """Between the look at the object and the write the watch tells that somebody else has taken it."""
    obj, store = live(), Store()
    store.put(obj)
    taken = live(references=[reference_to("other", "o")])
    taken["metadata"]["resourceVersion"] = "8"
    other = stack("other", "o")
    store.put(other)

    class Slow(Server):
        async def request(self, method: str, path: str, **options: Any) -> Json:
            if method == "PATCH":
                store.put(taken)
            return await super().request(method, path, **options)

    server = Slow(obj)
    applier = Applier(server, store, fence=lambda: True)  # type: ignore[arg-type]
    applied = await applier.apply(planned(), UID, ApplyOptions(adopt=True))
    assert isinstance(applied.error, Foreign)
    assert server.written == []


@pytest.mark.parametrize("now", [None, {"deletionTimestamp": "2026-01-01T00:00:00Z"}], ids=["gone", "being deleted"])
async def test_nothing_is_taken_over_for_a_stack_that_goes(now: Json | None) -> None:
    """Its watch is behind; the garbage collector would delete what is the stack's, a volume and its data too."""
    obj, known, store = live("PersistentVolumeClaim"), stack("shop", UID), Store()
    store.put(obj)
    store.put(known)
    newer = {**known, "metadata": {**known["metadata"], "resourceVersion": "4", **(now or {})}}
    server = Server(obj, *([] if now is None else [newer]))
    applier = Applier(server, store, fence=lambda: True)  # type: ignore[arg-type]
    applied = await applier.apply(planned("PersistentVolumeClaim"), UID, ApplyOptions(adopt=True))
    assert isinstance(applied.error, NotFound)
    assert str(applied.error).endswith("is gone" if now is None else "is being deleted")
    assert (applied.adopted, server.written) == (False, [])


@pytest.mark.parametrize("error", [Conflict("changed"), NotFound("gone")])
async def test_what_goes_wrong_is_told(error: ClusterError) -> None:
    obj, store = live(), Store()
    store.put(obj)

    class Failing(Server):
        async def request(self, method: str, path: str, **options: Any) -> Json:
            if method == "PATCH":
                raise error
            return await super().request(method, path, **options)

    applier = Applier(Failing(obj), store, fence=lambda: True)  # type: ignore[arg-type]
    applied = await applier.apply(planned(), UID, ApplyOptions(adopt=True))
    assert (applied.error, applied.adopted) == (error, False)
