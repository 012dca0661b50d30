"""The keyboard alone reaches everything, and nothing on the page takes the focus away."""

import re

from playwright.sync_api import Page as Window
from playwright.sync_api import expect

from ui.kubelet import Kubelet
from ui.page import Page
from ui.parts import log, service_row, tree
from ui.shop import NAME, NAMESPACE, Shop

_STEPS = 80
_FOCUSED = "element => element === document.activeElement"


def tab_to(window: Window, wanted: str) -> None:
    """Press Tab until what has the focus is called so, by its role and accessible name."""
    met = []
    for _ in range(_STEPS):
        window.keyboard.press("Tab")
        met.append(focused(window))
        if re.search(wanted, met[-1]):
            return
    raise AssertionError(f"Tab does not lead to {wanted}: {met}")


def focused(window: Window) -> str:
    """The role and name of what has the focus."""
    return str(
        window.evaluate(
            """() => {
              const at = document.activeElement;
              return `${at.getAttribute('role') ?? at.localName} ${at.ariaLabel ?? at.innerText ?? ''}`;
            }"""
        )
    )


def test_tab_and_arrows_alone_lead_to_the_log_of_a_service(page: Page, logs: Kubelet) -> None:
    logs.write(f"{NAME}-frontend", "reached by the keyboard")
    with page.visit(f"/tree/{NAMESPACE}/{NAME}") as visit:
        tree(visit.page).wait_for()
        tab_to(visit.page, "^tree ")
        for _ in range(_STEPS):
            visit.page.keyboard.press("ArrowDown")
            at = visit.page.evaluate("document.activeElement.getAttribute('aria-activedescendant')")
            if visit.page.locator(f"[id='{at}']").inner_text().startswith("frontend,"):
                break
        visit.page.keyboard.press("Enter")
        expect(visit.page).to_have_url(re.compile(f"/stack/{NAMESPACE}/{NAME}/frontend"))
        tab_to(visit.page, "^a logs$")
        visit.page.keyboard.press("Enter")
        expect(log(visit.page)).to_contain_text("reached by the keyboard")
        tab_to(visit.page, "^log ")


def test_what_has_the_focus_shows_it(page: Page) -> None:
    with page.visit(f"/stack/{NAMESPACE}/{NAME}") as visit:
        visit.page.get_by_role("navigation", name="Views").wait_for()
        seen = []
        for _ in range(25):
            visit.page.keyboard.press("Tab")
            style = visit.page.evaluate(
                """() => {
                  const style = getComputedStyle(document.activeElement);
                  return [style.outlineStyle, style.outlineWidth, style.boxShadow, document.activeElement.localName];
                }"""
            )
            if style[3] != "body":
                seen.append(((style[0] != "none" and style[1] != "0px") or style[2] != "none", focused(visit.page)))
        assert seen
        assert [name for shown, name in seen if not shown] == []


def test_search_is_one_key_away_and_escape_leaves_it_alone(page: Page) -> None:
    with page.visit(f"/tree/{NAMESPACE}/{NAME}") as visit:
        tree(visit.page).wait_for()
        visit.page.keyboard.press("/")
        visit.page.keyboard.type("pricing")
        expect(visit.page).to_have_url(re.compile("q=pricing"))


def test_focus_stays_where_it_is_while_the_tree_is_updated(page: Page, shop: Shop) -> None:
    with page.visit(f"/tree/{NAMESPACE}/{NAME}") as visit:
        tree(visit.page).focus()
        visit.page.keyboard.press("ArrowDown")
        before = visit.page.evaluate("document.activeElement.getAttribute('aria-activedescendant')")
        assert before
        for replicas, ready in ((2, "2/2"), (None, "1/1")):
            shop.patch({"services": {"doc": {"deploy": {"replicas": replicas}}}})
            expect(service_row(visit.page, "doc")).to_contain_text(ready)
            assert tree(visit.page).evaluate(_FOCUSED)
            assert visit.page.evaluate("document.activeElement.getAttribute('aria-activedescendant')") == before
    shop.patch({"services": {"doc": {"deploy": None}}})
    shop.until_ready()
