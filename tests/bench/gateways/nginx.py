"""nginx for a whole tree: the servers that the operator plans for each stack, in one process, with hot reload."""

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from ailtire_operator import naming
from ailtire_operator.plan.gateway import nginx, nginx_text
from ailtire_operator.plan.gateway.nginx_text import Directive, directive
from bench.gateways.proxies import Proxy
from bench.gateways.tree import Entry, Tree


class Nginx(Proxy):
    """Old workers stay until their last connection ends."""

    name: ClassVar[str] = "nginx"
    shutdown_timeout: ClassVar[str | None] = None
    connections: ClassVar[int] = 16_384

    def __init__(self, program: str, tree: Tree, folder: Path, resolver: int) -> None:
        super().__init__(program, tree, folder)
        self._resolver = resolver

    def write(self) -> None:
        (self.folder / "stacks").mkdir()
        for entry in self.tree.entries:
            self.rewrite(entry)
        planned = self._planned(self.tree.entries[-1])
        http = next(each for each in planned if each["directive"] == "http")["block"]
        shared = [each for each in http if not _is_of_a_stack(each)]
        include = directive("include", f"{self.folder}/stacks/*.conf")
        made = [*self.top(planned), directive("http", block=[*shared, include])]
        (self.folder / "nginx.conf").write_text(nginx_text.text(made))

    def top(self, planned: list[Directive]) -> list[Directive]:
        """What stands before ``http``."""
        top = [each for each in planned if each["directive"] not in ("http", "events", "worker_shutdown_timeout")]
        if self.shutdown_timeout:
            top.append(directive("worker_shutdown_timeout", self.shutdown_timeout))
        if os.geteuid() == 0:
            top.append(directive("user", "root"))
        return [*top, directive("events", block=[directive("worker_connections", str(self.connections))])]

    def rewrite(self, entry: Entry) -> None:
        planned = self._planned(entry)
        http = next(each for each in planned if each["directive"] == "http")["block"]
        own = [each for each in http if _is_of_a_stack(each) and not is_health(each)]
        replace(self.folder / "stacks" / f"{entry.name}.conf", nginx_text.text(own))

    def spoil(self, entry: Entry) -> None:
        replace(self.folder / "stacks" / f"{entry.name}.conf", "no_such_directive;\n")

    def tell(self) -> None:
        os.kill(self.pid, signal.SIGHUP)

    def command(self) -> list[str]:
        return [self.program, "-p", str(self.folder), "-e", "/dev/stderr", "-c", f"{self.folder}/nginx.conf"]

    def _planned(self, entry: Entry) -> list[Directive]:
        planned = nginx.directives(entry.scope, entry.routes, [])
        return [changed(each, lambda name, text: self._adapted(entry, name, text)) for each in planned]

    def _adapted(self, entry: Entry, name: str, text: str) -> str:
        """Names of one stack's own variables, ports instead of children's Services, and this machine's folders."""
        if name == "listen":
            return text.replace(str(naming.GATEWAY_PORT), f"127.0.0.1:{self.tree.port(entry)}")
        if name == "resolver" and text == "10.0.0.10":
            return f"127.0.0.1:{self._resolver}"
        if name == "set" and text.rpartition(":")[0] in self.tree.ports:
            return f"127.0.0.1:{self.tree.ports[text.rpartition(':')[0]]}"
        if text == "/dev/stdout" and name == "access_log":
            return "/dev/null"
        return re.sub(r"\$path_(\d+)", rf"$path_{entry.port}_\1", text).replace("/tmp/", f"{self.folder}/")


class NginxWithLimit(Nginx):
    """As the operator configures it today: what is open is closed 25 seconds after a reload."""

    name: ClassVar[str] = "nginx, 25 s"
    shutdown_timeout: ClassVar[str | None] = "25s"


class NginxOfAStack(Nginx):
    """A process for one stack, as each has it today: other stacks are other processes."""

    name: ClassVar[str] = "nginx per stack"

    def __init__(self, program: str, tree: Tree, folder: Path, resolver: int, only: Entry) -> None:
        super().__init__(program, tree, folder, resolver)
        self.tree = Tree([only], tree.backend, tree.offset)
        self.tree.ports = tree.ports


def _is_of_a_stack(each: Directive) -> bool:
    if each["directive"] == "map":
        return str(each["args"][1]).startswith("$path_")
    return each["directive"] in ("server", "limit_req_zone")


def is_health(each: Directive) -> bool:
    return each["directive"] == "server" and any("/healthz" in inner["args"] for inner in each["block"])


def changed(each: Directive, change: Callable[[str, str], str]) -> Directive:
    """A directive with each of its arguments changed, and those within it."""
    made: dict[str, Any] = {
        "directive": each["directive"], "args": [change(each["directive"], text) for text in each["args"]]
    }  # fmt: skip
    if "block" in each:
        made["block"] = [changed(inner, change) for inner in each["block"]]
    return made


def replace(path: Path, text: str) -> None:
    """Write a file in one step."""
    path.with_suffix(".new").write_text(text)
    path.with_suffix(".new").rename(path)
