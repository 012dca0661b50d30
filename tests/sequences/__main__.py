"""``python -m sequences --count 1000``: random sequences of edits on a control plane of their own."""

import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from lab import ControlPlane, Operator, sessions
from lab.paths import ROOT
from sequences.driving import ALONE, Field, drive, field_of, repeat
from sequences.figures import Figures

_REPORTS = ROOT / "build" / "reports" / "sequences"
_PROGRESS_SECONDS = 30.0
_INTERRUPTED = 130


def main(
    count: Annotated[int, typer.Option(help="How many sequences.", min=1)] = 1000,
    lanes: Annotated[int, typer.Option(help="How many run beside each other.", min=1, max=32)] = 8,
    seed: Annotated[int, typer.Option(help="Of the random numbers; drawn where not given.")] = 0,
    again: Annotated[Path | None, typer.Option("--repeat", help="The file of a sequence that went wrong.")] = None,
) -> None:
    """Exit code 1 where something did not hold, or where the operator has ended by itself; 130 after Ctrl-C."""
    seed = seed or random.randrange(1, 10**6)
    with sessions.of_program("sequences", tell=print) as plane:
        operator = Operator(plane, ALONE)
        operator.install()
        operator.start()
        run = (
            (lambda field: repeat(field, again.read_text()))
            if again
            else lambda field: drive(field, count, lanes, seed)
        )
        print(f"sequences: {again or count} on {lanes} lanes, seed {seed}", flush=True)
        code = _run(plane, operator, run, seed)
    raise typer.Exit(code)


def _run(plane: ControlPlane, operator: Operator, run: Callable[[Field], None], seed: int) -> int:
    begun, code = time.monotonic(), 0
    with field_of(plane, operator) as field:
        over = threading.Event()
        teller = threading.Thread(target=_tell, args=(field.figures, over, begun), daemon=True)
        teller.start()
        try:
            run(field)
        except KeyboardInterrupt:
            print("interrupted: these are the figures until now", flush=True)
            code = _INTERRUPTED
        over.set()
        teller.join()
        for line in field.figures.lines():
            print(line)
        print(f"{time.monotonic() - begun:.0f} s, the operator was killed {field.crashes.count} times, seed {seed}")
        print(*field.crashes.ended, sep="\n")
        return 1 if field.figures.failures or field.crashes.ended else code


def _tell(figures: Figures, over: threading.Event, begun: float) -> None:
    """A line now and then, and each failure as soon as it is there."""
    told = 0
    while not over.wait(1.0 if len(figures.failures) > told else _PROGRESS_SECONDS):
        told = _tell_failures(figures, told)
        print(f"{time.monotonic() - begun:.0f} s: {figures.counts['sequences']} sequences, {told} wrong", flush=True)
    _tell_failures(figures, told)


def _tell_failures(figures: Figures, told: int) -> int:
    _REPORTS.mkdir(parents=True, exist_ok=True)
    for failure in figures.failures[told:]:
        file = _REPORTS / f"{failure.sequence.replace('/', '-')}.yaml"
        file.write_text(failure.story)
        print(f"WRONG {failure.sequence}: {failure.what}\n  its steps: {file.relative_to(ROOT)}", flush=True)
        told += 1
    return told


if __name__ == "__main__":
    typer.run(main)
