"""Whose going is news to whom: objects of others in the way of a stack, known to the store or not."""

import asyncio
from typing import Any

from ailtire_operator.cluster.kinds import Ref
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.reconcile.name_conflicts import LIMIT, ForeignObjects
from ailtire_operator.reconcile.sessions import Sessions
from support.fake_cluster.records import change, put, stack

WEB = Ref("Service", "prod", "shop-web")


class Story:
    """Two stacks, and objects in their way."""

    def __init__(self) -> None:
        self.store = Store()
        self.woken: list[str] = []
        self.ends: dict[Ref, asyncio.Event] = {}
        self.error: Exception | None = None
        self.foreign_objects = ForeignObjects(self.store, self._until_changed, self._wake)
        Sessions(self.store, lambda: 0.0).at_end(self.foreign_objects.forget)
        self.shop, self.other = stack(self.store, "shop"), stack(self.store, "other")

    def _wake(self, record: Record) -> None:
        self.woken.append(record.ref.name)

    async def _until_changed(self, record: Record) -> None:
        if self.error is not None:
            raise self.error
        self.ends[record.ref] = asyncio.Event()
        await self.ends[record.ref].wait()


def foreign(name: str = "shop-web") -> Record:
    """An object that only an answer has told of."""
    return put(Store(), "Service", name)


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_what_the_store_knows_tells_of_itself() -> None:
    story = Story()
    live = put(story.store, "Service", "shop-web", labels={"ailtire.io/stack": "x"})
    story.foreign_objects.update(story.shop, {WEB: live})
    await turns()
    assert story.ends == {}, "no watch of its own"
    change(story.store, live, summary={"type": "ClusterIP"})
    assert story.woken == []
    live = change(story.store, live, owner_uid="somebody")
    assert story.woken == ["shop"]
    story.store.remove(live.ref, live.uid)
    assert story.woken == ["shop", "shop"]


async def test_any_other_is_followed_for_all_who_want_its_name() -> None:
    story = Story()
    story.foreign_objects.update(story.shop, {WEB: foreign()})
    story.foreign_objects.update(story.other, {WEB: foreign()})
    await turns()
    story.ends[WEB].set()
    await turns()
    assert sorted(story.woken) == ["other", "shop"]
    story.foreign_objects.update(story.shop, {WEB: foreign()})
    await turns()
    assert not story.ends[WEB].is_set(), "followed again where it is still in the way"


async def test_nobody_is_woken_who_wants_it_no_longer() -> None:
    story = Story()
    story.foreign_objects.update(story.shop, {WEB: foreign()})
    await turns()
    story.foreign_objects.update(story.shop, {})
    await turns()
    assert len(asyncio.all_tasks()) == 1, "and nothing is followed for nobody"
    story.foreign_objects.update(story.shop, {WEB: foreign()})
    story.store.remove(story.shop.ref, story.shop.uid)
    await turns()
    assert len(asyncio.all_tasks()) == 1
    assert story.woken == []


async def test_many_are_left_to_the_next_try() -> None:
    story = Story()
    many = {Ref("Service", "prod", f"s{number}"): foreign(f"s{number}") for number in range(LIMIT + 5)}
    story.foreign_objects.update(story.shop, many)
    await turns()
    assert len(story.ends) == LIMIT
    story.foreign_objects.stop()
    await turns()
    assert len(asyncio.all_tasks()) == 1


async def test_a_watch_that_breaks_wakes_nobody(caplog: Any) -> None:
    story = Story()
    story.error = ValueError("odd")
    story.foreign_objects.update(story.shop, {WEB: foreign()})
    await turns()
    assert story.woken == []
    assert "following Service shop-web" in caplog.text
