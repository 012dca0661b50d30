"""kro's controller as a contender: a process of this machine beside the control plane, as its administrator."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import urllib3
import yaml

from bench import kro, tree
from bench.contenders import Bench, names, server_side_apply
from bench.journal import Name
from lab import binaries, kubectl
from lab.client import environment
from lab.processes import Process, free_ports, spawn, until_up
from lab.versions import KRO
from support.kube import module_definitions

TUNED: Final = (
    "--dynamic-controller-concurrent-reconciles=32",
    "--dynamic-controller-rate-limiter-rate-limit=10000",
    "--dynamic-controller-rate-limiter-burst-limit=10000",
    "--dynamic-controller-rate-limiter-min-delay=20ms",
    "--instance-requeue-interval=200ms",
    "--client-qps=1000",
    "--client-burst=2000",
)
"""Each of its limits raised so far that it does not wait for itself; requests as helm's."""
_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 20.0
_REST_SECONDS: Final = 5.0
"""After the definitions are active, until their informers have listed what there is."""


def install(bench: Bench) -> None:
    """Put kro's own CRDs into the cluster, from its module."""
    module_definitions.install(bench.plane.kubeconfig, "helm/crds", KRO)


class Kro:
    """One instance of the definitions for each tree; they are active before the turn begins."""

    client = "kubectl"
    needs_operator = False

    def __init__(self, name: str, definitions: Sequence[dict[str, Any]], options: Sequence[str] = ()) -> None:
        self.name = name
        self._definitions = definitions
        self._options = options

    @contextmanager
    def running(self, bench: Bench) -> Iterator[Mapping[str, int]]:
        """Its controller, until the instances are gone: it has finalizers on them."""
        bench.operator.stop()
        process = self._start(bench)
        try:
            for definition in self._definitions:
                _activate(bench, definition)
            time.sleep(_REST_SECONDS)
            yield {"kro": process.pid}
        finally:
            process.stop(_STOP_SECONDS)

    def wanted(self, bench: Bench, namespace: str) -> frozenset[Name]:
        """As many, some with other names."""
        found, others = names(namespace, kro.objects(self._definitions, tree.NAME)), bench.manifests(namespace)
        if len(found) != len(others):
            raise ValueError(f"kro makes {len(found)} objects, and the others {len(others)}")
        return found

    def extra(self) -> int:
        """The instances below a root's."""
        return tree.stacks() - 1

    def commands(self, bench: Bench, namespaces: Sequence[str]) -> list[list[str]]:
        """Apply the roots' instances."""
        return [server_side_apply([_instance(bench, each) for each in namespaces])]

    def _start(self, bench: Bench) -> Process:
        metrics, health = free_ports(2)
        addresses = (f"--metrics-bind-address=127.0.0.1:{metrics}", f"--health-probe-bind-address=127.0.0.1:{health}")
        log = bench.plane.home / "logs" / "kro.log"
        command = [str(binaries.path(KRO.name)), *addresses, "--zap-log-level=error", *self._options]
        process = spawn(command, log, environment(bench.plane.kubeconfig))
        bench.plane.accompany(KRO.name, process)
        until_up(process, KRO.name, log, lambda: _answers(health), _START_SECONDS)
        return process


def _instance(bench: Bench, namespace: str) -> Path:
    path = bench.folder / f"{namespace}-instance.yaml"
    path.write_text(yaml.safe_dump(kro.instance(tree.NAME, namespace)))
    return path


def _activate(bench: Bench, definition: Mapping[str, Any]) -> None:
    path = bench.folder / "definition.yaml"
    path.write_text(yaml.safe_dump(definition))
    kubectl(bench.plane.kubeconfig, "apply", "--server-side", "-f", str(path))
    name = f"resourcegraphdefinitions.kro.run/{definition['metadata']['name']}"
    active = ("wait", name, "--for=jsonpath={.status.state}=Active", "--timeout=60s")
    kubectl(bench.plane.kubeconfig, *active)


def _answers(port: int) -> bool:
    try:
        return urllib3.request("GET", f"http://127.0.0.1:{port}/readyz", retries=False, timeout=5).status == 200
    except urllib3.exceptions.HTTPError:
        return False
