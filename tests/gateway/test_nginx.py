"""The planned configuration in a real nginx: what a caller asks is what a service sees."""

import asyncio
import hashlib
import io
import json
from typing import Any

import crossplane
import pytest
from aiohttp import ClientSession
from yarl import URL

from ailtire_operator.cli.gateway_routes import gateway_of
from ailtire_operator.cli.request_trace import forwarded, matching
from ailtire_operator.model.bounds import ROUTE_LIMIT
from gateway.asking import PORT, seen, service, status
from gateway.backend import Backend
from gateway.rig import Gateway, Rig, configuration, free_port
from support.definitions.stacks import SETTINGS, plan_of


async def raw(gateway: Gateway, request: str) -> str:
    """The answer to a request that no client library would send."""
    reader, writer = await asyncio.open_connection(gateway.address, gateway.port)
    writer.write(request.encode())
    answer = await asyncio.wait_for(reader.read(65536), 60)
    writer.close()
    await writer.wait_closed()
    return answer.decode(errors="replace")


PATHS: dict[tuple[str, str], dict[str, str | None]] = {
    # interface key, path: {asked: what the backend sees, or None for a 404}
    ("/cs", "/"): {
        "/cs": "/", "/cs/": "/", "/cs/foo?x=1": "/foo?x=1", "/cs/foo/": "/foo/", "/cs?x=1": "/?x=1",
        "/csx": None, "/CS/foo": None, "/": None, "/x/cs": None,
        "/cs/a%20b": "/a%20b", "/cs/a%2Fb?u=%2F": "/a%2Fb?u=%2F", "/cs/%3Fa": "/%3Fa", "/cs/%25": "/%25",
        "/cs/caf%C3%A9": "/caf%C3%A9", "/cs/a+b": "/a+b", "/cs/a;b=c": "/a;b=c", "/cs/%0Aa": "/%0Aa",
        "/cs//a": "/a", "//cs/a": "/a", "/cs/a/../b": "/b", "/cs/%2e%2e/cs/b": "/b", "/cs/../x": None,
        "/cs/%2e%2e/x": None, "/cs/..%2fx": None, "/%63s/a": "/a", "/cs/a?u=../..": "/a?u=../..",
    },
    ("/web", "/web"): {"/web": "/web", "/web/foo": "/web/foo", "/web/a%2Fb": "/web/a%2Fb", "/webs": None},
    ("/docs", "/docs/"): {"/docs": "/docs/", "/docs/": "/docs/", "/docs/a": "/docs/a", "/docs?q=1": "/docs/?q=1"},
    ("/pulsar/", "/"): {"/pulsar/foo": "/foo", "/pulsar": "/"},
    ("/a", "/deep/er"): {"/a": "/deep/er", "/a/x": "/deep/er/x", "/a/": "/deep/er/"},
    ("/a.b+c", "/"): {"/a.b+c/x": "/x", "/aXb+c/x": None, "/a.bbc/x": None},
    ("//a//b", "/"): {"/a/b/c": "/c"},
    ("/", "/"): {"/": "/", "/x/y?z": "/x/y?z", "/a%2Fb": "/a%2Fb", "//x": "//x"},
    ("/", "/app"): {"/": "/app/", "/x": "/app/x"},
    # the older dialect: a label, and an external prefix that the service sees too
    ("aml", "/aml"): {"/aml": "/aml", "/aml/x?y": "/aml/x?y", "/amlx": None, "/": None},
}  # fmt: skip


@pytest.mark.parametrize(("entry", "expected"), PATHS.items(), ids=lambda each: str(each)[:24])
async def test_a_prefix_becomes_the_path_that_the_service_says(
    rig: Rig, backend: Backend, client: ClientSession, entry: tuple[str, str], expected: dict[str, str | None]
) -> None:
    key, path = entry
    gateway = await rig.gateway({"services": {"web": service({key: {"path": path}})}})
    found: dict[str, str | None] = {}
    for asked in expected:
        async with client.get(URL(gateway.url + asked, encoded=True)) as answer:
            found[asked] = (await answer.json())["path"] if answer.status == 200 else None
            assert answer.status in (200, 404), (asked, answer.status)
    assert found == expected


@pytest.mark.parametrize(("entry", "expected"), PATHS.items(), ids=lambda each: str(each)[:24])
def test_the_page_tells_the_same_of_a_request(entry: tuple[str, str], expected: dict[str, str | None]) -> None:
    key, path = entry
    services = {"web": {"image": "web:1", "interface": {key: {"path": path}}}}
    routes = gateway_of({"metadata": {"name": "shop"}, "spec": {"services": services}}, SETTINGS).routes
    found = {}
    for asked in expected:
        sent = asked.partition("?")[0]
        route = matching(routes, sent)
        found[asked] = None if route is None else forwarded(route, sent)
    assert found == {asked: sees and sees.partition("?")[0] for asked, sees in expected.items()}


async def test_the_longest_prefix_wins_at_a_segment_boundary(rig: Rig, backend: Backend, client: ClientSession) -> None:
    routes = {"/cs": {"path": "/short"}, "/cs/deep": {"path": "/long"}, "/": {"path": "/rest"}}
    gateway = await rig.gateway({"services": {"web": service(routes)}})
    asked = ("/cs/deep/x", "/cs/deeper", "/cs/deep", "/cs", "/other")
    paths = [(await seen(client, gateway, path))["path"] for path in asked]
    assert paths == ["/long/x", "/short/deeper", "/long", "/short", "/rest/other"]


async def test_a_path_without_a_route_is_a_404_that_names_the_stack(rig: Rig, client: ClientSession) -> None:
    gateway = await rig.gateway({"services": {"web": service({"/web": {}})}})
    async with client.get(f"{gateway.url}/nowhere") as answer:
        assert (answer.status, answer.content_type) == (404, "text/plain")
        assert "stack shop: no route for /nowhere" in await answer.text()


async def test_a_missing_target_is_a_502_on_its_own_route_only(
    rig: Rig, backend: Backend, client: ClientSession
) -> None:
    spec = {"services": {"web": service({"/web": {}}), "gone": service({"/gone": {}})}}
    gateway = await rig.gateway(spec)
    assert await status(client, gateway, "/gone/x") == 502
    assert await status(client, gateway, "/web/x") == 200


@pytest.mark.parametrize("size", [0, 17, 10_000_000])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
async def test_a_json_body_arrives_whole(
    rig: Rig, backend: Backend, client: ClientSession, method: str, size: int
) -> None:
    gateway = await rig.gateway({"services": {"web": service({"/web": {"path": "/"}})}})
    body = json.dumps({"data": "x" * size}).encode()
    headers = {"Content-Type": "application/json"}
    async with client.request(method, f"{gateway.url}/web/items", data=io.BytesIO(body), headers=headers) as answer:
        told = await answer.json()
    assert (told["size"], told["digest"]) == (len(body), hashlib.sha256(body).hexdigest())
    assert told["headers"]["Content-Type"] == "application/json"


POLICIES: dict[str, dict[str, Any]] = {
    "no policy": {},
    "a time-out": {"timeout": {"requestTimeout": "300ms"}},
    "a time-out and tries": {"timeout": {"requestTimeout": "300ms"}, "retry": {"maxRetries": 2}},
}


@pytest.mark.parametrize("policies", POLICIES.values(), ids=POLICIES)
@pytest.mark.parametrize(
    ("key", "asked", "expected"),
    [("/cs", "/cs/socket.io/?EIO=4", "/socket.io/?EIO=4"), ("/cs", "/cs", "/"), ("/", "/a%2Fb", "/a%2Fb")],
)
async def test_a_websocket_works_as_the_first_request_and_outlives_a_request_timeout(
    rig: Rig, backend: Backend, client: ClientSession, policies: dict[str, Any], key: str, asked: str, expected: str
) -> None:
    gateway = await rig.gateway({"services": {"web": service({key: {"path": "/"}}, policies=policies)}})
    async with client.ws_connect(URL(gateway.url + asked, encoded=True)) as socket:
        assert await socket.receive_str() == expected
        await asyncio.sleep(0.6)
        await socket.send_str("still here")
        assert await socket.receive_str() == "echo still here"


async def test_tcp_passes_through_byte_for_byte(rig: Rig) -> None:
    port = free_port()
    address = rig.names.give("shop-broker")

    async def reverse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await reader.readexactly(6))[::-1])
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(reverse, address, port)
    spec = {"services": {"broker": {"image": "b:1", "interface": {"messages": {"port": port, "protocol": "tcp"}}}}}
    gateway = await rig.gateway(spec)
    reader, writer = await asyncio.open_connection(gateway.address, port)
    writer.write(b"\x00abc\xff\n")
    assert await asyncio.wait_for(reader.read(), 60) == b"\n\xffcba\x00"
    writer.close()
    await writer.wait_closed()
    server.close()
    await server.wait_closed()


async def test_a_graceful_stop_loses_no_request(rig: Rig, backend: Backend, client: ClientSession) -> None:
    gateway = await rig.gateway({"services": {"web": service({"/web": {"path": "/"}})}})
    waiting = [asyncio.create_task(status(client, gateway, f"/web/wait/{number}")) for number in range(20)]
    while len(backend.asked) < 20:
        await asyncio.sleep(0.02)
    stopping = asyncio.create_task(gateway.stop())
    await asyncio.sleep(0.2)
    assert not stopping.done()
    backend.release.set()
    assert await asyncio.gather(*waiting) == [200] * 20
    assert await stopping == 0


TREE = {
    "services": {
        "cpl": {
            "type": "stack",
            "interface": {"/cpl": {"path": "/"}},
            "stack": {
                "services": {
                    "dm": {
                        "type": "stack",
                        "interface": {"dm": {"path": "/dm"}},
                        "stack": {"services": {"web": service({"/x": {"path": "/"}})}},
                    }
                }
            },
        }
    }
}


async def test_three_gateways_in_a_row_compose_by_stripping(rig: Rig, client: ClientSession) -> None:
    leaf = await Backend(rig.names.give("shop-cpl-dm-web"), PORT).start()
    root = await rig.whole_tree(TREE, ["127.0.0.0/8"])
    told = await seen(client, root, "/cpl/dm/x/a%2Fb?q=%20", headers={"X-Forwarded-For": "203.0.113.5"})
    assert told["path"] == "/a%2Fb?q=%20"
    headers = told["headers"]
    assert headers["X-Forwarded-Prefix"] == "/cpl/dm/x"
    assert headers["Host"] == f"{root.address}:{root.port}"
    assert headers["X-Forwarded-Host"] == f"{root.address}:{root.port}"
    assert headers["X-Forwarded-Proto"] == "http"
    assert headers["X-Real-IP"] == "203.0.113.5"
    # The caller, then each proxy that a gateway was called by: the test itself, and two gateways.
    hops = headers["X-Forwarded-For"].split(", ")
    assert (hops[0], len(hops), hops.count("203.0.113.5")) == ("203.0.113.5", 4, 1)
    async with client.get(f"{root.url}/cpl/dm/nowhere") as answer:
        assert "stack shop-cpl-dm: no route" in await answer.text()
    async with client.ws_connect(f"{root.url}/cpl/dm/x/socket.io/?EIO=4") as socket:
        assert await socket.receive_str() == "/socket.io/?EIO=4"
    await leaf.stop()


async def test_headers_of_a_caller_cannot_split_a_request(rig: Rig, backend: Backend) -> None:
    gateway = await rig.gateway({"services": {"web": service({"/web": {"path": "/"}})}})
    answer = await raw(gateway, "GET /web/%0d%0aX-Evil:%201%0d%0a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert answer.startswith("HTTP/1.1 200")
    assert "X-Evil" not in backend.asked[0].headers
    assert backend.asked[0].path == "/%0d%0aX-Evil:%201%0d%0a"


HOSTILE = [
    "/a@b~c:d,e=f+g-h._", "/(.*)", "/a/$uri", "/;", "/a;b", "/{", "/a#b", "/a b", "/a'b", '/a"b', "/a\\b", "/~", "/@x",
    "/=", "/^~/", "//////", "/.", "/..", "/a/../b", "/%2e", "/\n", "/a}", "/$",
]  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE)
def test_no_path_can_leave_its_place_in_the_configuration(value: str, tmp_path: Any) -> None:
    """What the model accepts is parsed as nginx would: the directives are those of a harmless path."""

    def directives(spec: dict[str, Any]) -> list[Any]:
        file = tmp_path / "nginx.conf"
        file.write_text(configuration(plan_of(spec)))
        parsed = crossplane.parse(str(file), strict=False, check_ctx=False, check_args=False, single=True)
        assert parsed["status"] == "ok", parsed["errors"]
        return names(parsed["config"][0]["parsed"])

    def names(block: list[dict[str, Any]]) -> list[Any]:
        plain = [each for each in block if not each["directive"].startswith("~")]  # not the cases of a map
        return sorted((each["directive"], names(each.get("block", []))) for each in plain)

    def spec(path: str) -> dict[str, Any]:
        return {"services": {"web": service({path: {"path": path}, "/fixed": {"path": path}})}}

    try:
        hostile = directives(spec(value))
    except ValueError:
        return  # the model refuses it, which is as good
    assert hostile in (directives(spec("/fine")), directives(spec("/"))) or ".." in value or value == "/."


async def test_many_routes_start_without_a_complaint(rig: Rig) -> None:
    services = {f"s{number}": service({f"/s{number}": {"path": "/"}}) for number in range(ROUTE_LIMIT)}
    gateway = await rig.gateway({"services": services})
    assert gateway.errors == ""


def test_a_cluster_with_ipv6_is_listened_to_and_asked_on_it() -> None:
    spec = {"services": {"web": service({"/web": {}}), "mq": service({"m": {"protocol": "tcp", "port": 6650}})}}
    text = configuration(plan_of(spec, settings=SETTINGS.model_copy(update={"nameservers": ["fd00::a", "10.0.0.10"]})))
    assert "resolver [fd00::a] 10.0.0.10 valid=5s;" in text
    for port in ("3000 default_server", "3090", "6650"):
        assert f"listen {port};" in text
        assert f"listen [::]:{port};" in text
    assert "[::]" not in configuration(plan_of(spec))
