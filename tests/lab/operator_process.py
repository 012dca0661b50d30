"""Runs the operator as a process of this machine, under its own service account and no other rights."""

import os
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lab import kubeconfig, manifests
from lab.components import DNS_ADDRESS
from lab.controlplane import ControlPlane
from lab.errors import LabError
from lab.paths import ROOT
from lab.processes import PORT_ATTEMPTS, Process, died, free_ports, memory, port_taken, spawn

_NAME = "operator"
_TOKEN_HOURS = 24 * 365
_READY_SECONDS = 180.0
_ANSWER_SECONDS = 60.0
_STOP_SECONDS = 60.0


Launch = Callable[[Sequence[str], Path, Mapping[str, str], Path], Process]
"""Starts a command with a log, an environment and a folder."""


def arguments(source: Path) -> list[str]:
    """What Python is told to start the operator of a checkout; older ones have no program of their own, but kopf's."""
    own = (source / "operator" / "ailtire_operator" / "__main__.py").exists()
    program = "ailtire_operator" if own else "kopf"
    return ["-m", program, "run", "--standalone", "--all-namespaces", "-m", "ailtire_operator.handlers"]


def environment(kubeconfig: Path, port: int, source: Path = ROOT) -> dict[str, str]:
    """The variables with which an operator of a checkout runs on this machine; with port 0 it serves no pages."""
    return {
        **os.environ,
        "KUBECONFIG": str(kubeconfig),
        "PYTHONPATH": str(source / "operator"),
        "AILTIRE_OPERATOR_METRICS_HOST": "127.0.0.1",
        "AILTIRE_OPERATOR_METRICS_PORT": str(port),
        "AILTIRE_OPERATOR_NAMESERVERS": DNS_ADDRESS,
    }


class Operator:
    """The operator on one control plane. A later session finds the one that an earlier session started."""

    def __init__(
        self,
        plane: ControlPlane,
        env: Mapping[str, str] | None = None,
        source: Path = ROOT,
        launch: Launch = spawn,
    ) -> None:
        self._plane = plane
        self._env = dict(env or {})
        self._source = source
        """The checkout whose manifests are installed and whose code is run."""
        self._launch = launch

    @property
    def log(self) -> Path:
        """Where it writes; every start appends."""
        return self._plane.home / "logs" / f"{_NAME}.log"

    @property
    def kubeconfig(self) -> Path:
        """Its own kubeconfig, with a token of its service account."""
        return self._plane.home / f"{_NAME}.kubeconfig"

    @property
    def url(self) -> str:
        """Where it serves /healthz, /readyz and /metrics."""
        return f"http://127.0.0.1:{self._port_file.read_text()}"

    @property
    def pid(self) -> int:
        """Its process id; 0 while it does not run."""
        process = self._process
        return process.pid if process and process.alive else 0

    @property
    def memory(self) -> float:
        """MiB that it holds in memory. It has to run."""
        return memory(self.pid)

    @property
    def ready(self) -> bool:
        """Whether it runs and says that it is ready."""
        try:
            return bool(self.pid) and bool(self.get("/readyz"))
        except OSError:
            return False

    def get(self, path: str) -> str:
        """Return what it answers to a GET."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{self.url}{path}", timeout=_ANSWER_SECONDS) as answer:
            text: str = answer.read().decode()
        return text or "ok"

    def install(self) -> None:
        """Put CRDs, namespace, account and rights into the cluster, and get a token for the account."""
        manifests.install(self._plane, self._source)
        token = self._plane.kubectl(
            "create", "token", manifests.SERVICE_ACCOUNT, "-n", manifests.NAMESPACE, f"--duration={_TOKEN_HOURS}h"
        )
        kubeconfig.write(self.kubeconfig, self._plane.url, self._plane.ca, token.strip())

    def start(self) -> None:
        """Start it, unless it runs, and wait until it is ready."""
        for _attempt in range(PORT_ATTEMPTS):
            if not self.pid:
                self._spawn()
            if self._became_ready():
                return
            if not port_taken(self.log):
                break
        raise died("the operator", self.log)

    def stop(self) -> None:
        """Ask it to stop, and wait until it did."""
        self._end(_STOP_SECONDS)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self._end(0)

    def restart(self) -> None:
        """Stop it and start it again."""
        self.stop()
        self.start()

    def _became_ready(self) -> bool:
        """Wait until it is ready, or until it ended."""
        deadline = time.monotonic() + _READY_SECONDS
        while not self.ready:
            if not self.pid:
                return False
            if time.monotonic() > deadline:
                raise LabError(f"the operator is not ready after {_READY_SECONDS:.0f} s; see {self.log}")
            time.sleep(0.1)
        return True

    @property
    def _port_file(self) -> Path:
        return self._plane.home / f"{_NAME}.port"

    @property
    def _process(self) -> Process | None:
        return self._plane.processes.get(_NAME)

    def _spawn(self) -> None:
        (port,) = free_ports(1)
        self._port_file.write_text(str(port))
        # The sources of a release before this one may be those to run: they have no program of their own.
        command = [sys.executable, *arguments(self._source)]
        variables = environment(kubeconfig.require_lab(self.kubeconfig), port, self._source) | self._env
        process = self._launch(command, self.log, variables, self._source)
        self._plane.accompany(_NAME, process)

    def _end(self, grace: float) -> None:
        if process := self._process:
            process.stop(grace)
