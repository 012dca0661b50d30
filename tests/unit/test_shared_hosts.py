"""Two stacks with one host: the later one is told, by an index that does for each change what one change is worth."""

from typing import Any

import pytest

from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.reconcile import shared_hosts
from ailtire_operator.reconcile.shared_hosts import SharedHosts, shared
from support.fake_cluster.records import put, stack

INGRESS, ROUTE = "Ingress", "HTTPRoute"


class Edges:
    """Stacks with their edges, in a real store."""

    def __init__(self) -> None:
        self.store, self.woken = Store(), list[str]()
        self.hosts = SharedHosts(
            self.store, lambda record: self.woken.append(f"{record.ref.namespace}/{record.ref.name}")
        )

    def ingress(
        self, name: str, *named: str, at: int = 0, namespace: str = "prod", class_name: str = "nginx"
    ) -> Record:
        spec: dict[str, Any] = {
            "ingressClassName": class_name,
            "rules": [{"host": host} if host else {} for host in named],
        }
        return self._edge(INGRESS, name, at, namespace, spec)

    def route(
        self, name: str, *named: str, at: int = 0, namespace: str = "prod", gateway: str = "gw", section: str = ""
    ) -> Record:
        parent = {"name": gateway, "namespace": "infra", **({"sectionName": section} if section else {})}
        return self._edge(ROUTE, name, at, namespace, {"parentRefs": [parent], "hostnames": list(named)})

    def _edge(self, kind: str, name: str, at: int, namespace: str, spec: dict[str, Any]) -> Record:
        made = stack(self.store, name, {"services": {}}, namespace=namespace, uid=f"{namespace}/{name}")
        created = f"2026-01-01T00:00:{at:02}Z"
        uid = f"{kind}/{namespace}/{name}"
        put(self.store, kind, name, owner=made, namespace=namespace, created=created, uid=uid, spec=spec)
        return made


def test_the_later_one_is_told_and_the_first_is_not() -> None:
    edges = Edges()
    late, first = edges.ingress("late", "a.example.com", "b.example.com", at=2), edges.ingress("first", "a.example.com")
    assert edges.hosts.before(late) == [("a.example.com", "first")]
    assert edges.hosts.before(first) == []
    assert edges.woken == ["prod/late"], "it was there before anybody could tell it"


def test_no_name_comes_from_another_namespace() -> None:
    edges = Edges()
    edges.ingress("secret", "a.example.com", namespace="theirs")
    assert edges.hosts.before(edges.ingress("shop", "a.example.com", at=1)) == [("a.example.com", "")]


def test_another_class_another_gateway_and_another_kind_are_other_doors() -> None:
    edges = Edges()
    edges.ingress("a", "x.example.com")
    assert edges.hosts.before(edges.ingress("b", "x.example.com", at=1, class_name="other")) == []
    assert edges.hosts.before(edges.route("c", "x.example.com", at=2)) == []
    assert edges.hosts.before(edges.route("d", "x.example.com", at=3, gateway="other")) == []
    assert edges.hosts.before(edges.route("e", "x.example.com", at=4)) == [("x.example.com", "c")]
    assert edges.hosts.before(edges.ingress("f", "*.example.com", at=5)) == [], "the more exact one is chosen by all"


def test_a_listener_of_a_gateway_is_one_door_and_no_listener_is_all_of_them() -> None:
    edges = Edges()
    plain, tls = edges.route("plain", "x.io", section="http"), edges.route("tls", "x.io", at=1, section="https")
    both = edges.route("both", "x.io", at=2)
    last = edges.route("last", "x.io", at=3, section="http")
    assert [edges.hosts.before(each) for each in (plain, tls)] == [[], []]
    assert edges.hosts.before(both) == [("x.io", "tls")]
    assert edges.hosts.before(last) == [("x.io", "both")]


def test_no_host_is_every_host() -> None:
    edges = Edges()
    edges.ingress("a", "")
    assert edges.hosts.before(edges.ingress("b", "", at=1)) == [("", "a")]
    edges.route("c")
    assert edges.hosts.before(edges.route("d", at=1)) == [("", "c")]


def test_what_was_told_heals_when_the_other_goes_or_changes_its_host() -> None:
    edges = Edges()
    first, late = edges.ingress("first", "a.io"), edges.ingress("late", "a.io", at=1)
    edges.woken.clear()
    edges.ingress("first", "b.io")
    assert edges.hosts.before(late) == []
    edges.ingress("first", "a.io")
    assert edges.hosts.before(late) == [("a.io", "first")]
    edges.store.clear(INGRESS)
    assert edges.hosts.before(late) == edges.hosts.before(first) == []
    assert edges.woken[:2] == ["prod/late", "prod/late"]
    assert not edges.hosts._edges


def test_nobody_is_told_of_what_goes_with_a_deleted_stack() -> None:
    edges = Edges()
    gone, first = edges.ingress("gone", "a.example.com"), edges.ingress("first", "b.example.com")
    late = edges.ingress("late", "a.example.com", "b.example.com", at=1)
    assert edges.hosts.before(late) == [("a.example.com", "gone"), ("b.example.com", "first")]
    edges.store.remove(gone.ref)
    stack(edges.store, "first", {"services": {}}, namespace="prod", uid=first.uid, deleting=True)
    assert edges.hosts.before(late) == [], "the garbage collector deletes their edges later"


def test_replicas_agree_whatever_they_saw_first() -> None:
    names = [("b", 1), ("a", 1), ("c", 0)]
    answers = []
    for order in (names, names[::-1]):
        edges = Edges()
        made = {name: edges.ingress(name, "x.io", at=at) for name, at in order}
        answers.append({name: edges.hosts.before(record) for name, record in made.items()})
    assert answers[0] == answers[1] == {"c": [], "a": [("x.io", "c")], "b": [("x.io", "a")]}


def test_a_thousand_stacks_with_one_host_wake_one_other_each(caplog: pytest.LogCaptureFixture) -> None:
    edges = Edges()
    for index in range(1_000):
        edges.ingress(f"s{index:04}", "x.io")
    assert edges.woken == []
    assert sum(each.name == shared_hosts.__name__ for each in caplog.records) == 999, (
        "whoever runs the operator is told of each"
    )
    for ref in [each.ref for each in edges.store.of_kind(INGRESS)]:
        edges.store.remove(ref, f"Ingress/prod/{ref.name}")
    assert len(edges.woken) == 999


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ((["a.io", "b.io"], "", "x"), (["b.io", "c.io"], "", "x"), {"b.io"}),
        ((["a.io"], "", "x"), (["a.io"], "", "y"), set()),
        ((["a.io"], "http", "x"), (["a.io"], "https", "x"), set()),
        ((["a.io"], "http", "x"), (["a.io"], "", "x"), {"a.io"}),
        (([""], "", "x"), ([""], "", "x"), {""}),
    ],
)
def test_two_edges_share_a_host_at_one_door(one: Any, other: Any, found: set[str]) -> None:
    first, second = ({"hosts": each[0], "controllers": [(each[2], each[1])]} for each in (one, other))
    assert shared(ROUTE, first, second) == shared(ROUTE, second, first) == found
