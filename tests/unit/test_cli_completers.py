"""What TAB reads: all pages, as far as there is time, and no more than what is typed asks for."""

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

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
        if not params:
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


@pytest.fixture
def plain_server(tmp_path: Any) -> Iterator[list[tuple[str, str]]]:
    """A server for a kubeconfig that needs no more than a token; what it was asked."""
    asked: list[tuple[str, str]] = []
    items = [stack(f"s{number:04}") for number in range(1203)]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            where = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(where.query).items()}
            asked.append((where.path, self.headers["Authorization"]))
            start, limit = int(query.get("continue", 0)), int(query["limit"])
            more = {"continue": str(start + limit)} if start + limit < len(items) else {}
            body = json.dumps({"items": items[start : start + limit], "metadata": more}).encode()
            self.send_response(403 if "forbidden" in where.path else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return None

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever)
    thread.start()
    entries = {"cluster": {"server": f"http://127.0.0.1:{httpd.server_port}/below"}, "user": {"token": "t"}}
    entries["context"] = {"cluster": "a", "user": "a", "namespace": "n"}
    config = {f"{key}s": [{"name": "a", key: value}] for key, value in entries.items()} | {"current-context": "a"}
    (tmp_path / "plain").write_text(json.dumps(config))
    yield asked
    httpd.shutdown()
    thread.join()
    httpd.server_close()


def test_a_plain_kubeconfig_needs_no_more_than_pythons_own_client(
    plain_server: list[tuple[str, str]], run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    async def never(**_: Any) -> None:
        raise AssertionError("the large client is not for this")

    monkeypatch.setattr(Connection, "open", never)
    file = ("--kubeconfig", str(tmp_path / "plain"))
    assert offered("notices", *file, "s12") == ["s1200", "s1201", "s1202"]
    assert set(plain_server) == {("/below/apis/ailtire.io/v1alpha1/namespaces/n/ailtirestacks", "Bearer t")}
    assert offered("notices", *file, "-n", "forbidden", "") == []


def test_what_the_definitions_at_a_path_use_is_offered_for_a_restart(server: Any, run: Run) -> None:
    web = {"image": "x", "environmentFrom": [{"secret": "db"}, {"configMap": "flags"}]}
    shop = {"metadata": {"name": "shop"}, "spec": {"services": {"web": web}, "imagePullSecrets": ["hub"]}}
    other = {"metadata": {"name": "other"}, "spec": {"imagePullSecrets": ["hub", "other"]}}
    server(Pages([shop, other]))
    assert offered("restart", "shop/web", "--using", "secret/") == ["secret/db", "secret/hub"]
    server(Pages([shop, other]))
    assert offered("restart", "--using", "") == ["configmap/flags", "secret/db", "secret/hub", "secret/other"]
    server(Pages([shop, other]))
    assert offered("set", "image", "oth") == ["other"]


def test_the_variables_at_a_path_are_offered_to_be_changed_or_removed(server: Any, run: Run) -> None:
    web = {
        "image": "x",
        "environment": {"LOG": "info"},
        "environmentValuesFrom": {"LOGIN": {"secret": "a", "key": "b"}},
    }
    shop = {"metadata": {"name": "shop"}, "spec": {"services": {"web": web}, "env": {"REGION": "eu"}}}
    server(Pages([shop]))
    assert offered("set", "env", "shop/web", "LOG") == ["LOG-", "LOG=", "LOGIN-", "LOGIN="]
    server(Pages([shop]))
    assert offered("set", "env", "shop", "") == ["REGION-", "REGION="]
    assert offered("set", "env", "nobody", "") == []


def test_the_revisions_of_the_stack_that_is_named_are_offered(server: Any, run: Run) -> None:
    kept = [
        {"metadata": {"name": f"shop--revision-{n}", "labels": {"ailtire.io/revision": str(n)}}} for n in (2, 3, 21)
    ]
    pages = server(Pages(kept))
    assert offered("rollback", "shop", "--to", "2") == ["2", "21"]
    assert [params["labelSelector"] for _, params in pages.asked] == ["ailtire.io/revision,ailtire.io/stack=shop"]
    server(Pages(kept))
    assert offered("history", "shop", "--revision", "") == ["2", "21", "3"]
