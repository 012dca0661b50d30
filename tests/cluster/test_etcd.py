"""The database behind the API server: it is full, or has forgotten the history that somebody still reads."""

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Any

import pytest

from ailtire_operator.cluster import kinds
from ailtire_operator.cluster.errors import Gone
from ailtire_operator.cluster.kinds import Ref
from ailtire_operator.cluster.list_watch import ListWatch, pages
from ailtire_operator.cluster.watch import Reflector
from cluster.cluster_layer import install_definitions, viewing
from lab import Audit, ControlPlane, Operator, sessions
from lab.api import Refused
from lab.waiting import eventually
from support.kube.trees import Trees, service, tree

pytestmark = pytest.mark.timeout(900)
_QUOTA = 24 * 1024 * 1024
"""Bytes: room for a control plane and a tree, and for no more than some large objects."""
_LARGE = 900 * 1024
_NAMESPACE = "full"


@pytest.fixture
def small() -> Iterator[ControlPlane]:
    """A control plane whose database may not grow much."""
    quota = [f"--quota-backend-bytes={_QUOTA}"]
    with sessions.started(ControlPlane(sessions.new_home("etcd"), nodes=2, etcd_args=quota)) as plane:
        yield plane


def _fill(plane: ControlPlane) -> None:
    """Write large objects until etcd takes no more."""
    path = kinds.CONFIG_MAP.path(_NAMESPACE)
    for number in range(10**3):
        body = {"metadata": {"name": f"filler-{number}"}, "data": {"all": f"{number:09}" * (_LARGE // 9)}}
        try:
            plane.api.create(path, body)
        except Refused as error:
            assert "database space exceeded" in str(error)
            return
    raise AssertionError("etcd takes everything")


def _make_room(plane: ControlPlane) -> None:
    """What an administrator does: delete what fills it, forget its history, give the space back, end the alarm."""
    for each in plane.api.get(kinds.CONFIG_MAP.path(_NAMESPACE))["items"]:
        if each["metadata"]["name"].startswith("filler-"):
            plane.api.delete(kinds.CONFIG_MAP.path(_NAMESPACE, each["metadata"]["name"]))
    plane.compact()
    plane.ask_etcd("maintenance/defragment", {})
    plane.disarm_etcd()


def _pods(trees: Trees) -> dict[str, str]:
    found = trees.plane.api.get(f"/api/v1/namespaces/{trees.namespace}/pods")["items"]
    return {each["metadata"]["name"]: each["metadata"]["uid"] for each in found}


def test_a_full_database_ends_nothing_and_all_is_put_right_when_there_is_room(small: ControlPlane) -> None:
    operator = Operator(small)
    operator.install()
    operator.start()
    small.api.create("/api/v1/namespaces", {"metadata": {"name": _NAMESPACE}})
    trees = Trees(small, Audit(small), _NAMESPACE)
    trees.apply("shop", tree())
    trees.until_ready("shop")
    trees.audit.quiet(seconds=2.0)
    before, first = _pods(trees), operator.pid
    assert before

    _fill(small)
    with pytest.raises(Refused, match="database space exceeded"):
        trees.apply("shop", {**tree(), "environment": "qa"})
    # Deletions are carried out all the same, so that there is something to put right, and nothing that can be written.
    small.api.delete(kinds.SERVICE.path(_NAMESPACE, "shop-web"))
    small.api.delete(kinds.NETWORK_POLICY.path(_NAMESPACE, "shop--siblings--members"))
    refused = trees.audit.mark()
    eventually(lambda: _refusals(trees, refused) >= 3, what="the operator tries to write")
    assert operator.pid == first, "it goes on"
    operator.restart()
    time.sleep(2.0)
    assert trees.get("Service", "shop-web") is None

    _make_room(small)
    trees.until("the Service", lambda: trees.get("Service", "shop-web"))
    trees.until("the NetworkPolicy", lambda: trees.get("NetworkPolicy", "shop--siblings--members"))
    trees.until_ready("shop")
    trees.audit.quiet(seconds=2.0)
    assert _pods(trees) == before, "no pod is replaced"
    trees.apply("shop", {"services": {"web": service()}})
    trees.until_ready("shop")
    trees.until("the children go", lambda: trees.names("AiltireStack") == {"shop"})
    operator.stop()


def _refusals(trees: Trees, mark: int) -> int:
    return len([each for each in trees.audit.writes(mark) if each.code >= 500])


@pytest.fixture
def plane() -> Iterator[ControlPlane]:
    """A control plane whose history is forgotten; it asks etcd for each page of a list, as older ones all do."""
    plane = ControlPlane(sessions.new_home("compacted"), nodes=1, feature_gates="ListFromCacheSnapshot=false")
    with sessions.started(plane):
        install_definitions(plane)
        plane.api.create("/api/v1/namespaces", {"metadata": {"name": _NAMESPACE}})
        yield plane


def _config_map(name: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "labels": {"app.kubernetes.io/managed-by": "ailtire-operator"}}}


async def test_a_list_whose_history_is_forgotten_between_two_pages_is_read_anew(
    plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = kinds.CONFIG_MAP.path(_NAMESPACE)
    for number in range(7):
        plane.api.create(path, _config_map(f"map-{number}"))
    async with viewing(plane, _NAMESPACE, follow=False) as view:
        expired = 0

        async def in_small_pages(self: ListWatch, **options: Any) -> AsyncGenerator[Any, None]:
            """Pages of two objects; before the second page of the first lists the history is forgotten."""
            nonlocal expired
            async with aclosing(pages(self._connection, self._path, self._selectors, limit=2, **options)) as found:
                number = 0
                try:
                    async for page in found:
                        number += 1
                        self.version = page["metadata"]["resourceVersion"]
                        yield page
                        if number == 1 and expired < 2:
                            plane.api.delete(kinds.CONFIG_MAP.path(_NAMESPACE, f"map-{expired}"))
                            plane.compact()
                except Gone:
                    expired += 1
                    raise

        monkeypatch.setattr(ListWatch, "pages", in_small_pages)
        reflector = Reflector(view.connection, view.store, kinds.CONFIG_MAP, _NAMESPACE)
        task = asyncio.create_task(reflector.run())
        try:
            await view.until(reflector.synced.is_set)
            assert expired == 2, "the API server has refused two tokens"
            names = {each.ref.name for each in view.store.of_kind("ConfigMap")}
            assert names == {f"map-{number}" for number in range(2, 7)}
            plane.api.create(path, _config_map("late"))
            await view.until(lambda: view.store.get(Ref("ConfigMap", _NAMESPACE, "late")) is not None)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
