"""The store never goes back in time, whatever order news comes in."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import Ref
from ailtire_operator.cluster.store import Record, Store, record_of, version_of
from unit.cluster_layer import samples

REF = Ref("ConfigMap", "prod", "conf")


def _config(version: int, uid: str = "u", content: str = "", **more: Any) -> dict[str, Any]:
    fields = {"f:metadata": samples.label_fields(), "f:data": {"f:a": {}}}
    metadata = samples.metadata(REF.name, uid=uid, version=version, managedFields=[samples.applied(fields)], **more)
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": content}}


def _watched() -> tuple[Store, list[tuple[Record | None, Record | None]]]:
    store, seen = Store(), []

    def listen(old: Record | None, new: Record | None) -> None:
        seen.append((old, new))

    store.listeners.append(listen)
    return store, seen


def test_a_record_holds_what_decisions_need() -> None:
    record = record_of(samples.deployment_live())
    assert record.ref == Ref("Deployment", "prod", "web")
    assert (record.uid, record.resource_version, record.generation) == ("u2", "400", 3)
    assert record.owner_uid == samples.OWNER
    assert record.labels[naming.LABEL_STACK] == "shop"
    assert not record.deleting
    assert record.owned_hash


def test_labels_of_others_are_not_kept() -> None:
    labels = {"team": "x", naming.LABEL_ROOT: "shop", naming.network_label("shop", "default"): "", "app": "web"}
    record = record_of(_config(1, labels=labels))
    assert set(record.labels) == {naming.LABEL_ROOT, naming.network_label("shop", "default")}


def test_an_older_version_never_replaces_a_newer_one() -> None:
    store, seen = _watched()
    newest = store.put(_config(100, content="new"))
    assert store.put(_config(99, content="old")) is newest
    assert store.put(_config(100, content="echo")) is newest
    # As numbers: as text, "100" would be older than "99".
    assert store.get(REF) is newest
    assert len(seen) == 1


def test_another_uid_under_the_name_wins_if_it_is_newer() -> None:
    store, seen = _watched()
    first = store.put(_config(10, uid="a"))
    second = store.put(_config(20, uid="b"))
    assert store.get(REF) is second
    assert store.put(_config(15, uid="a")) is second
    assert store.by_uid("a") is None
    assert seen == [(None, first), (first, second)]


def test_a_change_that_nobody_can_see_is_not_announced() -> None:
    store, seen = _watched()
    store.put(_config(1))
    store.put(_config(2))
    assert len(seen) == 1
    assert store.get(REF).resource_version == "2"  # type: ignore[union-attr]
    store.put(_config(3, deletionTimestamp="2026-01-01T00:00:00Z"))
    assert len(seen) == 2


def test_the_deletion_of_an_earlier_object_does_not_touch_its_successor() -> None:
    store, _ = _watched()
    store.put(_config(30, uid="new"))
    store.remove(REF, "old", "29")
    assert store.get(REF) is not None


def test_a_late_answer_does_not_bring_back_the_dead() -> None:
    store, _ = _watched()
    store.put(_config(10))
    store.remove(REF, "u", "12")
    assert store.put(_config(11)) is None
    assert store.get(REF) is None


def test_what_left_the_selector_may_come_back() -> None:
    store, _ = _watched()
    store.put(_config(10))
    store.remove(REF, "u", "12")  # somebody took our label off: the watch calls it deleted
    assert store.put(_config(13)) is not None


def test_a_list_tells_what_is_gone_but_not_what_came_after_it() -> None:
    store, seen = _watched()
    store.put(_config(10))
    other = {**_config(55, uid="v")}
    other["metadata"]["name"] = "young"
    store.put(other)
    store.listed("ConfigMap", None, set(), "50")
    assert store.get(REF) is None
    assert store.get(Ref("ConfigMap", "prod", "young")) is not None
    assert len(seen) == 3
    assert store.put(_config(40, uid="w")) is None, "older than a complete list that did not have it"
    assert store.put(_config(51, uid="w")) is not None


def test_a_list_of_one_namespace_says_nothing_about_the_others() -> None:
    store, _ = _watched()
    store.put(_config(10))
    store.listed("ConfigMap", "elsewhere", set(), "50")
    store.listed("Service", None, set(), "50")
    assert store.get(REF) is not None
    store.remove(REF, "u", "11")
    assert store.put(_config(12)) is not None


def test_a_kind_that_is_not_served_any_more_has_no_objects() -> None:
    store, seen = _watched()
    record = store.put(_config(10))
    service = store.put(samples.service_live())
    store.clear("ConfigMap")
    assert seen[-1] == (record, None)
    assert store.get(REF) is None
    assert store.get(Ref("Service", "prod", "web")) is service
    assert store.put(_config(11)) is not None, "and may be served again"


def test_after_a_restored_database_versions_count_anew() -> None:
    store, _ = _watched()
    store.put(_config(1000, content="before"))
    store.remove(Ref("ConfigMap", "prod", "x"), "w", "2000")
    store.rewind("ConfigMap")
    record = store.put(_config(500, content="restored"))
    assert record is not None
    assert record.resource_version == "500"


def test_objects_are_found_by_owner_kind_label_and_uid() -> None:
    store, _ = _watched()
    store.put(_config(1))
    service = store.put(samples.service_live())
    assert service is not None
    assert {record.ref.kind for record in store.owned_by("prod", samples.OWNER)} == {"ConfigMap", "Service"}
    assert list(store.of_kind("Service")) == [service]
    assert store.by_uid("u1") is service
    assert len(list(store.by_label("prod", naming.LABEL_ROOT, "shop"))) == 2
    assert len(list(store.by_label("prod", naming.LABEL_MANAGED_BY, naming.OPERATOR_NAME))) == 2
    assert not list(store.by_label("test", naming.LABEL_ROOT, "shop"))
    assert len(store) == 2
    store.remove(service.ref)
    assert [record.ref.kind for record in store.owned_by("prod", samples.OWNER)] == ["ConfigMap"]
    assert len(list(store.by_label("prod", naming.LABEL_ROOT, "shop"))) == 1
    assert list(store.owned_by("prod", "nobody")) == []


def test_a_new_owner_is_indexed_in_place_of_the_old_one() -> None:
    store, _ = _watched()
    store.put(_config(1))
    store.put(_config(2, ownerReferences=[samples.owner_reference("other")]))
    assert list(store.owned_by("prod", samples.OWNER)) == []
    assert [record.ref for record in store.owned_by("prod", "other")] == [REF]


def test_versions_are_numbers() -> None:
    assert version_of("12") == 12
    assert version_of("") == version_of("odd") == 0


@settings(deadline=None)
@given(st.data())
def test_whatever_the_order_of_answers_the_last_state_stays(data: st.DataObject) -> None:
    """One name's history as the watch tells it, and our own writes' answers coming in at any later time, twice even."""
    store = Store()
    truth: dict[str, Any] | None = None
    late: list[dict[str, Any]] = []
    lives = 0
    for version in range(1, data.draw(st.integers(1, 15))):
        deleted = truth is not None and data.draw(st.booleans(), label="deleted")
        if deleted:
            store.remove(REF, truth["metadata"]["uid"], str(version))  # type: ignore[index]
            truth = None
        else:
            lives += truth is None
            truth = _config(version, uid=f"u{lives}", content=str(version))
            if data.draw(st.booleans(), label="by us"):
                late.append(truth)
                if data.draw(st.booleans(), label="answer before event"):
                    store.put(truth)
            store.put(truth)
        belated = data.draw(st.booleans(), label="late answer")
        if late and belated:
            store.put(late[data.draw(st.integers(0, len(late) - 1))])
        if data.draw(st.booleans(), label="list"):
            store.listed("ConfigMap", None, {REF} if truth else set(), str(version))
        known = store.get(REF)
        assert (known and known.resource_version) == (truth and truth["metadata"]["resourceVersion"])
