"""Who applies the trees: this operator, kubectl, helm. Each takes its turn, with a namespace for each tree."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import yaml

from ailtire_operator.cluster.kinds import DEPLOYMENT
from bench import availability, tree
from bench.comparison import PLANE, Taken
from bench.journal import Journal, Name
from bench.processor import Sampler, wait_for_rest
from lab import ControlPlane, Operator, binaries, eventually, kubectl
from lab.components import DNS_ADDRESS
from support.background import Background

_LIMIT_SECONDS = 600.0
"""For each tree."""
_REST_LIMIT_SECONDS = 300.0
_PLUGIN = Path(sys.executable).with_name("kubectl-ailtire")
_PLURALS = {"Ingress": "ingresses", "NetworkPolicy": "networkpolicies"}


@dataclass(frozen=True)
class Bench:
    """What every contender works with. Each tree has a namespace of its own."""

    plane: ControlPlane
    operator: Operator
    journal: Journal
    folder: Path
    one_gateway: bool = False
    """Whether one gateway serves a whole tree."""

    def resource(self, namespace: str) -> Path:
        """Write the root AiltireStack of a namespace."""
        path = self.folder / f"{namespace}.yaml"
        path.write_text(yaml.safe_dump(tree.application(namespace, one_gateway=self.one_gateway)))
        return path

    def manifests(self, namespace: str) -> list[dict[str, Any]]:
        """The same tree as the objects that it becomes, child stacks left out, as the operator would apply them."""
        return [each for each in yaml.load_all(self.manifests_file(namespace).read_text(), yaml.CSafeLoader) if each]

    def manifests_file(self, namespace: str) -> Path:
        """Where they are written."""
        path = self.folder / f"{namespace}-manifests.yaml"
        if not path.exists():
            settings = f"AILTIRE_OPERATOR_NAMESERVERS={DNS_ADDRESS}"
            file = str(self.resource(namespace))
            command = ["env", settings, str(_PLUGIN), "render", "--no-stacks", "-n", namespace, file]
            path.write_text(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        return path


class Contender(Protocol):
    """One way to bring the tree into a cluster."""

    name: str
    client: str
    """The program that is run."""
    needs_operator: bool
    """Whether it is this operator."""

    def running(self, bench: Bench) -> AbstractContextManager[Mapping[str, int]]:
        """Have its controller run for as long as the block lasts, and no other; the process ids by program."""

    def wanted(self, bench: Bench, namespace: str) -> frozenset[Name]:
        """The names of the objects that it makes there."""

    def extra(self) -> int:
        """How many objects of its own it makes beside a tree's."""

    def commands(self, bench: Bench, namespaces: Sequence[str]) -> list[list[str]]:
        """What to run, one after the other; the turn begins when the first one starts."""


class Ours:
    """One AiltireStack, and the operator."""

    name = "ailtire-operator"
    client = "kubectl"
    needs_operator = True

    @contextmanager
    def running(self, bench: Bench) -> Iterator[Mapping[str, int]]:
        """The operator, which the others stop."""
        bench.operator.start()
        yield {"operator": bench.operator.pid}

    def wanted(self, bench: Bench, namespace: str) -> frozenset[Name]:
        """What is rendered."""
        return names(namespace, bench.manifests(namespace))

    def extra(self) -> int:
        """The child stacks."""
        return tree.stacks() - 1

    def commands(self, bench: Bench, namespaces: Sequence[str]) -> list[list[str]]:
        """Apply the roots."""
        return [server_side_apply(bench.resource(each) for each in namespaces)]


class _Client:
    """One that has no controller, and applies the rendered manifests."""

    needs_operator = False

    @contextmanager
    def running(self, bench: Bench) -> Iterator[Mapping[str, int]]:
        """Nothing, not even the operator: it would watch the others' objects go by."""
        bench.operator.stop()
        yield {}

    def wanted(self, bench: Bench, namespace: str) -> frozenset[Name]:
        """What is rendered."""
        return names(namespace, bench.manifests(namespace))

    def extra(self) -> int:
        """None."""
        return 0


class Kubectl(_Client):
    """The rendered manifests, as a pipeline applies them."""

    name = "kubectl apply --server-side"
    client = "kubectl"

    def commands(self, bench: Bench, namespaces: Sequence[str]) -> list[list[str]]:
        """Apply all of them."""
        return [server_side_apply(bench.manifests_file(each) for each in namespaces)]


class Helm(_Client):
    """The rendered manifests as a chart for each tree, with helm's own limit on requests lifted."""

    name = "helm install"
    client = "helm"

    def commands(self, bench: Bench, namespaces: Sequence[str]) -> list[list[str]]:
        """Install a chart in each namespace: a release has no room for many trees."""
        limits = ["--qps", "1000", "--burst-limit", "2000"]
        helm = str(binaries.path("helm"))
        return [[helm, "install", "bench", str(_chart(bench, each)), "-n", each, *limits] for each in namespaces]


def server_side_apply(files: Iterable[Path]) -> list[str]:
    """One kubectl for all files, as long as it takes."""
    return [str(binaries.path("kubectl")), "apply", "--server-side", *(f"--filename={each}" for each in files)]


def _chart(bench: Bench, namespace: str) -> Path:
    chart = bench.folder / f"{namespace}-chart"
    (chart / "templates").mkdir(parents=True, exist_ok=True)
    (chart / "Chart.yaml").write_text(yaml.safe_dump({"apiVersion": "v2", "name": "bench", "version": "1.0.0"}))
    (chart / "templates" / "all.yaml").write_text(bench.manifests_file(namespace).read_text().replace("{{", "{{`{{`}}"))
    return chart


def take_turn(bench: Bench, contender: Contender, namespaces: Sequence[str], controllers: Mapping[str, int]) -> Taken:
    """Apply a tree in each namespace once, with the contender's controllers running; they are left there."""
    for each in namespaces:
        kubectl(bench.plane.kubeconfig, "create", "namespace", each)
    for each in namespaces:
        eventually(partial(_settled, bench, each), 30, f"namespace {each}")
    wanted = {each: contender.wanted(bench, each) for each in namespaces}
    commands = contender.commands(bench, namespaces)
    plane = {program: bench.plane.processes[program].pid for program in PLANE}
    wait_for_rest(plane.values(), _REST_LIMIT_SECONDS)
    with Sampler({**plane, **controllers}) as sampler:
        since, began, limit = bench.journal.end(), time.time(), _LIMIT_SECONDS * len(namespaces)
        with _Commands(commands, _environment(bench), partial(sampler.add, contender.client)) as running:
            turn = bench.journal.wait(since, frozenset().union(*wanted.values()), began, limit)
            available = availability.wait(bench.plane.api, _deployments(wanted), began, limit)
        if running.problem:
            raise RuntimeError(f"{contender.name}: {running.problem}")
    return Taken(
        turn.seconds,
        sampler.used(turn.last),
        available,
        sampler.used(began + available.last),
        turn.writes,
        sum(len(names) + contender.extra() for names in wanted.values()),
    )


class _Commands(Background):
    """Runs commands one after the other, until one fails, and says which processes these are."""

    def __init__(self, commands: Sequence[list[str]], environment: Mapping[str, str], follow: Callable[[int], None]):
        super().__init__()
        self.problem = ""
        self._commands = commands
        self._environment = environment
        self._follow = follow

    def _run(self) -> None:
        for command in self._commands:
            process = subprocess.Popen(command, env=self._environment, stdout=subprocess.DEVNULL)
            self._follow(process.pid)
            if code := process.wait():
                self.problem = f"{Path(command[0]).name} ended with {code}"
                return


def _deployments(wanted: Mapping[str, Iterable[Name]]) -> dict[str, list[str]]:
    return {
        namespace: [each.name for each in found if each.resource == DEPLOYMENT.plural]
        for namespace, found in wanted.items()
    }


def clear(bench: Bench, namespaces: Sequence[str]) -> float:
    """Take the namespaces away, and wait until nothing of them is left to disturb the next turn; returns seconds."""
    began = time.time()
    kubectl(bench.plane.kubeconfig, "delete", "namespace", *namespaces, "--timeout=1200s", timeout=1210)
    return time.time() - began


def _settled(bench: Bench, namespace: str) -> bool:
    return "default" in kubectl(bench.plane.kubeconfig, "get", "serviceaccounts", "-n", namespace, "-o", "name")


def _environment(bench: Bench) -> dict[str, str]:
    return {"KUBECONFIG": str(bench.plane.kubeconfig), "HOME": str(bench.folder), "PATH": ""}


def names(namespace: str, manifests: Iterable[dict[str, Any]]) -> frozenset[Name]:
    """The manifests, as the audit log will name them in a namespace."""
    return frozenset(Name(namespace, _plural(each["kind"]), each["metadata"]["name"]) for each in manifests)


def _plural(kind: str) -> str:
    return _PLURALS.get(kind, f"{kind.lower()}s")
