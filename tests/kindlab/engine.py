"""Docker Engine: used as it is where it runs; installed and started where it does not, and stopped only by who did."""

import json
import os
import shutil
from contextlib import suppress
from functools import cache
from pathlib import Path

from kindlab import debian, ours
from kindlab.places import STATE
from lab import commands
from lab.errors import LabError
from lab.processes import Process, spawn, until_up
from lab.report import Say, say

_STATE = STATE / "engine.json"
_LOG = STATE / "dockerd.log"
_PACKAGES = ("docker.io", "iptables")
_START_SECONDS = 60.0
_RESOURCE_CAPABILITY = 1 << 24
_PROBE_IMAGE = "debian:bookworm-slim"


def docker(*arguments: str | Path, stdin: str | None = None, timeout: float = 120.0) -> str:
    """Run a quick docker command and return what it prints."""
    return commands.output(["docker", *arguments], stdin, timeout)


def build_environment() -> dict[str, str]:
    """Return the environment of docker builds: the classic builder where the new one is not installed."""
    return {} if commands.succeeds(["docker", "buildx", "version"]) else {"DOCKER_BUILDKIT": "0"}


def running() -> bool:
    """Say whether an engine answers."""
    return commands.succeeds(["docker", "info"], timeout=20)


def up(tell: Say = say) -> None:
    """Make sure that an engine answers. Raises LabError where we can do nothing about it."""
    if running():
        return
    if os.geteuid() != 0:
        raise LabError("Docker Engine does not answer; start it, and let this user use it (group docker)")
    if not shutil.which("dockerd"):
        debian.install("Docker Engine (docker.io)", _PACKAGES, tell)
    _start(tell)


def down(tell: Say = say) -> None:
    """Stop the engine if it is one that we started; its images stay."""
    with suppress(FileNotFoundError):
        process = Process(**json.loads(_STATE.read_text()))
        if process.alive:
            tell("stopping the Docker Engine that we started")
            process.stop(grace=30)
        _STATE.unlink()


def ours_runs() -> bool:
    """Say whether an engine runs that we started."""
    with suppress(FileNotFoundError):
        return Process(**json.loads(_STATE.read_text())).alive
    return False


@cache
def pulls() -> bool:
    """Say whether this engine can bring images from a registry."""
    return commands.succeeds(["docker", "pull", "--quiet", _PROBE_IMAGE], timeout=180)


def _start(tell: Say) -> None:
    command = ["dockerd"]
    if not _may_raise_limits():
        command += [
            "--add-runtime",
            f"capless={ours.program(ours.PROGRAMS, 'capless')}",
            "--default-runtime",
            "capless",
        ]
    tell("starting Docker Engine; 'make kind-down' stops it again")
    _LOG.unlink(missing_ok=True)
    process = spawn(command, _LOG)
    STATE.mkdir(parents=True, exist_ok=True)
    _STATE.write_text(json.dumps(process.to_json()))
    until_up(process, "dockerd", _LOG, running, _START_SECONDS)


def _may_raise_limits() -> bool:
    """Whether processes here may have CAP_SYS_RESOURCE, which privileged containers ask for."""
    status = Path("/proc/self/status").read_text()
    bounding = next(line.split()[1] for line in status.splitlines() if line.startswith("CapBnd:"))
    return bool(int(bounding, 16) & _RESOURCE_CAPABILITY)
