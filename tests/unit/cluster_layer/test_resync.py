"""The comparison of the store with the cluster, where a real API server cannot be made to do what matters."""

import asyncio
from typing import Any

import pytest

from ailtire_operator.cluster.errors import ClusterError, Denied, NotFound, Unavailable
from ailtire_operator.cluster.kinds import CONFIG_MAP, HTTP_ROUTE, STACK, Ref
from ailtire_operator.cluster.resync import Resync
from ailtire_operator.cluster.store import Store
from support.fake_cluster import virtual_time
from support.fake_cluster.records import reference_to, stack
from unit.cluster_layer import samples


def config(name: str, version: int, **metadata: Any) -> dict[str, Any]:
    return {"metadata": samples.metadata(name, uid=f"uid-{name}", version=version) | metadata}


def known(store: Store, name: str, version: int) -> None:
    store.put({**config(name, version), "kind": "ConfigMap"})


class Server:
    """Lists of metadata and single objects."""

    def __init__(self, *objects: dict[str, Any], version: int = 100, page: int = 500) -> None:
        self.objects = {each["metadata"]["name"]: each for each in objects}
        self.version, self.page = version, page
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.error: Exception | None = None

    async def request(
        self, method: str, path: str, *, params: dict[str, Any] | None = None, accept: str = ""
    ) -> dict[str, Any]:
        assert method == "GET"
        await asyncio.sleep(0)
        self.asked.append((path, params or {}))
        if self.error is not None:
            raise self.error
        if params is None:
            if (found := self.objects.get(path.rpartition("/")[2])) is None:
                raise NotFound("gone")
            return found
        assert "PartialObjectMetadataList" in accept
        start = int(params.get("continue", 0))
        items = list(self.objects.values())[start : start + self.page]
        token = str(start + self.page) if start + self.page < len(self.objects) else ""
        return {"metadata": {"resourceVersion": str(self.version), "continue": token}, "items": items or None}


def recheck(server: Server, store: Store, **options: Any) -> Resync:
    return Resync(server, store, **{"grace": 0.01, **options})  # type: ignore[arg-type]


def names(store: Store) -> set[str]:
    return {record.ref.name for record in store.of_kind("ConfigMap")}


async def test_all_pages_count() -> None:
    store = Store()
    server = Server(*(config(f"c{number}", number + 1) for number in range(7)), page=3)
    for number in range(6):
        known(store, f"c{number}", number + 1)
    found: list[str] = []
    assert await recheck(server, store, found=found.append).compare(CONFIG_MAP, None) == 1
    assert (len(names(store)), found) == (7, ["ConfigMap"])
    assert [params.get("continue") for _, params in server.asked[:3]] == [None, "3", "6"]


async def test_what_is_merely_late_is_waited_for() -> None:
    store = Store()
    server = Server(config("a", 9))
    known(store, "b", 5)

    async def events() -> None:
        await asyncio.sleep(0.005)
        known(store, "a", 9)
        store.remove(Ref("ConfigMap", "prod", "b"), "uid-b", "8")

    count, _ = await asyncio.gather(recheck(server, store, grace=0.05).compare(CONFIG_MAP, None), events())
    assert (count, len(server.asked)) == (0, 1), "nothing is read twice"


async def test_what_is_newer_than_the_list_is_left_alone() -> None:
    store = Store()
    known(store, "a", 150)
    known(store, "new", 120)
    server = Server(config("a", 90))
    assert await recheck(server, store).compare(CONFIG_MAP, None) == 0
    assert names(store) == {"a", "new"}


async def test_other_namespaces_are_not_judged_by_a_list_of_one() -> None:
    store = Store()
    known(store, "a", 5)
    assert await recheck(Server(), store).compare(CONFIG_MAP, "elsewhere") == 0
    assert names(store) == {"a"}
    assert await recheck(Server(), store).compare(CONFIG_MAP, "prod") == 1
    assert names(store) == set()


async def test_an_object_that_lost_its_label_is_kept_only_by_its_owner() -> None:
    store = Store()
    owner = stack(store, "shop")
    known(store, "a", 5)
    known(store, "owned", 6)
    foreign = config("a", 7, labels={})
    ours = config("owned", 8, labels={}, ownerReferences=[reference_to("shop", owner.uid)])
    server = Server(foreign, ours)
    listed, server.objects = server.objects, {}

    class Hidden(Server):
        async def request(self, method: str, path: str, **options: Any) -> dict[str, Any]:
            self.objects = {} if options.get("params") else listed
            return await super().request(method, path, **options)

    assert await recheck(Hidden(), store).compare(CONFIG_MAP, None) == 2
    assert names(store) == {"owned"}


async def test_an_owner_counts_in_its_own_namespace_alone() -> None:
    store = Store()
    owner = stack(store, "shop", namespace="elsewhere")
    server = Server(config("a", 7, labels={}, ownerReferences=[reference_to("shop", owner.uid)]))
    assert await recheck(server, store).search(CONFIG_MAP, "prod") == 0
    assert names(store) == set()


@pytest.mark.parametrize("error", [Unavailable("no"), NotFound("no"), ValueError("odd")])
def test_no_error_ends_it_and_everything_gets_its_turn(error: Exception) -> None:
    server = Server()
    server.error = error
    store = Store()
    stack(store, "shop")
    kinds = (CONFIG_MAP, HTTP_ROUTE, STACK)

    async def story() -> None:
        check = recheck(server, store, watched=kinds, absent=lambda: {"HTTPRoute"}, round_seconds=150)
        task = asyncio.create_task(check.run())
        await asyncio.sleep(1000)
        assert not task.done()
        task.cancel()

    virtual_time.run(story())
    compared = [path for path, _ in server.asked if "/namespaces/" not in path]
    assert {path: 5 <= compared.count(path) <= 9 for path in compared} == {
        CONFIG_MAP.path(None): True,
        STACK.path(None): True,
    }
    searched = [params["labelSelector"] for path, params in server.asked if "/namespaces/prod/" in path]
    assert len(searched) == 13, "the first search is over, and the next is an hour away"
    assert set(searched) == {"app.kubernetes.io/managed-by!=ailtire-operator"}
    assert isinstance(error, ClusterError | ValueError)


class Namespaces(Server):
    """Says no in some namespaces, some times."""

    def __init__(self, *errors: tuple[str, ClusterError]) -> None:
        super().__init__()
        self.errors = list(errors)

    async def request(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        asked = next((each for each in self.errors if f"/namespaces/{each[0]}/" in path), None)
        if asked is None:
            return await super().request(method, path, **options)
        if not isinstance(asked[1], Denied):
            self.errors.remove(asked)
        self.asked.append((path, options))
        raise asked[1]


def caught_up(server: Server, *namespaces: str) -> bool:
    """Whether the comparison of all stacks ends within a minute."""

    async def story() -> bool:
        try:
            async with asyncio.timeout(60):
                await recheck(server, Store(), namespaces=namespaces).catch_up(STACK)
        except TimeoutError:
            return False
        return True

    return virtual_time.run(story())


def test_one_namespace_that_is_denied_keeps_no_leader_from_the_others() -> None:
    """It was deleted, or taken from the operator: its watch goes on without it, and so does whoever begins to lead."""
    server = Namespaces(("gone", Denied("may not list")), ("b", Unavailable("later")))
    assert caught_up(server, "a", "gone", "b")
    assert [path for path, _ in server.asked] == [STACK.path(each) for each in ("a", "gone", "b", "b")]
    assert not caught_up(Namespaces(("only", Denied("may not list"))), "only"), "there is nothing to lead"
