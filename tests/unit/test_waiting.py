"""A reconcile never sleeps: what it has to wait for is an event and a condition, or all else of its stack waits too."""

import ast
from collections.abc import Iterator

import pytest

from lab.paths import ROOT

SOURCE = ROOT / "operator" / "ailtire_operator"
WAITS = {
    "cluster/connection.py": "a read is repeated after a pause of two seconds at most",
    "cluster/lease.py": "the election, a task of its own",
    "cluster/resync.py": "the comparison with the cluster, a task of its own",
    "cluster/single_object_watch.py": "a watch of one object, a task of its own",
    "cluster/watch.py": "the watches, tasks of their own",
    "cluster/fair_semaphore.py": "a request waits for its turn",
    "cluster/write_throttle.py": "a write waits for its turn",
    "reconcile/health_server.py": "the pulse of the event loop",
    "reconcile/process.py": "giving memory back, a task of its own",
    "reconcile/new_stacks.py": "the first statuses, a task of its own",
    "reconcile/queue.py": "workers wait for something to do",
    "reconcile/runtime.py": "the start, the stop and the leadership",
}
"""Where anything waits by itself, and for what."""
_OF_ASYNCIO = {"sleep", "wait", "wait_for", "timeout", "timeout_at", "Event", "Condition"}


def _waiting(tree: ast.AST) -> Iterator[str]:
    """Calls of the standard library that wait, and whatever is awaited until it has happened."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of = node.func.value
            if node.func.attr in _OF_ASYNCIO and isinstance(of, ast.Name) and of.id in ("asyncio", "time"):
                yield node.func.attr
        if isinstance(node, ast.Await) and isinstance(node.value, ast.Call):
            called = node.value.func
            if isinstance(called, ast.Attribute) and called.attr == "wait":
                yield "wait"


@pytest.mark.parametrize("layer", ["cluster", "reconcile"])
def test_nothing_waits_within_a_reconcile(layer: str) -> None:
    files = {str(path.relative_to(SOURCE)): ast.parse(path.read_text()) for path in (SOURCE / layer).rglob("*.py")}
    assert {path for path, tree in files.items() if any(_waiting(tree))} <= set(WAITS)
