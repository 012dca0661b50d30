"""Where the parts of the page are, for whoever reads it: by role and name, as a screen reader finds them."""

import re

from playwright.sync_api import Locator, Page


def tree(page: Page) -> Locator:
    """The tree of stacks and services."""
    return page.get_by_role("tree")


def rows(page: Page) -> Locator:
    """The rows of the tree that are part of the page just now."""
    return page.get_by_role("treeitem")


def stack_row(page: Page, name: str) -> Locator:
    """The row of a stack: of a root by its name, of others by their key."""
    return page.get_by_role("treeitem", name=re.compile(rf"^{re.escape(name)}, stack,"))


def service_row(page: Page, key: str) -> Locator:
    """The row of a service by its key; of several with this key the first."""
    return page.get_by_role("treeitem", name=re.compile(rf"^{re.escape(key)}, service,")).first


def search(page: Page) -> Locator:
    """The field in which a part of a name is looked for."""
    return page.get_by_role("searchbox", name=re.compile("Search"))


def view(page: Page, name: str) -> Locator:
    """The link to a view of a stack or service: overview, logs, events, environment, yaml, networks and others."""
    return page.get_by_role("navigation", name="Views").get_by_role("link", name=name, exact=True)


def log(page: Page) -> Locator:
    """The lines of a log."""
    return page.get_by_role("log")


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
