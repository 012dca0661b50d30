"""A server of the page, and windows of people who have come in by the address that it printed."""

from contextlib import AbstractContextManager
from functools import cached_property
from typing import Any

from playwright.sync_api import Browser

from ui.browsing import WIDE, Theme, Visit, visiting
from ui.serving import Serving


class Page:
    """A server, and windows that have its session."""

    def __init__(self, serving: Serving, browser: Browser) -> None:
        self.serving = serving
        self._browser = browser

    def visit(
        self, path: str, size: tuple[int, int] = WIDE, theme: Theme = "light", **options: Any
    ) -> AbstractContextManager[Visit]:
        """A window at an address of the page; see ``visiting``."""
        return visiting(self._browser, self.serving.origin, path, self.cookies, size, theme, **options)

    @cached_property
    def cookies(self) -> Any:
        """The cookies of whoever has opened the printed address."""
        with (
            visiting(self._browser, self.serving.origin) as visit,
            visit.page.expect_response("**/api/session") as answer,
        ):
            visit.page.goto(self.serving.url)
            assert answer.value.status == 204
            return visit.context.storage_state()
