"""HAProxy for a whole tree: a frontend for each stack, a backend for each route. Policies are left out."""

import os
import re
import signal
from typing import ClassVar

from bench.gateways.proxies import Proxy
from bench.gateways.tree import Entry

_HEAD = """global
  nbthread 2
  maxconn 8000
defaults
  mode http
  maxconn 8000
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  timeout http-request 120s
  option forwardfor
"""


class HAProxy(Proxy):
    """A reload starts a new worker, which takes over the listening sockets; the old one ends with its connections."""

    name: ClassVar[str] = "HAProxy"

    def write(self) -> None:
        (self.folder / "stacks").mkdir()
        (self.folder / "0-head.cfg").write_text(_HEAD)
        for entry in self.tree.entries:
            self.rewrite(entry)

    def rewrite(self, entry: Entry) -> None:
        front = [f"frontend {entry.name}", f"  bind 127.0.0.1:{self.tree.port(entry)}"]
        backs = []
        for number, route in enumerate(entry.routes):
            host, port = self.tree.target(route)
            name, prefix = f"{entry.name}_{number}", re.escape(route.prefix)
            front.append(f"  use_backend {name} if {{ path -m beg {route.prefix}/ }} or {{ path {route.prefix} }}")
            path = f"  http-request replace-path ^{prefix}/?(.*)$ /\\1"
            backs += [f"backend {name}", path, f"  server a {host}:{port}"]
        (self.folder / "stacks" / f"{entry.name}.cfg").write_text("\n".join([*front, *backs, ""]))

    def spoil(self, entry: Entry) -> None:
        (self.folder / "stacks" / f"{entry.name}.cfg").write_text("no_such_section\n")

    def tell(self) -> None:
        os.kill(self.pid, signal.SIGUSR2)

    def command(self) -> list[str]:
        return [self.program, "-W", "-f", f"{self.folder}/0-head.cfg", "-f", f"{self.folder}/stacks"]
