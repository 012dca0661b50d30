"""How pytest-xdist deals the tests out: what wants the machine for itself, what waits, and what fills its pauses.

Tests of the cluster wait most of their time, and those of ``faults`` half of it. Background workers (``--background``)
run what waits for nothing meanwhile, at a low priority, so that they take only processor time that nobody else wants.
"""

import os
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any, Final

import pytest
from xdist.scheduler import LoadScopeScheduling

_ALONE: Final = "faults"
"""No test of a foreground worker runs beside these: their limits are seconds."""
_FILLING: Final = frozenset({"golden", "orders", "property", "swarm", "unit"})
"""No limit of theirs is in seconds of the clock."""
_DEALT_SINGLY: Final = ("property", "static", "swarm")
_LOOKAHEAD: Final = 2
"""A worker runs a test only once it knows the next one."""
_NICENESS: Final = 10

LONG: Final = tuple(
    f"test_{name}.py"
    for name in (
        *("tree_rollback", "rollback", "stopping", "adoption", "reconcile_trouble", "adopting_claims", "restore"),
        "adopting_deployments",
        *("misbehaving", "cli_writes", "operator_process", "hostile", "verify", "history", "namespaced", "cli_stops"),
        *("examples", "isolation", "recipes", "rights", "cli_diff", "delivery", "etcd", "second_manager"),
        *("depends_on", "secret_reloads", "up", "reconcile", "cli_changes", "put_back", "ownership", "cli_written"),
        "rbac",
    )
)
"""The files of ``cluster`` that keep a worker for half a minute to three, the longest first."""
_LONG_ONES: Final = "cluster, what takes long of it"
_ORDER: Final = (
    *("faults", "install", "static", _LONG_ONES, "gateway", "cluster", "cluster_layer", "orders", "property", "swarm"),
)
"""The files of ``gateway`` wait too, one of them for half a minute: short ones of ``cluster`` come after them."""


def add_option(parser: pytest.Parser) -> None:
    """Add ``--background``."""
    text = "how many of the workers, the last ones, run at a low priority what waits for nothing"
    parser.addoption("--background", type=int, default=0, metavar="N", help=text)


def order(items: list[pytest.Item]) -> None:
    """Put what takes long at the beginning: then no worker is alone with it at the end.

    Files of ``cluster`` without the operator come last there: a worker's operator is stopped for them once.
    """
    folders = {name: number for number, name in enumerate(_ORDER)}
    files = {name: number for number, name in enumerate(LONG)}
    with_operator = {item.path for item in items if "operator" in getattr(item, "fixturenames", ())}

    def rank(item: pytest.Item) -> tuple[int, int, bool]:
        folder, file = item.path.parent.name, item.path.name
        if folder == "cluster" and file in files:
            folder = _LONG_ONES
        return folders.get(folder, len(folders)), files.get(file, len(files)), item.path not in with_operator

    items.sort(key=rank)


def lower_priority(config: pytest.Config) -> None:
    """Give this process a low priority if it is a background worker."""
    given: dict[str, Any] | None = getattr(config, "workerinput", None)
    if given is None or _number(given["workerid"]) not in _background(config, given["workercount"]):
        return
    os.nice(_NICENESS)
    with suppress(OSError):  # Linux may weigh sessions instead of processes, so it needs one of its own
        os.setsid()
        Path("/proc/self/autogroup").write_text(str(_NICENESS))


class Dealing(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """A worker gets whole files, so that a file's fixtures are made once; long tests of their own come one by one."""

    def __init__(self, config: pytest.Config, log: object) -> None:
        super().__init__(config, log)
        self._numbers = _background(config, self.numnodes)

    def _split_scope(self, nodeid: str) -> str:
        return nodeid if _folder(nodeid) in _DEALT_SINGLY else nodeid.partition("::")[0]

    def mark_test_complete(self, node: Any, item_index: int, duration: float = 0) -> None:
        """Remember it, and give the worker more; all of them where they had to wait for this test.

        What a worker has run all of is forgotten: it would be counted anew at the end of each further test.
        """
        super().mark_test_complete(node, item_index, duration)
        test = self.registered_collections[node][item_index]
        scope = self._split_scope(test)
        if all(self.assigned_work[node][scope].values()):
            del self.assigned_work[node][scope]
        if _folder(test) == _ALONE:
            for each in self.nodes:
                self._reschedule(each)

    def _reschedule(self, node: Any) -> None:
        """Give a worker what it needs to go on; end it where there is nothing left for it."""
        if node.shutting_down or node not in self.registered_collections:
            return
        while self._pending_of(self.assigned_work[node]) < _LOOKAHEAD:
            if not self._assign_work_unit(node):
                if not any(self._may_run(node, scope) for scope in self.workqueue):
                    node.shutdown()
                return

    def _assign_work_unit(self, node: Any) -> bool:
        """Give a worker the first of what is left that it may run now; whether there is any."""
        if self._waits(node):
            return False
        scope = next((each for each in self.workqueue if self._may_run(node, each)), None)
        if scope is None:
            return False
        self.workqueue.move_to_end(scope, last=False)
        super()._assign_work_unit(node)
        return True

    def _may_run(self, node: Any, scope: str) -> bool:
        """Whether a worker may ever run it; a background worker may run anything where there are no others."""
        if _folder(scope) in _FILLING or not self._is_background(node):
            return True
        return all(self._is_background(each) for each in self.nodes)

    def _waits(self, node: Any) -> bool:
        """Whether a foreground worker has to wait until another one has ended the tests that want to be alone."""
        return not self._is_background(node) and any(
            _folder(scope) == _ALONE and not all(unit.values())
            for other, assigned in self.assigned_work.items()
            if other is not node
            for scope, unit in assigned.items()
        )

    def _is_background(self, node: Any) -> bool:
        return _number(node.gateway.id) in self._numbers


def _folder(nodeid: str) -> str:
    return PurePosixPath(nodeid.partition("::")[0]).parent.name


def _number(worker: str) -> int:
    """The number of a worker by its name, such as ``gw3``; one that replaces another has a higher number than all."""
    return int(worker.removeprefix("gw"))


def _background(config: pytest.Config, workers: int) -> range:
    """The numbers of the background workers, of so many workers in all."""
    return range(workers - config.getoption("background"), workers)
