"""What a backend answers is its own answer: it chooses no location, opens no tunnel, and commands nothing."""

import base64
import hashlib
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientSession

from gateway.asking import PORT, service, status
from gateway.backend import Backend
from gateway.rig import Gateway, Rig, free_port
from gateway.scripted import Scripted, answer
from gateway.tree_rig import TreeRig


@asynccontextmanager
async def serving(backend: Backend) -> AsyncIterator[Backend]:
    """A backend for as long as the block lasts."""
    await backend.start()
    try:
        yield backend
    finally:
        await backend.stop()


Start = Callable[[bytes], Coroutine[Any, Any, Scripted]]
EVIL = free_port()
SECRET = {
    "accessControl": {"allow": ["203.0.113.0/24"], "authentication": {"secret": "users"}},
    "timeout": {"requestTimeout": "5s"},
    "retry": {"maxRetries": 1},
}
TREE = {
    "services": {
        # "secret" comes before "web" in the alphabet, and before it in the configuration of equally long prefixes.
        "secret": service({"/secret": {"path": "/"}}, policies=SECRET),
        "evil": {
            "image": "evil:1",
            "interface": {"/evil": {"path": "/", "port": EVIL}},
            "policies": {"timeout": {"requestTimeout": "5s"}, "retry": {"maxRetries": 1}},
        },
    }
}
WAYS = ("buffered", "streamed", "once", "websocket", "unreached_{}_502", "unreached_{}_504", "retry_{}_1")
LOCATIONS = [f"@{way}_{index}" if "{}" not in way else f"@{way.format(index)}" for way in WAYS for index in (0, 1)]


@pytest.fixture
async def evil(rig: Rig) -> AsyncIterator[Start]:
    """Starts the backend of ``evil`` with what it answers."""
    address = rig.names.give("shop-evil")
    async with AsyncExitStack() as running:
        yield lambda said: running.enter_async_context(Scripted(address, EVIL, said))


@pytest.fixture
async def secret(rig: Rig) -> AsyncIterator[Backend]:
    async with serving(Backend(rig.names.give("shop-secret"), PORT)) as started:
        yield started


async def gateway_of(rig: Rig, trusted: list[str] | None = None) -> Gateway:
    users = f"ann:{{SHA}}{base64.b64encode(hashlib.sha1(b'right').digest()).decode()}\n"
    return await rig.gateway(TREE, passwords={"users": users}, trusted=trusted)


@pytest.mark.parametrize("target", [*LOCATIONS, "/secret/x", "/status", "/"])
async def test_no_header_of_a_backend_leads_to_another_location(
    rig: Rig, evil: Start, secret: Backend, client: ClientSession, target: str
) -> None:
    await evil(answer("200 OK", f"X-Accel-Redirect: {target}", "X-Accel-Expires: 60", body="its own"))
    gateway = await gateway_of(rig)
    for method in ("GET", "POST"):
        async with client.request(method, f"{gateway.url}/evil/x") as got:
            assert (got.status, await got.text()) == (200, "its own")
            assert not [name for name in got.headers if name.lower().startswith("x-accel")]
    assert secret.asked == []


@pytest.mark.parametrize("code", [*range(401, 432), 444, 494, 495, 496, 497, 499, 500, 501, 505, 507, 508])
async def test_no_status_of_a_backend_leads_to_another_location(
    rig: Rig, evil: Start, client: ClientSession, code: int
) -> None:
    backend = await evil(answer(f"{code} So it is", body="its own"))
    gateway = await gateway_of(rig)
    async with client.get(f"{gateway.url}/evil/x") as got:
        assert (got.status, await got.text()) == (code, "its own")
    assert len(backend.received) == 1


@pytest.mark.parametrize("code", [502, 503, 504])
async def test_a_second_try_after_a_status_goes_to_the_same_service(
    rig: Rig, evil: Start, secret: Backend, client: ClientSession, code: int
) -> None:
    backend = await evil(answer(f"{code} Busy", f"X-Accel-Redirect: {LOCATIONS[0]}", body="its own"))
    gateway = await gateway_of(rig)
    async with client.get(f"{gateway.url}/evil/x") as got:
        assert (got.status, await got.text()) == (code, "its own")
    assert len(backend.received) == 2
    assert secret.asked == []


async def test_each_location_of_a_guarded_route_has_its_rules(rig: Rig, client: ClientSession) -> None:
    """Even where nginx itself leads there: the rules stand in every location that passes a request on.

    One gateway for a tree has the same locations for all routes: its servers have the rules, and no location others.
    """
    gateway = await gateway_of(rig)
    if isinstance(rig, TreeRig):
        assert [name for name, block in locations(gateway) if "auth_basic" in block.partition(" server {")[0]] == []
        servers = [each for each in gateway.configuration.split(" server {")[1:] if "proxy_pass" in each]
        assert len(servers) == 2
        assert all("auth_basic $table_realm;" in each.partition("location ")[0] for each in servers)
        assert all("auth_basic_user_file $table_passwords;" in each.partition("location ")[0] for each in servers)
        return
    passing = [block for name, block in locations(gateway) if "proxy_pass" in block and "shop-secret" in block]
    assert len(passing) == 7
    assert all("deny all;" in block and "auth_basic_user_file" in block for block in passing)


def locations(gateway: Gateway) -> list[tuple[str, str]]:
    parts = gateway.configuration.split("location ")[1:]
    return [(part.partition("{")[0].strip(), part) for part in parts]


PROTOCOLS = ["h2c", "H2C", "TLS/1.0", "HTTP/2.0", "websocket, h2c", "h2c, websocket", "websockets", "IRC/6.9"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_no_protocol_but_websocket_is_passed_on(
    rig: Rig, client: ClientSession, backend: Backend, protocol: str
) -> None:
    gateway = await rig.gateway({"services": {"web": service({"/web": {"path": "/"}})}})
    headers = {
        "Connection": "Upgrade, HTTP2-Settings",
        "Upgrade": protocol,
        "HTTP2-Settings": "AAMAAABkAARAAAAAAAIAAAAA",
    }
    assert await status(client, gateway, "/web/x", headers=headers) == 200
    [asked] = backend.asked
    assert not {name.lower() for name in asked.headers} & {"upgrade", "http2-settings"}
    assert asked.headers["Connection"] == "close"
