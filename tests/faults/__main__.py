"""``python -m faults --minutes 30``: inject faults until the time is up, and say what ended wrong."""

import random
import time
from typing import Annotated

import typer

from faults import planted
from faults.fixed import SEED, two_stories
from faults.report import failovers, kinds, table
from faults.runner import learn
from faults.story import STEPS
from faults.suite import Suite, prepare
from lab import sessions
from support.checks.threads import together

_SERVERS = 0.12
"""The part of the time in which servers fail, at the end: nothing else may run then."""


def main(
    minutes: Annotated[float, typer.Option(help="How long, planted bugs included.", min=1)] = 30.0,
    lanes: Annotated[int, typer.Option(help="Operators beside each other.", min=1, max=8)] = 2,
    seed: Annotated[int, typer.Option(help="Of the choice of faults; drawn where not given.")] = 0,
    fixed: Annotated[bool, typer.Option("--fixed", help="Only the two stories that make test tries.")] = False,
    plant: Annotated[bool, typer.Option(help="First plant bugs, each of which must be found.")] = True,
    step: Annotated[str, typer.Option(help="Only faults in this step, by its name; with --plan.")] = "",
    plan: Annotated[str, typer.Option(help="Only the faults with this text in their names, each in a story.")] = "",
) -> None:
    """Inject faults into the life of an application, and compare each step with a run without a fault.

    Exit code 1 where a step ends wrong or a planted bug is not found.
    """
    seed = SEED if fixed else seed or random.randrange(1, 10**6)
    steps = _number(step) if step else len(STEPS)
    begun = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - begun:6.0f} s  {text}", flush=True)

    say(f"seed {seed}")
    problems: list[str] = []
    with sessions.of_program("faults", tell=say) as plane:
        prepare(plane)
        suite = Suite(plane, learn(plane, steps), seed, say)
        say(f"{steps} steps learned")
        if fixed:
            two_stories(suite)
        elif step:
            suite.repeated(steps, plan, lanes)
        else:
            problems = suite.planted([*planted.bugs(), *planted.controls()], lanes) if plant else []
            _sample(suite, lanes, minutes * 60, begun)
    _tell(suite, problems)
    raise typer.Exit(1 if problems or suite.broken_off or any(each.wrong for each in suite.outcomes) else 0)


def _number(step: str) -> int:
    names = [each.name for each in STEPS]
    if step not in names:
        raise typer.BadParameter(f"there is no step {step!r}; there are {', '.join(map(repr, names))}")
    return names.index(step) + 1


def _sample(suite: Suite, lanes: int, seconds: float, begun: float) -> None:
    """The least tried faults next, until the time is up."""
    end = begun + seconds
    until = end - _SERVERS * seconds
    together([lambda: suite.lanes(lanes, until), lambda: suite.replicas(until)])
    suite.servers(end)


def _tell(suite: Suite, problems: list[str]) -> None:
    for line in [*kinds(suite.outcomes), "", *failovers(suite.outcomes), "", *table(suite.outcomes)]:
        print(line)
    print(f"{suite.canaries} objects that are nobody's compared; seed {suite.seed}")
    for line in problems:
        print(f"NOT FOUND {line}")
    for line in suite.broken_off:
        print(f"BROKEN OFF {line}")


if __name__ == "__main__":
    typer.run(main)
