"""What a level of the tree costs a request."""

import time

from e2e import figures
from e2e.conftest import Tree
from e2e.loading import load

LEVELS = {1: "/web/x", 2: "/cpl/web/x", 3: "/cpl/dm/web/x"}


def test_each_gateway_adds_little(asked_tree: Tree) -> None:
    taken: dict[int, tuple[float, float]] = {}
    for level, path in LEVELS.items():
        with load(f"http://{asked_tree.host}{path}", asked_tree.lab.ingress, 200) as running:
            time.sleep(6)
        assert running.lost == 0, running
        taken[level] = running.http["p50"], running.http["p99"]
    for level, (middle, worst) in taken.items():
        figures.tell(f"200 requests/s through {level} gateway(s): p50 {middle:.2f} ms, p99 {worst:.2f} ms")
    first, last = taken[1], taken[3]
    added = [(deep - shallow) / 2 for shallow, deep in zip(first, last, strict=True)]
    figures.tell(f"added by each gateway: p50 {added[0]:.2f} ms, p99 {added[1]:.2f} ms")
