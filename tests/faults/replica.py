"""One process of the operator, behind a proxy of its own."""

import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from signal import SIGCONT, SIGSTOP, SIGTERM

from faults.journal import Journal
from faults.proxy import Proxy
from lab import ControlPlane, kubeconfig, manifests
from lab.components import DNS_ADDRESS
from lab.paths import ROOT
from lab.processes import memory

REQUEST_TIMEOUT = 2
"""Seconds that these operators wait for an answer."""
_COMMAND = ("-m", "kopf", "run", "--standalone", "--all-namespaces", "-m", "ailtire_operator.handlers")


class Replica:
    """It is started and ended by the tests; that it ends by itself is a fault of its own."""

    def __init__(self, plane: ControlPlane, journal: Journal, lane: str, number: int, environment: Mapping[str, str]):
        self.number = number
        self.proxy = Proxy(plane, journal, number)
        self.log = plane.home / "logs" / f"{lane}-{number}.log"
        self.environment = dict(environment)
        self.started = 0.0
        self._plane = plane
        self._kubeconfig = plane.home / f"{lane}-{number}.kubeconfig"
        self._asked = False
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.RLock()

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def memory(self) -> float:
        """MiB that it holds; 0 while it does not run."""
        if self._process is None or not self.alive:
            return 0.0
        try:
            return memory(self._process.pid)
        except (OSError, IndexError):  # it has ended in between
            return 0.0

    @property
    def ended_by_itself(self) -> str:
        """The exit code of a process that nobody has ended; empty where it runs or was ended on purpose."""
        with self._lock:
            code = self._process.poll() if self._process else None
            return "" if code is None or self._asked else str(code)

    def start(self) -> None:
        """Start it, unless it runs. It is not waited for."""
        with self._lock:
            if self.alive:
                return
            kubeconfig.write(self._kubeconfig, self.proxy.url, self._plane.ca, token(self._plane))
            environment = {
                **os.environ,
                "KUBECONFIG": str(self._kubeconfig),
                "PYTHONPATH": str(ROOT / "operator"),
                "AILTIRE_OPERATOR_METRICS_PORT": "0",
                "AILTIRE_OPERATOR_NAMESERVERS": DNS_ADDRESS,
                "AILTIRE_OPERATOR_REQUEST_TIMEOUT": str(REQUEST_TIMEOUT),
                **self.environment,
            }
            with self.log.open("ab") as output:
                self._process = subprocess.Popen(
                    [sys.executable, *_COMMAND], stdout=output, stderr=output, env=environment, cwd=ROOT
                )
            self._asked = False

    def kill(self) -> None:
        """End it at once, as a crash would."""
        with self._lock:
            self._asked = True
            if self._process is not None:
                self._process.kill()
                self._process.wait()
                self._process = None

    def terminate(self) -> None:
        """Ask it to stop, as Kubernetes does, and do not wait."""
        with self._lock:
            self._asked = True
            if self._process is not None:
                self._process.send_signal(SIGTERM)

    def freeze(self, seconds: float) -> None:
        """Let nothing of it run for so long."""
        with self._lock:
            if (process := self._process) is not None:
                process.send_signal(SIGSTOP)
                threading.Timer(seconds, process.send_signal, (SIGCONT,)).start()


_tokens: dict[Path, str] = {}


def token(plane: ControlPlane, *, anew: bool = False) -> str:
    """A token of the operator's service account; the same one again unless it is to be made anew."""
    if anew or plane.home not in _tokens:
        account = (manifests.SERVICE_ACCOUNT, "-n", manifests.NAMESPACE)
        _tokens[plane.home] = plane.kubectl("create", "token", *account, "--duration=24h").strip()
    return _tokens[plane.home]
