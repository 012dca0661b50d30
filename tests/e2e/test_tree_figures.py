"""What a level of the tree costs a request."""

import time
from statistics import median
from typing import NamedTuple

from e2e import figures
from e2e.conftest import Tree
from e2e.loading import load
from e2e.tree import await_gone

LEVELS = {1: "/web/x", 2: "/cpl/web/x", 3: "/cpl/dm/web/x"}
ROUNDS = 5
"""The levels are asked in turn: what else the machine does falls on each of them, and the median leaves it out."""


class Latency(NamedTuple):
    """Milliseconds."""

    p50: float
    p99: float


def test_each_gateway_adds_little(asked_tree: Tree) -> None:
    await_gone()
    rounds = [{level: _latency(asked_tree, path) for level, path in LEVELS.items()} for _ in range(ROUNDS)]
    for level in LEVELS:
        middle, worst = _medians([each[level] for each in rounds])
        figures.tell(f"200 requests/s through {level} gateway(s): p50 {middle:.2f} ms, p99 {worst:.2f} ms")
    middle, worst = _medians([_added(each[1], each[3]) for each in rounds])
    figures.tell(f"added by each gateway, median of {ROUNDS} rounds: p50 {middle:.2f} ms, p99 {worst:.2f} ms")


def _latency(tree: Tree, path: str) -> Latency:
    with load(f"http://{tree.host}{path}", tree.lab.ingress, 200) as running:
        time.sleep(5)
    assert running.lost == 0, running
    return Latency(running.http["p50"], running.http["p99"])


def _added(through_one: Latency, through_three: Latency) -> Latency:
    return Latency(*((deep - shallow) / 2 for shallow, deep in zip(through_one, through_three, strict=True)))


def _medians(measured: list[Latency]) -> Latency:
    return Latency(median(each.p50 for each in measured), median(each.p99 for each in measured))
