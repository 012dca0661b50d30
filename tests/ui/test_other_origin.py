"""A page of another origin can neither read nor act, though a browser sends the cookie along with what it asks for."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import urllib3
from playwright.sync_api import Browser, Playwright, Response
from playwright.sync_api import Page as Window

from ui.browsing import launch
from ui.other_origin import ACT, EVENTS, FRAME, READ, SOCKET, TAG, Other, another_page, form
from ui.page import Page
from ui.shop import NAME, NAMESPACE, Shop

_STOP = json.dumps({"action": "stop", "service": None})
_ACTIONS = f"/api/stacks/{NAMESPACE}/{NAME}/actions"
_REBOUND = "rebound.example"
_READ = ("/api/about", "/api/tree", f"/api/stacks/{NAMESPACE}/{NAME}", "/api/session")


@pytest.fixture
def other() -> Iterator[Other]:
    with another_page() as other:
        yield other


@contextmanager
def lured(acting: Page, browser: Browser, other: Other) -> Iterator[Window]:
    """A window at the other page, of somebody who has the page open."""
    context = browser.new_context(storage_state=acting.cookies)
    window = context.new_page()
    window.goto(other.origin)
    yield window
    context.close()


@pytest.mark.parametrize("path", _READ)
def test_nothing_is_read(acting: Page, browser: Browser, other: Other, path: str) -> None:
    with lured(acting, browser, other) as window:
        told = window.evaluate(READ, f"{acting.serving.origin}{path}")
        assert told.pop("opaque") in ("opaque 0 ", "refused")
        assert set(told.values()) == {"refused"}


@pytest.mark.parametrize("site", ["same-site", "cross-site", "none"])
@pytest.mark.parametrize("path", _READ)
def test_request_with_the_cookie_is_refused_where_another_page_sends_it(
    acting: Page, other: Other, path: str, site: str
) -> None:
    """Ports are no part of a site, so that SameSite alone would let a page of another port in."""
    (cookie,) = acting.cookies["cookies"]
    headers = {"Cookie": f"{cookie['name']}={cookie['value']}", "Sec-Fetch-Site": site, "Origin": other.origin}
    for sent in (headers, {**headers, "Sec-Fetch-Site": "same-origin"}):
        answer = urllib3.request("GET", f"{acting.serving.origin}{path}", headers=sent, timeout=10.0, retries=False)
        assert answer.status == 403, answer.data
        assert "access-control-allow-origin" not in answer.headers


def test_no_stream_and_no_socket_opens(acting: Page, browser: Browser, other: Other) -> None:
    with lured(acting, browser, other) as window:
        assert window.evaluate(EVENTS, f"{acting.serving.origin}/api/tree") == "refused"
        for path in ("/", "/api/tree"):
            assert window.evaluate(SOCKET, f"ws://127.0.0.1:{acting.serving.port}{path}") == "refused"


def test_nothing_is_done(acting: Page, browser: Browser, other: Other, shop: Shop) -> None:
    before = shop.stack()["metadata"]["generation"]
    with lured(acting, browser, other) as window:
        answers: list[Response] = []
        window.on("response", lambda answer: answers.append(answer) if "/api/" in answer.url else None)
        told = window.evaluate(ACT, [f"{acting.serving.origin}{_ACTIONS}", _STOP])
        assert told["json"] == "refused"
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
            with window.expect_response(lambda answer: answer.request.method == "POST") as sent:
                window.evaluate(form(f"{acting.serving.origin}{_ACTIONS}", kind, _STOP))
            assert sent.value.status == 403, kind
        assert [each.status for each in answers if each.request.method == "POST" and each.status < 400] == []
    assert shop.stack()["metadata"]["generation"] == before


@pytest.mark.parametrize("path", ["/", f"/stack/{NAMESPACE}/{NAME}", "/api/about"])
def test_no_frame_shows_it(acting: Page, browser: Browser, other: Other, path: str) -> None:
    with lured(acting, browser, other) as window:
        assert window.evaluate(FRAME, f"{acting.serving.origin}{path}") == "hidden"
        (frame,) = window.main_frame.child_frames
        assert frame.url.startswith("chrome-error:") or NAME not in frame.content()
        assert "catalog" not in frame.content()


def test_no_script_or_image_tag_brings_an_answer(acting: Page, browser: Browser, other: Other) -> None:
    with lured(acting, browser, other) as window:
        for tag in ("script", "img"):
            told = window.evaluate(TAG, [tag, f"{acting.serving.origin}/api/about?{tag}"])
            assert told == "refused"


def test_name_that_is_rebound_to_loopback_gets_nothing(acting: Page, playwright: Playwright) -> None:
    """The browser takes such a page for the page's own origin; the header Host says what it is."""
    browser = launch(playwright, f"--host-resolver-rules=MAP {_REBOUND} 127.0.0.1")
    window = browser.new_page()
    window.goto(f"http://{_REBOUND}:{acting.serving.port}/")
    told = window.evaluate(
        """async () => {
          const ask = async (path, options) => (await fetch(path, options)).status;
          const headers = {'Content-Type': 'application/json', 'X-Ailtire-UI': '1'};
          return [await ask('/api/about'), await ask('/api/tree'),
            await ask('/api/session', {method: 'POST', headers, body: '{"code": "guessed"}'})];
        }"""
    )
    browser.close()
    assert told == [403, 403, 403]
