"""Several lanes on one control plane with one operator, each with a state machine of its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Final

import yaml
from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from lab import ControlPlane, Operator
from lab.errors import LabError
from sequences.activity import Activity
from sequences.figures import Failure, Figures
from sequences.lane import Crashes, Lane, Wrong
from sequences.machine import Sequence
from sequences.running import Runner, Step
from support.checks.threads import together
from support.kube.collecting import until_stacks_are_collected

STEPS: Final = 5
"""Steps of a sequence after its first definition."""
_BATCH: Final = 8
ALONE: Final = {"AILTIRE_OPERATOR_LEADER_ELECTION": "false"}
"""Settings of an operator that is killed often: its successor need not wait until a lease is over."""


@dataclass
class Field:
    """Where sequences run."""

    plane: ControlPlane
    activity: Activity
    crashes: Crashes
    figures: Figures = field(default_factory=Figures)

    def runners(self, number: int) -> Iterator[Runner]:
        """Runners for one sequence after the other, on lane ``number``."""
        lane = Lane(self.plane, self.activity, f"sequences-a-{number}")
        beside = Lane(self.plane, self.activity, f"sequences-b-{number}")
        for sequence in count(1):
            yield Runner(lane, beside, self.crashes, self.figures, f"s{sequence}")


@contextmanager
def field_of(plane: ControlPlane, operator: Operator) -> Iterator[Field]:
    """A control plane on which the operator runs; what is compared there must not wait for its garbage collector."""
    until_stacks_are_collected(plane)
    with Activity(plane) as activity:
        yield Field(plane, activity, Crashes(operator))


def drive(field: Field, sequences: int, lanes: int, number: int) -> None:
    """Run so many sequences in all, by the random numbers of a seed."""
    shares = [sequences // lanes + (lane < sequences % lanes) for lane in range(lanes)]
    together([partial(_lane, field, lane, share, number) for lane, share in enumerate(shares) if share])


def _lane(field: Field, lane: int, sequences: int, number: int) -> None:
    runners = field.runners(lane)
    try:
        draw(lambda: next(runners), sequences, number * 1000 + lane)
    except Exception as error:
        # A thread would end without a word, and the sequences that it has not run would count for nothing.
        field.figures.failures.append(Failure(f"lane {lane}", f"{type(error).__name__}: {error}", "[]"))


def draw(begin: Callable[[], Runner], sequences: int, number: int) -> None:
    """Draw so many sequences by the random numbers of a seed; ``begin`` gives each its runner.

    In batches, as a tenth of what Hypothesis draws for many examples is as small as it can be.
    """
    for first in range(0, sequences, _BATCH):
        count = min(_BATCH, sequences - first)
        machine = type("Drawn", (Sequence,), {"begin": staticmethod(begin), "left": count})
        run_state_machine_as_test(seed(number * 1000 + first)(machine), settings=_settings(count))


def repeat(field: Field, story: str) -> None:
    """Run one sequence again, by the YAML that its failure was noted with."""
    runner = next(field.runners(0))
    try:
        for step in yaml.safe_load(story):
            runner.perform(Step(**step))
        runner.finish()
    except (Wrong, LabError) as error:
        runner.fail(str(error))
    field.figures.count("sequences")


def _settings(sequences: int) -> settings:
    return settings(
        max_examples=sequences + 1,  # the first is not performed
        stateful_step_count=1 + STEPS,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
