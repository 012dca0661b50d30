"""One process of the operator, behind a proxy of its own."""

import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from signal import SIGCONT, SIGSTOP, SIGTERM

from faults.journal import Journal
from faults.proxy import Proxy
from lab import ControlPlane, appended, kubeconfig, manifests
from lab.api import Api, Refused
from lab.operator_process import arguments, environment
from lab.paths import ROOT
from lab.processes import Process, memory, popen
from lab.waiting import eventually

REQUEST_TIMEOUT = 2
"""Seconds that these operators wait for an answer."""


class Replica:
    """It is started and ended by the tests; that it ends by itself is a fault of its own."""

    def __init__(self, plane: ControlPlane, journal: Journal, lane: str, number: int, environment: Mapping[str, str]):
        self.number = number
        self.proxy = Proxy(plane, journal, number)
        self.log = plane.home / "logs" / f"{lane}-{number}.log"
        self.environment = dict(environment)
        self.source = ROOT
        """The checkout whose code it runs."""
        self.started = 0.0
        """When its process was started, by the monotonic clock."""
        self._logged = 0
        self._plane = plane
        self.token = ""
        """The one that it runs with, which the API server accepts for as long as the Secret of its name exists."""
        self._kubeconfig = plane.home / f"{lane}-{number}.kubeconfig"
        self._tokens = 0
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

    @property
    def synced(self) -> bool:
        """Whether its process has read all that there is, as it says in its log."""
        return any(_SYNCED in line for line, _ in appended.lines(self.log, self._logged))

    def start(self) -> None:
        """Start it, unless it runs. It is not waited for. Raises LabError where its control plane has been stopped."""
        with self._lock:
            if self.alive:
                return
            if not self.token:
                self._new_token()
            variables = {
                **environment(self._kubeconfig, 0, self.source),
                "AILTIRE_OPERATOR_REQUEST_TIMEOUT": str(REQUEST_TIMEOUT),
                **self.environment,
            }
            self.started, self._logged = time.monotonic(), appended.end(self.log)
            command = [sys.executable, *arguments(self.source)]
            self._process = popen(command, self.log, variables, ROOT)
            self._asked = False
            # A thread that nobody waits for any more may start one while the control plane goes down.
            self._plane.accompany(self.log.stem, Process.of(self._process.pid))

    def _new_token(self) -> None:
        """Give it a token of its own, in the file that it reads."""
        self._tokens += 1
        secret = self._plane.api.create(_SECRETS, {"metadata": {"name": self._secret}})
        bound = {"apiVersion": "v1", "kind": "Secret", "name": self._secret, "uid": secret["metadata"]["uid"]}
        spec = {"boundObjectRef": bound, "expirationSeconds": 24 * 60 * 60}
        asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
        self.token = str(self._plane.api.create(_TOKENS, asked)["status"]["token"])
        kubeconfig.write(self._kubeconfig, self.proxy.url, self._plane.ca, self.token)

    @property
    def _secret(self) -> str:
        return f"{self._kubeconfig.stem}-{self._tokens}"

    def replace_token(self) -> None:
        """Replace the token in the file that it reads, and wait until the API server accepts the old one no more."""
        old, secret = self.token, self._secret
        with self._lock:
            self._new_token()
        self._plane.api.delete(f"{_SECRETS}/{secret}")
        asking = Api(self._plane.url, old, self._plane.ca)

        def refused() -> bool:
            try:
                asking.get("/version")
            except Refused as error:
                return error.code == 401
            return False

        eventually(refused, _REMEMBERED_SECONDS, "the end of a token")

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
                thawing = threading.Timer(seconds, process.send_signal, (SIGCONT,))
                thawing.daemon = True  # who is interrupted does not wait for it
                thawing.start()


_SYNCED = b" synced: "
_SECRETS = f"/api/v1/namespaces/{manifests.NAMESPACE}/secrets"
_TOKENS = f"/api/v1/namespaces/{manifests.NAMESPACE}/serviceaccounts/{manifests.SERVICE_ACCOUNT}/token"
_REMEMBERED_SECONDS = 60.0
"""More than the ten seconds for which an API server remembers that it accepted a token."""
