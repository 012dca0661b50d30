"""``python -m bench``: prints seconds, processor time, ratios and writes per object, from one run."""

import os
import platform
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
import yaml

from bench import kro, kro_controller, tree
from bench.comparison import PLANE, Comparison
from bench.contenders import Bench, Contender, Helm, Kubectl, Ours, clear, take_turn
from bench.journal import Journal
from bench.kro_controller import Kro
from bench.results import write_results
from lab import ControlPlane, Operator, ailtire, binaries, sessions
from lab.versions import HELM, KRO, PROGRAMS

_OPERATOR_USER = "system:serviceaccount:ailtire-system:ailtire-operator"
_QUIET_SECONDS = 5.0
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")


def main(
    rounds: Annotated[int, typer.Option(help="Turns of each contender.", min=1)] = 3,
    kro_default: Annotated[bool, typer.Option(help="Have kro take turns with its default limits, too.")] = False,
    output: Annotated[Path | None, typer.Option(help="Write the figures as JSON to this file, too.")] = None,
) -> None:
    """Apply a tree of about a hundred stacks by this operator, by kubectl, helm and kro, in turn, and compare."""
    with sessions.of_program("bench", tell=print) as plane, TemporaryDirectory() as folder:
        binaries.ensure([HELM, KRO], tell=print)
        operator = Operator(plane)
        operator.install()
        bench = _prepare(plane, operator, Path(folder))
        contenders: list[Contender] = [Ours(), Kubectl(), Helm(), *_kro(bench, with_default=kro_default)]
        found = _run(bench, contenders, rounds)
        operator.stop()
    write_results(found, 170, output)


def _prepare(plane: ControlPlane, operator: Operator, folder: Path) -> Bench:
    resource = folder / "root.yaml"
    resource.write_text(yaml.safe_dump(tree.application(tree.NAME)))
    return Bench(plane, operator, Journal(plane.audit_log), folder, resource)


def _kro(bench: Bench, with_default: bool) -> list[Contender]:
    """With higher limits, and with its own; both need its definitions."""
    found = kro.definitions(bench.manifests_for(kro.NAMESPACE), tree.NAME)
    kro_controller.install(bench)
    tuned = Kro("kro, tuned", found, kro_controller.TUNED)
    return [tuned, Kro("kro, defaults", found)] if with_default else [tuned]


def _run(bench: Bench, contenders: Sequence[Contender], rounds: int) -> Comparison:
    services = tree.stacks() * tree.SERVICES_PER_STACK
    objects = len(bench.render("bench"))
    size = f"{tree.stacks()} stacks, {services} services, {objects} objects"
    found = Comparison(size, _machine(), _versions(), os.getloadavg()[0])
    print(f"{size}; {found.machine}")
    for number in range(rounds):
        for contender in contenders:
            with contender.running(bench) as controllers:
                _take_turn(bench, contender, number, controllers, found)
    found.load_after = os.getloadavg()[0]
    return found


def _take_turn(
    bench: Bench, contender: Contender, number: int, controllers: Mapping[str, int], found: Comparison
) -> None:
    namespace = f"bench-{number}-{_NOT_IN_NAMES.sub('-', contender.name)}".rstrip("-")
    turn = take_turn(bench, contender, namespace, controllers)
    found.turns.setdefault(contender.name, []).append(turn)
    print(f"round {number + 1}: {contender.name}: {turn.seconds:.1f} s, {turn.processor_sum:.1f} s of processor"
          f" time, {turn.writes} writes; all available after {turn.available.last:.0f} s")  # fmt: skip
    if contender.needs_operator:
        found.operator_memory = max(found.operator_memory, bench.operator.memory)
        _report_quiet(bench, namespace)
    clear(bench, namespace)


def _report_quiet(bench: Bench, namespace: str) -> None:
    """Once the tree is Ready nothing more is written."""
    ailtire(bench.plane.kubeconfig, "wait", tree.NAME, "-n", namespace, "--timeout", "300s", timeout=310)
    since = bench.journal.end()
    time.sleep(_QUIET_SECONDS)
    written = bench.journal.writes(since, namespace, _OPERATOR_USER)
    print(f"  Ready; writes of the operator in the {_QUIET_SECONDS:.0f} s after that: {written}")


def _machine() -> str:
    return f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, {platform.machine()}"


def _versions() -> dict[str, str]:
    programs = (*(PROGRAMS[name] for name in PLANE), PROGRAMS["kubectl"], HELM, KRO)
    return {"Python": platform.python_version(), **{program.name: program.version for program in programs}}


if __name__ == "__main__":
    typer.run(main)
