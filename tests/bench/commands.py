"""``python -m bench.commands``: how long commands take from their start, beside ``kubectl get`` in the same run."""

import json
import subprocess
import sys
import time
from statistics import median
from typing import Annotated, Final

import typer

from ailtire_operator import naming
from lab import ControlPlane, binaries, manifests, sessions
from lab.client import environment, kubectl_path
from lab.paths import ROOT
from support.kube.trees import tree

_PROGRAM: Final = "from ailtire_operator.cli import main; main()"


def main(
    runs: Annotated[int, typer.Option(help="How often each is run, in turns.", min=1)] = 15,
    beside: Annotated[str | None, typer.Option(help="A folder with another release's source, in the same run.")] = None,
) -> None:
    """Print the medians in seconds."""
    binaries.ensure(tell=print)
    plane = ControlPlane(sessions.new_home("commands"))
    try:
        plane.start()
        manifests.install(plane)
        metadata = {"name": "shop", "namespace": "default"}
        shop = {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": metadata, "spec": tree()}
        plane.kubectl("apply", "-f", "-", stdin=json.dumps(shop))
        _measure(plane, runs, beside)
    finally:
        plane.stop()


def _measure(plane: ControlPlane, runs: int, beside: str | None) -> None:
    variables = environment(plane.kubeconfig)
    own = str(ROOT / "operator")
    commands = {"kubectl get ailtirestacks": [str(kubectl_path()), "get", naming.PLURAL, "-n", "default"]}
    for source in filter(None, (own, beside)):
        # Also the folder of an editable installation is on the path, behind this one.
        program = [sys.executable, "-c", f"import sys; sys.path.insert(0, {source!r}); {_PROGRAM}"]
        mark = "" if source == own else ", the other"
        commands[f"kubectl ailtire --help{mark}"] = [*program, "--help"]
        commands[f"kubectl ailtire tree shop{mark}"] = [*program, "tree", "shop", "-n", "default"]
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(runs + 1):
        for name, command in commands.items():
            begun = time.monotonic()
            subprocess.run(command, env=variables, check=True, stdout=subprocess.DEVNULL)
            if number:  # the first reads the files from disk
                taken[name].append(time.monotonic() - begun)
    for name, seconds in taken.items():
        print(f"{name:<40}{median(seconds):.2f} s")


if __name__ == "__main__":
    typer.run(main)
