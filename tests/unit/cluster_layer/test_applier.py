"""Apply where a real API server cannot be made to misbehave in the way that matters."""

from collections.abc import Callable
from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.cluster.applier import Applier
from ailtire_operator.cluster.errors import ClusterError, Conflict, Invalid, NotFound, NotGone, Unavailable
from ailtire_operator.cluster.kinds import Ref
from ailtire_operator.cluster.store import Store, record_of
from unit.cluster_layer import samples

Step = dict[str, Any] | ClusterError


class Script:
    """An API server that answers with what the test wrote down, and keeps what it was asked."""

    def __init__(self, *steps: Step) -> None:
        self.steps = list(steps)
        self.asked: list[tuple[str, str, Any]] = []

    async def request(
        self, method: str, path: str, *, body: Any = None, guard: Callable[[], None] | None = None, **options: Any
    ) -> dict[str, Any]:
        if guard is not None:
            guard()
        self.asked.append((method, path, body))
        step = self.steps.pop(0)
        if isinstance(step, ClusterError):
            raise step
        return step


def _applier(script: Script, store: Store | None = None) -> Applier:
    return Applier(script, Store() if store is None else store, fence=lambda: True)  # type: ignore[arg-type]


def _changed() -> dict[str, Any]:
    manifest = samples.service_manifest()
    manifest["spec"]["selector"] = {"app": "other"}
    return manifest


def _stack(**spec: Any) -> dict[str, Any]:
    metadata = samples.metadata("shop-a", uid="c", version=5)
    return {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": metadata, "spec": spec}


async def test_what_is_in_sync_costs_no_request() -> None:
    store = Store()
    store.put(samples.service_live())
    applied = await _applier(Script(), store).apply(samples.service_manifest(), samples.OWNER)
    assert (applied.verb, applied.error) == ("none", None)


async def test_a_conflict_is_tried_again_once_only() -> None:
    store = Store()
    store.put(samples.service_live())
    script = Script(Conflict("changed"), samples.service_live(version=400), Conflict("changed again"))
    applied = await _applier(script, store).apply(_changed(), samples.OWNER)
    assert isinstance(applied.error, Conflict)
    assert [method for method, _, _ in script.asked] == ["PATCH", "GET", "PATCH"]


async def test_a_create_that_keeps_meeting_somebody_is_given_up() -> None:
    script = Script(Conflict("exists"), NotFound("gone again"), Conflict("exists again"))
    applied = await _applier(script).apply(samples.service_manifest(), samples.OWNER)
    assert isinstance(applied.error, Conflict)
    versions = [body["metadata"]["resourceVersion"] for method, _, body in script.asked if method == "PATCH"]
    assert versions == ["1", "1"], "never bare"


async def test_an_update_means_the_object_that_was_seen() -> None:
    store = Store()
    store.put(samples.service_live())
    script = Script(samples.service_live(version=400))
    await _applier(script, store).apply(_changed(), samples.OWNER)
    assert script.asked[0][2]["metadata"]["uid"] == "u1"


@pytest.mark.parametrize("error", [Unavailable("later"), Invalid("never")])
async def test_what_goes_wrong_is_told_and_not_raised(error: ClusterError) -> None:
    applied = await _applier(Script(error)).apply(samples.service_manifest(), samples.OWNER)
    assert (applied.error, applied.changed, applied.verb) == (error, False, "none")
    deleted = await _applier(Script(error)).delete(record_of(samples.service_live()), samples.OWNER)
    assert (deleted.error, deleted.verb) == (error, "none")


async def test_a_deletion_that_meets_a_conflict_looks_whose_it_is() -> None:
    store = Store()
    store.put(samples.service_live())
    record = record_of(samples.service_live())
    ref = record.ref
    busy = Conflict("try again")
    same = await _applier(Script(busy, samples.service_live()), store).delete(record, samples.OWNER)
    assert same.error is busy
    assert store.get(ref) is not None
    other = await _applier(Script(busy, samples.service_live(uid="new", version=500)), store).delete(
        record, samples.OWNER
    )
    assert (other.verb, other.error) == ("none", None)
    assert store.get(ref) is None
    gone = await _applier(Script(busy, NotFound("gone")), store).delete(record, samples.OWNER)
    assert (gone.verb, gone.error) == ("none", None)


async def test_an_answer_that_is_older_than_the_watch_does_not_count() -> None:
    """The watch has brought a later change of somebody else before our answer came."""
    store = Store()
    store.put(samples.service_live())
    theirs = samples.service_live(version=500)
    theirs["spec"]["selector"] = {"app": "theirs"}

    class Slow(Script):
        async def request(self, method: str, path: str, **options: Any) -> dict[str, Any]:
            answer = await super().request(method, path, **options)
            store.put(theirs)
            return answer

    mine = samples.service_live(version=450)
    mine["spec"]["selector"] = {"app": "other"}
    applier = _applier(Slow(mine), store)
    applied = await applier.apply(_changed(), samples.OWNER)
    assert applied.record is not None
    assert applied.record.resource_version == "500"
    assert not applier.in_sync(_changed()), "what they did is drift, not the cluster's last word"
    assert not applier.overridden(applied.ref)


async def test_a_default_that_comes_back_is_removed_once() -> None:
    store = Store()
    live = _stack(services={}, suspend=False)
    store.put(live)
    script = Script(live, live)
    applier = _applier(script, store)
    await applier.remove_extra(record_of(live), samples.OWNER, ["/suspend"])
    await applier.remove_extra(record_of(live), samples.OWNER, ["/suspend"])
    assert [method for method, _, _ in script.asked] == ["GET", "PATCH"]
    assert script.asked[1][2][0] == {"op": "test", "path": "/metadata/uid", "value": "c"}


async def test_a_replaced_object_that_a_finalizer_holds_is_left_to_whoever_tells_of_its_end() -> None:
    store = Store()
    store.put(samples.service_live())
    held = samples.service_live(version=401)
    held["metadata"] |= {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["example.com/hold"]}
    headless = samples.service_manifest()
    headless["spec"]["clusterIP"] = "None"
    script = Script(held, samples.service_live(uid="new", version=410))
    applier = _applier(script, store)
    for _ in range(2):
        applied = await applier.apply(headless, samples.OWNER)
        assert isinstance(applied.error, NotGone)
        assert str(applied.error) == "waits for Service web to go: finalizer example.com/hold"
        assert [method for method, _, _ in script.asked] == ["DELETE"], "asked once, and waited for by nobody"
    assert script.asked[0][2]["preconditions"] == {"uid": "u1"}
    store.remove(Ref("Service", "prod", "web"), "u1", "405")
    applied = await applier.apply(headless, samples.OWNER)
    assert (applied.verb, applied.error) == ("create", None)


async def test_a_replaced_object_that_nothing_holds_is_made_anew_at_once() -> None:
    store = Store()
    store.put(samples.service_live())
    headless = samples.service_manifest()
    headless["spec"]["clusterIP"] = "None"
    script = Script({"kind": "Status", "status": "Success"}, samples.service_live(uid="new", version=410))
    applied = await _applier(script, store).apply(headless, samples.OWNER)
    assert (applied.verb, applied.error) == ("replace", None)
    assert [method for method, _, _ in script.asked] == ["DELETE", "PATCH"]


@pytest.mark.parametrize("write", ["create", "update", "delete", "edit", "status", "read", "gone"])
async def test_each_write_says_for_which_stack_it_was(write: str) -> None:
    store, origins = Store(), list[str | None]()
    record = None if write == "create" else store.put(samples.service_live())
    ref, uid = Ref.of(samples.service_live()), samples.service_live()["metadata"]["uid"]
    store.triggers.append(lambda old, new, origin: origins.append(origin))
    later = {**samples.service_live(), "metadata": {**samples.service_live()["metadata"], "resourceVersion": "9999"}}
    later["spec"] = {**later["spec"], "type": "ExternalName"}
    answer: Step = NotFound("gone") if write in ("read", "gone") else {} if write == "delete" else later
    answers = [answer, answer] if write == "gone" else [answer]  # a 404 to a deletion is not believed unasked
    applier = _applier(Script(*answers), store)
    if write in ("create", "update"):
        await applier.apply(_changed(), samples.OWNER)
    elif write == "status":
        await applier.write_status(ref, uid, {})
    elif write == "read":
        await applier.read(ref, uid, samples.OWNER)
    elif record is not None and write == "edit":
        await applier.annotate(record, samples.OWNER, "a", "b")
    elif record is not None:
        await applier.delete(record, samples.OWNER)
    assert origins == [uid if write == "status" else samples.OWNER]


def _owner(version: int, **metadata: Any) -> dict[str, Any]:
    plain = {"name": "shop", "namespace": "prod", "uid": samples.OWNER, "resourceVersion": str(version)}
    return {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": plain | metadata, "spec": {}}


def _deleting(version: int) -> dict[str, Any]:
    return _owner(version, deletionTimestamp="2026-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("answer", "watched"),
    [
        (NotFound("gone"), None),
        (_owner(9, uid="another"), None),
        (_deleting(9), None),
        (_owner(5), "DELETED"),
        (_owner(5), "MODIFIED"),
    ],
    ids=["gone", "made anew", "being deleted", "gone by the watch", "being deleted by the watch"],
)
async def test_nothing_is_made_again_for_an_owner_that_has_gone(answer: Step, watched: str | None) -> None:
    """Whoever says so first, the answer or the watch: the garbage collector would take it as often as it is made."""
    store = Store()
    store.put(_owner(5))
    store.put(samples.service_live())

    class Watched(Script):
        async def request(self, method: str, path: str, **options: Any) -> dict[str, Any]:
            if watched == "DELETED":
                store.remove(Ref(naming.KIND, "prod", "shop"), samples.OWNER, "8")
            if watched == "MODIFIED":
                store.put(_deleting(8))
            return await super().request(method, path, **options)

    script = Watched(answer)
    applier = _applier(script, store)
    assert (await applier.apply(samples.service_manifest(), samples.OWNER)).verb == "none"
    store.remove(Ref("Service", "prod", "web"), "u1", "400")
    applied = await applier.apply(samples.service_manifest(), samples.OWNER)
    assert isinstance(applied.error, NotFound)
    assert [method for method, _, _ in script.asked] == ["GET"]
