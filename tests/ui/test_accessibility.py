"""axe-core finds nothing serious on any view in either theme; a phone's width needs no scrolling to the side."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page as Window
from playwright.sync_api import expect

from ui.accessibility import findings
from ui.browsing import PHONE, THEMES, Theme
from ui.kubelet import Kubelet
from ui.page import Page
from ui.parts import log, overflow, rows, settled
from ui.shop import NAME, NAMESPACE

_HERE = f"{NAMESPACE}/{NAME}"


_LINE = "a line of a log"


def _main(window: Window) -> None:
    window.get_by_role("main").get_by_role("heading").first.wait_for()
    settled(window)


def _tree(window: Window) -> None:
    rows(window).first.wait_for()


def _log(window: Window) -> None:
    expect(log(window)).to_contain_text(_LINE)


VIEWS: dict[str, Callable[[Window], None]] = {
    f"/tree/{_HERE}": _tree,
    f"/stack/{_HERE}": _main,
    f"/stack/{_HERE}/frontend": _main,
    f"/stack/{_HERE}/frontend?tab=logs": _log,
    f"/stack/{_HERE}?tab=events": _main,
    f"/stack/{_HERE}/web?tab=environment": _main,
    f"/stack/{_HERE}?tab=yaml": _main,
    f"/way/{_HERE}?host=shop.example&path=/catalog/pricing/x": _main,
    f"/networks/{_HERE}": _main,
    f"/timeline/{_HERE}": _main,
    "/stack/nowhere/nothing": _main,
}


def test_what_is_wrong_is_found(page: Page) -> None:
    with page.visit("/") as visit:
        _tree(visit.page)
        visit.page.evaluate(
            """() => {
              const wrong = document.createElement('p');
              wrong.textContent = 'hardly to be read';
              wrong.style.cssText = 'color: #888; background: #999';
              document.querySelector('main').append(wrong, document.createElement('button'));
            }"""
        )
        found = [each.split()[0] for each in findings(visit.page)]
        assert {"color-contrast", "button-name"} <= set(found)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("path", VIEWS)
def test_nothing_serious_is_found(page: Page, logs: Kubelet, path: str, theme: Theme) -> None:
    logs.write(f"{NAME}-frontend", _LINE)
    with page.visit(path, theme=theme) as visit:
        visit.expected.append("status of 404")
        VIEWS[path](visit.page)
        assert findings(visit.page) == []


@pytest.mark.parametrize("path", VIEWS)
def test_width_of_a_phone_is_enough(page: Page, logs: Kubelet, path: str) -> None:
    logs.write(f"{NAME}-frontend", f"{_LINE} " * 40)
    with page.visit(path, size=PHONE) as visit:
        visit.expected.append("status of 404")
        VIEWS[path](visit.page)
        assert overflow(visit.page) == 0
