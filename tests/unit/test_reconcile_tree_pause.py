"""An update of a whole tree that has failed and is paused: nothing more is changed until the definition changes."""

from typing import Any

import pytest

from ailtire_operator.cluster.kinds import Ref
from unit.test_reconcile_tree_rollback import CHILD, DEADLINE, Story, member

OTHER = "shop-mail"
NAMES = ("shop-orders-api", "shop-orders-late", "shop-late", "shop-mail-late")
HEALTHY = {"condition": "healthy"}
WORDS = "the update of the tree has failed and is paused"


def spec(version: int, api: int | None = None) -> dict[str, Any]:
    """Three stacks: ``orders/api`` first, and in each stack a service that waits for it."""
    orders = {
        "api": member(f"api:{api or version}"),
        "late": member(f"late:{version}", dependsOn={"api": HEALTHY}),
    }
    mail = {"late": member(f"late:{version}", dependsOn={"orders/api": HEALTHY})}
    services = {
        "late": member(f"late:{version}", dependsOn={"orders/api": HEALTHY}),
        "orders": {"type": "stack", "stack": {"services": orders}},
        "mail": {"type": "stack", "stack": {"services": mail}},
    }
    return {"services": services, "updatePolicy": {"failureAction": "pause", "progressDeadline": f"{DEADLINE}s"}}


class Three(Story):
    """A story of three stacks."""

    def reconcile(self) -> list[str]:
        journal = super().reconcile()
        for name in (OTHER, "shop") if self.world.store.get(Ref("AiltireStack", "prod", OTHER)) is not None else ():
            self.world.reconcile(name)
            journal += self.world.cluster.journal
        return journal

    def settle(self) -> None:
        super().settle()
        super().settle()

    def images(self) -> str:
        return "".join(self.image(name).partition(":")[2] for name in NAMES)

    def recover(self) -> None:
        """What had failed gets ready after all."""
        self.clean("shop-orders-api")
        self.settle()

    def time_out(self) -> None:
        self.world.time += DEADLINE + 2
        self.reconcile()
        assert self.world.conditions()["UpdatePaused"] == ("True", "TreeUpdatePaused")


@pytest.fixture
def paused() -> Three:
    """Of an update of everything the first did not start in time."""
    story = Three(spec(1))
    story.update(spec(2))
    assert story.images() == "2111", "the others wait for it"
    story.time_out()
    return story


@pytest.mark.parametrize("restarted", [False, True])
def test_what_the_update_had_not_reached_stays_though_what_it_waited_for_gets_ready(
    paused: Three, restarted: bool
) -> None:
    if restarted:
        paused.restart()
        paused.world.reconciler._tree_rollback._paused.clear()
    paused.recover()
    assert paused.images() == "2111"
    assert paused.world.conditions()["UpdatePaused"] == ("True", "TreeUpdatePaused")
    for stack in ("shop", CHILD, OTHER):
        assert paused.world.status(stack)["services"]["late"]["message"] == f"waits with its update: {WORDS}"
    assert [each for each in paused.reconcile() if each.startswith(("apply", "delete"))] == []


def test_another_definition_ends_it_everywhere_also_where_it_says_the_same_as_before(paused: Three) -> None:
    paused.recover()
    paused.world.woken.clear()
    paused.world.write(spec(2, api=3))
    paused.world.reconcile()
    assert OTHER in paused.world.woken, "its own definition is what it was, and no event of its own would wake it"
    paused.settle()
    assert paused.images() == "3222"
    assert "UpdatePaused" not in paused.world.conditions()


def test_neither_is_anything_made(paused: Three) -> None:
    paused.recover()
    record = paused.world.store.get(Ref("Deployment", "prod", "shop-mail-late"))
    assert record is not None
    paused.world.store.remove(record.ref)
    paused.reconcile()
    paused.world.time += 60  # a status that says nothing new is not written at once
    paused.reconcile()
    assert paused.world.store.get(record.ref) is None
    assert paused.world.status(OTHER)["services"]["late"]["message"] == f"waits: {WORDS}"


def test_nor_is_anything_removed_until_the_definition_changes() -> None:
    """A stack that the update reaches only when it is paused, and of which nothing but a removal is left."""

    def definition(version: int, *, extra: bool) -> dict[str, Any]:
        found = spec(version)
        mail: dict[str, Any] = {"late": member("late:1"), **({"extra": member("extra:1")} if extra else {})}
        found["services"]["mail"] = {"type": "stack", "stack": {"services": mail}, "dependsOn": {"orders/api": HEALTHY}}
        return found

    extra = Ref("Deployment", "prod", "shop-mail-extra")
    story = Three(definition(1, extra=True))
    story.update(definition(2, extra=False))
    story.time_out()
    story.recover()
    mail = story.world.store.get(Ref("AiltireStack", "prod", OTHER))
    assert mail is not None
    assert set(mail.summary["spec"]["services"]) == {"late"}, "it has its new definition"
    assert story.world.store.get(extra) is not None
    story.world.write(definition(3, extra=False))
    story.settle()
    assert story.world.store.get(extra) is None


def test_with_nothing_left_to_change_it_ends_when_everything_is_ready_after_all() -> None:
    story = Three(spec(1))
    story.update(spec(1, api=2))
    story.time_out()
    story.recover()
    assert "UpdatePaused" not in story.world.conditions()
    assert story.images() == "2111"
