"""Works out the members of each network and the names in it.

A network is identified by the stack that owns it and its key there; the stack's own network has the key ``siblings``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from ailtire_operator import naming
from ailtire_operator.model.field_path import SPEC, path_of
from ailtire_operator.model.loading import Level, sound_levels
from ailtire_operator.model.network import Network
from ailtire_operator.model.service import NetworkMembership, Service
from ailtire_operator.model.stack import StackSpec
from ailtire_operator.plan.scope import Scope

OWN = "siblings"


@dataclass(frozen=True, slots=True, order=True)
class NetworkId:
    """One network of a namespace."""

    owner: str
    """The stack that owns it."""
    key: str
    """Its key there."""

    def __str__(self) -> str:
        return f"{self.owner}/{self.key}"

    @classmethod
    def parse(cls, text: str) -> "NetworkId":
        """The reverse of ``str``, the form in ``spec.place``."""
        owner, _, key = text.partition("/")
        return cls(owner, key)

    @property
    def label(self) -> str:
        """The label of the pods that belong to it."""
        return naming.network_label(self.owner, self.key)


@dataclass(frozen=True, slots=True)
class Member:
    """A name in a network and its Service."""

    name: str
    service: str


@dataclass(slots=True)
class NameTable:
    """The names of one network. The first member to add a name keeps it; the stack that owns the network adds first."""

    names: dict[str, list[str]] = field(default_factory=dict)
    """Services by name; several under one alias answer in turn."""

    def add_key(self, name: str, service: str) -> None:
        """Add a member's own key, which belongs to one Service."""
        self.names.setdefault(name, [service])

    def add_alias(self, name: str, service: str, keys: frozenset[str]) -> None:
        """Add an alias, unless it is another member's key or not a DNS label."""
        name = name.lower()
        if naming.is_dns_label(name) and name not in keys and service not in self.names.setdefault(name, []):
            self.names[name].append(service)


def shared_name(key: str, network: Network) -> str | None:
    """The name under which stacks of a tree share a network; None if it is not shared."""
    return network.name or (key if network.external else None)


def inherited(place_networks: Mapping[str, str]) -> dict[str, NetworkId]:
    """The shared networks in scope, by name."""
    return {name: NetworkId.parse(text) for name, text in place_networks.items()}


def declared(name: str, spec: StackSpec, scope: Mapping[str, NetworkId]) -> dict[str, NetworkId]:
    """By key: the network of each entry of ``spec.networks`` in a stack called ``name``."""
    found: dict[str, NetworkId] = {}
    shared = dict(scope)
    for key, network in sorted(spec.networks.items()):
        common = shared_name(key, network)
        if key in naming.OWN_NETWORKS:
            found[key] = NetworkId(name, OWN)
        elif key != naming.PARENT_NETWORK:
            found[key] = shared.setdefault(common, NetworkId(name, key)) if common else NetworkId(name, key)
    return found


def scope_below(name: str, spec: StackSpec, scope: Mapping[str, NetworkId]) -> dict[str, NetworkId]:
    """The shared networks that the children of a stack can join; the nearest declaration of a name wins."""
    below = dict(scope)
    known = declared(name, spec, scope)
    for key, network in sorted(spec.networks.items()):
        shared = shared_name(key, network)
        if shared and not network.external and not _is_built_in(key):
            below.setdefault(shared, known[key])
    return below


def _is_built_in(key: str) -> bool:
    return key in naming.OWN_NETWORKS or key == naming.PARENT_NETWORK


def memberships(
    service: Service, own: NetworkId, parent: NetworkId | None, networks: Mapping[str, NetworkId]
) -> dict[NetworkId, list[str]]:
    """The networks of one member, with its aliases in each: the stack's own first, the parent's last.

    A member that lists networks of ``spec.networks`` without the stack's own is not in that one, as in Compose; the
    parent's network is an addition.
    """
    joined: dict[NetworkId, list[str]] = {}
    for key, membership in sorted(service.networks.items(), key=_place_in_order):
        network = parent if key == naming.PARENT_NETWORK else networks.get(key, own)
        if network is not None:
            joined.setdefault(network, []).extend(membership.aliases)
    return joined if set(joined) - {parent} else {own: [], **joined}


def _place_in_order(membership: tuple[str, NetworkMembership]) -> tuple[bool, bool, str]:
    key, _ = membership
    return key not in naming.OWN_NETWORKS, key == naming.PARENT_NETWORK, key


@dataclass(frozen=True)
class Networks:
    """The networks that one stack can use."""

    own: NetworkId
    parent: NetworkId | None
    """The parent stack's own network."""
    by_key: dict[str, NetworkId]
    """Those of ``spec.networks``."""
    below: dict[str, NetworkId]
    """The shared networks that children can join, by name."""
    internal: frozenset[NetworkId] = frozenset()
    """The internal ones, whose members reach only each other and DNS; set by the stack that owns the network."""

    def of(self, service: Service) -> dict[NetworkId, list[str]]:
        """The networks of a member, with its aliases in each."""
        return memberships(service, self.own, self.parent, self.by_key)


def networks_of(name: str, spec: StackSpec, parent: str | None, scope: Mapping[str, NetworkId]) -> Networks:
    """The networks of a stack called ``name`` whose parent is called ``parent``."""
    return Networks(
        own=NetworkId(name, OWN),
        parent=NetworkId(parent, OWN) if parent else None,
        by_key=declared(name, spec, scope),
        below=scope_below(name, spec, scope),
    )


def of_stack(scope: Scope) -> Networks:
    """The networks of the stack being planned; values without effect are reported."""
    place = scope.spec.place
    networks = networks_of(
        scope.name, scope.spec, place.parent if place else None, inherited(place.networks if place else {})
    )
    inside = [
        networks.by_key[key] for key, each in scope.spec.networks.items() if each.internal and key in networks.by_key
    ]
    above = [NetworkId.parse(text) for text in place.internal_networks] if place else []
    internal = frozenset([*above, *(network for network in inside if network.owner == scope.name)])
    _report(scope, networks, internal)
    return replace(networks, internal=internal)


def _report(scope: Scope, networks: Networks, internal: frozenset[NetworkId]) -> None:
    for key, network in scope.spec.networks.items():
        path = path_of(SPEC, "networks", key)
        if _is_built_in(key):
            if shared_name(key, network) or (network.internal and key == naming.PARENT_NETWORK):
                message = f"the network '{key}' is built in, so this has no effect."
                scope.report(path, "ignored", message, "Use another key.")
        elif network.external and networks.by_key[key].owner == scope.name:
            scope.report(
                path, "rejected",
                f"no stack above declares a network named '{shared_name(key, network)}', so only this stack shares it.",
                "Declare it with that name in a stack above, or remove external.",
            )  # fmt: skip
        elif network.internal and networks.by_key[key] not in internal:
            message = f"stack '{networks.by_key[key].owner}', which owns the network, does not declare it internal."
            scope.report(path_of(path, "internal"), "ignored", message, "Set internal there.")
    keys = {naming.sanitize(each): each for each in scope.spec.services}
    for key, service in scope.spec.services.items():
        _report_member(scope, key, service, keys)


def _report_member(scope: Scope, key: str, service: Service, keys: Mapping[str, str]) -> None:
    if key.lower() != naming.sanitize(key):
        message = f"DNS names do not allow these characters, so '{naming.sanitize(key)}' resolves instead."
        scope.report(scope.path(key), "approximate", message)
    for network, membership in service.networks.items():
        path = scope.path(key, "networks", network)
        if network == naming.PARENT_NETWORK and scope.spec.place is None:
            scope.report(path, "ignored", "the root has no parent, so there is no parent network to join.")
        for index, alias in enumerate(membership.aliases):
            name = alias.lower()
            if not naming.is_dns_label(name):
                message = f"'{alias}' is not a valid DNS name, so it does not resolve."
                scope.report(path_of(path, "aliases", index), "ignored", message, "Use a-z, 0-9 and hyphens inside.")
            elif keys.get(name, key) != key and network != naming.PARENT_NETWORK:
                message = f"'{name}' is the name of service '{keys[name]}', which takes precedence."
                scope.report(path_of(path, "aliases", index), "ignored", message, "Choose another alias.")


def owned(scope: Scope, networks: Networks) -> list[NetworkId]:
    """The networks that this stack owns: it writes their zone and policies."""
    declared_here = {network for network in networks.by_key.values() if network.owner == scope.name}
    return [networks.own, *sorted(declared_here - {networks.own})]


def name_tables(scope: Scope, networks: Networks) -> dict[NetworkId, NameTable]:
    """The names in each network that this stack owns: its own members' first, then those of stacks below that join."""
    found = {network: NameTable() for network in owned(scope, networks)}
    own_keys = frozenset(naming.sanitize(key) for key in scope.spec.services)
    tree = list(_tree(scope.name, scope.spec, scope.observed.templates, networks))
    for level, level_networks in tree:
        for name, service_name, joined in _names(level, level_networks, scope.observed.templates):
            for network, aliases in joined.items():
                if network not in found:
                    continue
                found[network].add_key(name, service_name)
                for alias in aliases:
                    found[network].add_alias(alias, service_name, own_keys)
    if scope.spec.has_interface:
        found[networks.own].names.setdefault(naming.GATEWAY_ALIAS, [scope.name])
    return found


def _tree(
    name: str, spec: StackSpec, templates: Mapping[str, StackSpec], networks: Networks
) -> Iterator[tuple[Level, Networks]]:
    """The stack and every stack below it, parents first, each with its networks."""
    known = {name: networks}
    for level in sound_levels(name, spec, templates):
        if level.key:
            known[level.name] = networks_of(level.name, level.spec, level.parent, known[level.parent].below)
        yield level, known[level.name]


def _names(
    level: Level, networks: Networks, templates: Mapping[str, StackSpec]
) -> Iterator[tuple[str, str, dict[NetworkId, list[str]]]]:
    """Key, Service and networks of every member that has a Service."""
    for key, service in sorted(level.spec.services.items()):
        if not service.is_stack or has_gateway(service, templates):
            yield naming.sanitize(key), naming.member(level.name, key), networks.of(service)


def has_gateway(service: Service, templates: Mapping[str, StackSpec]) -> bool:
    """Whether a child stack has a gateway; decided by its definition, so that the order of creation does not matter."""
    if service.stack_ref is not None:
        template = templates.get(service.stack_ref.name)
        return template is not None and template.has_interface
    # The definition is not validated yet: it may contain anything.
    members = (service.stack or {}).get("services")
    return isinstance(members, dict) and any(
        isinstance(each, dict) and each.get("interface") for each in members.values()
    )
