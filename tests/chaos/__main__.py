"""``python -m chaos write`` writes the files, ``python -m chaos run PROGRAM`` has operator-chaos carry them out."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from chaos import files
from chaos.experiments import experiments
from chaos.running import deploy, run
from lab import Operator, sessions

app = typer.Typer(add_completion=False)


@app.command()
def write() -> None:
    """Write the knowledge model and the experiments anew."""
    files.write()


@app.command("run")
def run_all(
    program: Annotated[Path, typer.Argument(help="operator-chaos, as its own Makefile builds it.", exists=True)],
    only: Annotated[str, typer.Option(help="Only the experiments with this text in their names.")] = "",
) -> None:
    """Carry out the experiments on a control plane with simulated nodes.

    Exit code 1 where a verdict is not Resilient, or where the tree is not what it was.
    """
    results = []
    with sessions.of_program("chaos", tell=print) as plane:
        operator = Operator(plane)
        operator.install()
        operator.start()
        deploy(plane)
        chosen = [each for each in experiments() if only in each.name]
        with TemporaryDirectory() as reports:
            for each in run(plane, program.resolve(), chosen, Path(reports)):
                results.append(each)
                took = (
                    "nothing of the tree changed" if each.seconds is None else f"repaired within {each.seconds:.2f} s"
                )
                print(f"{each.verdict:<12} {each.experiment.name:<28} {took}", *each.left, flush=True)
    good = sum(each.is_good for each in results)
    print(f"{good} of {len(results)} are resilient, and left the tree as it was")
    raise typer.Exit(int(good != len(results)))


if __name__ == "__main__":
    app()
