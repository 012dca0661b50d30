"""Where the parts of the page are, for whoever reads it: by role and name, as a screen reader finds them."""

import re
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

_READ_ROWS = """log => [...log.children].map(row => {
  const pod = row.querySelector("span bdi");
  const text = row.querySelector(":scope > bdi") ?? row;
  return [row.querySelector("time")?.dateTime ?? "", pod?.textContent.trim() ?? "", text.textContent];
})"""


def tree(page: Page) -> Locator:
    """The tree of stacks and services."""
    return page.get_by_role("tree")


def rows(page: Page) -> Locator:
    """The rows of the tree that are part of the page just now."""
    return page.get_by_role("treeitem")


def settled(page: Page) -> None:
    """Wait until the page shows what it was asked for, and not that it is loading."""
    page.get_by_role("main").wait_for()
    expect(page.get_by_text(re.compile(r"^Loading .*…$"))).to_have_count(0)


def stack_row(page: Page, name: str, state: str = "") -> Locator:
    """The row of a stack, in a state if one is given: of a root by its name, of others by their key."""
    named = rf"^{re.escape(name)}, stack, (\d+ notices?, )?{state and f'{state},'}"
    return page.get_by_role("treeitem", name=re.compile(named))


def service_row(page: Page, key: str, state: str = "") -> Locator:
    """The row of a service by its key, in a state if one is given; of several with this key the first."""
    named = rf"^{re.escape(key)}, service, {state and f'{state},'}"
    return page.get_by_role("treeitem", name=re.compile(named)).first


def search(page: Page) -> Locator:
    """The field in which a part of a name is looked for."""
    return page.get_by_role("searchbox", name=re.compile("Search"))


def view(page: Page, name: str) -> Locator:
    """The link to a view of a stack or service: overview, logs, events, environment, yaml, networks and others."""
    return page.get_by_role("navigation", name="Views").get_by_role("link", name=name, exact=True)


def log(page: Page) -> Locator:
    """The lines of a log."""
    return page.get_by_role("log")


@dataclass(frozen=True)
class LogRow:
    """A row of a log."""

    time: str
    """As the API server gave it; empty for a note, which no container has written."""
    pod: str
    """Where lines of several pods are shown."""
    text: str


def log_rows(page: Page) -> list[LogRow]:
    """The rows of a log, in the order in which they are shown."""
    return [LogRow(*each) for each in log(page).evaluate(_READ_ROWS)]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
