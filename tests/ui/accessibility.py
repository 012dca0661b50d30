"""axe-core, which judges a page by WCAG 2.2 A and AA."""

from pathlib import Path
from typing import Any, Final

import axe_playwright_python
from playwright.sync_api import Page

_TAGS: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_GRAVE: Final = frozenset({"serious", "critical"})
_RUN: Final = "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})"


def findings(page: Page) -> list[str]:
    """What is seriously or critically wrong with a page as it is now: the rule, and where it is broken."""
    source = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
    page.evaluate(source + "; undefined")  # by the debugger's protocol, which the page's policy does not concern
    answer: dict[str, Any] = page.evaluate(_RUN, list(_TAGS))
    assert answer["passes"], "axe-core has checked nothing"
    return [
        f"{rule['id']} ({rule['impact']}): {rule['help']}: {_place(node)}"
        for rule in answer["violations"]
        if rule["impact"] in _GRAVE
        for node in rule["nodes"]
    ]


def _place(node: dict[str, Any]) -> str:
    return f"{' '.join(map(str, node['target']))}: {node['html'][:160]}: {node.get('failureSummary', '')[:200]}"
