"""Makes routes from Traefik's labels; the stack's gateway replaces the project's own Traefik."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ailtire_operator.compose.compose_file import access_control, middlewares, router_rules
from ailtire_operator.compose.compose_file.access_control import Access
from ailtire_operator.compose.compose_file.entry import SERVICES, Entry
from ailtire_operator.compose.compose_file.labels import Labels, labels_of
from ailtire_operator.compose.compose_file.middlewares import Chosen, Middlewares
from ailtire_operator.compose.compose_file.project_files import ProjectFiles
from ailtire_operator.compose.compose_file.router_hosts import ANY, Claim, RouterHosts, Target
from ailtire_operator.compose.compose_file.routers import Router, Routers, of_this_generation, taken_apart
from ailtire_operator.compose.compose_file.traefik_settings import TraefikSettings
from ailtire_operator.compose.reporting import Report
from ailtire_operator.compose.scalars import whole
from ailtire_operator.model.field_path import SPEC, FieldPath, path_of

PREFIX: Final = "traefik."
_HOSTS_LIMIT: Final = 32
_LABELED: Final = ("", "docker", "swarm")
"""Provider suffixes of names that are defined by labels."""


@dataclass
class Edge:
    """External access, collected from the routers of all services."""

    hosts: dict[str, None] = field(default_factory=dict)
    published: dict[str, int] = field(default_factory=dict)
    """The published ports of the project's own Traefik."""
    prefixes: dict[str, Target] = field(default_factory=dict)
    """The target of each external prefix so far."""
    middlewares: Middlewares = field(default_factory=Middlewares)
    claimed: RouterHosts = field(default_factory=RouterHosts)
    """The hosts and paths of all routers."""
    front: TraefikSettings = field(default_factory=TraefikSettings)
    """The settings of the project's own Traefik."""

    def learn(self, services: Mapping[str, Any]) -> None:
        """Collect the middlewares of all services, as each may use any."""
        for key, service in services.items():
            for name, (value, path) in labels_of(service, path_of(SERVICES, key), PREFIX).items():
                kind, middleware, option = taken_apart(name)
                if kind == "middlewares":
                    self.middlewares.add(middleware, option, value, path)

    def claim(self, services: Mapping[str, Any]) -> None:
        """Collect the hosts and paths of all services; requires ``learn`` and the settings of Traefik."""
        self.claimed = RouterHosts(each for key, service in services.items() for each in _claims(key, service, self))

    def close(self, report: Report) -> None:
        """Report what is known only after all routes."""
        self.middlewares.report_unused(report)
        for host in list(self.hosts)[_HOSTS_LIMIT:]:
            del self.hosts[host]
            report.rejected(
                path_of(SPEC, "edge", "hosts"), f"a stack has at most {_HOSTS_LIMIT} hosts; '{host}' is left out."
            )
        for host in self.hosts:
            report.required(path_of(SPEC, "edge", "hosts"), "Point the names in DNS at the cluster's edge", host)


def _claims(key: str, service: Mapping[str, Any], edge: Edge) -> Iterator[Claim]:
    """The hosts and paths that the routers of a service name; errors are reported when routes are made."""
    entry = Entry(service, ("services", key), Report())
    labels = labels_of(service, entry.path, PREFIX)
    every = {name: value for name, (value, _) in labels_of(service, entry.path, "").items()}
    if not labels or edge.front.counts(every) is False:
        return
    settings = Routers(labels, entry.report)
    chosen = _chosen(settings, edge)
    for name in _leading(chosen):
        router = settings.routers[name]
        try:
            matched = router_rules.read(router.rule)
        except router_rules.UnknownRule:
            continue
        is_open = not any(True for _ in _protections(router, chosen[name], edge))
        rank = edge.front.is_main(router.entry_points), router.priority or len(router.rule)
        for host, prefix in matched.pairs:
            target = _target(prefix, router, settings, chosen[name].options, entry)
            yield Claim(host, prefix, target, rank, is_kept=is_open and prefix not in matched.exact)


def routes(service: Entry, edge: Edge, files: ProjectFiles) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """The routes that a service's labels describe, and its policies."""
    labels = labels_of(service.data, service.path, PREFIX)
    if labels and not _counts(service, labels, edge.front):
        return {}, {}
    labels = of_this_generation(labels, service.report)
    settings = Routers(labels, service.report)
    result: dict[str, dict[str, Any]] = {}
    used: list[middlewares.Option] = []
    allowed = Access()
    chosen = _chosen(settings, edge)
    leading = _leading(chosen)
    for key, router in settings.routers.items():
        if key not in leading:
            message = "it only redirects to HTTPS, which the edge does; it makes no route."
            service.report.ignored(router.where, message, "Set spec.edge.tls.")
            continue
        matched = _matched(router, service)
        further = _allowed(router, chosen[key], allowed, matched, service, edge) if matched else None
        found = dict(_routes(router, matched, settings, chosen[key], service, edge)) if matched and further else {}
        allowed = further if further and found else allowed
        used += chosen[key].options if found else []
        result |= found
    if labels and not settings.routers and settings.ports:
        message = "there is no rule with a path; there is no route."
        service.report.rejected(service.path, message, "Write a rule with PathPrefix, or spec.services.*.interface.")
    policies = middlewares.settings(used, service.report)
    policies |= {"maxBody": body} if (body := access_control.body(Chosen(tuple(used), ()).kinds)) else {}
    policies |= settings.sticky.policy(str(service.location[-1]), service.report) if result else {}
    control = _control(allowed, used, files, service.report)
    return result, policies | ({"accessControl": control} if control else {})


def _chosen(settings: Routers, edge: Edge) -> dict[str, Chosen]:
    """The middlewares of each router."""
    return {key: edge.middlewares.chosen(_named(router, edge.front)) for key, router in settings.routers.items()}


def _leading(chosen: Mapping[str, Chosen]) -> list[str]:
    """The routers without those that only redirect to HTTPS; all if there are no others."""
    return [key for key, each in chosen.items() if not middlewares.redirects(each.options)] or list(chosen)


def _counts(service: Entry, labels: Labels, front: TraefikSettings) -> bool:
    """Whether Traefik includes the service."""
    every = labels_of(service.data, service.path, "")
    counts = front.counts({name: value for name, (value, _) in every.items()})
    key = str(service.location[-1])
    if counts is None:
        what, why = f"the routes of {key} would be OPEN: left out", f"Traefik's constraint is {front.constraint}"
        return not service.report.keeps_closed(service.path, what, why, [key])
    if not counts:
        message = "Traefik ignores this service, and so does the gateway: it has no routes."
        places = {name.lower(): path for name, (_, path) in reversed(labels.items())}
        service.report.resolved(places.get("traefik.enable", next(reversed(places.values()))), message)
    return counts


def _named(router: Router, front: TraefikSettings) -> list[str]:
    """The middlewares of a router: those of its entry points before its own."""
    shared = [each for point in front.of(router.entry_points) for each in front.middlewares.get(point, ())]
    return [*shared, *router.middlewares]


def _matched(router: Router, service: Entry) -> router_rules.Matched | None:
    """What a router matches; None, and reported, if the gateway cannot route it exactly."""
    report, key = service.report, str(service.location[-1])
    if router.service.partition("@")[2] not in _LABELED:
        report.rejected(router.where, "its service is not defined by labels; the route is left out.")
        return None
    try:
        found = router_rules.read(router.rule)
    except router_rules.UnknownRule as error:
        report.rejected(router.where, f"the gateway does not support {error}; the route is left out.", "Route by path.")
        return None
    closed = {
        path
        for path in found.exact
        if report.keeps_closed(
            router.where,
            f"{path} would be OPEN: left out",
            "the rule matches only that path, and here everything below it leads to the service too",
            [path, key] if path != "/" else [key, path],
            "Use PathPrefix if that is intended.",
        )
    }
    kept = tuple((host, path) for host, path in found.pairs if path not in closed)
    return replace(found, pairs=kept) if kept else None


def _allowed(
    router: Router, chosen: Chosen, before: Access, matched: router_rules.Matched, service: Entry, edge: Edge
) -> Access | None:
    """The access control with a router's routes; None if these are left out, as they would be too open."""
    key = str(service.location[-1])
    what = f"{', '.join(matched.prefixes)} would be OPEN: left out"
    names = [*(each for each in matched.prefixes if each != "/"), key, *matched.prefixes]
    remedy = "Set policies.accessControl of the service."
    lost = [
        service.report.keeps_closed(path, what, why, names, remedy) for path, why in _protections(router, chosen, edge)
    ]
    if any(lost):
        return None
    own = access_control.access(chosen.kinds)
    if own is not None and (both := before.both(own)) is not None:
        return both
    why = "routes of the service have different access rules, and here one set of rules applies to all"
    closed = service.report.keeps_closed(router.where, what, why, names, "Make it a service of its own.")
    return None if closed else before


def _protections(router: Router, chosen: Chosen, edge: Edge) -> Iterator[tuple[FieldPath, str]]:
    """Path and reason for each restriction of a route that cannot be kept."""
    for name in chosen.unknown:
        why = f"the middleware '{name}' is not defined in the project, and may restrict callers"
        yield router.place("middlewares"), why
    yield from access_control.lost(chosen.kinds)
    points = edge.front.of(router.entry_points)
    options = [router.tls_options, *(edge.front.tls_options.get(point, "") for point in points)]
    for each in options:
        if each.partition("@")[0] not in ("", "default"):
            yield router.place("tls.options"), f"its TLS options '{each}' may ask callers for a certificate"
    if not edge.front.is_public(points):
        yield (
            router.place("entrypoints"),
            f"its entry points ({', '.join(points)}) are not known to be public",
        )


def _control(allowed: Access, used: list[middlewares.Option], files: ProjectFiles, report: Report) -> dict[str, Any]:
    """The access control of a service."""
    result: dict[str, Any] = {}
    if allowed.allow:
        result["allow"] = list(allowed.allow.values())
    if allowed.rate:
        result["rateLimit"] = allowed.rate
        message = f"it is {allowed.rate} requests per second and client, on all routes of the service."
        for option in used:
            if (option.kind, option.name) == ("ratelimit", "average"):
                report.approximate(option.path, message)
    if users := allowed.users:
        result["authentication"] = files.users(users, report)
    return result


def _routes(
    router: Router,
    matched: router_rules.Matched,
    settings: Routers,
    chosen: Chosen,
    service: Entry,
    edge: Edge,
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The routes of one router."""
    options = chosen.options
    for prefix in matched.prefixes:
        target = _target(prefix, router, settings, options, service)
        _, port, backend = target
        if port is None:
            message = "the service's port is unknown; the route is left out."
            service.report.rejected(router.where, message, "Set loadbalancer.server.port.")
            continue
        hosts = [host for host, path in matched.pairs if path == prefix and _answers(host, router, edge, service)]
        if not hosts:
            continue
        other = edge.prefixes.setdefault(prefix, edge.claimed.target(prefix) or target)
        if other != target:
            where = f"{other[0]}, port {other[1]}," if other[0] == target[0] else other[0]
            message = f"the gateway's path {prefix} leads to {where} already, whatever the host; it is left out."
            service.report.rejected(router.where, message, "Use different paths.")
            continue
        edge.hosts.update(dict.fromkeys(each for each in hosts if each != ANY))
        secure = {"protocol": "https"} if settings.is_secure(router.service) else {}
        yield prefix, {"path": backend, "port": port, **secure}


def _target(
    prefix: str, router: Router, settings: Routers, options: tuple[middlewares.Option, ...], service: Entry
) -> Target:
    """The target of one path of a router."""
    hidden, added = [each.rstrip("/") for each in middlewares.stripped(options)], middlewares.added(options)
    backend = added.rstrip("/") + ("/" if prefix.rstrip("/") in hidden else prefix)
    port = settings.port(router.service) or _first_port(service)
    return str(service.location[-1]), port, backend.rstrip("/") or "/"


def _answers(host: str, router: Router, edge: Edge, service: Entry) -> bool:
    """Whether the gateway may answer for a host: it has the same paths as the other hosts, or is accepted."""
    answered = edge.claimed.answered
    if host == ANY or host in answered:
        return True
    key = str(service.location[-1])
    what = f"{host} would show the application of {answered[0]}: left out"
    why = "its paths have other targets than those of that host, and the gateway routes by path only"
    remedy = "Make the host's services a separate stack, and point its DNS name there."
    return not service.report.keeps_closed(router.where, what, why, [host, key], remedy)


def _first_port(service: Entry) -> int | None:
    for port in service.data.get("ports") or []:
        if target := whole(port.get("target")):
            return target
    for port in service.data.get("expose") or []:
        if target := whole(port):
            return target
    return None
