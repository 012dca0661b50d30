"""The routes of a tree's gateways, made of the definitions by the code that plans the gateways. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final
from urllib.parse import urlsplit

from ailtire_operator import naming
from ailtire_operator.cli.outside import Outside, first_blocker
from ailtire_operator.cli.paths import paths
from ailtire_operator.cli.trees import Resource, State, place_of, services, services_of
from ailtire_operator.model.loading import parse_stack
from ailtire_operator.model.policies import AccessControl, Policies
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.model.settings import Settings
from ailtire_operator.plan.gateway.edge import ExternalUrl, external_urls, route_urls, through
from ailtire_operator.plan.gateway.routes import Route, routes
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.types import Observed
from ailtire_operator.printable import plural
from ailtire_operator.status.text import listed

ROW_LIMIT: Final = 5000
"""Routes of a whole tree."""
_NOTHING: Final = ExternalUrl("")


@dataclass(frozen=True, slots=True)
class Gateway:
    """A stack's gateway by its current definition."""

    routes: Sequence[Route] = ()
    """The longest prefix first, as one of them is chosen."""
    urls: Sequence[ExternalUrl] = ()
    """Those of its own edge, and those that lead to it through the gateways above."""
    problem: str = ""
    """Why nothing can be said: the definition is not valid."""


@dataclass(frozen=True, slots=True)
class RouteRow:
    """A route to a service, with its address outside of the tree."""

    host: str
    """Empty where no edge names one."""
    path: str
    id: str
    """NAMESPACE/NAME of the stack that holds the service."""
    stack: str
    """Its path."""
    route: Route
    state: State
    reason: str
    """The first thing that keeps a request from it; empty where nothing does."""

    def to_json(self) -> dict[str, Any]:
        """As data."""
        return {
            "host": self.host,
            "path": self.path,
            "id": self.id,
            "stack": self.stack,
            "service": self.route.service,
            "port": self.route.port,
            "protocol": self.route.scheme,
            "state": str(self.state),
            "ready": not self.reason,
            "reason": self.reason,
            "rules": rules(self.route.policies),
            **stripping(self.route),
        }


def gateway_of(stack: Resource, settings: Settings) -> Gateway:
    """What the gateway of a stack does."""
    try:
        scope = Scope(parse_stack(stack), settings, Observed(is_offline=True))
        found = Gateway(routes(scope), external_urls(scope))
        scope.found.check()
    except InvalidStack as error:
        return Gateway(problem=str(error.problems[0]) if error.problems else "the definition is not valid")
    return found


def children_of(tree: Sequence[Resource]) -> dict[tuple[str, str], Resource]:
    """The child stacks by the name of their parent and their key as it stands in names."""
    places = ((place_of(each), each) for each in tree)
    return {
        (place["parent"], naming.sanitize(place.get("parentKey", ""))): each for place, each in places if place
    }  # fmt: skip


def route_rows(asked: Resource, tree: Sequence[Resource], outside: Outside, settings: Settings) -> list[RouteRow]:
    """The routes to all services of a stack and below it; ``tree`` holds all stacks above it too."""
    rows = islice(_Table(tree, outside, settings).rows(asked), ROW_LIMIT)
    return sorted(rows, key=lambda each: (each.host, each.path, each.stack))


class _Table:
    def __init__(self, tree: Sequence[Resource], outside: Outside, settings: Settings) -> None:
        self._tree = tree
        self._outside = outside
        self._settings = settings
        self._paths = paths(tree)
        self._children = children_of(tree)
        self._by_name = {str(each["metadata"]["name"]): each for each in tree}
        self._gateways: dict[str, Gateway] = {}

    def rows(self, top: Resource) -> Iterator[RouteRow]:
        waiting: list[tuple[Resource, Sequence[ExternalUrl]]] = [(top, self._gateway(top).urls or (_NOTHING,))]
        for _ in range(len(self._tree)):  # bounded: whoever may write a place may write a circle
            if not waiting:
                return
            stack, bases = waiting.pop()
            gateway = self._gateway(stack)
            below: dict[str, dict[str, ExternalUrl]] = {}
            for route in gateway.routes:
                child = self._children.get((stack["metadata"]["name"], naming.sanitize(route.service)))
                if child is None:
                    yield from self._of_route(stack, route, route_urls(route, gateway.routes, bases))
                    continue
                found = (through(base, route, gateway.routes) for base in bases)
                known = below.setdefault(child["metadata"]["name"], {})
                known |= {each.url: each for each in (*self._gateway(child).urls, *found) if each is not None}
            waiting += [(self._by_name[name], tuple(urls.values())) for name, urls in below.items()]

    def _gateway(self, stack: Resource) -> Gateway:
        name = stack["metadata"]["name"]
        if name not in self._gateways:
            self._gateways[name] = gateway_of(stack, self._settings)
        return self._gateways[name]

    def _of_route(self, stack: Resource, route: Route, urls: Sequence[str]) -> Iterator[RouteRow]:
        reason = first_blocker(stack, route.service, self._tree, self._outside, self._paths)
        state = service_state(stack, route.service)
        where = self._paths[stack["metadata"]["name"]]
        for each in urls:
            parts = urlsplit(each)
            yield RouteRow(parts.netloc, parts.path or "/", id_of(stack), where, route, state, reason)


def id_of(stack: Resource) -> str:
    """NAMESPACE/NAME."""
    return f"{stack['metadata'].get('namespace', '')}/{stack['metadata']['name']}"


def service_state(stack: Resource, key: str) -> State:
    """How a service is."""
    found = next((each.state for each in services(stack) if each.key == key), None)
    return State.MISSING if found is None else found


def is_stack(stack: Resource, key: str) -> bool:
    """Whether a member is declared as a stack."""
    member: Mapping[str, Any] = services_of(stack).get(key) or {}
    return member.get("type") == "stack"


def stripping(route: Route) -> dict[str, Any]:
    """What of the path is taken away, and what stands there instead; null where the path stays as it is."""
    changed = route.backend_path is not None
    return {"strips": route.prefix if changed else "", "becomes": route.backend_path}


def rules(policies: Policies) -> list[str]:
    """What the gateway enforces, a sentence each."""
    found = _access(policies.access_control) if policies.access_control else []
    if policies.max_body is not None:
        found.append(f"a body has at most {policies.max_body} bytes")
    if policies.timeout is not None:
        found.append(f"waits {policies.timeout.request_timeout} for an answer, then 504")
    if policies.retry is not None and policies.retry.max_retries:
        count = policies.retry.max_retries
        found.append(f"{count} {'retry' if count == 1 else 'retries'} of what is safe to repeat")
    if policies.session is not None:
        found.append(f"the cookie {policies.session.cookie} keeps a caller at one replica")
    if policies.logging is not None:
        found.append(f"logs requests at level {policies.logging.level}")
    return found


def _access(control: AccessControl) -> list[str]:
    found = []
    if control.allow:
        found.append(f"only {listed(control.allow, 8)} may call, all others get 403")
    if control.rate_limit is not None:
        found.append(f"at most {plural(control.rate_limit, 'request')} a second for each address, then 429")
    if control.authentication is not None:
        secret = control.authentication.secret
        found.append(f"wants a user and password of Secret {secret} ({control.authentication.realm}), else 401")
    return found
