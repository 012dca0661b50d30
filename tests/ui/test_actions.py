"""Actions: what a dry run says comes first, nothing happens before it is confirmed, and then it happens."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect
from playwright.sync_api import Page as Window

from lab.waiting import eventually
from ui.accessibility import findings
from ui.page import Page
from ui.parts import service_row
from ui.shop import NAME, NAMESPACE, Shop

_SERVICE = f"/stack/{NAMESPACE}/{NAME}/doc?of={NAMESPACE}/{NAME}"


@pytest.fixture(autouse=True)
def _put_back(shop: Shop) -> Iterator[None]:
    yield
    shop.apply()
    shop.patch({"services": {"doc": {"deploy": None, "environment": {"ROUND": None}}}})
    shop.until_ready()


def dialog(window: Window, button: str) -> Locator:
    """Press a button of the actions, and wait for what a dry run says."""
    window.get_by_role("group", name="Actions").get_by_role("button", name=button, exact=True).click()
    found = window.get_by_role("dialog", name=button)
    expect(found).to_contain_text("Dry run:")
    return found


def confirm(found: Locator, button: str) -> None:
    found.get_by_role("button", name=button, exact=True).click()
    expect(found.get_by_role("button", name="Close")).to_be_visible()
    found.get_by_role("button", name="Close").click()
    expect(found).to_be_hidden()


def generation(shop: Shop) -> int:
    return int(shop.stack()["metadata"]["generation"])


def test_restart_replaces_the_pods_after_it_was_confirmed(acting: Page, shop: Shop) -> None:
    before, pods = generation(shop), shop.pods("doc")
    with acting.visit(_SERVICE) as visit:
        found = dialog(visit.page, "Restart")
        assert [each for each in visit.requests if "/actions" in each and "dryRun=true" not in each] == []
        assert (generation(shop), shop.pods("doc")) == (before, pods)
        assert findings(visit.page) == []
        visit.page.keyboard.press("Escape")
        expect(found).to_be_hidden()
        assert generation(shop) == before
        confirm(dialog(visit.page, "Restart"), "Restart")
    eventually(lambda: shop.pods("doc").isdisjoint(pods), 60, "other pods")


def test_stop_start_and_scale_show_in_the_tree(acting: Page, shop: Shop) -> None:
    with acting.visit(_SERVICE) as visit:
        confirm(dialog(visit.page, "Stop"), "Stop")
        expect(service_row(visit.page, "doc", "stopped")).to_be_visible()
        confirm(dialog(visit.page, "Start"), "Start")
        expect(service_row(visit.page, "doc")).to_contain_text("1/1")
        found = dialog(visit.page, "Scale")
        found.get_by_label("Replicas").fill("3")
        expect(found).to_contain_text("Dry run:")
        expect(found).to_contain_text("3")
        confirm(found, "Scale")
        expect(service_row(visit.page, "doc")).to_contain_text("3/3")


def test_rollback_returns_to_a_revision_of_the_timeline(acting: Page, shop: Shop) -> None:
    shop.patch({"services": {"doc": {"environment": {"ROUND": "kept"}}}})
    shop.until_ready()
    shop.until_kept()
    shop.patch({"services": {"doc": {"environment": {"ROUND": "wrong"}}}})
    shop.until_ready()
    shop.until_kept()
    with acting.visit(f"/timeline/{NAMESPACE}/{NAME}") as visit:
        visit.page.get_by_role("button", name="Roll back").first.click()
        found = visit.page.get_by_role("dialog", name=re.compile(r"^Roll back to revision \d+$"))
        expect(found).to_contain_text("Dry run:")
        assert shop.variable("doc", "ROUND") == "wrong"
        confirm(found, found.get_by_role("heading").inner_text())
        eventually(lambda: shop.variable("doc", "ROUND") == "kept", 60, "the definition before")


def test_action_that_means_nothing_is_refused(acting: Page, shop: Shop) -> None:
    with acting.visit(_SERVICE) as visit:
        visit.expected += ["status of 40", "status of 42"]
        before = generation(shop)
        action = {"action": "scale", "service": "doc", "replicas": -1}
        status, text = visit.post(f"/api/stacks/{NAMESPACE}/{NAME}/actions", action)
        assert status == 400, text
        assert "replicas" in text
        assert generation(shop) == before
