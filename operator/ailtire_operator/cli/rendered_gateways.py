"""The gateway of a whole tree without a cluster: which port each stack gets, and what the root is told of its stacks.

An operator gives ports one by one as stacks come; here it is by the order in which they are planned. Pure.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ailtire_operator import naming
from ailtire_operator.cluster.gateway_tables import key_of
from ailtire_operator.model.stack import Stack
from ailtire_operator.plan.types import Manifest, ObservedGateway, Plan


class RenderedGateways:
    """The gateways of one tree: ``observed`` for each stack on the way down, ``of_the_root`` at the end."""

    def __init__(self, root: Stack) -> None:
        gateway = root.spec.gateway
        self.asked = gateway is not None and gateway.tree
        self._free: Iterator[int] = iter(naming.TREE_GATEWAY_PORTS)
        self._ports: dict[str, int] = {}
        self._edges: dict[int, bool] = {}

    def observed(self, stack: Stack) -> ObservedGateway:
        """What a stack has to know: the ports of its children."""
        if not self.asked:
            return ObservedGateway()
        place, edge = stack.spec.place, stack.spec.edge
        if place is not None and place.gateway_port is not None and edge is not None:
            self._edges[place.gateway_port] = edge.tls is not None
        names = sorted(naming.member(stack.name, key) for key in stack.spec.children)
        ports = {name: self._port(name) for name in names}
        return ObservedGateway(ports={name: port for name, port in ports.items() if port})

    def of_the_root(self, observed: ObservedGateway, plans: Iterable[Plan]) -> ObservedGateway:
        """The same with what the stacks below have come to."""
        return replace(
            observed,
            exists=True,
            is_used=True,
            highest_port=max(self._ports.values(), default=0),
            edges=dict(sorted(self._edges.items())),
            tables=tuple(sorted(each.table.text for each in plans if each.table is not None)),
        )

    def _port(self, name: str) -> int:
        if name not in self._ports:
            self._ports[name] = next(self._free, 0)
        return self._ports[name]


def with_tables(root: Plan, plans: Iterable[Plan]) -> Plan:
    """The root's plan whose ConfigMaps have the tables of all stacks: in a cluster each stack writes its own."""
    tables = {each.table.port: each.table.text for each in plans if each.table is not None}
    numbers = {naming.gateway_tables(root.stack.name, number): number for number in range(naming.GATEWAY_TABLES)}

    def filled(each: Manifest) -> Manifest:
        number = numbers.get(each["metadata"]["name"]) if each["kind"] == "ConfigMap" else None
        mine = {key_of(port): text for port, text in tables.items() if port % naming.GATEWAY_TABLES == number}
        return {**each, "data": mine} if mine else each

    return replace(root, objects=tuple(map(filled, root.objects)))
