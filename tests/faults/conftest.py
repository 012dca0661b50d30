"""A control plane of this folder's own: its operators look after their own namespaces, and the faults are theirs."""

from collections.abc import Iterator

import pytest

from faults.runner import learn
from faults.suite import Suite, prepare
from lab import ControlPlane, binaries, sessions

SEED = 20
"""The plans are the same each time, on every machine."""


@pytest.fixture(scope="session")
def suite() -> Iterator[Suite]:
    """What runs without a fault have shown, and a control plane to inject faults on."""
    binaries.ensure()
    sessions.clear_abandoned()
    plane = ControlPlane(sessions.new_home())
    try:
        plane.start()
        prepare(plane)
        yield Suite(plane, learn(plane), SEED, print)
    finally:
        plane.stop()
