"""The route of a request, the networks and the timeline of the shop, with the answers that the commands give."""

import json
import re

from playwright.sync_api import Page as Window
from playwright.sync_api import expect

from ui.page import Page
from ui.shop import NAME, NAMESPACE, Shop

_HERE = f"{NAMESPACE}/{NAME}"


def names_in(window: Window, label: str) -> set[str]:
    """The first column of a table."""
    heads = window.get_by_role("region", name=label, exact=True).get_by_role("rowheader")
    heads.first.wait_for()
    return {each.strip() for each in heads.all_inner_texts()}


def test_route_leads_through_each_gateway_to_the_service_that_answers(page: Page) -> None:
    with page.visit(f"/way/{_HERE}") as visit:
        visit.page.get_by_label("Host").fill("shop.example")
        visit.page.get_by_label("Path").fill("/catalog/pricing/today")
        visit.page.get_by_role("button", name="Show").click()
        stations = visit.page.get_by_role("figure", name="Route of the request").get_by_role("listitem")
        expect(stations.last).to_contain_text("engine")
        told = [" ".join(each.split()) for each in stations.all_inner_texts()]
        assert "client asks /catalog/pricing/today" in told[0]
        assert "Ingress" in told[1]
        assert [re.search(r"strips (\S+)", each) is not None for each in told[2:5]] == [True, True, False], told
        assert "strips /catalog" in told[2]
        assert "strips /pricing" in told[3]
        assert "ready" in told[5]
        assert visit.page.url.endswith("?host=shop.example&path=%2Fcatalog%2Fpricing%2Ftoday")
        visit.page.reload()
        expect(stations.last).to_contain_text("engine")


def test_host_that_nobody_has_is_said_to_lead_nowhere(page: Page) -> None:
    with page.visit(f"/way/{_HERE}?host=elsewhere.example&path=/") as visit:
        expect(visit.page.get_by_role("figure")).to_contain_text("no answer")
        expect(visit.page.get_by_role("figure")).to_contain_text("no edge of the tree has the host elsewhere.example")


def test_all_routes_stand_in_a_table_and_lead_to_their_drawing(page: Page) -> None:
    with page.visit(f"/way/{_HERE}") as visit:
        paths = names_in(visit.page, "All routes")
        assert {"/", "/web", "/catalog/search", "/catalog/pricing/", "/orders/shipping/labels"} <= paths
        routes = visit.page.get_by_role("region", name="All routes")
        routes.get_by_role("link", name="/orders/shipping/labels").first.click()
        expect(visit.page.get_by_role("figure").get_by_role("listitem").last).to_contain_text("labels")


def test_networks_give_the_answer_of_reach(page: Page, shop: Shop) -> None:
    matrix = json.loads(shop.plane.ailtire("reach", "--matrix", NAME, "-n", NAMESPACE, "-o", "json"))["reach"]
    callers = {each["from"] for each in matrix if each["to"] == "shop/orders/db"} - {"shop/orders/db"}
    assert callers == {"shop/orders/api"}
    assert ("shop/orders/db", "shop/orders/api") in {(each["from"], each["to"]) for each in matrix}
    with page.visit(f"/networks/{_HERE}") as visit:
        ledger = visit.page.get_by_role("group", name=re.compile("ledger"))
        ledger.get_by_role("button", name="shop/orders/db").click()
        assert names_in(visit.page, "Is reached by") == callers
        expect(ledger.get_by_role("button", name="shop/orders/api")).to_contain_text("both ways")
        expect(visit.page).to_have_url(re.compile("member="))
        visit.page.reload()
        assert names_in(visit.page, "Is reached by") == callers


def test_stack_that_runs_nothing_has_no_networks_and_says_so(page: Page) -> None:
    with page.visit(f"/networks/{NAMESPACE}/payments") as visit:
        expect(visit.page.get_by_role("main")).to_contain_text("Nothing runs in this stack")
        expect(visit.page.get_by_role("alert")).to_have_count(0)


def test_timeline_says_what_changed_and_compares_two_revisions(page: Page, shop: Shop) -> None:
    shop.patch({"services": {"doc": {"environment": {"ROUND": "first"}}}})
    shop.until_ready()
    shop.until_kept()
    shop.patch({"services": {"doc": {"environment": {"ROUND": "second"}}}})
    shop.until_ready()
    shop.until_kept()
    with page.visit(f"/timeline/{_HERE}") as visit:
        entries = visit.page.get_by_role("main").get_by_role("listitem")
        expect(entries.filter(has_text="definition").first).to_contain_text("doc")
        rollouts = entries.filter(has=visit.page.get_by_text("rollout", exact=True))
        expect(rollouts.first).to_be_visible()
        visit.page.get_by_role("button", name="Compare").click()
        difference = visit.page.get_by_role("region", name=re.compile("^From revision"))
        expect(difference).to_contain_text("ROUND: first")
        expect(difference).to_contain_text("ROUND: second")
        expect(visit.page).to_have_url(re.compile(r"compare=\d+"))
        visit.page.get_by_role("button", name="rollout", exact=True).click()
        expect(rollouts).to_have_count(0)
    shop.patch({"services": {"doc": {"environment": {"ROUND": None}}}})
    shop.until_ready()


def test_long_name_in_the_timeline_stays_beside_the_word_for_its_kind(page: Page) -> None:
    with page.visit(f"/timeline/{_HERE}") as visit:
        entry = visit.page.get_by_role("main").get_by_role("listitem").filter(has=visit.page.locator("strong")).first
        lefts, right = entry.evaluate(
            """(entry, name) => {
              const [kind, title] = [entry.querySelector(".kind"), entry.querySelector("strong")];
              title.textContent = name;
              return [[...title.getClientRects()].map(line => line.left), kind.getBoundingClientRect().right];
            }""",
            "a-name-without-an-end" * 40,
        )
        assert len(lefts) > 1
        assert min(lefts) >= right
