"""The clock of the operator's machine may be wrong: it is written for people to read, and compared with nothing."""

import ast
from collections.abc import Iterator

from lab.paths import ROOT

SOURCE = ROOT / "operator" / "ailtire_operator"
WRITTEN = {
    "cli/edit_actions.py": "restartedAt, where the API server has told no time: it is later than any that stands there",
    "cluster/events.py": "the times of our Events",
    "cluster/lease.py": "acquireTime and renewTime, which nothing here reads",
    "reconcile/runtime.py": "lastTransitionTime of conditions",
}
"""Where the time of day is asked for, and what becomes of it."""
_CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "gmtime", "localtime"}
_OF = {"datetime", "date", "time"}


def _asks(tree: ast.AST) -> Iterator[int]:
    """Lines that ask for the time of day."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in _CLOCKS:
            of = node.value
            name = of.id if isinstance(of, ast.Name) else of.attr if isinstance(of, ast.Attribute) else ""
            if name in _OF:
                yield node.lineno
        if isinstance(node, ast.ImportFrom) and node.module == "time" and {each.name for each in node.names} & _CLOCKS:
            yield node.lineno


def test_the_time_of_day_is_written_and_never_compared() -> None:
    found = {str(path.relative_to(SOURCE)): list(_asks(ast.parse(path.read_text()))) for path in SOURCE.rglob("*.py")}
    assert {path: len(lines) for path, lines in found.items() if lines} == dict.fromkeys(WRITTEN, 1)
