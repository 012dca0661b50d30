"""``python -m orders --count 5000 --seed 7``: explores many orders of each scenario; 1 where something did not hold."""

import gc
import os
import random
import time
from typing import Annotated

import orjson
import typer

from orders.exploring import Explored, explore, run, shrunk
from orders.scenarios import SCENARIOS, named

_SHOWN = 3


def main(
    count: Annotated[int, typer.Option(help="Random orders, beside all with one deviation.", min=0)] = 1000,
    seed: Annotated[int, typer.Option(help="Of the random orders; drawn where not given.")] = 0,
    depth: Annotated[int, typer.Option(help="Deviations up to which all orders are tried.", min=0)] = 1,
    share: Annotated[float, typer.Option(help="That of the deviations at each step which are tried.")] = 1.0,
    scenario: Annotated[str, typer.Option(help="One scenario alone, by its name.")] = "",
    replay: Annotated[str, typer.Option(help="The deviations of one order of it, as a failure prints them.")] = "",
) -> None:
    """Explore the orders of events and answers in which a small tree is created, edited and deleted."""
    seed = seed or random.randrange(1, 10**6)
    chosen = [named(scenario)] if scenario else list(SCENARIOS)
    if replay:
        made = run(chosen[0], [(number, name) for number, name in orjson.loads(replay)])
        print(made.text())
        raise typer.Exit(1 if made.wrong else 0)
    gc.collect()
    gc.freeze()  # else the first collection of each fork copies the whole process
    gc.disable()
    begun, total, failed = time.monotonic(), 0, 0
    for each in chosen:
        started = time.monotonic()
        draws = count // len(chosen)
        found = explore(each, depth=depth, draws=draws, seed=seed, share=share, jobs=os.cpu_count() or 1)
        total, failed = total + found.count, failed + len(found.failed)
        seconds = time.monotonic() - started
        print(f"{each.name}: {found.count} orders in {seconds:.0f} s, {len(found.failed)} wrong", flush=True)
        _show(found)
    minutes = (time.monotonic() - begun) / 60
    print(f"{total} orders, {failed} wrong, {total / minutes:.0f} a minute, seed {seed}")
    raise typer.Exit(1 if failed else 0)


def _show(found: Explored) -> None:
    """The first failures of each sort, with as few deviations as they need."""
    sorts: dict[str, str] = {}
    for deviations, wrong in found.failed:
        sort = "".join(letter for letter in wrong if not letter.isdigit())[:100]
        if sort not in sorts and len(sorts) < _SHOWN:
            sorts[sort] = shrunk(run(found.scenario, deviations)).text()
    for text in sorts.values():
        print(f"WRONG {text}\n", flush=True)


if __name__ == "__main__":
    typer.run(main)
