"""What happens to the shop is on the page without a reload: trouble in kubectl's words, a rollback, a stop."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from lab.waiting import eventually
from ui.page import Page
from ui.parts import service_row, settled, stack_row
from ui.shop import BAD_IMAGE, NAME, NAMESPACE, Shop

OTHER_IMAGE = "lab.invalid/missing:3"
"""Another one, of which no event of an earlier test speaks."""
_TREE = f"/tree/{NAMESPACE}/{NAME}"


@pytest.fixture(autouse=True)
def _put_back(shop: Shop) -> Iterator[None]:
    yield
    shop.patch({"stopped": None})
    shop.apply()
    shop.until_ready()


def test_bad_image_is_trouble_in_the_words_of_kubectl_get_and_ends_with_it(page: Page, shop: Shop) -> None:
    with page.visit(_TREE) as visit:
        expect(stack_row(visit.page, NAME, "ready")).to_be_visible()
        visit.page.evaluate("window.sameDocument = true")
        shop.patch({"images": {"shop_pricing_engine": BAD_IMAGE}})
        shop.until("trouble", lambda ready: "engine" in ready.get("message", ""))
        visit.page.get_by_role("button", name="Unfold all").click()
        expect(service_row(visit.page, "engine", "trouble")).to_contain_text("ImagePullBackOff")
        row = stack_row(visit.page, NAME)
        eventually(lambda: BAD_IMAGE in (told := shop.message()) and told in row.inner_text(), 60, "the same sentence")
        visit.page.get_by_role("button", name="trouble").click()
        expect(stack_row(visit.page, "pricing")).to_be_visible()
        expect(stack_row(visit.page, "payments")).to_have_count(0)
        shop.apply()
        shop.until_ready()
        visit.page.get_by_role("button", name="trouble").click()
        expect(service_row(visit.page, "engine", "ready")).to_be_visible()
        expect(stack_row(visit.page, NAME, "ready")).not_to_contain_text(BAD_IMAGE)
        assert visit.page.evaluate("window.sameDocument") is True


def test_stop_and_start_show(page: Page, shop: Shop) -> None:
    with page.visit(_TREE) as visit:
        expect(stack_row(visit.page, NAME, "ready")).to_be_visible()
        shop.patch({"stopped": True})
        expect(stack_row(visit.page, NAME, "stopped")).to_be_visible()
        shop.patch({"stopped": None})
        shop.until_ready()
        expect(stack_row(visit.page, NAME, "ready")).to_be_visible()


def test_update_that_is_rolled_back_says_so(page: Page, shop: Shop) -> None:
    with page.visit(_TREE) as visit:
        expect(stack_row(visit.page, NAME, "ready")).to_be_visible()
        kept = {"updateConfig": {"failureAction": "rollback", "monitor": "2s"}}
        shop.patch({"services": {"frontend": {"deploy": kept}}})
        shop.until_ready()
        shop.patch({"images": {"shop_frontend": BAD_IMAGE}})
        shop.until("rolled back", lambda stalled: stalled.get("reason") == "RolledBack", "Stalled")
        expect(service_row(visit.page, "frontend")).to_contain_text("was rolled back to")
        expect(service_row(visit.page, "frontend")).to_contain_text(BAD_IMAGE)
        shop.patch({"services": {"frontend": {"deploy": None}}})


def test_service_route_and_timeline_follow_what_happens_while_they_are_shown(page: Page, shop: Shop) -> None:
    route = f"/way/{NAMESPACE}/{NAME}?host=shop.example&path=/catalog/pricing/today"
    with (
        page.visit(f"/stack/{NAMESPACE}/{NAME}-catalog-pricing/engine") as service,
        page.visit(route) as way,
        page.visit(f"/timeline/{NAMESPACE}/{NAME}") as timeline,
    ):
        engine = service.page.get_by_role("main").get_by_label("Service engine")
        station = way.page.get_by_role("figure", name="Route of the request").get_by_role("listitem").last
        rollouts = timeline.page.get_by_role("main").get_by_role("listitem").filter(has_text="rollout of")
        expect(engine).not_to_contain_text("ImagePullBackOff")
        expect(station).to_contain_text("ready")
        settled(timeline.page)
        expect(rollouts.filter(has_text=OTHER_IMAGE)).to_have_count(0)
        shop.patch({"images": {"shop_pricing_engine": OTHER_IMAGE}})
        expect(engine).to_contain_text("ImagePullBackOff")
        expect(engine).to_contain_text(OTHER_IMAGE)
        expect(station).to_contain_text("trouble")
        expect(rollouts.filter(has_text=OTHER_IMAGE).first).to_be_visible()
        shop.apply()
        shop.until_ready()
        expect(engine).not_to_contain_text("ImagePullBackOff")
        expect(station).not_to_contain_text("trouble")
