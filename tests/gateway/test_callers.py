"""Who a request comes from: what a proxy says of it counts where that proxy is trusted, and is replaced elsewhere."""

from typing import Any

import pytest
from aiohttp import ClientSession, TCPConnector

from ailtire_operator.plan.build import plan
from ailtire_operator.plan.gateway.callers import OF_A_PROXY
from ailtire_operator.plan.types import Observed
from gateway.asking import seen, service, status
from gateway.backend import Backend
from gateway.rig import Gateway, Rig
from support.definitions.stacks import SETTINGS, stack

HERE = ["127.0.0.0/8"]
"""Where the tests call from."""
WEB = {"services": {"web": service({"/web": {"path": "/"}})}}
PLACE = {"root": "top", "parent": "top", "parentKey": "shop", "depth": 1, "appName": "top"}
CLAIMS = dict.fromkeys(OF_A_PROXY, "claimed") | {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "gopher",
    "X-Forwarded-Host": "claimed.example",
    "X-Real-IP": "203.0.113.9",
    "Forwarded": "for=203.0.113.9",
}


async def heard(client: ClientSession, gateway: Gateway) -> dict[str, str]:
    """The headers that the service gets of a caller who claims everything."""
    told = await seen(client, gateway, "/web/x", headers=CLAIMS)
    headers: dict[str, str] = told["headers"]
    return headers


@pytest.mark.parametrize("ranges", [[], ["192.0.2.0/24"], ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]])
async def test_what_a_stranger_claims_is_replaced(
    rig: Rig, backend: Backend, client: ClientSession, ranges: list[str]
) -> None:
    gateway = await rig.gateway(WEB, trusted=ranges)
    headers = await heard(client, gateway)
    assert "203.0.113.9" not in " ".join(headers.values())
    assert "claimed" not in " ".join(headers.values())
    assert headers["X-Forwarded-For"] == headers["X-Real-IP"] == "127.0.0.1"
    assert headers["X-Forwarded-Proto"] == "http"
    assert headers["X-Forwarded-Host"] == f"{gateway.address}:{gateway.port}"
    assert headers["X-Forwarded-Prefix"] == "/web"


async def test_what_a_trusted_proxy_says_is_passed_on(rig: Rig, backend: Backend, client: ClientSession) -> None:
    headers = await heard(client, await rig.gateway(WEB, trusted=HERE))
    assert headers["X-Forwarded-For"] == "203.0.113.9, 127.0.0.1"
    assert headers["X-Real-IP"] == "203.0.113.9"
    assert headers["X-Forwarded-Proto"] == "gopher"
    assert headers["X-Forwarded-Host"] == "claimed.example"
    assert headers["X-Forwarded-Prefix"] == "claimed/web"
    assert {name for name in OF_A_PROXY if headers[name].startswith("claimed")} == set(OF_A_PROXY)
    assert "Forwarded" not in headers


async def test_a_childs_gateway_believes_the_gateway_above(rig: Rig, backend: Backend, client: ClientSession) -> None:
    headers = await heard(client, await rig.run(plan(stack({**WEB, "place": PLACE}), SETTINGS, Observed())))
    assert headers["X-Real-IP"] == "203.0.113.9"


async def test_a_child_with_an_edge_of_its_own_believes_nobody(rig: Rig, backend: Backend) -> None:
    """The loopback address is that of the level above where one gateway serves the tree: others come from elsewhere."""
    spec: dict[str, Any] = {**WEB, "place": PLACE, "edge": {"hosts": ["shop.example"]}}
    gateway = await rig.run(plan(stack(spec), SETTINGS, Observed()))
    async with ClientSession(connector=TCPConnector(local_addr=("127.0.0.9", 0))) as elsewhere:
        headers = await heard(elsewhere, gateway)
    assert headers["X-Real-IP"] == "127.0.0.9"


async def test_behind_an_edge_with_a_certificate_the_scheme_is_https(
    rig: Rig, backend: Backend, client: ClientSession
) -> None:
    edge = {"hosts": ["shop.example"], "tls": {"secretName": "shop-tls"}}
    headers = await heard(client, await rig.gateway({**WEB, "edge": edge}))
    assert headers["X-Forwarded-Proto"] == "https"


async def test_a_claimed_address_evades_neither_allow_list_nor_rate_limit(
    rig: Rig, backend: Backend, client: ClientSession
) -> None:
    guarded = service({"/listed": {}}, policies={"accessControl": {"allow": ["203.0.113.0/24"]}})
    limited = service({"/limited": {}}, policies={"accessControl": {"rateLimit": 1}})
    gateway = await rig.gateway({"services": {"listed": guarded, "web": limited}})
    claims = [{"X-Forwarded-For": f"203.0.113.{number}", "X-Real-IP": f"203.0.113.{number}"} for number in range(12)]
    assert {await status(client, gateway, "/listed/x", headers=claim) for claim in claims} == {403}
    assert 429 in [await status(client, gateway, "/limited/x", headers=claim) for claim in claims]
