"""What is noted on the pods of a tree's gateway when its routes have changed, and how often."""

from collections.abc import Callable
from typing import Any

from ailtire_operator import naming
from ailtire_operator.cluster.errors import ClusterError, Denied, Unavailable
from ailtire_operator.cluster.kinds import CONFIG_MAP, DEPLOYMENT, POD, STACK
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.plan.types import Plan, Table
from ailtire_operator.reconcile.gateway_facts import GatewayFacts
from ailtire_operator.reconcile.planner import Planned
from ailtire_operator.reconcile.tree_gateways import TreeGateways
from support.definitions.stacks import stack
from support.fake_cluster.records import put

_LABELS = {naming.LABEL_ROOT: "shop", naming.LABEL_COMPONENT: naming.COMPONENT_TREE_GATEWAY}


class _Applier:
    """Stands for the applier: what is written is seen at once."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.notes: list[str] = []
        self.answer: Callable[[], ClusterError | None] = lambda: None

    def acting_as(self, account: Any) -> "_Applier":
        del account
        return self

    async def write_table(self, record: Record, owner_uid: str, port: int, text: str | None) -> None:
        owner = self.store.by_uid(owner_uid)
        data = {f"{port}.json": text} if text else {}
        put(self.store, CONFIG_MAP.kind, record.ref.name, owner=owner, labels=_LABELS, data=data)

    async def announce(self, pod: Record, root: str, tables: str) -> None:
        del root
        if (error := self.answer()) is not None:
            raise error
        self.notes.append(tables.rpartition(".")[2])
        put_pod(self.store, pod.ref.name, {naming.ANNOTATION_TABLES: tables})


def put_pod(store: Store, name: str, annotations: dict[str, str]) -> None:
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "uid": "r", "controller": True}
    references = [{**owner, "name": name.rpartition("-")[0]}]
    labels, running = {**_LABELS, naming.LABEL_STACK: "shop"}, {"phase": "Running"}
    put(store, POD.kind, name, labels=labels, references=references, status=running, annotations=annotations)


class _Gateway:
    """A root with its gateway of one pod."""

    def __init__(self) -> None:
        self.store, self.now = Store(), 100.0
        self.applier = _Applier(self.store)
        self.root = put(self.store, STACK.kind, "shop", spec={"services": {}}, references=[])
        for number in range(naming.GATEWAY_TABLES):
            put(self.store, CONFIG_MAP.kind, naming.gateway_tables("shop", number), owner=self.root, labels=_LABELS)
        name = naming.tree_gateway("shop")
        put(self.store, DEPLOYMENT.kind, name, owner=self.root, labels=_LABELS, spec={"replicas": 1})
        put_pod(self.store, f"{name}-abc-1", {})
        facts, woken = GatewayFacts(self.store, lambda: self.now), list[Record]()
        applier: Any = self.applier
        self._gateways = TreeGateways(self.store, applier, facts, woken.append, lambda: self.now)

    async def write(self, text: str) -> float | None:
        """After how many seconds to go on."""
        made = Plan(stack({"services": {}}), (), (), {}, {}, table=Table(naming.GATEWAY_PORT, text))
        _, again = await self._gateways.write(self.root, Planned(made, {}, None))
        return again


async def test_a_change_is_noted_once_and_once_more_a_second_later_and_then_never_again() -> None:
    gateway = _Gateway()
    assert await gateway.write("one") == 1.0
    gateway.now += 0.4
    assert await gateway.write("one") is not None
    assert gateway.applier.notes == ["1"]
    gateway.now += 0.6
    assert await gateway.write("one") is None
    gateway.now += 60
    assert await gateway.write("one") is None
    assert gateway.applier.notes == ["1", "2"]


async def test_changes_in_a_row_are_noted_together() -> None:
    gateway = _Gateway()
    await gateway.write("one")
    gateway.now += 0.1
    assert 0 < (await gateway.write("two") or 0) < 1, "soon, with what comes until then"
    gateway.now += 0.3
    await gateway.write("three")
    assert gateway.applier.notes == ["1", "1"]


async def test_without_the_right_it_is_not_asked_for_again_until_something_changes() -> None:
    gateway = _Gateway()
    asked = []

    def deny() -> ClusterError:
        asked.append(gateway.now)
        return Denied("pods is forbidden")

    gateway.applier.answer = deny
    assert await gateway.write("one") is None
    gateway.now += 60
    assert await gateway.write("one") is None
    assert len(asked) == 1
    assert await gateway.write("two") is None
    assert len(asked) == 2


async def test_what_fails_for_a_moment_is_tried_again() -> None:
    gateway = _Gateway()
    gateway.applier.answer = lambda: Unavailable("later")
    assert await gateway.write("one") == 1.0
    gateway.applier.answer = lambda: None
    gateway.now += 1
    await gateway.write("one")
    assert gateway.applier.notes == ["1"]
