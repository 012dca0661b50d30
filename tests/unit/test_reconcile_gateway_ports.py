"""The port of each stack at the gateway of its tree: given once, kept, and never that of another."""

from typing import Any

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import STACK, Ref
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.model.loading import parse_stack
from ailtire_operator.model.stack import Stack
from ailtire_operator.reconcile.gateway_facts import GatewayFacts
from support.fake_cluster.records import NAMESPACE, put

FIRST = naming.TREE_GATEWAY_PORTS.start
_LEAF = {"type": "stack", "stack": {"services": {}}}


def _stack(name: str, *children: str, place: dict[str, Any] | None = None) -> Stack:
    more: dict[str, Any] = {"place": place} if place else {"gateway": {"tree": True}}
    spec = {"services": dict.fromkeys(children, _LEAF), **more}
    return parse_stack({"metadata": {"name": name, "namespace": NAMESPACE, "uid": f"{name}-uid"}, "spec": spec})


def _place(parent: str, key: str, port: int, *, depth: int = 1) -> dict[str, Any]:
    named = {"root": "shop", "parent": parent, "parentKey": key, "depth": depth, "appName": "shop"}
    return {**named, "treeGateway": True, "gatewayPort": port}


def _child(store: Store, name: str, port: int, **fields: Any) -> Record:
    parent, _, key = name.rpartition("-")
    spec = {"services": {}, "place": _place(parent, key, port)}
    return put(store, STACK.kind, name, uid=f"{name}-uid", labels={naming.LABEL_ROOT: "shop"}, spec=spec, **fields)


def _facts(store: Store) -> GatewayFacts:
    return GatewayFacts(store, lambda: 0.0)


def test_each_child_gets_the_lowest_port_that_nobody_of_the_tree_has() -> None:
    store = Store()
    put(store, STACK.kind, "shop", uid="shop-uid", spec={"services": {}})
    facts = _facts(store)
    assert facts.observe(_stack("shop", "a", "b")).ports == {"shop-a": FIRST, "shop-b": FIRST + 1}
    _child(store, "shop-a", FIRST)
    _child(store, "shop-b", FIRST + 1)
    below = facts.observe(_stack("shop-b", "x", place=_place("shop", "b", FIRST + 1)))
    assert below.ports == {"shop-b-x": FIRST + 2}


def test_a_port_is_kept_by_another_process_and_when_others_come_and_go() -> None:
    store = Store()
    put(store, STACK.kind, "shop", uid="shop-uid", spec={"services": {}})
    for key, port in (("a", FIRST + 7), ("b", FIRST)):
        _child(store, f"shop-{key}", port)
    facts = _facts(store)
    assert facts.observe(_stack("shop", "a", "b")).ports == {"shop-a": FIRST + 7, "shop-b": FIRST}
    store.remove(Ref(STACK.kind, NAMESPACE, "shop-b"))
    assert facts.observe(_stack("shop", "a", "c")).ports == {"shop-a": FIRST + 7, "shop-c": FIRST}


def test_stacks_keep_their_ports_while_their_root_is_gone_and_what_was_promised_is_free() -> None:
    store = Store()
    put(store, STACK.kind, "shop", uid="shop-uid", spec={"services": {}}, references=[])
    _child(store, "shop-a", FIRST)
    facts = _facts(store)
    assert facts.observe(_stack("shop", "a", "b")).ports == {"shop-a": FIRST, "shop-b": FIRST + 1}
    store.remove(Ref(STACK.kind, NAMESPACE, "shop"))
    assert facts.ports(NAMESPACE, "shop") == {naming.GATEWAY_PORT, FIRST}
    put(store, STACK.kind, "shop", uid="another-uid", spec={"services": {}})
    assert facts.observe(_stack("shop", "a", "c")).ports == {"shop-a": FIRST, "shop-c": FIRST + 1}


def test_where_two_processes_gave_one_port_away_one_of_the_two_stacks_gets_another() -> None:
    store = Store()
    put(store, STACK.kind, "shop", uid="shop-uid", spec={"services": {}})
    for key in ("a", "b"):
        _child(store, f"shop-{key}", FIRST)
    assert _facts(store).observe(_stack("shop", "a", "b")).ports == {"shop-a": FIRST, "shop-b": FIRST + 1}


def test_another_tree_has_ports_of_its_own_and_one_that_does_not_ask_has_none() -> None:
    store = Store()
    put(store, STACK.kind, "shop", uid="shop-uid", spec={"services": {}})
    facts = _facts(store)
    facts.observe(_stack("shop", "a"))
    assert facts.observe(_stack("kiosk", "a")).ports == {"kiosk-a": FIRST}
    spec = {"services": {"a": _LEAF}}
    silent = parse_stack({"metadata": {"name": "old", "namespace": NAMESPACE, "uid": "old-uid"}, "spec": spec})
    assert facts.observe(silent).ports == {}


def test_more_stacks_than_ports_leave_the_last_without_one() -> None:
    """It has a gateway of its own then."""
    store = Store()
    put(store, STACK.kind, "shop", uid="shop-uid", spec={"services": {}})
    for number, port in enumerate(naming.TREE_GATEWAY_PORTS):
        _child(store, f"shop-n{number}", port)
    assert _facts(store).observe(_stack("shop", "late")).ports == {}
