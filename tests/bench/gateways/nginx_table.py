"""nginx for a whole tree with one server, whose routes are a table in memory: a change reloads a file, not nginx.

The locations are those that the operator plans for one route. What differs between routes of the same policies (target,
prefix, password file, largest body) is read from the table by nginx's JavaScript module.
"""

import dataclasses
import json
import re
from pathlib import Path
from typing import Any, ClassVar

from ailtire_operator import naming
from ailtire_operator.plan.gateway import locations, nginx, nginx_text, profiles
from ailtire_operator.plan.gateway.nginx_text import Directive, directive
from ailtire_operator.plan.gateway.routes import Route
from bench.gateways.nginx import Nginx, changed, is_health, replace
from bench.gateways.tree import Entry

FILES = 8
"""Stacks are spread over so many files by their ports, as they would be over ConfigMaps."""
SCRIPT = Path(__file__).with_name("table.js")
_ZONE = "16m"
_INTERVAL = "200ms"
_FIELDS = ("profile", "gateway_target", "passwords", "stripped_prefix", "sent_path", "normalised_path")
"""What one value of the table's function holds, in this order; only the last may have a blank in it."""


class NginxTable(Nginx):
    """One process for the life of the pod: no worker is replaced by a change of routes."""

    name: ClassVar[str] = "nginx, table"
    listens: ClassVar[str] = "127.0.0.1"
    _wrong: Entry | None = None

    def write(self) -> None:
        (self.folder / "logs").mkdir()
        for number in range(FILES):
            (self.folder / "table" / str(number)).mkdir(parents=True)
            self._write_table(number)
        for name, text in self.start_files().items():
            (self.folder / name).write_text(text)

    def start_files(self) -> dict[str, str]:
        """What nginx reads at its start, by name."""
        return {"nginx.conf": nginx_text.text(self._directives()), SCRIPT.name: SCRIPT.read_text()}

    def rewrite(self, entry: Entry) -> None:
        self._write_table(entry.port % FILES)

    def spoil(self, entry: Entry) -> None:
        self._wrong = entry
        self.rewrite(entry)

    def tell(self) -> None:
        """The process looks at its files by itself."""

    def table(self, number: int) -> str:
        """What a file holds: for each port its routes, longest prefix first."""
        mine = [each for each in self.tree.entries if each.port % FILES == number]
        made: dict[str, list[dict[str, Any]]] = {
            str(self.tree.port(each)): [{}] if each is self._wrong else [self._route(route) for route in each.routes]
            for each in mine
        }
        return json.dumps(made)

    def _write_table(self, number: int) -> None:
        replace(self.folder / "table" / str(number) / "table.json", self.table(number))

    def _route(self, route: Route) -> dict[str, Any]:
        control, limit = route.policies.access_control, route.policies.max_body
        made = {
            "prefix": route.prefix,
            "path": route.backend_path,
            "target": ":".join(map(str, self.tree.target(route))),
            "profile": "0",
            "body": profiles.body_size(limit or profiles.MAX_BODY),
            "stripped": route.stripped,
        }
        if control and control.authentication:
            made["passwords"] = str(self.passwords(control.authentication.secret))
        return made

    def passwords(self, secret: str) -> Path:
        """The file that a Secret's volume would have."""
        return self.folder / "authentication" / secret / locations.AUTHENTICATION_KEY

    def _directives(self) -> list[Directive]:
        entry = self.tree.entries[-1]
        any_route = dataclasses.replace(entry.routes[-1], prefix="", backend_path="/")
        planned = nginx.directives(entry.scope, [any_route], [])
        http = next(each for each in planned if each["directive"] == "http")["block"]
        kept = [each for each in http if not is_health(each) and not _is_path_of_a_route(each)]
        adapted = [changed(each, lambda name, text: self._adapted(entry, name, text)) for each in kept]
        next(each for each in adapted if each["directive"] == "server")["block"] += [*_access(), *_answers()]
        return [*self.top(planned), directive("http", block=[*_table(), *adapted])]

    def _adapted(self, entry: Entry, name: str, text: str) -> str:
        if name == "listen" and text == str(naming.GATEWAY_PORT):
            ports = [self.tree.port(each) for each in self.tree.entries]
            return f"{self.listens}:{min(ports)}-{max(ports)}"
        if name == "error_page" and text in ("@buffered_0", "@streamed_0"):
            return text.replace("_0", "_$profile")
        if text == "$stripped":
            return text
        if name == "set" and text.endswith(f":{entry.routes[-1].port}"):
            return "$gateway_target"
        if name == "rewrite":
            return {"(?s)^/(.*)$": "(?s)^.*$", "/$1": "$normalised_path"}.get(text, text)
        text = text.replace("$path_0", "$sent_path_or_none").replace("$stripped", "$stripped_prefix")
        return re.sub(r"^/dev/stdout$", "/dev/null", super()._adapted(entry, name, text))


def _table() -> list[Directive]:
    """Where the table is, and a variable for each field of what its function answers."""
    made: list[Directive] = [
        directive("js_import", "table", "from", "table.js"),
        directive("js_shared_dict_zone", f"zone=table:{_ZONE}"),
        directive("js_set", "$table_route", "table.route"),
    ]
    for at, field in enumerate(_FIELDS):
        last = at == len(_FIELDS) - 1
        pattern = "~(?s)^" + "[^ ]* " * at + ("(.*)$" if last else "([^ ]*) ")
        made.append(directive("map", "$table_route", f"${field}", block=[directive(pattern, "$1")]))
    without = directive("map", "$sent_path", "$sent_path_or_none", block=[
        directive("default", "$sent_path"), directive("-", "")
    ])  # fmt: skip
    realm = directive("map", "$passwords", "$realm", block=[
        directive("default", "Restricted"), directive("-", "off")
    ])  # fmt: skip
    return [*made, without, realm]


def _access() -> list[Directive]:
    """Who may call, by the table; every location has it."""
    return [directive("auth_basic", "$realm"), directive("auth_basic_user_file", "$passwords")]


def _answers() -> list[Directive]:
    """What is answered where there is no route, and to what is too large; and the reader of the files."""
    nothing, large = directive("return", "404", "no route for $uri\n"), directive("return", "413")
    return [
        *(directive("location", f"@{way}_none", block=[nothing]) for way in ("buffered", "streamed")),
        *(directive("location", f"@{way}_large", block=[large]) for way in ("buffered", "streamed")),
        directive("location", "@load", block=[directive("js_periodic", "table.load", f"interval={_INTERVAL}")]),
    ]


def _is_path_of_a_route(each: Directive) -> bool:
    return each["directive"] == "map" and str(each["args"][1]).startswith("$path_")
