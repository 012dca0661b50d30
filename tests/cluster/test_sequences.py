"""A few random sequences of edits, always the same: `make sequences` runs as many others as one likes."""

from collections.abc import Iterator

import pytest

from lab import ControlPlane, Operator, forking
from sequences.driving import ALONE, Field, drive, field_of

SEQUENCES = 4
SEED = 11


@pytest.fixture
def field(control_plane: ControlPlane, installed_operator: Operator) -> Iterator[Field]:
    """The session's control plane with an operator of its own, that may be killed."""
    installed_operator.stop()
    operator = Operator(control_plane, ALONE, launch=forking.spawn)
    operator.start()
    with field_of(control_plane, operator) as found:
        yield found
    operator.stop()


@pytest.mark.slow
def test_every_edit_ends_and_the_next_good_one_repairs(field: Field) -> None:
    drive(field, SEQUENCES, SEQUENCES, SEED)
    print(*field.figures.lines(), sep="\n")
    told = [f"{each.sequence}: {each.what}\n{each.story}" for each in field.figures.failures]
    assert not told, "\n".join(told)
    assert field.figures.counts["sequences"] == SEQUENCES
    assert field.figures.counts["compared"] == SEQUENCES
