"""Resolves names between workloads: in the zones of the source's networks first, then in the namespace."""

from collections.abc import Iterator
from dataclasses import dataclass

from ailtire_operator.reach.ports import ALL, Ports
from ailtire_operator.reach.world import ServiceAddress, Workload, World


@dataclass(frozen=True, slots=True)
class Name:
    """One name and its target."""

    name: str
    service: str
    """The Service behind it."""
    ports: Ports
    """Those of the Service; all if the name resolves to the pods."""
    network: str = ""
    """The network in which it resolves, for people; empty for the whole namespace."""


def names(world: World, source: Workload, target: Workload) -> list[Name]:
    """The names of the target in search order, without those that resolve to another workload first."""
    behind = [
        each
        for each in world.services
        if each.selector and each.selector.items() <= target.labels.items() and target.through in ("", each.name)
    ]
    found: dict[str, Name | None] = {}
    for search in source.searches:
        zone, _, rest = search.partition(".")
        if zone in world.zones:
            for name, service in _in_zone(world, zone, behind):
                found.setdefault(name, service)
        elif zone == world.namespace and rest.startswith("svc."):
            for each in behind:
                found.setdefault(each.name, Name(each.name, each.name, _ports(each)))
    return [each for each in found.values() if each is not None]


def by_name(world: World, source: Workload, target: Workload) -> Ports:
    """The ports on which some name of the target answers; all if there is no name, as then only addresses are used."""
    listed = [each.ports for each in names(world, source, target)]
    return Ports.of(each for ports in listed for each in ports.ranges) if listed else ALL


def _in_zone(world: World, zone: str, behind: list[ServiceAddress]) -> Iterator[tuple[str, Name | None]]:
    """Every name of the zone, with what of the target it stands for; None where it is somebody else."""
    for name, addresses in sorted(world.zones[zone].items()):
        services = [each for each in behind if each.addresses & addresses]
        meant = Name(name, services[0].name, _ports(services[0]), world.networks.get(zone, "")) if services else None
        yield name, meant


def _ports(service: ServiceAddress) -> Ports:
    return Ports.of((protocol, number, number) for protocol, number in service.ports) if service.ports else ALL
