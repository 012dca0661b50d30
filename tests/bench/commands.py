"""``python -m bench.commands``: how long commands take from their start, beside ``kubectl get`` in the same run.

Each round runs every command once, one after the other, so that what else the machine does meets all of them alike.
What counts are the ratios, each of a command to the ``kubectl get`` of its own round, and the processor time.
"""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Annotated, Final

import typer

from ailtire_operator import naming
from lab import manifests, sessions
from lab.client import environment, kubectl_path
from lab.paths import ROOT
from support.kube.trees import tree

_MAIN: Final = "from ailtire_operator.cli import main; main()"
_COMPLETE: Final = "from ailtire_operator.cli import complete; complete()"
"""What the executables kubectl-ailtire and kubectl_complete-ailtire do."""
_REFERENCE: Final = f"kubectl get {naming.PLURAL}"


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run of a command took."""

    seconds: float
    processor: float
    """Seconds of processor time, its child processes included."""


def main(
    runs: Annotated[int, typer.Option(help="How often each is run, in turns.", min=1)] = 15,
    beside: Annotated[str | None, typer.Option(help="A folder with another release's source, in the same run.")] = None,
) -> None:
    """Print the medians in seconds, and the medians of the ratios to kubectl get."""
    with sessions.of_program("commands", tell=print) as plane:
        manifests.install(plane)
        metadata = {"name": "shop", "namespace": "default"}
        shop = {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": metadata, "spec": tree()}
        plane.kubectl("apply", "-f", "-", stdin=json.dumps(shop))
        costs = _measure(_commands(beside), environment(plane.kubeconfig), runs)
    print(f"{time.strftime('%Y-%m-%d')}, {runs} rounds, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f},"
          f" Python {platform.python_version()}")  # fmt: skip
    for line in table(costs):
        print(line)


def _commands(beside: str | None) -> dict[str, list[str]]:
    kubectl = str(kubectl_path())
    commands = {
        _REFERENCE: [kubectl, "get", naming.PLURAL, "-n", "default"],
        f"TAB after {_REFERENCE}": [kubectl, "__complete", "get", naming.PLURAL, "-n", "default", ""],
    }
    own = str(ROOT / "operator")
    for source in filter(None, (own, beside)):
        # Also the folder of an editable installation is on the path, behind this one.
        start = [sys.executable, "-c", f"import sys; sys.path.insert(0, {source!r}); "]
        mark = "" if source == own else ", the other"
        for name, program, arguments in (
            ("kubectl ailtire --help", _MAIN, ["--help"]),
            ("kubectl ailtire tree shop", _MAIN, ["tree", "shop", "-n", "default"]),
            ("TAB after kubectl ailtire", _COMPLETE, [""]),
            ("TAB after kubectl ailtire tree", _COMPLETE, ["tree", ""]),
        ):
            commands[f"{name}{mark}"] = [*start[:2], start[2] + program, *arguments]
    return commands


def _measure(commands: Mapping[str, list[str]], variables: Mapping[str, str], runs: int) -> dict[str, list[Cost]]:
    taken: dict[str, list[Cost]] = {name: [] for name in commands}
    for number in range(runs + 1):
        for name, command in commands.items():
            cost = _run(command, variables)
            if number:  # the first reads the files from disk
                taken[name].append(cost)
    return taken


def _run(command: list[str], variables: Mapping[str, str]) -> Cost:
    begun, before = time.monotonic(), os.times()
    subprocess.run(command, env=variables, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = os.times()
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(time.monotonic() - begun, processor)


def table(costs: Mapping[str, Sequence[Cost]]) -> list[str]:
    """A line for each command: medians, and the medians of what it took beside the first one in the same round."""
    reference = next(iter(costs.values()))
    lines = [f"{'':<40}{'seconds':>9}{'times':>8}{'processor':>11}{'times':>8}"]
    for name, found in costs.items():
        pairs = list(zip(found, reference, strict=True))
        times = median(each.seconds / other.seconds for each, other in pairs)
        # The kernel counts hundredths: a command that took less has taken one.
        spent = median(max(each.processor, 0.01) / max(other.processor, 0.01) for each, other in pairs)
        seconds, processor = median(each.seconds for each in found), median(each.processor for each in found)
        lines.append(f"{name:<40}{seconds:>9.2f}{times:>8.1f}{processor:>11.2f}{spent:>8.1f}")
    return lines


if __name__ == "__main__":
    typer.run(main)
