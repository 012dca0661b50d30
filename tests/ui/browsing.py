"""Chromium, and visits of the page in it that see what goes wrong: errors, refused content, requests that leave."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    ViewportSize,
    expect,
    sync_playwright,
)

from lab import chromium
from lab.paths import ROOT
from lab.report import say

Theme = Literal["light", "dark"]
THEMES: Final[tuple[Theme, ...]] = ("light", "dark")
WIDE: Final = (1280, 800)
PHONE: Final = (360, 740)
_MILLISECONDS: Final = 60_000
"""How long something may be waited for, on a machine that has other work too: what comes ends the waiting."""
_FAILURES: Final = ROOT / "build" / "reports" / "ui"
_SPEAKING: Final = frozenset({"error", "warning"})
_TELL_VIOLATIONS: Final = """addEventListener('securitypolicyviolation', event =>
  console.error(`policy: ${event.violatedDirective} refuses ${event.blockedURI}`))"""
_POST: Final = """async ([path, body]) => {
  const headers = {'Content-Type': 'application/json', 'X-Ailtire-UI': '1'};
  const answer = await fetch(path, {method: 'POST', headers, body: JSON.stringify(body)});
  return [answer.status, await answer.text()];
}"""


def launch(playwright: Playwright, *arguments: str) -> Browser:
    """Start Chromium without a window, and with these arguments of its own."""
    command = str(chromium.ensure(say))
    expect.set_options(timeout=_MILLISECONDS)
    return playwright.chromium.launch(executable_path=command, chromium_sandbox=False, args=list(arguments))


@contextmanager
def launched() -> Iterator[Browser]:
    """Chromium for as long as the block lasts."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@dataclass
class Visit:
    """One window of a browser of its own, and what was noticed in it."""

    page: Page
    origin: str
    requests: list[str] = field(default_factory=list)
    """The addresses that the page has asked for."""
    console: list[str] = field(default_factory=list)
    """Its errors and warnings, those of the policy included."""
    expected: list[str] = field(default_factory=list)
    """Parts of errors that the test causes."""

    @property
    def context(self) -> BrowserContext:
        """The browser of its own."""
        return self.page.context

    def open(self, path: str) -> None:
        """Go to an address of the page."""
        self.page.goto(f"{self.origin}{path}")

    def post(self, path: str, body: Any) -> tuple[int, str]:
        """Send JSON from the page as its own script does; the status and the text of the answer."""
        status, text = self.page.evaluate(_POST, [path, body])
        return status, text

    @property
    def left(self) -> list[str]:
        """The requests that left the page's origin."""
        return [each for each in self.requests if urlsplit(each).scheme != "data" and _origin(each) != self.origin]

    @property
    def errors(self) -> list[str]:
        """The errors that the test does not cause."""
        return [each for each in self.console if not any(part in each for part in self.expected)]

    def notice(self, page: Page) -> None:
        """Listen to a window of it."""
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.console.append(f"uncaught: {error}"))
        page.on("request", self._asked)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in _SPEAKING:
            self.console.append(f"{message.type}: {message.text}")

    def _asked(self, request: Request) -> None:
        self.requests.append(request.url)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@contextmanager
def visiting(
    browser: Browser,
    origin: str,
    path: str = "",
    cookies: Any = None,
    size: tuple[int, int] = WIDE,
    theme: Theme = "light",
    **options: Any,
) -> Iterator[Visit]:
    """A window for as long as the block lasts, at a path where one is given, with the cookies of an earlier visit.

    At the end nothing may have left the origin and no error may have been told; after a failure there is a picture of
    the page in build/reports/ui.
    """
    viewport: ViewportSize = {"width": size[0], "height": size[1]}
    context = browser.new_context(
        viewport=viewport, color_scheme=theme, reduced_motion="reduce", storage_state=cookies, **options
    )
    context.add_init_script(_TELL_VIOLATIONS)
    context.set_default_timeout(_MILLISECONDS)
    try:
        visit = Visit(context.new_page(), origin)
        visit.notice(visit.page)
        try:
            if path:
                visit.open(path)
            yield visit
        except BaseException:
            _keep(visit)
            raise
        assert visit.left == [], f"requests left the origin: {visit.left}"
        assert visit.errors == [], f"the console has errors: {visit.errors}"
    finally:
        context.close()


def _keep(visit: Visit) -> None:
    _FAILURES.mkdir(parents=True, exist_ok=True)
    number = len(list(_FAILURES.glob("*.png")))
    visit.page.screenshot(path=_FAILURES / f"failure-{number}.png")
    (_FAILURES / f"failure-{number}.txt").write_text(f"{visit.page.url}\n" + "\n".join(visit.console))
