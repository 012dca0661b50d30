"""Asks the probes: inside their containers, wherever those run."""

import json
import subprocess
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from kindlab import kube
from lab.waiting import eventually


@dataclass(frozen=True)
class Pod:
    """A pod with a probe in it."""

    namespace: str
    name: str
    """The pod's name, or kubectl's way to one, like deploy/web."""
    port: int = 3000

    def run(self, *command: str) -> str:
        """Run a command in it and return what it prints."""
        return kube.kubectl("exec", "-n", self.namespace, self.name, "--", *command)

    def ask(self, path: str) -> Any:
        """Return the probe's answer to a path below /_probe/."""
        told = json.loads(self.run("probe", "ask", f"http://127.0.0.1:{self.port}/_probe/{path}"))
        assert told["status"] == 200, told
        return told["body"]

    def about(self) -> dict[str, Any]:
        """Who it is: environment, resolv.conf, user, signals received."""
        answer: dict[str, Any] = self.ask("about")
        return answer

    def resolve(self, *names: str) -> dict[str, list[str]]:
        """Return the addresses that the image's C library finds for each name; none where it finds no such name."""
        found = self.ask(f"resolve?{_query('name', names)}")
        return {name: sorted(set(answer["addresses"])) for name, answer in found.items()}

    def reach(self, *targets: str) -> dict[str, bool]:
        """Say for each host:port whether a connection to it can be made."""
        return {target: answer["reached"] for target, answer in self.ask(f"reach?{_query('to', targets)}").items()}

    def await_reach(self, *targets: str, seconds: float = 120.0) -> None:
        """Wait until each can be reached: the nodes' proxies learn a new Service a moment after its pods are ready."""
        eventually(lambda: all(self.reach(*targets).values()), seconds, f"a way to {', '.join(targets)}")

    def fetch(self, *urls: str) -> dict[str, Any]:
        """Return status and body of each URL."""
        answers: dict[str, Any] = self.ask(f"fetch?{_query('url', urls)}")
        return answers

    def set(self, **state: str) -> None:
        """Tell it to be slow (a duration), ready or healthy (true or false)."""
        self.ask("set?" + "&".join(f"{key}={quote(value)}" for key, value in state.items()))

    def end(self) -> list[dict[str, Any]]:
        """Delete the pod and return all that its process said: its log goes with it, read or not."""
        follow = kube.command("logs", "-f", "-n", self.namespace, self.name)
        with subprocess.Popen(follow, stdout=subprocess.PIPE, text=True) as reading:
            assert reading.stdout is not None
            greeting = reading.stdout.readline()
            kube.kubectl("delete", "pod", self.name, "-n", self.namespace, "--wait=false")
            return [json.loads(line) for line in (greeting, *reading.stdout)]


def _query(key: str, values: tuple[str, ...]) -> str:
    return "&".join(f"{key}={quote(value, safe='')}" for value in values)
