"""``python -m bench``: prints seconds, ratios, writes per object and the operator's memory, from one run."""

import json
import os
import platform
import subprocess
import time
from collections import defaultdict
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
import yaml
from rich.console import Console
from rich.table import Table

from bench import tree
from bench.contenders import Bench, Contender, Helm, Kubectl, Ours, clear, take_turn
from bench.journal import Journal, Turn
from lab import ControlPlane, Operator, ailtire, binaries, sessions
from lab.versions import HELM

_OPERATOR_USER = "system:serviceaccount:ailtire-system:ailtire-operator"
_QUIET_SECONDS = 5.0
_CONTENDERS: tuple[Contender, ...] = (Ours(), Kubectl(), Helm())


def main(rounds: Annotated[int, typer.Option(help="Turns of each contender.", min=1)] = 3) -> None:
    """Apply a tree of about a hundred stacks by this operator, by kubectl and by helm, in turn, and compare."""
    with sessions.of_program("bench", tell=print) as plane, TemporaryDirectory() as folder:
        binaries.ensure([HELM], tell=print)
        operator = Operator(plane)
        operator.install()
        _run(_prepare(plane, operator, Path(folder)), rounds)
        operator.stop()


def _prepare(plane: ControlPlane, operator: Operator, folder: Path) -> Bench:
    resource = folder / "root.yaml"
    resource.write_text(yaml.safe_dump(tree.application("bench")))
    return Bench(plane, operator, Journal(plane.audit_log), folder, resource)


def _run(bench: Bench, rounds: int) -> None:
    console = Console()
    services = tree.stacks() * tree.SERVICES_PER_STACK
    objects = len(bench.render("bench"))
    size = f"{tree.stacks()} stacks, {services} services, {objects} objects"
    console.print(f"{size}; {_machine()}", style="bold")
    turns: dict[str, list[Turn]] = defaultdict(list)
    memory = 0.0
    for number in range(rounds):
        for contender in _CONTENDERS:
            namespace = f"bench-{number}-{len(turns[contender.name])}-{contender.name.split()[0]}"
            turn = take_turn(bench, contender, namespace)
            turns[contender.name].append(turn)
            console.print(f"round {number + 1}: {contender.name}: {turn.seconds:.1f} s, {turn.writes} writes")
            if contender.needs_operator:
                memory = max(memory, bench.operator.memory)
                _report_quiet(bench, console, namespace)
            clear(bench, namespace)
    console.print(_table(turns, objects + tree.stacks() - 1))
    console.print(f"operator: {memory:.0f} MiB resident at the most; load average {os.getloadavg()[0]:.1f}")


def _report_quiet(bench: Bench, console: Console, namespace: str) -> None:
    """Once the tree is Ready nothing more is written."""
    ailtire(bench.plane.kubeconfig, "wait", "bench", "-n", namespace, "--timeout", "300s", timeout=310)
    since = bench.journal.end()
    time.sleep(_QUIET_SECONDS)
    written = bench.journal.writes(since, namespace, _OPERATOR_USER)
    console.print(f"  Ready; writes of the operator in the {_QUIET_SECONDS:.0f} s after that: {written}")


def _table(turns: dict[str, list[Turn]], objects: int) -> Table:
    """Median seconds, their ratio to ours, and writes per object (the operator's include its child stacks)."""
    ours = median(turn.seconds for turn in turns[_CONTENDERS[0].name])
    table = Table("contender", "seconds (median)", "min - max", "ours / theirs", "writes per object")
    for name, taken in turns.items():
        seconds = [turn.seconds for turn in taken]
        writes = median(turn.writes for turn in taken) / objects
        spread = f"{min(seconds):.1f} - {max(seconds):.1f}"
        table.add_row(name, f"{median(seconds):.1f}", spread, f"{ours / median(seconds):.2f}", f"{writes:.2f}")
    return table


def _machine() -> str:
    versions = [json.loads(subprocess.check_output([binaries.path("kubectl"), "version", "--client", "-o", "json"]))]
    return f"{os.cpu_count()} cores, {platform.machine()}, Kubernetes {versions[0]['clientVersion']['gitVersion']}"


if __name__ == "__main__":
    typer.run(main)
