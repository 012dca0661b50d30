"""Who is answered by the page's server, and what: each request is sent byte for byte."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from ailtire_operator.cli.failures import Exit, Failure, Invalid, Missing, NotMade
from ailtire_operator.cli.live import Live
from ailtire_operator.cli.ui.routing import ALLOW_ACTIONS, STACK_PATH, Route
from ailtire_operator.cluster import errors as cluster
from support.ui.page import Running, page

ACTIONS = f"{STACK_PATH}/actions"
ACTION = "/api/stacks/ns/shop/actions"
VIEW = "/api/stacks/ns/shop/view"
GUARDED = ["/api/about", "/api/tree", VIEW, "/api/stacks/ns/shop/fail?with=x", "/api", "/api/", "/api/nothing"]


async def view(live: Live, request: web.Request) -> web.StreamResponse:
    return web.json_response({"namespace": live.namespace, "stack": request.match_info["stack"]})


async def action(_: Live, request: web.Request) -> web.StreamResponse:
    done: list[str] = request.app[DONE]
    done.append(await request.text())
    return web.json_response({"done": True})


async def fail(_: Live, request: web.Request) -> web.StreamResponse:
    raise FAILURES[request.query["with"]]


async def slow(_: Live, request: web.Request) -> web.StreamResponse:
    done = request.app[DONE]
    done.append("begun")
    await asyncio.sleep(0.2)
    done.append("done")
    return web.json_response({})


DONE = web.AppKey("done", list[str])
ROUTES = [
    Route("GET", f"{STACK_PATH}/view", view),
    Route("GET", f"{STACK_PATH}/fail", fail),
    Route("POST", ACTIONS, action),
    Route("POST", f"{STACK_PATH}/slow", slow),
]
FAILURES: dict[str, Exception] = {
    "usage": Failure("no such service", "There are: web."),
    "no": Failure("it is the same", code=Exit.NO),
    "invalid": Invalid(["a: is wrong", "b: is wrong"]),
    "missing": Missing("there is no AiltireStack 'x'", "There are: y."),
    "unmade": NotMade("not yet"),
    "forbidden": cluster.Denied("x", status=403, reason='pods is forbidden: User "eve" cannot list resource "pods"'),
    "unauthorized": cluster.Denied("x", status=401),
    "gone": cluster.NotFound("not found", status=404),
    "conflict": cluster.Conflict("somebody was faster", status=409),
    "refused": cluster.Invalid("not acceptable", status=422),
    "outage": cluster.Unavailable("nobody answers"),
    "other": cluster.ClusterError("no usable configuration"),
    "method": web.HTTPMethodNotAllowed("GET", ["POST"]),
    "fault": KeyError("secret words"),
}


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    async with page(ROUTES) as found:
        found.app._state[DONE] = []
        yield found


@pytest.fixture
async def acting() -> AsyncIterator[Running]:
    async with page(ROUTES, allow_actions=True) as found:
        found.app._state[DONE] = []
        yield found


async def test_the_code_becomes_a_cookie_that_no_script_sees_and_no_other_site_sends(running: Running) -> None:
    body = json.dumps({"code": running.session.code}).encode()
    answer = await running.browser.ask("POST", "/api/session", body)
    assert (answer.status, answer.body) == (204, b"")
    cookie, *attributes = answer.header("Set-Cookie").split("; ")
    assert cookie == f"ailtire-ui-{running.browser.port}={running.session.cookie}"
    assert sorted(attributes) == ["HttpOnly", "Path=/api", "SameSite=Strict"]
    again = await running.browser.ask("POST", "/api/session", body)
    assert (again.status, again.header("Set-Cookie")) == (403, "")
    assert running.session.code not in again.body.decode()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"code": "x"}', 403), (b'{"code": ""}', 403), (b'{"code": "\\ud800"}', 400), (b'{"code": 1}', 400),
        (b'{"code": null}', 400), (b"{}", 400), (b"[]", 400), (b"", 400), (b"{", 400), (b'"x"', 400), (b"\xff", 400),
        (b'{"code": "' + b"x" * 70_000 + b'"}', 413), (b"[" * 60_000, 400),
    ],
)  # fmt: skip
async def test_anything_but_the_code_lets_nobody_in(running: Running, body: bytes, status: int) -> None:
    answer = await running.browser.ask("POST", "/api/session", body)
    assert (answer.status, answer.header("Set-Cookie")) == (status, "")
    assert (await running.browser.ask("GET", "/api/about")).status == 401


async def test_wrong_codes_in_a_row_are_not_looked_at(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running.session, "_clock", lambda: 0.0)  # they may take longer than their second
    found = [(await running.browser.ask("POST", "/api/session", b'{"code": "x"}')).status for _ in range(7)]
    assert found == [403] * 5 + [429] * 2


@pytest.mark.parametrize("target", GUARDED)
async def test_without_the_cookie_nothing_is_answered(running: Running, target: str) -> None:
    browser = running.browser
    wrong = ["", "ailtire-ui-1=x", f"ailtire-ui-{browser.port}=", f"ailtire-ui-{browser.port}={running.session.cookie}"]
    for cookie in [*wrong, f"ailtire-ui-{browser.port}={running.session.code}"]:
        answer = await browser.ask("GET", target, cookie=cookie)
        assert answer.status == 401
        assert answer.json["hint"].startswith("Start 'kubectl ailtire ui' again")
    await running.enter()
    for other in (None, *wrong[:3], f"ailtire-ui-1={running.session.cookie}"):
        assert (await browser.ask("GET", target, cookie=other)).status == 401
    assert len(running.api.asked) <= 8, "the cluster is asked by the feed alone"


WRONG: list[dict[str, Any]] = [
    {"host": "evil.example"},
    {"host": "evil.example:{port}"},
    {"host": "127.0.0.1"},
    {"host": "127.0.0.1:1"},
    {"host": "127.0.0.1:{port}.evil.example"},
    {"host": "127.0.0.1.nip.io:{port}"},
    {"host": "localhost.evil.example:{port}"},
    {"host": "0.0.0.0:{port}"},
    {"host": "[::1]:{port}"},
    {"host": "user@127.0.0.1:{port}"},
    {"host": "127.0.0.2:{port}"},
    {"host": ""},
    {"host": None},
    {"raw": b"Host: evil.example\r\n"},
    {"origin": "http://evil.example"},
    {"origin": "null"},
    {"origin": "https://127.0.0.1:{port}"},
    {"origin": "http://127.0.0.1:1"},
    {"origin": "http://127.0.0.1"},
    {"origin": "http://localhost:{port}"},
    {"origin": "http://127.0.0.1:{port}.evil.example"},
    {"origin": ""},
    {"raw": b"Origin: http://evil.example\r\n"},
    {"sec_fetch_site": "cross-site"},
    {"sec_fetch_site": "same-site"},
    {"sec_fetch_site": "none"},
    {"sec_fetch_site": ""},
    {"raw": b"Sec-Fetch-Site: cross-site\r\n"},
]
"""What tells a request of another page, or one to another name."""


@pytest.mark.parametrize("wrong", WRONG, ids=str)
async def test_a_page_of_another_origin_and_another_name_reach_nothing(acting: Running, wrong: dict[str, Any]) -> None:
    browser = await acting.enter()
    sent: dict[str, Any] = {
        name: value.format(port=browser.port) if isinstance(value, str) else value for name, value in wrong.items()
    }
    for method, target, body in [
        ("GET", "/api/about", b""), ("GET", VIEW, b""), ("GET", "/api/tree", b""), ("GET", "/api/nothing", b""),
        ("POST", ACTION, b"{}"), ("POST", "/api/session", json.dumps({"code": acting.session.code}).encode()),
    ]:  # fmt: skip
        answer = await browser.ask(method, target, body, **sent)
        assert answer.status in (400, 403), (method, target)
        assert "Access-Control-Allow-Origin" not in dict(answer.headers)
        assert b"namespace" not in answer.body
    assert acting.app[DONE] == []


async def test_another_user_of_the_machine_reaches_nothing_with_code_nor_cookie(acting: Running) -> None:
    browser = await acting.enter()
    object.__setattr__(acting.gate, "is_ours", lambda peer, here: peer[1] == here[1])
    body = json.dumps({"code": acting.session.code}).encode()
    for method, target in [("GET", "/api/about"), ("POST", ACTION), ("POST", "/api/session"), ("GET", "/api/tree")]:
        answer = await browser.ask(method, target, body if method == "POST" else b"")
        assert (answer.status, answer.json["error"]) == (403, "the request comes from another user of this machine")
    assert acting.app[DONE] == []


async def test_another_name_gets_not_even_the_shell(running: Running) -> None:
    for host in ("evil.example", f"evil.example:{running.browser.port}", f"127.0.0.1.nip.io:{running.browser.port}"):
        for target in ("/", "/assets/x.js", "/tree/ns/shop"):
            assert (await running.browser.ask("GET", target, host=host)).status == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"content_type": "text/plain"}, {"content_type": "application/x-www-form-urlencoded"}, {"content_type": None},
        {"content_type": "multipart/form-data"}, {"content_type": "text/plain; application/json"}, {"content_type": ""},
        {"x_ailtire_ui": None}, {"x_ailtire_ui": "0"}, {"x_ailtire_ui": ""},
    ],
    ids=str,
)  # fmt: skip
async def test_what_a_form_can_send_does_nothing(acting: Running, wrong: dict[str, Any]) -> None:
    browser = await acting.enter()
    assert (await browser.ask("POST", ACTION, b"{}", **wrong)).status == 403
    assert acting.app[DONE] == []


async def test_actions_are_done_where_they_are_allowed_and_only_by_post(acting: Running) -> None:
    browser = await acting.enter()
    assert acting.app[ALLOW_ACTIONS]
    assert (await browser.ask("GET", ACTION)).status == 404
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "QUERY"):
        assert (await browser.ask(method, ACTION)).status == 405
    assert acting.app[DONE] == []
    answer = await browser.ask("POST", f"{ACTION}?dryRun=true", b'{"action": "stop"}')
    assert (answer.status, answer.json, acting.app[DONE]) == (200, {"done": True}, ['{"action": "stop"}'])
    assert (await browser.ask("POST", ACTION, b"{}", origin=None, sec_fetch_site=None)).status == 200


async def test_without_the_option_nothing_is_changed_whatever_is_sent(running: Running) -> None:
    browser = await running.enter()
    for target in (ACTION, f"{ACTION}?dryRun=true", "/api/stacks/ns/shop/slow", "/api/about", "/api/nothing"):
        answer = await browser.ask("POST", target, b"{}")
        assert answer.status == 403
        assert "--allow-actions" in answer.json["hint"]
    assert running.app[DONE] == []
    assert not running.app[ALLOW_ACTIONS]


async def test_an_action_that_has_begun_is_finished_though_the_browser_goes(acting: Running) -> None:
    browser = await acting.enter()
    asking = asyncio.create_task(browser.ask("POST", "/api/stacks/ns/shop/slow", b"{}"))
    async with asyncio.timeout(60):
        while not acting.app[DONE]:
            await asyncio.sleep(0.01)
        asking.cancel()
        while "done" not in acting.app[DONE]:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    "names",
    ["../kube-system/x", "ns/..", "..%2f..%2fsecrets/x", "ns/x%2fstatus", "ns/x%3fa", "NS/x", "ns/%00", "n.s/x"],
)
async def test_names_that_are_none_reach_no_path_of_the_api_server(running: Running, names: str) -> None:
    browser = await running.enter()
    assert (await browser.ask("GET", f"/api/stacks/{names}/view")).status in (400, 404)


async def test_a_view_is_asked_in_the_namespace_of_its_path(running: Running) -> None:
    browser = await running.enter()
    assert (await browser.ask("GET", VIEW)).json == {"namespace": "ns", "stack": "shop"}
    assert (await browser.ask("GET", VIEW.replace("/api", "/%61pi"))).status in (200, 404)


EXPECTED: dict[str, tuple[int, dict[str, Any]]] = {
    "usage": (400, {"error": "no such service", "hint": "There are: web."}),
    "no": (409, {"error": "it is the same", "hint": ""}),
    "invalid": (400, {"error": "2 problems in what was given", "hint": "", "lines": ["a: is wrong", "b: is wrong"]}),
    "missing": (404, {"error": "there is no AiltireStack 'x'", "hint": "There are: y."}),
    "unmade": (404, {"error": "not yet", "hint": ""}),
    "forbidden": (403, {
        "error": 'Error from server (Forbidden): pods is forbidden: User "eve" cannot list resource "pods"',
        "hint": "Ask for the right; 'kubectl auth whoami' says who you are.",
        "denied": True,
    }),
    "unauthorized": (403, {
        "error": "error: You must be logged in to the server (Unauthorized)",
        "hint": "Ask for the right; 'kubectl auth whoami' says who you are.",
        "denied": True,
    }),
    "gone": (404, {"error": "not found", "hint": ""}),
    "conflict": (409, {"error": "somebody was faster", "hint": ""}),
    "refused": (400, {"error": "not acceptable", "hint": ""}),
    "outage": (503, {"error": "nobody answers", "hint": ""}),
    "other": (503, {"error": "no usable configuration", "hint": ""}),
    "method": (405, {"error": "Method Not Allowed", "hint": ""}),
    "fault": (500, {"error": "internal error: KeyError", "hint": "This is a fault of this program."}),
}  # fmt: skip


@pytest.mark.parametrize("failure", FAILURES)
async def test_errors_are_sentences_with_a_status(running: Running, failure: str) -> None:
    browser = await running.enter()
    answer = await browser.ask("GET", f"/api/stacks/ns/shop/fail?with={failure}")
    assert (answer.status, answer.json) == EXPECTED[failure]
    assert answer.header("Content-Type").startswith("application/json")
    said = ["error: internal error in GET /api/stacks/{namespace}/{stack}/fail: KeyError"]
    assert running.reports == (said if failure == "fault" else [])


async def test_about_says_who_asks_which_cluster(running: Running) -> None:
    answer = await (await running.enter()).ask("GET", "/api/about")
    assert answer.json.keys() == {
        "version", "context", "cluster", "user", "namespace", "root", "allowActions", "metrics"
    }  # fmt: skip
    assert (answer.json["user"], answer.json["allowActions"], answer.json["metrics"]) == ("eve", False, False)
    assert "the-token" not in answer.body.decode()


@pytest.mark.parametrize("target", ["/", "/tree/ns/shop", "/stack/ns/shop/web?tab=logs", "/index.html", "/%2e%2e/x"])
async def test_the_shell_is_answered_to_everybody_and_holds_no_data(running: Running, target: str) -> None:
    answer = await running.browser.ask("GET", target, sec_fetch_site="none", origin=None)
    assert (answer.status, answer.header("Content-Type")) == (200, "text/html; charset=utf-8")
    assert answer.header("Cache-Control") == "no-store"
    assert b"<html" in answer.body
    head = await running.browser.ask("HEAD", target)
    assert (head.status, head.body) == (200, b"")
    assert (await running.browser.ask("POST", target, b"{}")).status == 405


@pytest.mark.parametrize(
    "target",
    [
        "/assets/../server.py", "/assets/%2e%2e/%2e%2e/server.py", "/assets/..%2f..%2fserver.py", "/assets/nothing.js",
        "/assets/", "/assets/%00", "/assets//etc/passwd", "/assets/....//server.py", "/assets/..\\server.py",
        "//etc/passwd", "/..%2f..%2f..%2fetc%2fpasswd", "/../server.py", "/sources.json",
    ],
)  # fmt: skip
async def test_no_path_leads_out_of_the_page(running: Running, target: str) -> None:
    answer = await running.browser.ask("GET", target)
    assert answer.status == 404 or (answer.status, b"<html" in answer.body) == (200, True)
    assert b"root:" not in answer.body
    assert b"import " not in answer.body


async def test_every_answer_has_the_headers_that_keep_others_out(running: Running) -> None:
    browser = await running.enter()
    answers = [
        await browser.ask("GET", "/"),
        await browser.ask("GET", "/assets/nothing.js"),
        await browser.ask("GET", "/api/about"),
        await browser.ask("GET", "/api/nothing"),
        await browser.ask("GET", "/", host="evil.example"),
        await browser.ask("GET", "/api/stacks/ns/shop/fail?with=fault"),
    ]
    for each in answers:
        policy = dict(part.split(" ", 1) for part in each.header("Content-Security-Policy").split("; "))
        assert policy == {
            "default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "connect-src": "'self'",
            "img-src": "'self' data:", "frame-ancestors": "'none'", "base-uri": "'none'", "form-action": "'none'",
            "require-trusted-types-for": "'script'", "trusted-types": "'none'",
        }  # fmt: skip
        assert each.header("X-Content-Type-Options") == "nosniff"
        assert each.header("Referrer-Policy") == "no-referrer"
        assert each.header("X-Frame-Options") == "DENY"
        assert each.header("Cross-Origin-Resource-Policy") == "same-origin"
        assert each.header("Cache-Control") == "no-store"
        assert each.header("Server") == "ailtire"
        assert each.header("Access-Control-Allow-Origin") == ""


async def test_what_is_no_request_is_answered_without_a_word_of_it(
    running: Running, capfd: pytest.CaptureFixture[str]
) -> None:
    browser = await running.enter()
    for raw in (b"no header\r\n", b"Cookie : x\r\n", b"X: \x00\r\n"):
        answer = await browser.ask("GET", "/api/about", raw=raw)
        assert answer.status == 400
        assert running.session.cookie not in answer.body.decode(errors="replace")
    told = capfd.readouterr()
    assert (told.out, told.err) == ("", "")
