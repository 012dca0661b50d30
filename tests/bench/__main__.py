"""``python -m bench``: prints seconds, processor time, ratios and writes per object, from one run."""

import os
import platform
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
import yaml

from bench import tree
from bench.comparison import PLANE, Comparison
from bench.contenders import Bench, Contender, Helm, Kubectl, Ours, clear, take_turn
from bench.journal import Journal
from bench.results import write_results
from lab import ControlPlane, Operator, ailtire, binaries, sessions
from lab.versions import HELM, PROGRAMS

_OPERATOR_USER = "system:serviceaccount:ailtire-system:ailtire-operator"
_QUIET_SECONDS = 5.0
_CONTENDERS: tuple[Contender, ...] = (Ours(), Kubectl(), Helm())


def main(
    rounds: Annotated[int, typer.Option(help="Turns of each contender.", min=1)] = 3,
    output: Annotated[Path | None, typer.Option(help="Write the figures as JSON to this file, too.")] = None,
) -> None:
    """Apply a tree of about a hundred stacks by this operator, by kubectl and by helm, in turn, and compare."""
    with sessions.of_program("bench", tell=print) as plane, TemporaryDirectory() as folder:
        binaries.ensure([HELM], tell=print)
        operator = Operator(plane)
        operator.install()
        found = _run(_prepare(plane, operator, Path(folder)), rounds)
        operator.stop()
    write_results(found, 170, output)


def _prepare(plane: ControlPlane, operator: Operator, folder: Path) -> Bench:
    resource = folder / "root.yaml"
    resource.write_text(yaml.safe_dump(tree.application("bench")))
    return Bench(plane, operator, Journal(plane.audit_log), folder, resource)


def _run(bench: Bench, rounds: int) -> Comparison:
    services = tree.stacks() * tree.SERVICES_PER_STACK
    objects = len(bench.render("bench"))
    size = f"{tree.stacks()} stacks, {services} services, {objects} objects"
    found = Comparison(size, _machine(), _versions(), os.getloadavg()[0])
    print(f"{size}; {found.machine}")
    for number in range(rounds):
        for contender in _CONTENDERS:
            namespace = f"bench-{number}-{contender.name.split()[0]}"
            turn = take_turn(bench, contender, namespace)
            found.turns.setdefault(contender.name, []).append(turn)
            print(f"round {number + 1}: {contender.name}: {turn.seconds:.1f} s, {turn.processor_sum:.1f} s of processor"
                  f" time, {turn.writes} writes")  # fmt: skip
            if contender.needs_operator:
                found.operator_memory = max(found.operator_memory, bench.operator.memory)
                _report_quiet(bench, namespace)
            clear(bench, namespace)
    found.load_after = os.getloadavg()[0]
    return found


def _report_quiet(bench: Bench, namespace: str) -> None:
    """Once the tree is Ready nothing more is written."""
    ailtire(bench.plane.kubeconfig, "wait", "bench", "-n", namespace, "--timeout", "300s", timeout=310)
    since = bench.journal.end()
    time.sleep(_QUIET_SECONDS)
    written = bench.journal.writes(since, namespace, _OPERATOR_USER)
    print(f"  Ready; writes of the operator in the {_QUIET_SECONDS:.0f} s after that: {written}")


def _machine() -> str:
    return f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, {platform.machine()}"


def _versions() -> dict[str, str]:
    programs = (*(PROGRAMS[name] for name in PLANE), PROGRAMS["kubectl"], HELM)
    return {"Python": platform.python_version(), **{program.name: program.version for program in programs}}


if __name__ == "__main__":
    typer.run(main)
