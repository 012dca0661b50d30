"""Sessions: a caller stays at one pod, through all levels and changes of anything else, and loses no request."""

import asyncio
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, ClientTimeout, DummyCookieJar

from gateway.asking import PORT, service, status
from gateway.backend import Backend
from gateway.rig import RECENT_NGINX, Gateway, Rig
from gateway.tree_rig import TreeRig

COOKIE = "replica"
WEB = service({"/web": {"path": "/"}}, policies={"session": {"cookie": COOKIE}}, deploy={"replicas": 3})
MANY = 60
"""Enough callers that each of three pods gets some, whatever the order."""


@pytest.fixture(params=["stack", "tree"])
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    started = await (Rig(tmp_path, RECENT_NGINX) if request.param == "stack" else TreeRig(tmp_path)).start()
    yield started
    await started.close()


@pytest.fixture
async def pods(rig: Rig) -> AsyncIterator[dict[str, Backend]]:
    """Three pods of shop-web by their addresses; its Service leads to the first."""
    found = {address: await Backend(address, PORT).start() for address in (rig.names.free() for _ in range(3))}
    rig.names.put("shop-web--pods", *found)
    rig.names.put("shop-web", next(iter(found)))
    yield found
    for each in found.values():
        await each.stop()


@pytest.fixture
async def plain() -> AsyncIterator[ClientSession]:
    """A caller that remembers no cookie by itself."""
    async with ClientSession(cookie_jar=DummyCookieJar(), timeout=ClientTimeout(total=20)) as session:
        yield session


async def started(rig: Rig, spec: dict[str, Any] | None = None) -> Gateway:
    """A gateway that has resolved its names."""
    gateway = await rig.gateway(spec or {"services": {"web": WEB}})
    await ready(gateway)
    return gateway


async def ready(gateway: Gateway, path: str = "/web/") -> None:
    async with ClientSession(cookie_jar=DummyCookieJar()) as session:
        while not (await ask(session, gateway, path))[1]:
            await asyncio.sleep(0.02)


async def ask(
    client: ClientSession, gateway: Gateway, path: str = "/web/", cookie: str = "", method: str = "GET"
) -> tuple[int, str]:
    """The status, and the value of the cookie that the answer sets."""
    headers = {"Cookie": f"{COOKIE}={cookie}"} if cookie else {}
    async with client.request(method, gateway.url + path, headers=headers) as answer:
        await answer.read()
        found = SimpleCookie(answer.headers.get("Set-Cookie", ""))
        return answer.status, found[COOKIE].value if COOKIE in found else ""


def asked(pods: dict[str, Backend]) -> list[int]:
    """How many requests each pod has got since the last call."""
    counts = [len(each.asked) for each in pods.values()]
    for each in pods.values():
        each.asked.clear()
    return counts


async def test_a_caller_stays_at_its_pod_and_others_are_spread(
    rig: Rig, pods: dict[str, Backend], plain: ClientSession
) -> None:
    gateway = await started(rig)
    asked(pods)
    cookies = {(await ask(plain, gateway))[1] for _ in range(MANY)}
    assert len(cookies) == 3
    assert min(asked(pods)) > 0
    for cookie in cookies:
        answers = {await ask(plain, gateway, f"/web/{number}", cookie) for number in range(10)}
        assert answers == {(200, cookie)}
        assert sorted(asked(pods)) == [0, 0, 10]


@pytest.mark.parametrize(
    "policies", [{}, {"timeout": {"requestTimeout": "20s"}}, {"retry": {"maxRetries": 2}}], ids=str
)
async def test_every_kind_of_request_stays(
    rig: Rig, pods: dict[str, Backend], plain: ClientSession, policies: dict[str, Any]
) -> None:
    web = {**WEB, "policies": {**WEB["policies"], **policies}}
    gateway = await started(rig, {"services": {"web": web}})
    _, cookie = await ask(plain, gateway)
    asked(pods)
    headers = {"Cookie": f"{COOKIE}={cookie}"}
    for method, body in (("GET", b""), ("POST", b"small"), ("POST", b"x" * 200_000), ("PATCH", b"y")):
        async with plain.request(method, f"{gateway.url}/web/a%2Fb", data=body, headers=headers) as answer:
            assert (await answer.json())["path"] == "/a%2Fb"
    async with plain.ws_connect(f"{gateway.url}/web/socket", headers=headers) as socket:
        assert await socket.receive_str() == "/socket"
    assert sorted(asked(pods)) == [0, 0, 5]


async def test_all_gateways_of_a_service_agree_also_with_other_routes(
    rig: Rig, pods: dict[str, Backend], plain: ClientSession
) -> None:
    more = service({"/more": {"path": "/"}}, policies={"session": {"cookie": "other"}})
    first, second = await started(rig), await started(rig, {"services": {"web": WEB, "a": more}})
    _, cookie = await ask(plain, first)
    asked(pods)
    answers = {await ask(plain, gateway, cookie=cookie) for gateway in (first, second) for _ in range(5)}
    assert answers == {(200, cookie)}
    assert sorted(asked(pods)) == [0, 0, 10]


async def test_a_session_goes_through_the_levels_above(
    rig: Rig, pods: dict[str, Backend], plain: ClientSession
) -> None:
    below = {"services": {"web": WEB}}
    spec = {"services": {"inner": {"type": "stack", "interface": {"/in": {"path": "/"}}, "stack": below}}}
    rig.names.put("shop-inner-web--pods", *pods)
    rig.names.put("shop-inner-web", next(iter(pods)))
    for replica in (1, 2):
        outer = await rig.whole_tree(spec)
        await ready(outer, "/in/web/")
        if replica == 1:
            _, cookie = await ask(plain, outer, "/in/web/")
        asked(pods)
        assert {await ask(plain, outer, "/in/web/", cookie) for _ in range(5)} == {(200, cookie)}
        assert sorted(asked(pods)) == [0, 0, 5]


async def test_a_session_outlives_other_pods_and_moves_when_its_own_is_gone(
    rig: Rig, pods: dict[str, Backend], plain: ClientSession
) -> None:
    gateway = await started(rig)
    _, cookie = await ask(plain, gateway)
    asked(pods)
    await ask(plain, gateway, cookie=cookie)
    own = next(address for address, pod in pods.items() if pod.asked)
    new = rig.names.free()
    pods[new] = await Backend(new, PORT).start()
    others = [address for address in pods if address not in (own, new)]
    rig.names.put("shop-web--pods", own, new)  # a rollout of the others
    while any(asked({address: pods[address] for address in others})):
        await ask(plain, gateway)
        assert await ask(plain, gateway, cookie=cookie) == (200, cookie)
    while not asked({new: pods[new]})[0]:
        await ask(plain, gateway)
    assert await ask(plain, gateway, cookie=cookie) == (200, cookie)
    rig.names.put("shop-web--pods", new)
    async with asyncio.timeout(120):
        while (moved := await ask(plain, gateway, cookie=cookie)) == (200, cookie):
            await asyncio.sleep(0.1)
    assert moved[0] == 200
    assert moved[1] not in ("", cookie)
    assert await ask(plain, gateway, cookie=moved[1]) == moved


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_request_to_a_pod_that_has_ended_goes_to_another(
    rig: Rig, pods: dict[str, Backend], plain: ClientSession, method: str
) -> None:
    gateway = await started(rig)
    for _ in range(MANY):
        _, cookie = await ask(plain, gateway)
        asked(pods)
        await ask(plain, gateway, cookie=cookie)
        if not next(iter(pods.values())).asked:  # the Service leads to the first: another has to end
            break
    ended = next(each for each in pods.values() if each.asked)
    await ended.stop()
    assert (await ask(plain, gateway, cookie=cookie, method=method))[0] == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_request_that_reached_its_pod_is_not_sent_again_unasked(
    rig: Rig, pods: dict[str, Backend], plain: ClientSession, method: str
) -> None:
    gateway = await started(rig)
    asked(pods)
    assert await status(plain, gateway, "/web/break", method) == 502
    assert sum(asked(pods)) == 1


async def test_a_slow_answer_costs_nobody_else_the_session(
    rig: Rig, pods: dict[str, Backend], plain: ClientSession
) -> None:
    web = {**WEB, "policies": {**WEB["policies"], "timeout": {"requestTimeout": "100ms"}}}
    gateway = await started(rig, {"services": {"web": web}})
    _, cookie = await ask(plain, gateway)
    assert (await ask(plain, gateway, "/web/slow", cookie))[0] == 504
    assert await ask(plain, gateway, cookie=cookie) == (200, cookie)


async def test_names_that_do_not_resolve_yet_keep_no_gateway_from_starting(rig: Rig, plain: ClientSession) -> None:
    gateway = await rig.gateway({"services": {"web": WEB, "other": service({"/o": {}})}})
    assert (await ask(plain, gateway))[0] == 502
    address = rig.names.free()
    pod = await Backend(address, PORT).start()
    rig.names.put("shop-web", address)
    async with asyncio.timeout(120):
        while (await ask(plain, gateway))[0] != 200:  # by the Service, as no pod is known yet
            await asyncio.sleep(0.1)
        rig.names.put("shop-web--pods", address)
        await ready(gateway)
    await pod.stop()


@pytest.mark.parametrize(
    "value", ["x", "127.0.0.1:22", "%00", "a" * 4000, "../..", "0" * 32], ids=lambda each: each[:9]
)
async def test_a_cookie_that_means_nothing_is_replaced(
    rig: Rig, pods: dict[str, Backend], plain: ClientSession, value: str
) -> None:
    gateway = await started(rig)
    asked(pods)
    code, cookie = await ask(plain, gateway, cookie=value)
    assert code == 200
    assert cookie not in ("", value)
    assert sum(asked(pods)) == 1
