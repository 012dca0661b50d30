"""An owner counts in its own namespace alone: whoever names a stack's uid elsewhere gets nothing done by it."""

import pytest

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import CONTROLLER_REVISION, STACK, WATCHED_KINDS
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.reconcile.event_router import EventRouter
from ailtire_operator.reconcile.queue import Priority
from ailtire_operator.reconcile.rollback import Rollback
from support.fake_cluster.records import child, put, reference, stack
from support.fake_cluster.world import World

WEB = {"services": {"web": {"image": "x:1", "user": "1000"}}}
ELSEWHERE = [kind.kind for kind in WATCHED_KINDS]


def forged(store: Store, kind: str, owner: Record, name: str = "shop-old") -> Record:
    """An object of another namespace that names the stack as its controller, and has all its labels."""
    labels = {naming.LABEL_ROOT: "shop", naming.LABEL_STACK: "shop", naming.LABEL_SERVICE: "web"}
    failed = {naming.ANNOTATION_FAILED_UPDATE: '{"template": "x", "generation": 1}'}
    return put(
        store, kind, name, uid=f"other/{kind}/{name}", namespace="other", references=[reference(owner)],
        labels=labels, annotations=failed,
    )  # fmt: skip


class Asked:
    """A queue that only remembers the namespaces of what it is asked to look at."""

    def __init__(self) -> None:
        self.namespaces: list[str] = []

    def add(self, key: tuple[str, str], priority: Priority, delay: float = 0.0) -> None:
        self.namespaces.append(key[0])


@pytest.fixture
def world() -> World:
    world = World()
    world.write(WEB)
    world.reconcile()
    world.roll_out()
    world.reconcile()
    return world


def shop(world: World) -> Record:
    (record,) = (each for each in world.store.of_kind(STACK.kind) if each.ref.namespace == "prod")
    return record


@pytest.mark.parametrize("kind", ELSEWHERE)
def test_a_pass_neither_counts_nor_writes_it(world: World, kind: str) -> None:
    before = world.status()
    forged(world.store, kind, shop(world))
    world.reconcile()
    assert (world.cluster.journal, world.status()) == ([], before)
    world.write({**WEB, "suspend": True})
    world.reconcile()
    assert not [each for each in world.cluster.journal if each.startswith("delete")]


@pytest.mark.parametrize("kind", ELSEWHERE)
def test_it_wakes_nobody(kind: str) -> None:
    store, asked = Store(), Asked()
    wakeups = EventRouter(store, asked)  # type: ignore[arg-type]
    wakeups.synced = True
    root = stack(store, "shop", {"services": {"a": {"type": "stack", "stack": {"services": {}}}}})
    child(store, root, "a")
    asked.namespaces.clear()
    forged(store, kind, root)
    assert "prod" not in asked.namespaces


def test_its_last_good_definitions_are_none_of_the_stacks() -> None:
    world = World()
    record = world.write(WEB)
    history = Rollback(world.store, world.cluster, lambda: "")  # type: ignore[arg-type]
    forged(world.store, CONTROLLER_REVISION.kind, record)
    assert not history._of_stack(record)
    put(world.store, CONTROLLER_REVISION.kind, "own", owner=record)
    assert [each.ref.name for each in history._of_stack(record)] == ["own"]


def test_its_owner_is_unknown(world: World) -> None:
    record = forged(world.store, "Deployment", shop(world))
    assert world.store.owner_of(record) is None
    assert record not in list(world.store.owned_by("prod", shop(world).uid))
    assert list(world.store.owned_by("other", shop(world).uid)) == [record]
