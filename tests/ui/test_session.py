"""The code in the address becomes a cookie that no script reads, once; nothing of it is kept or told anywhere."""

from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser

from lab import ControlPlane
from ui.browsing import visiting
from ui.page import Page
from ui.serving import served
from ui.shop import Shop

_STORED = "() => JSON.stringify([localStorage, sessionStorage, document.cookie, location.href, history.state])"
_DATABASES = "async () => (await indexedDB.databases()).map(each => each.name)"


def test_code_opens_page_once_and_is_gone_from_the_address(
    control_plane: ControlPlane, shop: Shop, browser: Browser
) -> None:
    with served(control_plane.kubeconfig) as serving:
        with visiting(browser, serving.origin) as visit:
            with visit.page.expect_response("**/api/session") as answer:
                visit.page.goto(serving.url)
            assert answer.value.status == 204
            visit.page.get_by_text("shop-catalog").or_(visit.page.get_by_text("catalog")).first.wait_for()
            assert urlsplit(visit.page.url).fragment == ""
            (cookie,) = visit.context.cookies(f"{serving.origin}/api/")
            assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == (
                f"ailtire-ui-{serving.port}",
                True,
                "Strict",
            )
            assert cookie["path"] == "/api"
            stored = visit.page.evaluate(_STORED)
            assert serving.code not in stored
            assert cookie["value"] not in stored
            assert visit.page.evaluate(_DATABASES) == []
            assert not any(serving.code in each or cookie["value"] in each for each in visit.requests)
            visit.page.reload()
            visit.page.get_by_text("shop-catalog").or_(visit.page.get_by_text("catalog")).first.wait_for()
            value = cookie["value"]
        with visiting(browser, serving.origin) as second:
            second.expected.append("status of 401")
            second.expected.append("status of 403")
            with second.page.expect_response("**/api/session") as answer:
                second.page.goto(serving.url)
            assert answer.value.status == 403
            assert second.context.cookies() == []
            assert second.page.get_by_role("alert").or_(second.page.get_by_role("main")).first.inner_text()
        assert value not in serving.output
        assert serving.output.count(serving.code) == 1, "printed once, in the address"


def test_without_a_session_the_page_has_no_data_and_says_how_to_get_one(page: Page, browser: Browser) -> None:
    with visiting(browser, page.serving.origin) as visit:
        visit.expected.append("status of 401")
        with visit.page.expect_response("**/api/**") as answer:
            visit.open("/")
        assert answer.value.status == 401
        visit.page.get_by_text("kubectl ailtire ui").first.wait_for()
        assert "catalog" not in visit.page.content()


def test_token_of_the_kubeconfig_reaches_neither_browser_nor_output(page: Page, control_plane: ControlPlane) -> None:
    with page.visit("/") as visit:
        told: list[str] = []
        visit.page.on("response", lambda answer: told.append(str(answer.headers)))
        visit.page.reload()
        visit.page.get_by_text("catalog").first.wait_for()
        assert control_plane.token not in visit.page.content()
        assert told
        assert not any(control_plane.token in each for each in told)
    assert control_plane.token not in page.serving.output


def test_only_loopback_listens(page: Page) -> None:
    wanted = f"{page.serving.port:04X}"
    listening = [
        line.split()[1]
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/{page.serving.process.pid}/net/{table}").read_text().splitlines()[1:]
        if line.split()[3] == "0A" and line.split()[1].endswith(f":{wanted}")
    ]
    assert listening == [f"0100007F:{wanted}"]
