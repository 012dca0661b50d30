"""The locked programs that are no part of the development environment."""

import pytest

from supplychain import tools as locked_tools


@pytest.fixture(scope="session")
def tools() -> None:
    """build/tools, as the Makefile makes it."""
    locked_tools.install()
