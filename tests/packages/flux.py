"""Flux's controllers as processes beside a control plane, with their definitions in its API server."""

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from pathlib import Path

import urllib3

from ailtire_operator.cluster.kinds import STACK
from lab import ControlPlane, binaries, eventually
from lab.client import environment
from lab.processes import free_ports, log_tail
from lab.versions import FLUX, SOURCE_CONTROLLER, Program
from support import conditions
from support.kube import module_definitions

_START_SECONDS = 60.0
NAMESPACE = "flux-system"


@contextmanager
def running(plane: ControlPlane, folder: Path) -> Iterator[None]:
    """Run all of them for as long as the block lasts; their logs and what source-controller keeps lie in a folder."""
    module_definitions.install(plane.kubeconfig, "config/crd/bases", *FLUX)
    # With new definitions the API server begins anew with all of them.
    eventually(lambda: plane.api.serves(STACK.path(None)), 30, "serving stacks again")
    with ExitStack() as stack:
        for program in FLUX:
            options = _storage(folder / "files") if program == SOURCE_CONTROLLER else ()
            stack.enter_context(_controller(plane, program, folder, options))
        yield


def _storage(folder: Path) -> Sequence[str]:
    """Where the others get from source-controller what it has fetched."""
    folder.mkdir()
    address = f"127.0.0.1:{free_ports(1)[0]}"
    return (f"--storage-path={folder}", f"--storage-addr={address}", f"--storage-adv-addr={address}")


def is_ready(plane: ControlPlane, namespace: str, name: str) -> bool:
    """Say whether a stack is Ready as it was written last."""
    return conditions.is_ready(plane.api.get(STACK.path(namespace, name)))


@contextmanager
def _controller(plane: ControlPlane, program: Program, folder: Path, options: Sequence[str] = ()) -> Iterator[None]:
    metrics, health = free_ports(2)
    addresses = (f"--metrics-addr=127.0.0.1:{metrics}", f"--health-addr=127.0.0.1:{health}")
    # What depends on something else that is not ready is asked again soon.
    command = [str(binaries.path(program.name)), *addresses, "--requeue-dependency=2s", *options]
    known = {**environment(plane.kubeconfig), "RUNTIME_NAMESPACE": NAMESPACE}
    log = folder / f"{program.name}.log"
    with log.open("w") as output, subprocess.Popen(command, env=known, stdout=output, stderr=output) as process:
        try:
            _wait(f"http://127.0.0.1:{health}/readyz", process, log)
            yield
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib3.PoolManager() as pool:
                if pool.request("GET", address, retries=False, timeout=5).status == HTTPStatus.OK:
                    return
        except urllib3.exceptions.HTTPError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"{process.args!r} has not become ready:\n{log_tail(log)}")
