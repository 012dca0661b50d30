"""What the store knows of the gateways of a tree: ports of stacks, where Services lead, which tables are there."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import CONFIG_MAP, DEPLOYMENT, SERVICE, STACK, Ref
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.model.stack import Stack
from ailtire_operator.plan.types import GatewayKind, ObservedGateway
from ailtire_operator.reconcile.mode import root_of, spec_of
from ailtire_operator.status.health import rolled_out
from ailtire_operator.status.observed import LiveObject

SETTLE_SECONDS: Final = 10.0
"""How long the gateway of a tree may take to read a stack's routes. Measured were four, from the write on."""
_NOTHING: Final = ObservedGateway()
_KINDS: Final[Mapping[str | None, GatewayKind]] = {
    naming.COMPONENT_GATEWAY: "own",
    naming.COMPONENT_TREE_GATEWAY: "tree",
}
Tree = tuple[str, str]
"""Namespace and name of a root."""


class GatewayFacts:
    """Reads the gateways of all trees from a store, and gives each new stack a port."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._ports: defaultdict[Tree, dict[str, int]] = defaultdict(dict)
        """By name of a stack below the root: its port, or the one that its parent is about to give it."""
        self._since: dict[str, float] = {}
        """By uid of a stack: since when its routes are known to be there."""
        for record in store.of_kind(STACK.kind):
            self._note(None, record)
        store.listeners.append(self._note)

    def forget(self, uid: str) -> None:
        """The stack is gone."""
        self._since.pop(uid, None)

    def observe(self, stack: Stack) -> ObservedGateway:
        """What the plan of a stack has to know. A child that has no port yet is given one, if it is to have one."""
        namespace, place, gateway = stack.namespace, stack.spec.place, stack.spec.gateway
        root = self.root(stack)
        asked = place.tree_gateway if place is not None else gateway is not None and gateway.tree
        workload = self.workload(namespace, root)
        leads_to = self.leads_to(namespace, stack.name, stack.uid)
        children = {naming.member(stack.name, key) for key in stack.spec.children}
        ports = self._children_ports(stack, children, asked=asked)
        if not asked and workload is None and leads_to != "tree":
            return ObservedGateway(ports=ports) if ports else _NOTHING
        port = naming.GATEWAY_PORT if place is None else place.gateway_port
        seen = ObservedGateway(
            ports=ports,
            unserved=frozenset(name for name, each in ports.items() if self._is_unserved(namespace, name, each, root)),
            leads_to=leads_to,
            own_is_ready=leads_to == "tree" and self.is_ready(namespace, naming.gateway(stack.name), stack.uid),
            tree_is_ready=leads_to == "own" and asked and port is not None and self._is_settled(stack, root, port),
            exists=workload is not None,
        )
        return self._of_the_root(stack, seen) if place is None else seen

    def root(self, stack: Stack) -> str:
        """The uid of the root of a stack; empty if it is not there."""
        if stack.spec.place is None:
            return stack.uid
        found = self._store.get(Ref(STACK.kind, stack.namespace, stack.root))
        return found.uid if found is not None else ""

    def members(self, namespace: str, root: str) -> Iterator[Record]:
        """The stacks below a root that have a port, as far as they are there."""
        for name in self._ports.get((namespace, root), ()):
            if (found := self._store.get(Ref(STACK.kind, namespace, name))) is not None:
                yield found

    def ports(self, namespace: str, root: str) -> set[int]:
        """The ports of a tree that are somebody's."""
        return {naming.GATEWAY_PORT, *self._ports.get((namespace, root), {}).values()}

    def stack_of(self, namespace: str, root: str, port: int) -> Record | None:
        """The stack that has the port in a tree."""
        if port == naming.GATEWAY_PORT:
            return self._store.get(Ref(STACK.kind, namespace, root))
        named = self._ports.get((namespace, root), {})
        name = next((name for name, each in named.items() if each == port), "")
        return self._store.get(Ref(STACK.kind, namespace, name))

    def workload(self, namespace: str, root_uid: str) -> Record | None:
        """The gateway of the tree whose root has this uid."""
        root = self._store.by_uid(root_uid) if root_uid else None
        if root is None:
            return None
        return self._owned(Ref(DEPLOYMENT.kind, namespace, naming.tree_gateway(root.ref.name)), root_uid)

    def tables(self, namespace: str, root_uid: str, number: int) -> Record | None:
        """One of the ConfigMaps with the tables of this root's tree; None where it is not there, or not the root's."""
        root = self._store.by_uid(root_uid) if root_uid else None
        if root is None:
            return None
        return self._owned(Ref(CONFIG_MAP.kind, namespace, naming.gateway_tables(root.ref.name, number)), root_uid)

    def table(self, namespace: str, root_uid: str, port: int) -> tuple[str, int, str] | None:
        """Digest, bytes and needs of the table of a port, if it is there."""
        found = self.tables(namespace, root_uid, port % naming.GATEWAY_TABLES)
        tables: Mapping[int, tuple[str, int, str]] = found.summary.get("tables", {}) if found is not None else {}
        return tables.get(port)

    def leads_to(self, namespace: str, name: str, uid: str) -> GatewayKind:
        """Where the Service of the stack of this name and uid leads."""
        found = self._owned(Ref(SERVICE.kind, namespace, name), uid)
        if found is None:
            return ""
        return _KINDS.get((found.summary.get("selector") or {}).get(naming.LABEL_COMPONENT), "")

    def _owned(self, ref: Ref, uid: str) -> Record | None:
        """An object that the stack of this uid owns, and that stays."""
        found = self._store.get(ref)
        return found if found is not None and uid and found.owner_uid == uid and not found.deleting else None

    def _of_the_root(self, stack: Stack, seen: ObservedGateway) -> ObservedGateway:
        namespace, ports = stack.namespace, self._ports.get((stack.namespace, stack.name), {})
        members = list(self.members(namespace, stack.name))
        edges = {}
        for each in members:
            edge = spec_of(each).get("edge")
            if isinstance(edge, Mapping) and self.table(namespace, stack.uid, ports[each.ref.name]) is not None:
                edges[ports[each.ref.name]] = edge.get("tls") is not None
        found = (self.tables(namespace, stack.uid, number) for number in range(naming.GATEWAY_TABLES))
        tables = (each for record in found if record is not None for each in record.summary.get("tables", {}).values())
        used = seen.leads_to == "tree" or any(
            self.leads_to(namespace, each.ref.name, each.uid) == "tree" for each in members
        )
        return replace(
            seen,
            is_used=used,
            highest_port=max(ports.values(), default=0),
            edges=dict(sorted(edges.items())),
            tables=tuple(sorted({needs for _, _, needs in tables if needs})),
        )

    def _children_ports(self, stack: Stack, children: set[str], *, asked: bool) -> dict[str, int]:
        """The port of each child: that which it has, or the lowest that nobody of the tree has."""
        tree = (stack.namespace, stack.root)
        if not children or not (asked or tree in self._ports):
            return {}
        known = self._ports[tree]
        if asked and len(set(known.values())) < len(known):  # two processes have given one port away at one time
            first = {port: name for name, port in sorted(known.items(), reverse=True)}
            for name in children & known.keys():
                if first[known[name]] != name:
                    del known[name]
        new = sorted(children - known.keys()) if asked else []
        taken = set(known.values()) if new else set[int]()
        free = (port for port in naming.TREE_GATEWAY_PORTS if port not in taken)
        known.update(zip(new, free, strict=False))
        return {name: known[name] for name in sorted(children) if name in known}

    def _is_unserved(self, namespace: str, name: str, port: int, root_uid: str) -> bool:
        child = self._store.get(Ref(STACK.kind, namespace, name))
        is_own = child is not None and self.leads_to(namespace, name, child.uid) == "own"
        return is_own and self.table(namespace, root_uid, port) is None

    def _is_settled(self, stack: Stack, root_uid: str, port: int) -> bool:
        """Whether the gateway of the tree is ready, and has had the stack's routes for long enough."""
        root = self._store.by_uid(root_uid) if root_uid else None
        there = self.table(stack.namespace, root_uid, port) is not None
        if (
            root is None
            or not there
            or not self.is_ready(stack.namespace, naming.tree_gateway(root.ref.name), root_uid)
        ):
            self._since.pop(stack.uid, None)
            return False
        return self._clock() - self._since.setdefault(stack.uid, self._clock()) >= SETTLE_SECONDS

    def is_ready(self, namespace: str, name: str, owner_uid: str) -> bool:
        """Whether all replicas of a gateway, of the stack of this uid, take requests."""
        found = self._owned(Ref(DEPLOYMENT.kind, namespace, name), owner_uid)
        if found is None:
            return False
        wanted = int(found.summary.get("specReplicas", 1))
        return wanted > 0 and rolled_out(LiveObject(found.generation, found.summary), wanted)

    def _note(self, old: Record | None, new: Record | None) -> None:
        """Keep the ports current. What a parent is about to give stays until its child is there."""
        for record, there in ((old, False), (new, True)):
            if record is None or record.ref.kind != STACK.kind:
                continue
            port, tree = port_of(record), (record.ref.namespace, root_of(record))
            if port is None:
                continue
            if there:
                self._ports[tree][record.ref.name] = port
            elif new is None or port_of(new) != port:
                self._take_back(tree, [record.ref.name])
        if new is None and old is not None and old.ref.kind == STACK.kind and old.owner_uid is None:
            self._end((old.ref.namespace, old.ref.name))

    def _end(self, tree: Tree) -> None:
        """A root is gone: nobody gives what was promised. Its stacks have their ports for as long as they are there.

        A root that comes back adopts them.
        """
        promised = [
            name for name in self._ports.get(tree, ()) if self._store.get(Ref(STACK.kind, tree[0], name)) is None
        ]
        self._take_back(tree, promised)

    def _take_back(self, tree: Tree, names: Iterable[str]) -> None:
        known = self._ports.get(tree, {})
        for name in names:
            known.pop(name, None)
        if not known:
            self._ports.pop(tree, None)


def port_of(record: Record) -> int | None:
    """The port that the place of a stack names, if it names one that can be."""
    place: Any = spec_of(record).get("place")
    port = place.get("gatewayPort") if isinstance(place, Mapping) else None
    return port if isinstance(port, int) and port in naming.TREE_GATEWAY_PORTS else None
