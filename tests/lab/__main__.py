"""The lab on the command line: `python -m lab up`, and what goes with it."""

import os
from typing import Annotated

import typer

from lab import binaries, chromium, client, sessions, up
from lab.controlplane import ControlPlane
from lab.errors import LabError, run
from lab.locking import exclusive
from lab.operator_process import Operator
from lab.paths import KIND, ROOT
from lab.report import say
from lab.versions import CONTROL_PLANE, PROGRAMS

app = typer.Typer(add_completion=False, no_args_is_help=True, help="A Kubernetes control plane on this machine.")
_PASS_ON = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}


@app.command("up")
def command_up() -> None:
    """Start control plane and operator, and the example application on it."""
    with exclusive(ROOT / "build" / "up.lock", lambda: say("another 'up' is at work: waiting for it")):
        up.up(up.user_plane(say), say)


@app.command()
def down() -> None:
    """Stop all of it and remove what it left, and what killed test sessions left."""
    up.user_plane(say).stop()
    sessions.clear_abandoned(say)
    say("nothing of the lab runs any more")
    if (KIND / "kubeconfig").exists():
        say("the kind cluster is left as it is; 'make down MODE=kind' deletes it")


@app.command()
def status() -> None:
    """Say what runs; the exit code is 1 where something does not."""
    plane = up.user_plane(say)
    if not plane.processes:
        print("The lab is down; 'make up' starts it.")
        raise typer.Exit(1)
    for name, process in plane.processes.items():
        print(f"{name:26} {f'runs as {process.pid}' if process.alive else 'ENDED'}")
    healthy = {"API server": plane.running, "operator": Operator(plane).ready}
    for name, good in healthy.items():
        print(f"{name:26} {'ready' if good else 'NOT READY'}")
    if not all(healthy.values()):
        raise typer.Exit(1)


@app.command()
def logs(
    name: Annotated[str, typer.Argument(help="operator, kube-apiserver, kwok, …")] = "operator",
    follow: Annotated[bool, typer.Option("--follow", "-f")] = False,
) -> None:
    """Show the log of one process."""
    path = _running_plane().home / "logs" / f"{name}.log"
    if not path.exists():
        there = ", ".join(sorted(each.stem for each in path.parent.glob("*.log")))
        raise LabError(f"there is no log of {name}; there are {there}")
    os.execvp("tail", ["tail", "-n", "200", *(["-F"] if follow else []), str(path)])


@app.command("kubectl", context_settings=_PASS_ON)
def command_kubectl(context: typer.Context) -> None:
    """Run kubectl as the administrator of the lab."""
    env = client.environment(_running_plane().kubeconfig)
    os.execve(client.kubectl_path(), ["kubectl", *context.args], env)


@app.command("binaries")
def command_binaries(
    extra: Annotated[list[str] | None, typer.Argument(help="more than the control plane needs: helm, docker")] = None,
) -> None:
    """Find or build the programs that the lab is made of, and say where they are."""
    for name, path in binaries.ensure([*CONTROL_PLANE, *(PROGRAMS[name] for name in extra or [])]).items():
        print(f"{name:26} {path}")


@app.command("chromium")
def command_chromium() -> None:
    """Find Chromium, or fetch Debian's into the cache, and say where it is."""
    print(chromium.ensure())


def _running_plane() -> ControlPlane:
    plane = up.user_plane(say)
    if not plane.running:
        raise LabError("the lab is down; 'make up' starts it")
    return plane


run(app)
