"""From outside to each level: which service answers, and what it sees of a request."""

import asyncio
import hashlib
import json
import os
import time

import aiohttp
import pytest

from e2e.conftest import Tree
from e2e.loading import load

LARGE = 20 * 1024 * 1024
ROUTES = [
    # path from outside, who answers, what it sees
    ("/web", "shop", "/", ""),
    ("/web/a/b?c=d&e=%2F", "shop", "/a/b", "c=d&e=%2F"),
    ("/web/socket.io/?EIO=4&transport=polling", "shop", "/socket.io/", "EIO=4&transport=polling"),
    ("/old/a?b", "shop", "/old/a", "b"),
    ("/cpl/web/a%20b", "shop-cpl", "/a%20b", ""),
    ("/cpl/dm/web/a?x=1", "shop-cpl-dm", "/a", "x=1"),
    ("/cpl/dm/web/socket.io/?EIO=4", "shop-cpl-dm", "/socket.io/", "EIO=4"),
]


@pytest.mark.parametrize(("path", "stack", "seen", "query"), ROUTES)
def test_both_dialects_reach_their_service_with_what_it_expects(
    asked_tree: Tree, path: str, stack: str, seen: str, query: str
) -> None:
    status, answer = asked_tree.call(path)
    assert (status, answer["stack"], answer["path"], answer["query"]) == (200, stack, seen, query)


def test_a_service_learns_who_called_and_by_which_prefix(asked_tree: Tree) -> None:
    _, answer = asked_tree.call("/cpl/dm/web/x")
    headers = {name: values[0] for name, values in answer["headers"].items()}
    assert (answer["to"], headers["X-Forwarded-Host"]) == (asked_tree.host, asked_tree.host)
    assert (headers["X-Forwarded-Proto"], headers["X-Forwarded-Prefix"]) == ("http", "/cpl/dm/web")


@pytest.mark.parametrize(
    ("path", "stack"),
    [("/nope", "shop"), ("/webs", "shop"), ("/cpl/nope", "shop-cpl"), ("/cpl/dm/nope", "shop-cpl-dm")],
)
def test_what_no_route_covers_is_refused_by_the_level_that_it_came_to(asked_tree: Tree, path: str, stack: str) -> None:
    status, answer = asked_tree.call(path)
    assert status == 404
    assert f"stack {stack}: no route" in answer


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_a_body_arrives_whole(asked_tree: Tree, method: str) -> None:
    body = json.dumps({"a": "ü" * 1000}).encode()
    status, answer = asked_tree.call("/cpl/dm/web/x", method, body)
    assert (status, answer["method"], answer["body"]) == (200, method, _described(body))


def test_large_bodies_pass_up_and_down(asked_tree: Tree) -> None:
    body = os.urandom(LARGE)
    status, answer = asked_tree.call("/cpl/dm/web/x", "POST", body)
    assert (status, answer["body"]) == (200, _described(body))
    status, answer = asked_tree.call(f"/cpl/dm/web/x?probe-size={LARGE}")
    assert (status, len(answer)) == (200, LARGE)


def _described(body: bytes) -> dict[str, object]:
    return {"size": len(body), "sha256": hashlib.sha256(body).hexdigest(), "complete": True}


@pytest.mark.parametrize(
    ("path", "seen"), [("/web/socket.io/?EIO=4", "/socket.io/"), ("/cpl/dm/web/socket.io/?EIO=4", "/socket.io/")]
)
async def test_a_websocket_reaches_its_service_and_speaks_both_ways(asked_tree: Tree, path: str, seen: str) -> None:
    url = f"ws://{asked_tree.lab.ingress}{path}"
    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(url, headers={"Host": asked_tree.host}) as socket,
    ):
        await socket.send_str("whoami")
        told = json.loads(await asyncio.wait_for(socket.receive_str(), 60))
        assert (told["path"], told["query"]) == (seen, "EIO=4")
        for number in range(20):
            await socket.send_str(f"message {number}")
            assert await asyncio.wait_for(socket.receive_str(), 60) == f"message {number}"


def test_many_websockets_lose_no_message(asked_tree: Tree) -> None:
    url = f"http://{asked_tree.host}/cpl/dm/web/x"
    with load(url, asked_tree.lab.ingress, 0, sockets=20, socket_path="/cpl/dm/web/socket.io/?EIO=4") as under_way:
        time.sleep(4)
    assert (under_way.lost, under_way.cut) == (0, 0), under_way
    assert under_way.messages["answered"] > 100
