"""Where a tree answers on this machine while one of its gateways is forwarded to it. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ailtire_operator.cli.addresses import Address, addresses, advice
from ailtire_operator.cli.failures import Exit, Failure
from ailtire_operator.cli.outside import Outside, chain
from ailtire_operator.cli.paths import PathTarget, paths
from ailtire_operator.cli.trees import Resource, spec_of
from ailtire_operator.printable import plural


@dataclass(frozen=True, slots=True)
class LocalRoute:
    """What answers below a path of the gateway."""

    path: str
    service: str
    """Its path in the tree."""
    port: int


@dataclass(frozen=True, slots=True)
class LocalEntry:
    """The gateway to forward, and what is reached through it."""

    gateway: PathTarget
    routes: tuple[LocalRoute, ...]
    host: str = ""
    """The name under which its edge publishes the first route; empty where it has none."""
    secure: bool = False
    """Whether its edge has a certificate: services see X-Forwarded-Proto: https then."""
    left_out: int = 0
    """URLs that lead through another gateway."""

    def urls(self, port: int) -> list[str]:
        """Where the routes answer, with the gateway's port as this number here."""
        return [f"http://127.0.0.1:{port}{each.path}" for each in self.routes]

    def notes(self, port: int) -> Iterator[str]:
        """What is different from a request by the edge."""
        yield f"through the gateway of {self.gateway.path}, until Ctrl-C"
        if self.host:
            scheme = " and the scheme https" if self.secure else ""
            seen = f"services see the host 127.0.0.1:{port}{scheme}"
            yield f"note: {seen}; that of the edge is sent by: curl -H 'Host: {self.host}' {self.urls(port)[0]}"
        if self.left_out:
            others = plural(self.left_out, "URL")
            yield f"note: {others} by another stack's edge left out; name that stack to reach them"


def local_entry(asked: PathTarget, tree: Sequence[Resource], namespace: str) -> LocalEntry:
    """The gateway that leads to a path: that of the stack whose edge publishes it, as the paths are those outside;
    without an edge the one of the stack itself. Raises Failure where no gateway leads there."""
    found = addresses(asked, tree, Outside())
    if not found:
        return _own(asked, namespace)
    known = paths(tree)
    by_name = {each["metadata"]["name"]: each for each in tree}
    entries = [_publisher(by_name[each.stack], each, tree) for each in found]
    top = entries[0]
    mine = [each for each, entry in zip(found, entries, strict=True) if entry is top]
    routes = dict.fromkeys(LocalRoute(urlsplit(each.url).path or "/", each.service, each.port) for each in mine)
    name = top["metadata"]["name"]
    return LocalEntry(
        gateway=PathTarget(top, known[name]),
        routes=tuple(routes),
        host=urlsplit(found[0].url).netloc,
        secure=bool((spec_of(top).get("edge") or {}).get("tls")),
        left_out=len(found) - len(mine),
    )


def _own(asked: PathTarget, namespace: str) -> LocalEntry:
    stack = PathTarget(asked.stack, asked.stack_path)
    routes: list[dict[str, Any]] = (asked.stack.get("status") or {}).get("routes") or []
    mine = [each for each in routes if asked.key in ("", each["service"])]
    if not mine:
        raise Failure(*advice(asked, namespace), code=Exit.NO)
    return LocalEntry(
        stack, tuple(LocalRoute(each["path"], f"{stack.path}/{each['service']}", each["port"]) for each in mine)
    )


def _publisher(stack: Resource, address: Address, tree: Sequence[Resource]) -> Resource:
    """The stack whose edge has the URL's host; of several the outermost. The stack itself where nobody says so."""
    host = urlsplit(address.url).netloc
    way = chain(stack, tree)
    return next((each for each in way if host in ((spec_of(each).get("edge") or {}).get("hosts") or ())), way[0])
