"""Further operator processes beside the session's own, for tests of what several of them do."""

import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab import ControlPlane, Operator, eventually, operator_process
from lab.kubeconfig import require_lab
from lab.paths import ROOT
from lab.processes import Process, free_ports, popen


@dataclass
class Another:
    """One more operator process."""

    process: "subprocess.Popen[bytes]"
    port: int
    log: Path

    def page(self, path: str) -> tuple[int, str]:
        """Status and text of one of its pages; status 0 while nobody answers."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"http://127.0.0.1:{self.port}{path}", timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def number(self, metric: str) -> float:
        """The sum of a metric over its labels."""
        found = re.findall(rf"^{re.escape(metric)}(?:\{{[^}}]*\}})? (\S+)$", self.page("/metrics")[1], re.MULTILINE)
        return sum(float(value) for value in found)

    def is_ready(self) -> bool:
        """Whether it says so."""
        return self.page("/readyz")[0] == 200


@contextmanager
def another(plane: ControlPlane, operator: Operator, name: str, **environment: str) -> Iterator[Another]:
    """An operator with the rights of the session's own, until the end of the block."""
    (port,) = free_ports(1)
    log = plane.home / "logs" / f"{name}.log"
    variables = operator_process.environment(require_lab(operator.kubeconfig), port) | environment
    command = [sys.executable, *operator_process.arguments(ROOT)]
    process = popen(command, log, variables, ROOT)
    plane.accompany(name, Process.of(process.pid))
    try:
        yield Another(process, port, log)
    finally:
        process.kill()
        process.wait()


@contextmanager
def relieved(plane: ControlPlane, operator: Operator, name: str) -> Iterator[Another]:
    """A new process, which is ready, in place of the session's own: that is killed, and is back after the block."""
    operator.kill()
    try:
        with another(plane, operator, name) as next_one:
            eventually(next_one.is_ready, what="the next operator's readiness")
            yield next_one
    finally:
        operator.start()
