"""A Swarm of one node on the same engine: the yardstick by which the exporter's output is measured."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from kindlab import engine
from kindlab.places import STATE
from lab import commands
from lab.report import Say, say
from lab.waiting import eventually

_STATE = STATE / "swarm-is-ours"
_STACK_LABEL = "com.docker.stack.namespace"
_SERVICE_LABEL = "com.docker.swarm.service.name"


@dataclass(frozen=True)
class Container:
    """A running task of a service."""

    id: str
    stack: str
    service: str
    """The service's name without the stack's."""

    def environment(self) -> dict[str, str]:
        """Return the variables that it was given."""
        pairs: list[str] = json.loads(engine.docker("inspect", "--format", "{{json .Config.Env}}", self.id))
        return dict(pair.split("=", 1) for pair in pairs)

    def run(self, *command: str) -> str:
        """Run a command in it and return what it prints."""
        return engine.docker("exec", self.id, *command)

    def about(self) -> dict[str, Any]:
        """Who it is: environment, resolv.conf, user, signals received."""
        answer: dict[str, Any] = self.ask("/_probe/about")
        return answer

    def ask(self, path: str, port: int = 3000) -> Any:
        """Ask the probe in it; see the probe's paths below /_probe/."""
        return json.loads(self.run("probe", "ask", f"http://127.0.0.1:{port}{path}"))["body"]


def active() -> bool:
    """Say whether the engine is part of a Swarm."""
    return engine.docker("info", "--format", "{{.Swarm.LocalNodeState}}").strip() == "active"


def up(tell: Say = say) -> None:
    """Make the engine a Swarm, if it is none."""
    engine.up(tell)
    if not active():
        engine.docker("swarm", "init", "--advertise-addr", "127.0.0.1")
        STATE.mkdir(parents=True, exist_ok=True)
        _STATE.touch()
        tell("the engine is a Swarm of one node now")


def down(tell: Say = say) -> None:
    """Leave the Swarm, if it is one that we made."""
    if _STATE.exists() and engine.running() and active():
        remove(*stacks())
        engine.docker("swarm", "leave", "--force")
        tell("the Swarm is gone")
    _STATE.unlink(missing_ok=True)


def deploy(files: Sequence[tuple[str, Path]], environment: Mapping[str, str] | None = None) -> None:
    """Deploy compose files as stacks, in this order: (stack, file); wait until all their tasks run."""
    variables = [f"{key}={value}" for key, value in (environment or {}).items()]
    for stack, file in files:
        deploy = ["docker", "stack", "deploy", "--compose-file", str(file), "--resolve-image", "never", stack]
        commands.output(["env", *variables, *deploy], cwd=file.parent)
    for stack, _ in files:
        eventually(partial(settled, stack), seconds=90, what=f"every task of {stack} running")


def settled(stack: str) -> bool:
    """Say whether every service of a stack has as many tasks running as it wants."""
    listed = engine.docker("stack", "services", "--format", "{{.Replicas}}", stack).split("\n")
    counts = [line.split()[0].split("/") for line in listed if line.strip()]
    return bool(counts) and all(running == wanted for running, wanted in counts)


def stacks() -> list[str]:
    """Return the names of all stacks."""
    return engine.docker("stack", "ls", "--format", "{{.Name}}").split()


def remove(*names: str) -> None:
    """Remove stacks and wait until their containers and networks are gone."""
    if not names:
        return
    # A stack's network can be in use by another one that goes in the same command: then it goes the next time.
    eventually(lambda: commands.succeeds(["docker", "stack", "rm", *names]), seconds=60, what="the removal of stacks")
    for name in names:
        eventually(partial(_gone, name), seconds=60, what=f"the end of {name}")


def _gone(stack: str) -> bool:
    selector = f"label={_STACK_LABEL}={stack}"
    asked = (("ps", "-aq"), ("network", "ls", "-q"))
    return not any(engine.docker(*words, "--filter", selector).strip() for words in asked)


def containers(stack: str) -> list[Container]:
    """Return the running containers of a stack, by service."""
    ids = engine.docker("ps", "--quiet", "--no-trunc", "--filter", f"label={_STACK_LABEL}={stack}").split()
    return sorted((_container(stack, each) for each in ids), key=lambda container: container.service)


def _container(stack: str, identity: str) -> Container:
    labels = json.loads(engine.docker("inspect", "--format", "{{json .Config.Labels}}", identity))
    return Container(identity, stack, labels[_SERVICE_LABEL].removeprefix(f"{stack}_"))
