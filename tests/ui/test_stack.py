"""A stack and a service: what they run and say, as it is written and as it is rendered, and who owns what."""

import re

from playwright.sync_api import Page as Window
from playwright.sync_api import expect

from lab.waiting import eventually
from ui.page import Page
from ui.parts import view
from ui.shop import NAME, NAMESPACE

_SECONDS = 60.0
_STACK = f"/stack/{NAMESPACE}/{NAME}"


def table(window: Window, label: str) -> list[str]:
    """The rows of a table, each as one text."""
    rows = window.get_by_role("region", name=label, exact=True).get_by_role("row")
    rows.first.wait_for()
    return [" ".join(each.split()) for each in rows.all_inner_texts()]


def until_row(window: Window, label: str, pattern: str) -> None:
    """Wait until a table has a row with such a text: the feed says of the shop what it was a moment ago."""
    found: list[str] = []

    def holds() -> bool:
        found[:] = table(window, label)
        return any(re.search(pattern, each) for each in found)

    try:
        eventually(holds, _SECONDS)
    except AssertionError:
        raise AssertionError(f"no row of {label} is {pattern}: {found}") from None


def test_stack_says_what_it_runs_and_who_owns_what(page: Page) -> None:
    with page.visit(_STACK) as visit:
        until_row(visit.page, "Services", "^frontend .*ready.* 1/1")
        until_row(visit.page, "Services", "^web .*ready.* 2/2")
        until_row(visit.page, "Conditions", "^Ready True")
        until_row(visit.page, "Objects and who writes them", f"^Deployment {NAME}-frontend .*ailtire-operator")
        until_row(visit.page, "Stacks", "^catalog .*ready")


def test_service_has_image_pods_and_nodes(page: Page) -> None:
    with page.visit(f"{_STACK}/web") as visit:
        main = visit.page.get_by_role("main")
        expect(main.get_by_role("heading", level=1)).to_have_text("web")
        expect(main).to_contain_text("docker.io/traefik/whoami:v1.10.4")
        expect(main.get_by_text(re.compile(rf"^{NAME}-web-[a-z0-9]+-[a-z0-9]+$"))).to_have_count(2)
        expect(main).to_contain_text(re.compile(r"node-\d"))


def test_variables_of_the_operator_are_marked(page: Page) -> None:
    with page.visit(f"{_STACK}/web?tab=environment") as visit:
        variables = table(visit.page, "Environment of web")
        assert any(each.startswith("LOG_LEVEL info definition") for each in variables)
        ours = [each for each in variables if each.startswith("AILTIRE_")]
        assert ours
        assert all(each.endswith("operator") for each in ours)
        assert any(each.startswith("SESSION_KEY from") and "web-session" in each for each in variables)


def test_definition_is_shown_as_written_as_rendered_and_with_the_difference(page: Page) -> None:
    with page.visit(f"{_STACK}?tab=yaml") as visit:
        document = visit.page.get_by_role("region", name="As it is written")
        expect(document).to_contain_text("imageRegistry: registry.example/shop")
        visit.page.get_by_role("button", name="As it is rendered").click()
        expect(visit.page.get_by_role("region", name="As it is rendered")).to_contain_text("kind: Deployment")
        expect(visit.page).to_have_url(re.compile("show=rendered"))
        visit.page.get_by_role("button", name="In the cluster").click()
        expect(visit.page.get_by_role("region", name="In the cluster")).to_contain_text("kind: Deployment")
        visit.page.get_by_role("button", name="Difference").click()
        expect(visit.page.get_by_role("main")).to_contain_text("the cluster has what the operator renders")


def test_events_of_the_stack_are_listed(page: Page) -> None:
    with page.visit(f"{_STACK}?tab=events") as visit:
        until_row(visit.page, "Events", f"{NAME}")
        view(visit.page, "overview").click()
        expect(visit.page).not_to_have_url(re.compile("tab="))


def test_every_view_has_an_address_and_the_back_button_returns(page: Page) -> None:
    views = ("logs", "events", "environment", "yaml", "request", "networks", "timeline")
    with page.visit(_STACK) as visit:
        addresses = [visit.page.url]
        for name in views:
            view(visit.page, name).click()
            expect(view(visit.page, name)).to_have_attribute("aria-current", "page")
            addresses.append(visit.page.url)
        assert len(set(addresses)) == len(views) + 1
        for address in reversed(addresses[:-1]):
            visit.page.go_back()
            expect(visit.page).to_have_url(address)
        visit.page.goto(addresses[3])
        expect(view(visit.page, views[2])).to_have_attribute("aria-current", "page")
