"""The operator never writes in a circle."""

from ailtire_operator.cluster.store import Record, record_of
from ailtire_operator.cluster.write_history import DELETED, FIGHT_SECONDS, FIGHT_WRITES, WriteHistory
from unit.cluster_layer import samples


def _record(owned_hash: str = "theirs", uid: str = "u1") -> Record:
    record = record_of(samples.service_live(uid=uid))
    record.owned_hash = owned_hash
    return record


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_the_cluster_insists_on_counts_as_settled() -> None:
    memory = WriteHistory()
    assert not memory.settled(_record(), "ours")
    memory.learn(_record(), "ours", created=True)
    assert memory.settled(_record(), "ours")
    assert memory.is_overridden(_record())
    assert not memory.settled(_record(), "ours, changed"), "a new wish is sent again"
    assert not memory.settled(_record("drift"), "ours"), "and so is the old one when the object has changed"
    assert not memory.is_overridden(_record("drift"))


def test_how_long_an_object_has_been_in_the_way_counts_from_when_it_was_met() -> None:
    clock = Clock()
    memory = WriteHistory(clock)
    assert memory.in_the_way(_record()) == 0.0
    clock.now = 7.0
    assert memory.in_the_way(_record()) == 7.0
    assert memory.in_the_way(_record(uid="another")) == 0.0
    clock.now = 9.0
    memory.forget(_record(uid="another"), None)
    assert memory.in_the_way(_record(uid="another")) == 0.0
    memory.learn(_record(uid="another"), "ours", created=False)
    clock.now = 10.0
    assert memory.in_the_way(_record(uid="another")) == 0.0, "it was ours meanwhile"


def test_what_others_delete_is_known_until_it_is_there_again() -> None:
    memory, record = WriteHistory(), _record("ours")
    assert memory.settled(record, "ours")
    memory.forget(record, None)
    assert memory.was_deleted(record.ref, "ours")
    assert not memory.was_deleted(record.ref, "ours, changed"), "it is not put back but made by a new definition"
    memory.forget(None, record)
    assert not memory.was_deleted(record.ref, "ours")
    assert memory.settled(record, "ours")
    memory.expect_end(record.ref)
    memory.forget(record, None)
    assert not memory.was_deleted(record.ref, "ours"), "we have deleted it ourselves"


def test_of_what_was_deleted_only_so_much_is_remembered() -> None:
    memory = WriteHistory()
    for index in range(DELETED + 10):
        live = samples.service_live(uid=f"u{index}")
        live["metadata"]["name"] = f"s{index}"
        record = record_of(live)
        assert memory.settled(record, record.owned_hash)
        memory.forget(record, None)
    assert len(memory._deleted) == DELETED


def test_an_answer_as_wished_ends_it() -> None:
    memory = WriteHistory()
    memory.learn(_record(), "ours", created=False)
    memory.learn(_record("ours"), "ours", created=False)
    assert memory.settled(_record("ours"), "ours")
    assert not memory.is_overridden(_record("ours"))
    assert not memory.settled(_record(), "ours")


def test_a_fight_is_given_up_for_a_while() -> None:
    clock = Clock()
    memory = WriteHistory(clock)
    memory.learn(_record(), "ours", created=True)
    for _ in range(FIGHT_WRITES):
        assert not memory.in_write_loop(_record().ref, "ours")
        memory.learn(_record(), "ours", created=False)
    assert memory.in_write_loop(_record().ref, "ours")
    assert not memory.in_write_loop(_record().ref, "a new wish")
    clock.now = FIGHT_SECONDS
    assert not memory.in_write_loop(_record().ref, "ours")
    memory.learn(_record(), "ours", created=False)
    assert not memory.in_write_loop(_record().ref, "ours")


def test_seldom_corrections_are_no_fight() -> None:
    clock = Clock()
    memory = WriteHistory(clock)
    for _ in range(100):
        memory.learn(_record(), "ours", created=False)
        clock.now += FIGHT_SECONDS / (FIGHT_WRITES - 1)
        assert not memory.in_write_loop(_record().ref, "ours")


def test_fields_that_come_back_are_let_be() -> None:
    memory = WriteHistory()
    memory.learn_stubborn(_record().ref, ["/a", "/b"])
    assert memory.is_stubborn(_record().ref, ("/a", "/b"))
    assert not memory.is_stubborn(_record().ref, ["/a"])


def test_memory_ends_with_the_object() -> None:
    memory = WriteHistory()
    for forget in (None, _record(uid="another")):
        memory.learn(_record(), "ours", created=False)
        memory.learn_stubborn(_record().ref, ["/a"])
        memory.forget(_record(), _record())
        assert memory.is_overridden(_record())
        memory.forget(_record(), forget)
        assert not memory.is_overridden(_record())
        assert not memory.is_stubborn(_record().ref, ["/a"])


def test_a_fight_about_an_object_that_leaves_the_watch_each_time_is_given_up_too() -> None:
    """Another manager takes the label away by which the object is watched."""
    memory = WriteHistory()
    for _ in range(FIGHT_WRITES):
        assert not memory.in_write_loop(_record().ref, "ours")
        memory.learn(_record(), "ours", created=False)
        memory.forget(_record(), None)
        memory.forget(None, _record())
    assert memory.in_write_loop(_record().ref, "ours")
    memory.forget(_record(), None)
    memory.forget(None, _record(uid="another"))
    assert not memory.in_write_loop(_record().ref, "ours")
