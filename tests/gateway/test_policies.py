"""What a service's policies make of a request, in a real nginx: time, rate, who may call, and what is written down."""

import base64
import hashlib
import json
import time

import aiohttp
import pytest
from aiohttp import ClientSession

from gateway.asking import service, status
from gateway.backend import Backend
from gateway.rig import Rig


async def test_an_upgrade_header_opens_no_side_door(rig: Rig, backend: Backend, client: ClientSession) -> None:
    policies = {
        "timeout": {"requestTimeout": "5s"},
        "accessControl": {"allow": ["10.1.0.0/16"], "authentication": {"secret": "users"}},
    }
    gateway = await rig.gateway({"services": {"web": service({"/web": {}}, policies=policies)}})
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade"}
    assert await status(client, gateway, "/web/x", headers=upgrade) == 403
    assert backend.asked == []


async def test_a_request_timeout_answers_504_without_a_retry_policy_too(
    rig: Rig, backend: Backend, client: ClientSession
) -> None:
    policies = {"timeout": {"requestTimeout": "200ms"}}
    gateway = await rig.gateway({"services": {"web": service({"/web": {}}, policies=policies)}})
    before = time.monotonic()
    assert await status(client, gateway, "/web/slow", "POST") == 504
    assert time.monotonic() - before < 20


async def test_a_connection_that_nobody_answers_is_bounded_by_the_request_timeout(
    rig: Rig, client: ClientSession
) -> None:
    rig.names.addresses["shop-web.shop-test.svc.cluster.local"] = (
        "192.0.2.1",
    )  # set aside for documentation: no answer
    policies = {"timeout": {"requestTimeout": "200ms"}}
    gateway = await rig.gateway({"services": {"web": service({"/web": {}}, policies=policies)}})
    before = time.monotonic()
    assert await status(client, gateway, "/web/x") in (502, 504)
    assert time.monotonic() - before < 20


async def test_a_burst_beyond_the_rate_limit_is_answered_429(rig: Rig, backend: Backend, client: ClientSession) -> None:
    limited = service({"/web": {}}, policies={"accessControl": {"rateLimit": 2}})
    gateway = await rig.gateway({"services": {"web": limited, "free": service({"/free": {}})}})
    codes = [await status(client, gateway, "/web/x") for _ in range(12)]
    assert codes[:5] == [200] * 5
    assert 429 in codes
    assert await status(client, gateway, "/free/x") == 502  # its own route, unlimited (and without a backend)


async def test_only_listed_addresses_may_call(rig: Rig, backend: Backend, client: ClientSession) -> None:
    policies = {"accessControl": {"allow": ["203.0.113.0/24", "2001:db8::/32", "198.51.100.7"]}}
    spec = {"services": {"web": service({"/web": {}}, policies=policies)}}
    gateway = await rig.gateway(spec, trusted=["127.0.0.0/8"])
    callers = {
        "203.0.113.9": 200, "198.51.100.7": 200, "2001:db8::1": 200, "198.51.100.8": 403,
        # What a caller writes itself stands before what the proxy in front of us adds.
        "203.0.113.9, 198.51.100.8": 403,
    }  # fmt: skip
    found = {caller: await status(client, gateway, "/web/x", headers={"X-Forwarded-For": caller}) for caller in callers}
    assert found == callers


def _htpasswd(user: str, password: str) -> str:
    return f"{user}:{{SHA}}{base64.b64encode(hashlib.sha1(password.encode()).digest()).decode()}\n"


def _password(password: str) -> dict[str, str]:
    return {"Authorization": aiohttp.encode_basic_auth("ann", password)}


@pytest.mark.parametrize("realm", ["Shop", "off"])
async def test_basic_authentication_asks_for_a_password(
    rig: Rig, backend: Backend, client: ClientSession, realm: str
) -> None:
    policies = {"accessControl": {"authentication": {"secret": "users", "realm": realm}}}
    spec = {"services": {"web": service({"/web": {}}, policies=policies)}}
    gateway = await rig.gateway(spec, passwords={"users": _htpasswd("ann", "right")})
    assert await status(client, gateway, "/web/x") == 401
    assert await status(client, gateway, "/web/x", headers=_password("wrong")) == 401
    assert await status(client, gateway, "/web/x", headers=_password("right")) == 200


async def test_a_missing_password_file_closes_its_own_route_only(
    rig: Rig, backend: Backend, client: ClientSession
) -> None:
    policies = {"accessControl": {"authentication": {"secret": "absent"}}}
    closed = service({"/closed": {}}, policies=policies)
    gateway = await rig.gateway({"services": {"closed": closed, "web": service({"/web": {}})}})
    assert await status(client, gateway, "/closed/x", headers=_password("right")) == 403
    assert await status(client, gateway, "/web/x") == 200


@pytest.mark.parametrize(
    ("level", "written"),
    [(None, [200, 404, 500]), ("debug", [200, 404, 500]), ("info", [200, 404, 500]), ("warn", [404, 500]),
     ("error", [500]), ("none", [])],
)  # fmt: skip
async def test_the_access_log_holds_what_its_level_says(
    rig: Rig, backend: Backend, client: ClientSession, level: str | None, written: list[int]
) -> None:
    policies = {"logging": {"level": level}} if level else {}
    spec = {"services": {"web": service({"/web": {"path": "/"}}, policies=policies)}}
    gateway = await rig.gateway(spec)
    for path in ("/web/fine", "/web/error", "/web/missing"):
        await status(client, gateway, path)
    assert await gateway.stop() == 0
    lines = [json.loads(line) for line in gateway.access_log]
    assert sorted(int(line["status"]) for line in lines) == written
    assert all(line["stack"] == "shop" and line["app"] == "shop" for line in lines)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_what_is_stopped_is_answered_503_with_the_time_to_ask_again(
    rig: Rig, backend: Backend, client: ClientSession, method: str
) -> None:
    policies = {"retry": {"maxRetries": 2}, "accessControl": {"rateLimit": 5, "authentication": {"secret": "users"}}}
    members = {"web": service({"/web": {}}), "api": service({"/api": {}}, policies=policies, stopped=True)}
    gateway = await rig.gateway({"services": members})
    assert await status(client, gateway, "/web/x") == 200
    asked = len(backend.asked)
    for path in ("/api", "/api/x?y=1"):
        async with client.request(method, f"{gateway.url}{path}", data=b"x" if method == "POST" else None) as answer:
            assert (answer.status, answer.headers["Retry-After"], await answer.text()) == (503, "30", "stopped\n")
    assert len(backend.asked) == asked
    assert await status(client, gateway, "/apis") == 404


async def test_a_gateway_of_a_stack_that_is_stopped_answers_503_on_all_its_routes(
    rig: Rig, backend: Backend, client: ClientSession
) -> None:
    members = {"web": service({"/web": {}}), "api": service({"/api": {}})}
    gateway = await rig.gateway({"stopped": True, "services": members})
    assert [await status(client, gateway, path) for path in ("/web", "/web/x", "/api", "/none")] == [503, 503, 503, 404]
    assert backend.asked == []
