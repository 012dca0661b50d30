"""What is proved on nodes by `make e2e-proof` alone, as `make e2e` has no time for it."""

import pytest

from kindlab import builder
from lab.errors import LabError


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Build BuildKit before any test's clock runs, and after the engine is up: that makes Python's image."""
    used = {name for item in session.items for name in getattr(item, "fixturenames", ())}
    if "source" in used and not session.config.option.collectonly:
        try:
            builder.prepare()
        except LabError as error:
            pytest.exit(f"no proof of builds on this machine: {error}", returncode=1)
