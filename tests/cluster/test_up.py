"""What `make up` promises: one command from nothing to a ready application, and again without harm."""

from collections.abc import Iterator

import pytest

from lab import Audit, ControlPlane, Operator, sessions
from lab.audit import OPERATOR
from lab.report import silent
from lab.up import up


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    """A control plane that this file has for itself."""
    plane = ControlPlane(sessions.new_home("up"))
    yield plane
    Operator(plane).stop()
    plane.stop()


@pytest.mark.slow
def test_it_brings_up_the_example_application(plane: ControlPlane, capsys: pytest.CaptureFixture[str]) -> None:
    up(plane, silent)
    said = capsys.readouterr().out
    assert "✓ shop" in said
    assert "make down" in said
    assert "simulated: no container runs" in said
    assert "make up MODE=kind" in said


@pytest.mark.slow
def test_a_second_time_uses_what_is_up_and_changes_nothing(plane: ControlPlane) -> None:
    before = {name: process.pid for name, process in plane.processes.items()}
    audit = Audit(plane)
    mark = audit.quiet()
    up(plane, silent)
    assert {name: process.pid for name, process in plane.processes.items()} == before
    audit.quiet()
    assert [str(write) for write in audit.writes(mark, user=OPERATOR)] == []


@pytest.mark.slow
def test_an_operator_that_died_is_started_again(plane: ControlPlane) -> None:
    operator = Operator(plane)
    operator.kill()
    assert not operator.ready
    up(plane, silent)
    assert operator.ready
