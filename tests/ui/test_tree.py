"""The tree of the shop: what it shows, what is looked for in it, its addresses, and the keyboard."""

import re

from playwright.sync_api import expect

from ui.page import Page
from ui.parts import rows, search, service_row, stack_row, tree
from ui.shop import NAME, NAMESPACE

_PACKAGES = ("catalog", "pricing", "orders", "shipping", "payments")
_TREE = f"/tree/{NAMESPACE}/{NAME}"


def test_all_stacks_and_services_stand_there_with_state_and_counts(page: Page) -> None:
    with page.visit(_TREE) as visit:
        expect(stack_row(visit.page, NAME, "ready")).to_be_visible()
        visit.page.get_by_role("button", name="Unfold all").click()
        for key in _PACKAGES:
            expect(stack_row(visit.page, key, "ready")).to_be_visible()
        expect(service_row(visit.page, "frontend")).to_contain_text("1/1")
        expect(service_row(visit.page, "web")).to_contain_text("2/2")
        levels = rows(visit.page).evaluate_all("rows => rows.map(row => row.ariaLevel)")
        assert {"1", "2", "3"} <= set(levels)


def test_trees_of_all_namespaces_are_the_first_view(page: Page) -> None:
    with page.visit("/") as visit:
        expect(stack_row(visit.page, NAME)).to_contain_text(NAMESPACE)
        expect(visit.page).to_have_title(re.compile("."))


def test_search_and_filter_stand_in_the_address(page: Page) -> None:
    with page.visit(_TREE) as visit:
        search(visit.page).fill("pricing")
        expect(stack_row(visit.page, "pricing")).to_be_visible()
        expect(stack_row(visit.page, "shipping")).to_have_count(0)
        expect(visit.page).to_have_url(re.compile(r"[?&]q=pricing"))
        visit.page.reload()
        expect(search(visit.page)).to_have_value("pricing")
        expect(stack_row(visit.page, "pricing")).to_be_visible()
        expect(stack_row(visit.page, "shipping")).to_have_count(0)
        search(visit.page).fill("there is no such name")
        expect(rows(visit.page)).to_have_count(0)
        expect(visit.page.get_by_text("Nothing matches")).to_be_visible()


def test_back_button_returns_to_what_was_shown_before(page: Page) -> None:
    with page.visit(f"{_TREE}?q=pricing") as visit:
        stack_row(visit.page, "pricing").click()
        expect(visit.page).to_have_url(re.compile(f"/stack/{NAMESPACE}/{NAME}-catalog-pricing"))
        visit.page.go_back()
        expect(visit.page).to_have_url(re.compile(re.escape(_TREE)))
        expect(search(visit.page)).to_have_value("pricing")
        visit.page.go_forward()
        expect(visit.page).to_have_url(re.compile(f"/stack/{NAMESPACE}/{NAME}-catalog-pricing"))


def test_folds_open_and_shut_by_the_keyboard(page: Page) -> None:
    with page.visit(_TREE) as visit:
        visit.page.get_by_role("button", name="Unfold all").click()
        expect(service_row(visit.page, "frontend")).to_be_visible()
        tree(visit.page).focus()
        visit.page.keyboard.press("Home")
        visit.page.keyboard.press("ArrowLeft")
        expect(stack_row(visit.page, NAME)).to_have_attribute("aria-expanded", "false")
        expect(service_row(visit.page, "frontend")).to_have_count(0)
        visit.page.keyboard.press("ArrowRight")
        expect(stack_row(visit.page, NAME)).to_have_attribute("aria-expanded", "true")
        expect(service_row(visit.page, "frontend")).to_be_visible()


def test_what_is_not_there_is_said(page: Page) -> None:
    with page.visit(f"/tree/{NAMESPACE}/nowhere") as visit:
        expect(visit.page.get_by_role("main")).to_contain_text("nowhere")
        expect(rows(visit.page)).to_have_count(0)
