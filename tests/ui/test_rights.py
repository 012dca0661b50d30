"""The page has the rights of its kubeconfig: what the API server refuses is said in the words that kubectl prints."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from lab import ControlPlane, client
from lab.commands import CommandError
from ui.browsing import visiting
from ui.page import Page
from ui.parts import log, rows, stack_row
from ui.serving import served
from ui.shop import NAME, NAMESPACE, Shop


def refusal(kubeconfig: Path, *arguments: str) -> str:
    """What kubectl prints to a user who may not do this, without what it puts in front."""
    with pytest.raises(CommandError) as refused:
        client.kubectl(kubeconfig, *arguments)
    return str(refused.value).partition("(Forbidden): ")[2].strip()


def test_user_without_any_right_reads_what_kubectl_says(shop: Shop, nobody: Path, browser: Browser) -> None:
    wanted = refusal(nobody, "get", "ailtirestacks.ailtire.io", "-n", NAMESPACE)
    assert 'cannot list resource "ailtirestacks"' in wanted
    with served(nobody, "-n", NAMESPACE) as serving, visiting(browser, serving.origin) as visit:
        visit.expected.append("status of 403")
        visit.page.goto(serving.url)
        expect(visit.page.get_by_role("alert").filter(has_text="cannot list resource")).to_contain_text(wanted)
        expect(rows(visit.page)).to_have_count(0)


def test_user_who_may_only_look_reads_it_all_but_the_logs_where_these_are_not_granted(
    shop: Shop, control_plane: ControlPlane, browser: Browser, tmp_path: Path
) -> None:
    rules = ["--verb=get,list,watch", "--resource=ailtirestacks.ailtire.io,pods,deployments.apps"]
    control_plane.kubectl("create", "role", "looks", "-n", NAMESPACE, *rules)
    looks = shop.kubeconfig_of("looks", tmp_path)
    binding = ["create", "rolebinding", "looks", "--role=looks", f"--serviceaccount={NAMESPACE}:looks"]
    control_plane.kubectl(*binding, "-n", NAMESPACE)
    with served(looks, "-n", NAMESPACE) as serving, visiting(browser, serving.origin) as visit:
        visit.expected.append("status of 403")
        visit.page.goto(serving.url)
        expect(stack_row(visit.page, NAME, "ready")).to_be_visible()
        visit.open(f"/stack/{NAMESPACE}/{NAME}/frontend?tab=logs")
        expect(visit.page.get_by_role("main")).to_contain_text('cannot get resource "pods/log"')
        assert log(visit.page).count() == 0 or log(visit.page).inner_text().strip() == ""


def test_page_that_only_reads_offers_no_action_and_takes_none(page: Page, shop: Shop) -> None:
    before = shop.stack()["metadata"]["generation"]
    with page.visit(f"/stack/{NAMESPACE}/{NAME}") as visit:
        visit.expected.append("status of 403")
        expect(visit.page.get_by_text("read-only")).to_be_visible()
        visit.page.get_by_role("navigation", name="Views").wait_for()
        expect(visit.page.get_by_role("region", name="Services", exact=True)).to_be_visible()
        for name in ("Restart", "Stop", "Start", "Scale"):
            expect(visit.page.get_by_role("button", name=name, exact=True)).to_have_count(0)
        action = {"action": "stop", "service": None}
        status, text = visit.post(f"/api/stacks/{NAMESPACE}/{NAME}/actions", action)
        assert status == 403
        assert "--allow-actions" in text
    assert shop.stack()["metadata"]["generation"] == before
