"""``python -m agreement --count 2000``: as many documents on a control plane of its own."""

import random
import time
from typing import Annotated

import typer

from agreement.running import Tally, run
from lab import Operator, sessions


def main(
    count: Annotated[int, typer.Option(help="How many documents.", min=1)] = 2000,
    seed: Annotated[int, typer.Option(help="Of the random numbers; drawn where not given.")] = 0,
) -> None:
    """Exit code 1 where the judges disagree about any."""
    seed = seed or random.randrange(1, 10**6)
    begun, tally = time.monotonic(), Tally()
    with sessions.of_program("agreement", tell=print) as plane:
        Operator(plane).install()
        run(plane.api, count, seed, tally)
    for each in tally.disagreements:
        print(each)
    print(f"{tally} in {time.monotonic() - begun:.0f} s, seed {seed}")
    raise typer.Exit(1 if tally.disagreements else 0)


if __name__ == "__main__":
    typer.run(main)
