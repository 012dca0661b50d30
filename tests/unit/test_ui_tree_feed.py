"""The trees as pages are told them: a snapshot, and then differences; outages, missing rights, slow readers."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from ailtire_operator.cli.ui import follower, tree_feed
from ailtire_operator.cli.ui.forest import Forest
from ailtire_operator.cli.ui.gate import Refused
from ailtire_operator.cli.ui.tree_page import TreePage
from ailtire_operator.cluster import connection
from support.ui.page import page
from support.ui.resources import pod, stack, with_services


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower, "_PAUSE", 0.02)
    monkeypatch.setattr(follower, "_DENIED_PAUSE", 0.05)
    monkeypatch.setattr(tree_feed, "_PAUSE", 0.01)
    monkeypatch.setattr(connection, "_RETRY_CAP", 0.01)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_page_gets_all_stacks_and_then_what_changes() -> None:
    async with page() as running:
        running.api.put("stacks", with_services(stack("shop"), web={"image": "w:1"}))
        running.api.put("stacks", stack("other"))
        await until(lambda: running.api.watchers("stacks") and running.api.watchers("pods"))
        browser = await running.enter()
        async with browser.events("/api/tree") as events, browser.events("/api/tree?root=ns/shop") as filtered:
            name, data = await events.next()
            assert (name, data["denied"]) == ("snapshot", None)
            assert data["notes"] == [
                "use is not shown: the cluster has no metrics-server (it serves no metrics.k8s.io)"
            ]
            assert [each["id"] for each in data["stacks"]] == ["ns/other", "ns/shop"]
            name, data = await filtered.next()
            assert (name, [each["id"] for each in data["stacks"]]) == ("snapshot", ["ns/shop"])
            running.api.put("pods", pod("a", "other", restarts=7))
            name, data = await events.next()
            assert (name, [each["id"] for each in data["set"]], data["gone"]) == ("change", ["ns/other"], [])
            assert data["set"][0]["restarts"] == 7
            running.api.remove("stacks", "other")
            assert await events.next() == ("change", {"set": [], "gone": ["ns/other"]})
            running.api.put("stacks", stack("child", "shop"))
            name, data = await filtered.next()
            assert [each["id"] for each in data["set"]] == ["ns/child"], "of the other stack nothing was said"
        watches = [each for each in running.api.asked if each.endswith(("ailtirestacks", "/pods"))]
        assert len(watches) == 5, "two lists, two watches, and the use, for both pages"


async def test_an_outage_is_said_and_so_is_its_end() -> None:
    async with page() as running:
        running.api.put("stacks", stack("shop"))
        await until(lambda: running.api.watchers("stacks"))
        browser = await running.enter()
        async with browser.events("/api/tree") as events:
            await events.next()
            running.api.refusals |= {"stacks": 503}
            running.api.end_watches()
            name, data = await events.next()
            assert (name, data) == ("outage", {"message": 'stacks is forbidden: User "eve" cannot list'})
            running.api.objects["stacks"]["other"] = stack("other")
            async with browser.events("/api/tree") as late:
                assert (await late.next())[0] == "snapshot", "what was known is shown"
                assert (await late.next())[0] == "outage"
            running.api.refusals.clear()
            name, data = await events.next()
            assert name == "snapshot"


async def test_a_watch_that_ends_is_no_outage() -> None:
    async with page() as running:
        running.api.put("stacks", stack("shop"))
        await until(lambda: running.api.watchers("stacks"))
        async with (await running.enter()).events("/api/tree") as events:
            await events.next()
            running.api.end_watches()
            await until(lambda: running.api.watchers("stacks"))
            running.api.put("stacks", stack("other"))
            assert (await events.next())[1]["set"][0]["id"] == "ns/other"


async def test_who_may_not_list_stacks_reads_what_kubectl_says_and_sees_nothing() -> None:
    sentence = 'Error from server (Forbidden): stacks is forbidden: User "eve" cannot list'
    async with page() as running:
        running.api.put("stacks", stack("shop"))
        await until(lambda: running.api.watchers("stacks"))
        async with (await running.enter()).events("/api/tree") as events:
            await events.next()
            running.api.refusals |= {"stacks": 403}
            running.api.end_watches()
            name, data = await events.next()
            assert (name, data["denied"], data["stacks"]) == ("snapshot", sentence, [])
            running.api.refusals.clear()
            name, data = await events.next()
            assert (name, data["denied"], len(data["stacks"])) == ("snapshot", None, 1)


async def test_without_the_right_to_list_pods_the_tree_goes_on() -> None:
    async with page() as running:
        running.api.refusals |= {"pods": 403, "metrics": 403}
        running.api.put("stacks", stack("shop"))
        async with (await running.enter()).events("/api/tree") as events:
            while True:
                name, data = await events.next()
                if name == "snapshot" and len(data["notes"]) == 2:
                    break
            assert data["notes"][0].startswith("restarts and ages are not shown: Error from server (Forbidden): pods")
            assert data["notes"][1].startswith("use is not shown: ")
            assert data["stacks"][0]["state"] == "ready"


async def test_a_page_is_connected_before_the_first_list_is_read() -> None:
    async with page() as running:
        running.api.refusals |= {"stacks": 503}
        async with (await running.enter()).events("/api/tree") as events:
            assert (await events.next())[0] == "outage"
            running.api.put("stacks", stack("shop"))
            running.api.refusals.clear()
            name, data = await events.next()
            assert (name, len(data["stacks"])) == ("snapshot", 1)


async def test_a_page_that_comes_between_two_rounds_is_not_told_that_there_is_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tree_feed, "_PAUSE", 1.0)
    async with page() as running:
        running.api.refusals |= {"stacks": 503}
        browser = await running.enter()
        async with browser.events("/api/tree") as early:
            assert (await early.next())[0] == "outage", "a round has gone by"
            running.api.put("stacks", stack("shop"))
            running.api.refusals.clear()
            await until(lambda: running.api.watchers("stacks"))
            async with browser.events("/api/tree") as events:
                name, data = await events.next()
        assert (name, [each["id"] for each in data["stacks"]]) == ("snapshot", ["ns/shop"])


async def test_a_root_that_is_no_name_is_refused() -> None:
    async with page() as running:
        browser = await running.enter()
        for root in ("", "shop", "ns/shop/web", "ns/Shop", "../x", "ns/shop&root=ns/other"):
            assert (await browser.ask("GET", f"/api/tree?root={root}")).status == 400


async def test_streams_end_with_the_server_and_their_number_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree_feed, "_PAGES", 1)
    async with page() as running:
        browser = await running.enter()
        async with browser.events("/api/tree") as events:
            answer = await browser.ask("GET", "/api/tree")
            assert (answer.status, answer.json["hint"]) == (503, "Close some of them.")
            for each in running.feed._pages:
                each.end()
            await events.ended()
        await until(lambda: not running.feed._pages)
        async with browser.events("/api/tree") as events:
            pass
        await until(lambda: not running.feed._pages)


class Facts:
    complete = True
    outage = ""

    def opening(self) -> dict[str, object]:
        return {"denied": None}


def told(page: TreePage) -> list[tuple[str, Any]]:
    return [(name, json.loads(data)) for name, data in page.events()]


def test_a_slow_reader_gets_the_last_of_many_changes_once() -> None:
    forest = Forest()
    forest.put(stack("shop"))
    forest.flush()
    page = TreePage(forest, Facts())
    assert [name for name, _ in told(page)] == ["snapshot"]
    for number in range(1000):
        forest.pods.put(pod("a", "shop", restarts=number))
        page.note(forest.flush())
    forest.put(stack("gone"))
    page.note(forest.flush())
    forest.remove("gone")
    page.note(forest.flush())
    ((name, data),) = told(page)
    assert (name, [each["restarts"] for each in data["set"]], data["gone"]) == ("change", [999], [])
    assert told(page) == []
    assert not page.woken.is_set()


def test_nothing_is_said_before_all_stacks_are_known() -> None:
    facts = Facts()
    facts.complete = False
    page = TreePage(Forest(), facts)
    page.note({"ns/shop"})
    assert told(page) == []
    facts.complete = True
    assert [name for name, _ in told(page)] == ["snapshot"]


async def test_the_bound_of_pages_is_a_refusal() -> None:
    async with page() as running:
        opened = [running.feed.page() for _ in range(33)]
        for each in opened[:32]:
            each.__enter__()
        with pytest.raises(Refused):
            opened[32].__enter__()
        for each in opened[:32]:
            each.__exit__(None, None, None)
