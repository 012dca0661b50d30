"""Who applies the tree: this operator, kubectl, helm. Each takes its turn in a namespace of its own."""

import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import yaml

from ailtire_operator.cluster.kinds import DEPLOYMENT
from bench import availability, tree
from bench.comparison import PLANE, Taken
from bench.journal import Journal, Name
from bench.processor import Sampler
from lab import ControlPlane, Operator, binaries, eventually, kubectl
from lab.components import DNS_ADDRESS

_LIMIT_SECONDS = 600.0
_PLUGIN = Path(sys.executable).with_name("kubectl-ailtire")
_PLURALS = {"Ingress": "ingresses", "NetworkPolicy": "networkpolicies"}


@dataclass(frozen=True)
class Bench:
    """What every contender works with."""

    plane: ControlPlane
    operator: Operator
    journal: Journal
    folder: Path
    resource: Path
    """The root AiltireStack."""

    @property
    def manifests(self) -> Path:
        """The same tree as the objects that it becomes, child stacks left out; rendered for the turn's namespace."""
        return self.folder / "manifests.yaml"

    def render(self, namespace: str) -> frozenset[Name]:
        """Write the manifests, as the operator would apply them, and return their names."""
        return names(self.manifests_for(namespace))

    def manifests_for(self, namespace: str) -> list[dict[str, Any]]:
        """Write the manifests for a namespace, as the operator would apply them, and return them."""
        settings = f"AILTIRE_OPERATOR_NAMESERVERS={DNS_ADDRESS}"
        command = ["env", settings, str(_PLUGIN), "render", "--no-stacks", "-n", namespace, str(self.resource)]
        self.manifests.write_text(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        return [each for each in yaml.load_all(self.manifests.read_text(), yaml.CSafeLoader) if each]


class Contender(Protocol):
    """One way to bring the tree into a cluster."""

    name: str
    client: str
    """The program that is run."""
    needs_operator: bool
    """Whether it is this operator."""

    def running(self, bench: Bench) -> AbstractContextManager[Mapping[str, int]]:
        """Have its controller run for as long as the block lasts, and no other; the process ids by program."""

    def wanted(self, manifests: frozenset[Name]) -> frozenset[Name]:
        """The names of the objects that it makes, where the rendered manifests have these."""

    def extra(self) -> int:
        """How many objects of its own it makes beside the tree's."""

    def command(self, bench: Bench, namespace: str) -> list[str]:
        """What to run; the turn begins when it starts."""


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

    def wanted(self, manifests: frozenset[Name]) -> frozenset[Name]:
        """The same."""
        return manifests

    def extra(self) -> int:
        """The child stacks."""
        return tree.stacks() - 1

    def command(self, bench: Bench, namespace: str) -> list[str]:
        """Apply the root."""
        return [str(binaries.path("kubectl")), "apply", "--server-side", "-n", namespace, "-f", str(bench.resource)]


class _Client:
    """One that has no controller, and applies the rendered manifests."""

    needs_operator = False

    @contextmanager
    def running(self, bench: Bench) -> Iterator[Mapping[str, int]]:
        """Nothing, not even the operator: it would watch the others' objects go by."""
        bench.operator.stop()
        yield {}

    def wanted(self, manifests: frozenset[Name]) -> frozenset[Name]:
        """The same."""
        return manifests

    def extra(self) -> int:
        """None."""
        return 0


class Kubectl(_Client):
    """The rendered manifests, as a pipeline applies them."""

    name = "kubectl apply --server-side"
    client = "kubectl"

    def command(self, bench: Bench, namespace: str) -> list[str]:
        """Apply all of them."""
        return [str(binaries.path("kubectl")), "apply", "--server-side", "-n", namespace, "-f", str(bench.manifests)]


class Helm(_Client):
    """The rendered manifests as a chart, with helm's own limit on requests lifted."""

    name = "helm install"
    client = "helm"

    def command(self, bench: Bench, namespace: str) -> list[str]:
        """Install the chart."""
        limits = ["--qps", "1000", "--burst-limit", "2000"]
        return [str(binaries.path("helm")), "install", "bench", str(_chart(bench)), "-n", namespace, *limits]


def _chart(bench: Bench) -> Path:
    chart = bench.folder / "chart"
    (chart / "templates").mkdir(parents=True, exist_ok=True)
    (chart / "Chart.yaml").write_text(yaml.safe_dump({"apiVersion": "v2", "name": "bench", "version": "1.0.0"}))
    (chart / "templates" / "all.yaml").write_text(bench.manifests.read_text().replace("{{", "{{`{{`}}"))
    return chart


def take_turn(bench: Bench, contender: Contender, namespace: str, controllers: Mapping[str, int]) -> Taken:
    """Apply the tree once, with the contender's controllers running; it is left in its namespace."""
    kubectl(bench.plane.kubeconfig, "create", "namespace", namespace)
    eventually(lambda: _settled(bench, namespace), 30, f"namespace {namespace}")
    wanted = contender.wanted(bench.render(namespace))
    command = contender.command(bench, namespace)
    plane = {program: bench.plane.processes[program].pid for program in PLANE}
    with Sampler({**plane, **controllers}) as sampler:
        since, began = bench.journal.end(), time.time()
        done = subprocess.Popen(command, env=_environment(bench), stdout=subprocess.DEVNULL)
        sampler.add(contender.client, done.pid)
        turn = bench.journal.wait(since, namespace, wanted, began, _LIMIT_SECONDS)
        deployments = [each.name for each in wanted if each.resource == DEPLOYMENT.plural]
        available = availability.wait(bench.plane.api, namespace, deployments, began, _LIMIT_SECONDS)
    if done.wait(_LIMIT_SECONDS):
        raise RuntimeError(f"{contender.name} ended with {done.returncode}")
    return Taken(
        turn.seconds,
        sampler.used(turn.last),
        available,
        sampler.used(began + available.last),
        turn.writes,
        len(wanted) + contender.extra(),
    )


def clear(bench: Bench, namespace: str) -> None:
    """Take the namespace away, and wait until nothing of it is left to disturb the next turn."""
    kubectl(bench.plane.kubeconfig, "delete", "namespace", namespace, "--timeout=300s", timeout=310)


def _settled(bench: Bench, namespace: str) -> bool:
    return "default" in kubectl(bench.plane.kubeconfig, "get", "serviceaccounts", "-n", namespace, "-o", "name")


def _environment(bench: Bench) -> dict[str, str]:
    return {"KUBECONFIG": str(bench.plane.kubeconfig), "HOME": str(bench.folder), "PATH": ""}


def names(manifests: Iterable[dict[str, Any]]) -> frozenset[Name]:
    """The manifests, as the audit log will name them."""
    return frozenset(Name(_plural(each["kind"]), each["metadata"]["name"]) for each in manifests)


def _plural(kind: str) -> str:
    return _PLURALS.get(kind, f"{kind.lower()}s")
