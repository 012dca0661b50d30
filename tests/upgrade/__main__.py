"""``python -m upgrade COMMIT``: replaces the operator of a commit by this checkout's, while trees run."""

import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from faults.suite import prepare
from lab import ControlPlane, Operator, sessions
from lab.report import step
from upgrade.checkout import extract
from upgrade.faulted import summary, trials
from upgrade.handovers import Handover, handovers
from upgrade.running import Applications, Change


def main(
    commit: Annotated[str, typer.Argument(help="A tag or commit of this repository, which ran before.")],
    faults: Annotated[bool, typer.Option("--faults", help="Inject faults while the operators are replaced.")] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Of the faults, those with this text in their names; may be repeated."),
    ] = None,
) -> None:
    """Exit code 1 where a pod restarted, or where anything but the status of a stack was written.

    With faults: where anything ends otherwise than without.
    """
    chosen = _chosen(only or [""]) if faults else []
    with TemporaryDirectory() as folder:
        source = extract(commit, Path(folder))
        with sessions.of_program("upgrade", tell=print) as plane:
            if faults:
                raise typer.Exit(_under_faults(plane, source, chosen))
            change = _upgrade(plane, source)
    print(*change.lines(), sep="\n")
    raise typer.Exit(int(not change.is_harmless))


def _chosen(only: Sequence[str]) -> list[Handover]:
    """The handovers with a fault that have one of these texts in their names."""
    found = [each for each in handovers() if any(text in each.name for text in only)]
    if not found:
        names = "\n  ".join(sorted({each.name for each in handovers()}))
        raise typer.BadParameter(f"no fault has {' or '.join(map(repr, only))} in its name; there are:\n  {names}")
    return found


def _under_faults(plane: ControlPlane, source: Path, faults: Sequence[Handover]) -> int:
    begun = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - begun:6.0f} s  {text}", flush=True)

    prepare(plane, source)
    chosen = [(each, True) for each in faults] + [(each, False) for each in faults if not each.needs_edit]
    done = trials(plane, source, chosen, say)
    print(summary(done))
    return int(any(each.wrong for each in done))


def _upgrade(plane: ControlPlane, source: Path) -> Change:
    before = Operator(plane, source=source)
    with step(print, "installing and starting the operator of before"):
        before.install()
        before.start()
    with step(print, "applying applications and waiting until they are ready"):
        applications = Applications.apply(plane, source)
    applications.quiet()
    state = applications.state()
    before.stop()
    mark = applications.audit.mark()
    after = Operator(plane)
    with step(print, "installing and starting the operator of now"):
        after.install()
        after.start()
    applications.quiet()
    try:
        return applications.change(state, mark)
    finally:
        after.stop()


if __name__ == "__main__":
    typer.run(main)
