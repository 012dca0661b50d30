"""``python -m upgrade COMMIT``: replaces the operator of a commit by this checkout's, while trees run."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from lab import ControlPlane, Operator, binaries, sessions
from lab.report import step
from lab.versions import CONTROL_PLANE
from upgrade.checkout import extract
from upgrade.running import Applications, Change


def main(commit: Annotated[str, typer.Argument(help="A tag or commit of this repository, which ran before.")]) -> None:
    """Exit code 1 where a pod restarted, or where anything but the status of a stack was written."""
    binaries.ensure(CONTROL_PLANE, tell=print)
    sessions.clear_abandoned()
    plane = ControlPlane(sessions.new_home("upgrade"))
    try:
        with TemporaryDirectory() as folder:
            change = _upgrade(plane, extract(commit, Path(folder)))
    finally:
        plane.stop()
    print(*change.lines(), sep="\n")
    raise typer.Exit(int(not change.is_harmless))


def _upgrade(plane: ControlPlane, source: Path) -> Change:
    with step(print, "starting a Kubernetes control plane"):
        plane.start()
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
