"""What all tests share: how Hypothesis draws its examples, and how pytest-xdist deals the tests out."""

import gc
from collections.abc import Generator
from pathlib import PurePosixPath

import pytest
from hypothesis import Phase, settings
from hypothesis.database import ReadOnlyDatabase
from xdist.scheduler import LoadScopeScheduling

from exploring import KEPT, Keeping

# The suite that decides draws the same examples each time, on every machine; `make explore` draws new ones, and keeps
# those that fail; "kept" tries these again, and draws none.
settings.register_profile("fixed", derandomize=True, database=None, deadline=None, print_blob=True)
settings.register_profile("explore", database=Keeping(KEPT), deadline=None, print_blob=True)
settings.register_profile(
    "kept", database=ReadOnlyDatabase(Keeping(KEPT)), phases=[Phase.reuse], deadline=None, print_blob=True
)
settings.load_profile("fixed")

_DEALT_SINGLY = ("property", "static", "swarm")


class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """A worker gets whole files, so that a file's fixtures are made once; long tests of their own come one by one."""

    def _split_scope(self, nodeid: str) -> str:
        file, _, _ = nodeid.partition("::")
        return nodeid if PurePosixPath(file).parent.name in _DEALT_SINGLY else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByFile:
    """Deal out in the order of collection: the files that wait for a cluster first, the many short tests last."""
    config.option.loadscopereorder = False
    return ByFile(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Leave what is collected out of garbage collection: it lives to the end, and every worker has all of it."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes long at the beginning: then no worker is alone with it at the end."""
    items.sort(key=lambda item: _RANK.get(item.path.parent.name, len(_RANK)))


_RANK = {
    name: rank for rank, name in enumerate(["faults", "install", "static", "cluster", "swarm", "property", "gateway"])
}
