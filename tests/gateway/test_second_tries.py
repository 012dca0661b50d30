"""When a gateway asks again: what reached nobody, and what a policy lets be repeated; never anything else."""

import json
from typing import Any

import pytest
from aiohttp import ClientSession
from yarl import URL

from gateway.asking import seen, service, status
from gateway.backend import Backend
from gateway.rig import Rig

RETRIED = [
    # method, path, answer, times that the backend is asked
    ("GET", "/slow", 504, 3), ("PUT", "/slow", 504, 3), ("DELETE", "/slow", 504, 3), ("HEAD", "/slow", 504, 3),
    ("POST", "/slow", 504, 1), ("PATCH", "/slow", 504, 1),
    ("GET", "/break", 502, 3), ("POST", "/break", 502, 1),
    ("GET", "/busy", 503, 3), ("PUT", "/busy", 503, 3), ("POST", "/busy", 503, 1), ("GET", "/late", 504, 3),
    ("GET", "/error", 500, 1), ("GET", "/fine", 200, 1), ("POST", "/fine", 200, 1),
]  # fmt: skip
TRIES = {"timeout": {"requestTimeout": "200ms"}, "retry": {"maxRetries": 2}}


@pytest.mark.parametrize(("method", "path", "code", "times"), RETRIED)
async def test_what_is_safe_to_repeat_is_tried_again_and_nothing_else(
    rig: Rig, backend: Backend, client: ClientSession, method: str, path: str, code: int, times: int
) -> None:
    backend.slow_for = 2
    gateway = await rig.gateway({"services": {"web": service({"/web": {"path": "/"}}, policies=TRIES)}})
    assert await status(client, gateway, f"/web{path}?q=1", method) == code
    assert [asked.path for asked in backend.asked] == [f"{path}?q=1"] * times


@pytest.mark.parametrize("policies", [{}, TRIES])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_refusal_of_the_service_comes_in_its_own_words(
    rig: Rig, backend: Backend, client: ClientSession, policies: dict[str, Any], method: str
) -> None:
    gateway = await rig.gateway({"services": {"web": service({"/web": {"path": "/"}}, policies=policies)}})
    async with client.request(method, URL(f"{gateway.url}/web/busy"), data=b"abc") as answer:
        assert (answer.status, (await answer.json())["path"]) == (503, "/busy")


@pytest.mark.parametrize(
    ("policies", "method", "tries"), [({}, "GET", 2), ({}, "POST", 2), (TRIES, "POST", 2), (TRIES, "GET", 3)]
)
async def test_a_request_that_reached_nobody_is_sent_once_more_whatever_it_is(
    rig: Rig, client: ClientSession, policies: dict[str, Any], method: str, tries: int
) -> None:
    rig.names.give("shop-web")  # where nobody listens
    gateway = await rig.gateway({"services": {"web": service({"/web": {"path": "/"}}, policies=policies)}})
    assert await status(client, gateway, "/web/x", method) == 502
    assert await gateway.stop() == 0
    [line] = map(json.loads, gateway.access_log)
    assert len(line["upstream_seconds"].split(" : ")) == tries


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_request_that_reached_somebody_is_not_sent_again_unasked(
    rig: Rig, backend: Backend, client: ClientSession, method: str
) -> None:
    gateway = await rig.gateway({"services": {"web": service({"/web": {"path": "/"}})}})
    assert await status(client, gateway, "/web/break", method) == 502
    assert len(backend.asked) == 1


async def test_a_body_goes_along_where_there_are_tries(rig: Rig, backend: Backend, client: ClientSession) -> None:
    gateway = await rig.gateway({"services": {"web": service({"/web": {"path": "/"}}, policies=TRIES)}})
    async with client.post(URL(f"{gateway.url}/web/a%2Fb?c=d"), data=b"x" * 300_000) as answer:
        told = await answer.json()
    assert (told["path"], told["size"]) == ("/a%2Fb?c=d", 300_000)
    assert (await seen(client, gateway, "/web/a"))["path"] == "/a"


async def test_tries_open_no_side_door(rig: Rig, backend: Backend, client: ClientSession) -> None:
    policies = {**TRIES, "accessControl": {"allow": ["10.1.0.0/16"]}}
    gateway = await rig.gateway({"services": {"web": service({"/web": {}}, policies=policies)}})
    assert [await status(client, gateway, "/web/x", method) for method in ("GET", "POST")] == [403, 403]
    assert backend.asked == []
