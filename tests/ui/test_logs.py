"""The log of a service: its last lines and those that come, of all replicas in order, and a reader who has scrolled."""

import re
import uuid
from typing import Final

from playwright.sync_api import Page as Window
from playwright.sync_api import expect

from lab.waiting import eventually
from ui.kubelet import Kubelet
from ui.page import Page
from ui.parts import log, log_rows
from ui.shop import NAME, NAMESPACE, Shop

_SECONDS: Final = 60.0
_STACK: Final = f"/stack/{NAMESPACE}/{NAME}"
_KEPT: Final = 1000
_MIDDLE: Final = "log => { log.scrollTop = log.scrollHeight / 2 }"


def marked(window: Window, mark: str) -> list[str]:
    """The lines that are shown and have a mark, without it."""
    return [row.text.removeprefix(f"{mark} ") for row in log_rows(window) if row.text.startswith(mark)]


def test_log_shows_its_last_lines_and_follows(page: Page, logs: Kubelet) -> None:
    mark = uuid.uuid4().hex
    for number in range(300):
        logs.write(f"{NAME}-doc", f"{mark} line {number}.")
    with page.visit(f"{_STACK}/doc?tab=logs") as visit:
        expect(log(visit.page)).to_contain_text(f"{mark} line 299.")
        expect(log(visit.page)).to_contain_text(f"{mark} line 100.")
        expect(log(visit.page)).not_to_contain_text(f"{mark} line 99.")
        logs.write(f"{NAME}-doc", f"{mark} written now")
        expect(log(visit.page)).to_contain_text(f"{mark} written now")
        visit.page.get_by_label("Follow").uncheck()
        expect(visit.page).to_have_url(re.compile("follow=no"))
        expect(log(visit.page)).to_contain_text(f"{mark} written now")


def test_lines_of_all_replicas_are_in_the_order_of_their_times(page: Page, shop: Shop, logs: Kubelet) -> None:
    mark, pods = uuid.uuid4().hex, shop.pod_names("web")
    assert len(pods) == 2
    for number in range(20):
        logs.write(pods[number % 2], f"{mark} {number}")
    with page.visit(f"{_STACK}/web?tab=logs") as visit:
        eventually(lambda: len(marked(visit.page, mark)) == 20, _SECONDS, "all lines")
        assert marked(visit.page, mark) == [str(number) for number in range(20)]
        assert [row.pod for row in log_rows(visit.page) if mark in row.text] == pods * 10


def test_line_that_is_read_stays_where_it_is_while_others_come_and_go(page: Page, logs: Kubelet) -> None:
    mark, pod = uuid.uuid4().hex, f"{NAME}-doc"
    logs.write(pod, f"{mark} begin")
    with page.visit(f"{_STACK}/doc?tab=logs") as visit:
        expect(log(visit.page)).to_contain_text(f"{mark} begin")
        for number in range(_KEPT):
            logs.write(pod, f"{mark} {number}")
        eventually(lambda: marked(visit.page, mark)[-1:] == [str(_KEPT - 1)], _SECONDS, "a full log")
        log(visit.page).evaluate(_MIDDLE)
        read = log(visit.page).get_by_text(f"{mark} {_KEPT // 2}", exact=True)
        read.scroll_into_view_if_needed()
        place = read.bounding_box()
        for number in range(_KEPT, _KEPT + 300):
            logs.write(pod, f"{mark} {number}")
        eventually(lambda: marked(visit.page, mark)[-1:] == [str(_KEPT + 299)], _SECONDS, "more lines")
        assert marked(visit.page, mark)[0] == "300"
        now = read.bounding_box()
        assert place is not None and now is not None
        assert abs(now["y"] - place["y"]) < 2


def test_log_before_a_restart_says_where_there_was_none(page: Page) -> None:
    with page.visit(f"{_STACK}/doc?tab=logs") as visit:
        visit.page.get_by_label("Before the last restart").check()
        expect(visit.page).to_have_url(re.compile("previous=yes"))
        expect(log(visit.page)).to_contain_text("nothing has started again")
        expect(visit.page.get_by_text("The log has ended.")).to_be_visible()
        expect(visit.page.get_by_label("Follow")).to_be_disabled()
        expect(visit.page.get_by_label("Follow")).not_to_be_checked()
        visit.page.get_by_label("Before the last restart").uncheck()
        expect(visit.page).not_to_have_url(re.compile("previous="))
        expect(visit.page.get_by_label("Follow")).to_be_checked()
