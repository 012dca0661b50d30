"""A whole Kubernetes control plane on loopback, with fake nodes, up in a few seconds and gone without a trace."""

import json
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import urllib3

from lab import binaries, client, components, credentials, furniture
from lab.api import Api
from lab.components import Layout
from lab.errors import LabError
from lab.processes import PORT_ATTEMPTS, Process, died, free_ports, port_taken, spawn
from lab.report import Say, silent, step
from lab.state import State

_START_SECONDS = 120.0
ANOTHER_APISERVER = "kube-apiserver-2"
"""The second API server among the processes, where there is one."""
_PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")


class _PortTaken(Exception):
    """A program of ours found its port taken: another try with other ports may do."""


class ControlPlane:
    """etcd, API server, controller manager, scheduler and kwok, all of them plain processes in one folder."""

    def __init__(
        self,
        home: Path,
        *,
        nodes: int = 4,
        feature_gates: str = "",
        apiserver_args: Sequence[str] = (),
        etcd_args: Sequence[str] = (),
        tell: Say = silent,
    ) -> None:
        if not 1 <= nodes <= components.MAX_NODES:
            raise LabError(f"a control plane has 1 to {components.MAX_NODES} nodes, not {nodes}")
        self._layout = Layout(home.resolve())
        self._nodes = nodes
        self._feature_gates = feature_gates
        self._apiserver_args = tuple(apiserver_args)
        self._etcd_args = tuple(etcd_args)
        self._tell = tell
        self._state = State.load(self._layout.state)
        self._accompanying = threading.Lock()
        self._commands: dict[str, list[str]] = {}
        self.start_seconds = 0.0
        """How long the last start took, less the building of binaries."""

    @property
    def home(self) -> Path:
        """The folder that holds all of it."""
        return self._layout.home

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self._layout.kubeconfig("admin")

    @property
    def audit_log(self) -> Path:
        """What the API server was asked for, one JSON object a line."""
        return self._layout.audit_log

    @property
    def ca(self) -> Path:
        """The certificate by which clients know the API server."""
        return self._layout.ca

    @property
    def url(self) -> str:
        """Where the API server answers."""
        return self._state.url

    @property
    def token(self) -> str:
        """The administrator's token."""
        return self._state.token

    @property
    def api(self) -> Api:
        """The administrator's way in, for a few requests."""
        return Api(self.url, self.token, self._layout.ca)

    @property
    def running(self) -> bool:
        """Whether every process lives and the API server takes requests."""
        return bool(self._state.processes) and not self._dead() and self.api.ready()

    @property
    def processes(self) -> dict[str, Process]:
        """The processes by program, for those who want to look or to disturb."""
        return dict(self._state.processes)

    def accompany(self, name: str, process: Process) -> None:
        """Remember a process that works for this control plane and goes down with it.

        Raises LabError where that has gone down already; the process is ended then.
        """
        with self._accompanying:
            if self._state.url:
                self._state.processes.pop(name, None)
                self._state.processes[name] = process
                self._state.save(self._layout.state)
                return
        process.stop()
        raise LabError(f"{name} was started for a control plane that has been stopped")

    def kill(self, program: str) -> None:
        """End one of its programs at once, as a crash would."""
        self._state.processes[program].stop()

    def respawn(self, program: str) -> None:
        """Start a program again that was ended, as this session started it before. It is not waited for."""
        self.accompany(program, spawn(self._commands[program], self._layout.log(program)))

    def restart(self, program: str) -> None:
        """End a program as a crash would, start it again, and wait until the API server takes requests."""
        self.kill(program)
        deadline = time.monotonic() + _START_SECONDS
        self.respawn(program)
        while not (self._state.processes[program].alive and self.api.ready()):
            if time.monotonic() > deadline:
                raise died(program, self._layout.log(program))
            if not self._state.processes[program].alive:
                self.respawn(program)  # a client that tries to connect may have its port for a moment
            time.sleep(0.2)

    def start_another_apiserver(self) -> str:
        """Start a second API server on the same etcd, with caches of its own; its URL, once it takes requests."""
        first = self._commands["kube-apiserver"]
        port = free_ports(1)[0]
        log = f"--audit-log-path={self.audit_log.with_suffix('.another.log')}"
        command = [*(f"--secure-port={port}" if each.startswith("--secure-port=") else each for each in first), log]
        self.accompany(ANOTHER_APISERVER, spawn(command, self._layout.log(ANOTHER_APISERVER)))
        url = f"https://127.0.0.1:{port}"
        self._wait("the second API server", Api(url, self.token, self._layout.ca).ready)
        return url

    @property
    def etcd(self) -> str:
        """Where etcd answers, by plain HTTP; of a control plane that this session started."""
        return next(each for each in self._commands["etcd"] if "advertise-client" in each).partition("=")[2]

    def ask_etcd(self, call: str, body: object) -> Any:
        """The answer of etcd to a call of its gateway, such as ``maintenance/alarm``. Raises LabError."""
        answer = urllib3.request("POST", f"{self.etcd}/v3/{call}", body=json.dumps(body).encode(), timeout=30.0)
        if answer.status != 200:
            raise LabError(f"etcd: {call}: {answer.data!r}")
        return json.loads(answer.data)

    def compact(self) -> None:
        """Have etcd forget all of its history but the newest revision."""
        revision = self.ask_etcd("kv/range", {"key": "AA=="})["header"]["revision"]
        self.ask_etcd("kv/compaction", {"revision": revision, "physical": True})

    def disarm_etcd(self) -> None:
        """Take back the alarms of etcd, after which it takes writes again."""
        for alarm in self.ask_etcd("maintenance/alarm", {"action": "GET"}).get("alarms", ()):
            self.ask_etcd("maintenance/alarm", {**alarm, "action": "DEACTIVATE"})

    def kubectl(self, *arguments: str, stdin: str | None = None, timeout: float = 180.0) -> str:
        """Run kubectl as the administrator and return what it prints."""
        return client.kubectl(self.kubeconfig, *arguments, stdin=stdin, timeout=timeout)

    def ailtire(self, *arguments: str, stdin: str | None = None, timeout: float = 180.0) -> str:
        """Run the project's kubectl plugin as the administrator and return what it prints."""
        return client.ailtire(self.kubeconfig, *arguments, stdin=stdin, timeout=timeout)

    def start(self) -> Self:
        """Start it, unless it is up already; what is left of an earlier one is removed first."""
        if self.running:
            return self
        programs = binaries.ensure(tell=self._tell)
        with step(self._tell, "starting a Kubernetes control plane"):
            self._try_to_start(programs)
        return self

    def _try_to_start(self, programs: dict[str, Path]) -> None:
        """Start it, with other ports where somebody was quicker."""
        begun = time.monotonic()
        for attempt in range(PORT_ATTEMPTS):
            try:
                self._start_servers(programs)
                break
            except _PortTaken:
                if attempt == PORT_ATTEMPTS - 1:
                    raise LabError("other programs keep taking the lab's ports; try again") from None
            except BaseException:
                self._kill()
                raise
        self.start_seconds = time.monotonic() - begun

    def stop(self) -> None:
        """End every process of it, and remove its folder; a folder that is no lab's is left alone."""
        self._kill()
        if self._layout.state.exists():
            shutil.rmtree(self.home, ignore_errors=True)

    def _dead(self) -> list[str]:
        """Return the programs of ours that ended; companions may."""
        return [name for name in _PROGRAMS if name in self.processes and not self.processes[name].alive]

    def _kill(self) -> None:
        with self._accompanying:
            self._state.url = ""  # nothing more accompanies it
        for process in reversed(self._state.processes.values()):
            process.stop()
        self._state = State()  # only now: who is interrupted before may stop the rest

    def _start_servers(self, programs: dict[str, Path]) -> None:
        """Start everything in the order of need; each waits by itself for what it needs."""
        self.stop()
        self._claim_folder()
        tokens = credentials.create(self._layout)
        etcd_port, peer_port, port = free_ports(3)
        self._state = State(f"https://127.0.0.1:{port}", tokens["admin"])
        credentials.write_kubeconfigs(self._layout, self.url, tokens)
        layout, gates = self._layout, self._feature_gates
        self._spawn(programs, "etcd", components.etcd(layout, etcd_port, peer_port, self._etcd_args))
        arguments = components.apiserver(layout, etcd_port, port, gates, self._apiserver_args)
        self._spawn(programs, "kube-apiserver", arguments)
        self._wait("the API server", self.api.ready)
        self._spawn(programs, "kube-controller-manager", components.controller_manager(layout))
        self._spawn(programs, "kube-scheduler", components.scheduler(layout))
        self._spawn(programs, "kwok", components.kwok(layout))
        furniture.install(self.api, self._nodes)
        self._wait("nodes and service accounts", lambda: furniture.complete(self.api, self._nodes))

    def _claim_folder(self) -> None:
        if self.home.exists() and any(self.home.iterdir()):
            raise LabError(f"{self.home} holds something that is not the lab's: remove it, or use another folder")
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._state.save(self._layout.state)

    def _spawn(self, programs: dict[str, Path], name: str, arguments: list[str]) -> None:
        self._commands[name] = [str(programs[name]), *arguments]
        self.accompany(name, spawn(self._commands[name], self._layout.log(name)))

    def _wait(self, what: str, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not condition():
            if dead := self._dead():
                log = self._layout.log(dead[0])
                raise _PortTaken if port_taken(log) else died(dead[0], log)
            if time.monotonic() > deadline:
                raise LabError(f"{what} did not come up in {_START_SECONDS:.0f} s; see {self.home / 'logs'}")
            time.sleep(0.05)
