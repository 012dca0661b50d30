"""What TAB reads: all pages, as far as there is time, and no more than what is typed asks for."""

import asyncio
from typing import Any

import pytest

from ailtire_operator.cli import completers, shell
from ailtire_operator.cluster.connection import Connection
from ailtire_operator.cluster.errors import NotFound
from support.checks.commands import Run

Json = dict[str, Any]


class Pages:
    """An API server's list, page by page; the last page may never come."""

    namespace = "n"

    def __init__(self, items: list[Json], *, stops_after: int = 100) -> None:
        self.asked: list[tuple[str, Json]] = []
        self._items = items
        self._stops_after = stops_after

    async def __aenter__(self) -> "Pages":
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def request(self, _: str, path: str, *, params: Json | None = None, accept: str = "") -> Json:
        self.asked.append((path, {"accept": accept, **(params or {})}))
        if len(self.asked) > self._stops_after:
            await asyncio.sleep(3600)
        if params is None:
            found = [each for each in self._items if each["metadata"]["name"] == path.rpartition("/")[2]]
            if not found:
                raise NotFound("no such stack")
            return found[0]
        start = int(params.get("continue", 0))
        end = start + int(params["limit"])
        more = {"continue": str(end)} if end < len(self._items) else {}
        return {"items": self._items[start:end], "metadata": more}


def stack(name: str, **spec: Any) -> Json:
    return {"metadata": {"name": name}, "spec": {"services": {"web": {}, "pay": {"type": "stack"}}, **spec}}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Any:
    def start(pages: Pages) -> Pages:
        async def opened(**_: Any) -> Pages:
            return pages

        monkeypatch.setattr(Connection, "open", opened)
        return pages

    return start


def offered(*words: str) -> list[str]:
    return [line.partition("\t")[0] for line in shell.kubectl_completions(words).splitlines()[:-1]]


def test_what_is_beyond_the_first_page_is_offered_too(server: Any, run: Run) -> None:
    pages = server(Pages([stack(f"s{number:04}") for number in range(1203)]))
    assert offered("notices", "s12") == ["s1200", "s1201", "s1202"]
    assert len(pages.asked) == 3
    assert all("PartialObjectMetadataList" in params["accept"] for _, params in pages.asked), "names alone"
    assert len(offered("tree", "")) > 1200


def test_where_the_time_is_up_what_has_been_read_is_offered(
    server: Any, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(completers, "_PATIENCE", 0.2)
    server(Pages([stack(f"s{number:04}") for number in range(2000)], stops_after=2))
    assert len(offered("notices", "s")) == 1000


def test_below_a_name_its_tree_alone_is_read(server: Any, run: Run) -> None:
    place = {"place": {"parent": "shop", "parentKey": "pay", "root": "shop"}}
    pages = server(Pages([stack("shop"), stack("shop-pay", **place)]))
    assert offered("tree", "shop/pay/") == ["shop/pay/pay", "shop/pay/web"]
    assert [params.get("labelSelector") for _, params in pages.asked] == [None, "ailtire.io/root=shop"]
    assert offered("tree", "nobody/") == []


def test_where_all_namespaces_are_asked_for_no_stack_is_offered(server: Any, run: Run) -> None:
    pages = server(Pages([stack("shop")]))
    assert offered("tree", "-A", "") == offered("notices", "--all-namespaces", "") == []
    assert pages.asked == []
    assert offered("tree", "--all") == ["--all-namespaces"]
