"""``python -m bench``: prints seconds, processor time, ratios and writes per object, from one run."""

import os
import platform
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from ailtire_operator.printable import plural
from bench import kro, kro_controller, tree
from bench.comparison import PLANE, Comparison, Comparisons, Taken
from bench.contenders import Bench, Contender, Helm, Kubectl, Ours, clear, take_turn
from bench.journal import Journal
from bench.kro_controller import Kro
from bench.results import write_results
from lab import Operator, ailtire, binaries, sessions
from lab.versions import HELM, KRO, PROGRAMS

_OPERATOR_USER = "system:serviceaccount:ailtire-system:ailtire-operator"
_QUIET_SECONDS = 5.0
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")


def main(
    rounds: Annotated[int, typer.Option(help="Turns of each contender.", min=1)] = 3,
    trees: Annotated[list[int], typer.Option(help="Trees that are applied at once; may be given again.")] = [1],  # noqa: B006
    one_gateway: Annotated[
        bool, typer.Option(help="One gateway for a tree, not one for each stack; without kro.")
    ] = False,
    kro_default: Annotated[bool, typer.Option(help="Have kro take turns with its default limits, too.")] = False,
    output: Annotated[Path | None, typer.Option(help="Write the figures as JSON to this file, too.")] = None,
) -> None:
    """Apply trees of about a hundred stacks by this operator, by kubectl, helm and kro, in turn, and compare.

    Exit code 1 where kubectl, the control, took more than a quarter longer in one round than in another.
    """
    with sessions.of_program("bench", tell=print) as plane, TemporaryDirectory() as folder:
        binaries.ensure([HELM, KRO], tell=print)
        operator = Operator(plane)
        operator.install()
        bench = Bench(plane, operator, Journal(plane.audit_log), Path(folder), one_gateway)
        contenders: list[Contender] = [Ours(), Kubectl(), Helm()]
        if not one_gateway:  # kro would take the braces of the gateway's tables for expressions of its own
            contenders += _kro(bench, with_default=kro_default)
        found = Comparisons([_run(bench, contenders, rounds, count) for count in trees])
        operator.stop()
    write_results(found, 170, output)
    if drifted := found.drifted(Kubectl.name):
        print(f"These figures compare nothing, as {Kubectl.name} was not as fast in all rounds: {'; '.join(drifted)}")
        raise typer.Exit(1)


def _kro(bench: Bench, with_default: bool) -> list[Contender]:
    """With higher limits, and with its own; both need its definitions."""
    found = kro.definitions(bench.manifests(kro.NAMESPACE), tree.NAME)
    kro_controller.install(bench)
    tuned = Kro("kro, tuned", found, kro_controller.TUNED)
    return [tuned, Kro("kro, defaults", found)] if with_default else [tuned]


def _run(bench: Bench, contenders: Sequence[Contender], rounds: int, trees: int) -> Comparison:
    stacks = trees * tree.stacks()
    objects = trees * len(bench.manifests(kro.NAMESPACE))
    size = f"{plural(trees, 'tree')}, {stacks} stacks, {stacks * tree.SERVICES_PER_STACK} services, {objects} objects"
    found = Comparison(size, _machine(), _versions(), os.getloadavg()[0])
    print(f"{size}; {found.machine}")
    for number in range(rounds):
        for contender in contenders:
            start = f"bench-{trees}-{number}-{_NOT_IN_NAMES.sub('-', contender.name)}".rstrip("-")
            namespaces = [f"{start}-{each}" for each in range(trees)]
            with contender.running(bench) as controllers:
                turn = _take_turn(bench, contender, namespaces, controllers, found)
            found.turns.setdefault(contender.name, []).append(turn)
            print(f"round {number + 1}: {contender.name}: {turn}")
    found.load_after = os.getloadavg()[0]
    return found


def _take_turn(
    bench: Bench,
    contender: Contender,
    namespaces: Sequence[str],
    controllers: Mapping[str, int],
    found: Comparison,
) -> Taken:
    turn = take_turn(bench, contender, namespaces, controllers)
    if contender.needs_operator:
        found.operator_memory = max(found.operator_memory, bench.operator.memory)
        _report_quiet(bench, namespaces)
    return replace(turn, removal=clear(bench, namespaces))


def _report_quiet(bench: Bench, namespaces: Sequence[str]) -> None:
    """Once the trees are Ready nothing more is written."""
    for each in namespaces:
        ailtire(bench.plane.kubeconfig, "wait", tree.NAME, "-n", each, "--timeout", "300s", timeout=310)
    since = bench.journal.end()
    time.sleep(_QUIET_SECONDS)
    written = bench.journal.writes(since, namespaces, _OPERATOR_USER)
    print(f"  Ready; writes of the operator in the {_QUIET_SECONDS:.0f} s after that: {written}")


def _machine() -> str:
    return f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, {platform.machine()}"


def _versions() -> dict[str, str]:
    programs = (*(PROGRAMS[name] for name in PLANE), PROGRAMS["kubectl"], HELM, KRO)
    return {"Python": platform.python_version(), **{program.name: program.version for program in programs}}


if __name__ == "__main__":
    typer.run(main)
