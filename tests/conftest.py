"""What all tests share: how Hypothesis draws its examples, how pytest-xdist deals tests out, what is kept of a run."""

import gc
from collections.abc import Generator

import pytest
from hypothesis import Phase, settings
from hypothesis.database import ReadOnlyDatabase

import dealing
from exploring import KEPT, Keeping
from support.checks import endings

# The suite that decides draws the same examples each time, on every machine; `make explore` draws new ones, and keeps
# those that fail; "kept" tries these again, and draws none.
settings.register_profile("fixed", derandomize=True, database=None, deadline=None, print_blob=True)
settings.register_profile("explore", database=Keeping(KEPT), deadline=None, print_blob=True)
settings.register_profile(
    "kept", database=ReadOnlyDatabase(Keeping(KEPT)), phases=[Phase.reuse], deadline=None, print_blob=True
)
settings.load_profile("fixed")


def pytest_addoption(parser: pytest.Parser) -> None:
    dealing.add_option(parser)


def pytest_configure(config: pytest.Config) -> None:
    dealing.lower_priority(config)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> dealing.Dealing:
    """Deal out in the order of collection."""
    config.option.loadscopereorder = False
    return dealing.Dealing(config, log)


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
    dealing.order(items)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    endings.record(session.config, exitstatus)
