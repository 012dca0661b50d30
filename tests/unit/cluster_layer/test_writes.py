"""No write reaches an object of somebody else: every way to write asks whose the object is, when the write is sent."""

import ast
import inspect
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import ailtire_operator
from ailtire_operator import naming
from ailtire_operator.cluster.applier import Applier
from ailtire_operator.cluster.apply_result import ApplyOptions
from ailtire_operator.cluster.errors import Foreign
from ailtire_operator.cluster.kinds import (
    CONFIG_MAP,
    DEPLOYMENT,
    OWNED_KINDS,
    POD,
    STACK,
    STATEFUL_SET,
    VOLUME_CLAIM,
)
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.cluster.writer import Writer
from support.fake_cluster.records import put, reference_to, stack

NAMED = ApplyOptions(take=True)

Write = Callable[[Applier, Record, str], Awaitable[Any]]

WRITES: dict[str, Write] = {
    "apply": lambda applier, record, uid: applier.apply(_manifest(record, uid), uid),
    "apply what is named": lambda applier, record, uid: applier.apply(_manifest(record, uid), uid, NAMED),
    "delete": lambda applier, record, uid: applier.delete(record, uid),
    "remove_extra": lambda applier, record, uid: applier.remove_extra(record, uid, ["/x"]),
    "annotate": lambda applier, record, uid: applier.annotate(record, uid, "a", "b"),
    "adopt": lambda applier, record, uid: applier.adopt(_manifest(record, uid), uid),
    "rehearse": lambda applier, record, uid: applier.rehearse(_retained(record), uid),
    "take_claim": lambda applier, record, uid: applier.take_claim(_retained(record), uid, _live(record)),
    "expand": lambda applier, record, uid: applier.expand(_claim(record), record, uid, "2Gi"),
    "write_table": lambda applier, record, uid: applier.write_table(record, uid, naming.GATEWAY_PORT, "{}"),
    "remove_tables": lambda applier, record, uid: applier.remove_tables(record, uid, [naming.GATEWAY_PORT]),
    "announce": lambda applier, record, uid: applier.announce(record, "shop", "content"),
}
"""Every way in which the applier writes to an object that a stack may own."""
OTHERWISE = {"read", "event", "write_status"}
"""What writes to no such object: an Event is new, and a status is the stack's own."""
OWNERS = {
    "another stack": [reference_to("other", "other-uid")],
    "no controller": [{**reference_to("other", "other-uid"), "controller": False}],
    "another kind": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "shop", "uid": "u", "controller": True}],
}
SENDERS = {
    "cluster/connection.py": "sends",
    "cluster/writer.py": "checks",
    "cluster/lease.py": "writes the lease, of which it is the holder or the version it has read",
    "cluster/discovery.py": "tries a dry run, of which nothing is stored",
    "cli/dry_runs.py": "tries dry runs, of which nothing is stored",
    "cli/edit_sender.py": "writes what a person says, by that person's rights",
    "cli/ui/about.py": "asks who the user is, of which nothing is stored",
    "oci/transport.py": "asks a registry, and no API server",
}
"""Who may send anything but a GET, and why."""
NOTHING_THERE = {"create", "event", "status"}
"""Writes of the writer that cannot reach another's object: by name a new one, or a version of the stack itself."""


class Refusing:
    """Stands for the connection: what is about to be sent has passed the check. Every stack is there."""

    def __init__(self, record: Record, owner: str = "", before: Callable[[], None] = lambda: None) -> None:
        self.sent: list[str] = []
        self._live = record.ref.address(uid=record.uid, resourceVersion=record.resource_version)
        self._live["metadata"] |= {"labels": record.labels, "ownerReferences": OWNERS.get(owner)}
        self._live["spec"] = {}
        self._before = before

    async def request(
        self, method: str, path: str, *, guard: Callable[[], None] = lambda: None, **_: Any
    ) -> dict[str, Any]:
        self._before()
        if method == "GET":
            return self._live if path.endswith("/shop-web") else {"metadata": {"uid": f"{path.rpartition('/')[2]}-uid"}}
        guard()
        self.sent.append(f"{method} {path}")
        raise AssertionError(f"{method} {path} is sent")


def _manifest(record: Record, uid: str) -> dict[str, Any]:
    manifest = record.ref.address()
    manifest["metadata"] |= {"ownerReferences": [reference_to("shop", uid)], "labels": dict(record.labels)}
    return {**manifest, "spec": {"selector": {"matchLabels": {"a": "b"}}}}


def _retained(record: Record) -> dict[str, Any]:
    """A manifest that is to be retained, as that of a claim that is taken over."""
    manifest = record.ref.address()
    manifest["metadata"]["labels"] = {**record.labels, naming.LABEL_RETAIN: "true"}
    return {**manifest, "spec": {}}


def _live(record: Record) -> dict[str, Any]:
    live = record.ref.address(uid=record.uid, resourceVersion=record.resource_version)
    live["metadata"]["labels"] = dict(record.labels)
    return {**live, "spec": {}}


def _claim(workload: Record, **fields: Any) -> Record:
    """The claim of a replica, with the labels of the stack's own."""
    named = {"name": f"rows-{workload.ref.name}-0", "labels": dict(workload.labels), "references": None, **fields}
    size = {"resources": {"requests": {"storage": "1Gi"}}}
    return put(Store(), VOLUME_CLAIM.kind, spec=size, **named)


def _applier(connection: Refusing, store: Store) -> Applier:
    return Applier(connection, store, fence=lambda: True)  # type: ignore[arg-type]


async def _refused(write: Awaitable[Any]) -> None:
    """What is not ours is an error, told or raised."""
    try:
        done = await write
    except Foreign:
        return
    assert isinstance(done.error, Foreign)


async def _sent_or_refused(connection: Refusing, write: Awaitable[Any], *, sent: bool) -> None:
    if sent:
        with pytest.raises(AssertionError, match="is sent"):
            await write
    else:
        await _refused(write)
    assert len(connection.sent) == sent


def test_every_way_to_write_is_known_here() -> None:
    methods = inspect.getmembers(Applier, inspect.iscoroutinefunction)
    known = {way.partition(" ")[0] for way in WRITES} | OTHERWISE
    assert {name for name, _ in methods if not name.startswith("_")} == known


@pytest.mark.parametrize("owner", OWNERS)
@pytest.mark.parametrize("kind", [each.kind for each in OWNED_KINDS])
@pytest.mark.parametrize("way", WRITES)
async def test_an_object_of_somebody_else_is_not_written(way: str, kind: str, owner: str) -> None:
    """It may have every label and every name of ours."""
    store = Store()
    shop = stack(store, "shop")
    labels = {naming.LABEL_STACK: "shop", naming.LABEL_ROOT: "shop", naming.LABEL_SERVICE: "web"}
    record = put(store, kind, "shop-web", labels=labels, references=OWNERS[owner], spec={"replicas": 3})
    connection = Refusing(record, owner)
    await _refused(WRITES[way](_applier(connection, store), record, shop.uid))
    assert connection.sent == []


@pytest.mark.parametrize("way", sorted(WRITES.keys() - {"adopt"}))
async def test_what_was_ours_is_not_written_once_it_is_no_longer(way: str) -> None:
    """A write may wait for its turn while the object changes hands."""
    store = Store()
    shop = stack(store, "shop")
    record = put(store, DEPLOYMENT.kind, "shop-web", owner=shop, spec={"replicas": 3})

    def change_hands() -> None:
        put(store, DEPLOYMENT.kind, "shop-web", references=OWNERS["another stack"])

    connection = Refusing(record, "another stack", change_hands)
    await _refused(WRITES[way](_applier(connection, store), record, shop.uid))
    assert connection.sent == []


@pytest.mark.parametrize(
    ("fields", "sent"),
    [
        ({}, True),
        ({"references": [reference_to("shop-web", "StatefulSet/shop-web")]}, True),
        ({"references": [reference_to("other", "other-uid")]}, False),
        ({"name": "rows-shop-web"}, False),
        ({"name": "rows-shop-web-x"}, False),
        ({"name": "rows-shop-other-0"}, False),
        ({"labels": {}}, False),
        ({"labels": {naming.LABEL_STACK: "other", naming.LABEL_ROOT: "shop"}}, False),
        ({"labels": {naming.LABEL_STACK: "shop", naming.LABEL_ROOT: "other"}}, False),
    ],
)
async def test_only_claims_of_the_stacks_own_replicas_are_expanded(fields: dict[str, Any], sent: bool) -> None:
    store = Store()
    shop = stack(store, "shop")
    labels = {naming.LABEL_STACK: "shop", naming.LABEL_ROOT: "shop"}
    workload = put(store, STATEFUL_SET.kind, "shop-web", owner=shop, labels=labels)
    claim = _claim(workload, **fields)
    connection = Refusing(claim)
    writing = _applier(connection, store).expand(claim, workload, shop.uid, "2Gi")
    await _sent_or_refused(connection, writing, sent=sent)


PORT = 10_005


@pytest.mark.parametrize(
    ("stack_name", "port", "fields", "sent"),
    [
        ("shop-cpl", PORT, {}, True),
        ("shop", naming.GATEWAY_PORT, {}, True),
        ("shop-cpl", PORT + naming.GATEWAY_TABLES, {}, False),
        ("shop", PORT, {}, False),
        ("kiosk", PORT, {}, False),
        ("shop-cpl", PORT, {"name": "shop--data"}, False),
        ("shop-cpl", PORT, {"labels": {}}, False),
        ("shop-cpl", PORT, {"references": [reference_to("kiosk", "kiosk-uid")]}, False),
        ("shop-cpl", PORT, {"references": None}, False),
    ],
)
@pytest.mark.parametrize("text", ["{}", None], ids=["written", "removed"])
async def test_a_stack_writes_its_own_table_alone_and_into_its_own_root_alone(
    stack_name: str, port: int, fields: dict[str, Any], sent: bool, text: str | None
) -> None:
    store = Store()
    root = stack(store, "shop")
    place = {"root": "shop", "gatewayPort": PORT}
    stacks = {
        "shop": root,
        "shop-cpl": put(store, STACK.kind, "shop-cpl", owner=root, spec={"place": place}),
        "kiosk": put(store, STACK.kind, "kiosk", references=[], spec={"services": {}}),
    }
    name = naming.gateway_tables("shop", port % naming.GATEWAY_TABLES)
    labels = {naming.LABEL_ROOT: "shop", naming.LABEL_COMPONENT: naming.COMPONENT_TREE_GATEWAY}
    given = {"name": name, "labels": labels, "references": [reference_to("shop", root.uid)], **fields}
    tables = put(store, CONFIG_MAP.kind, **given)
    connection = Refusing(tables)
    writing = _applier(connection, store).write_table(tables, stacks[stack_name].uid, port, text)
    await _sent_or_refused(connection, writing, sent=sent)


@pytest.mark.parametrize(
    ("labels", "owner", "sent"),
    [
        ({}, "ReplicaSet/shop--tree-gateway-5d4f8c7b9", True),
        ({naming.LABEL_COMPONENT: naming.COMPONENT_GATEWAY}, "ReplicaSet/shop--tree-gateway-5d4f8c7b9", False),
        ({naming.LABEL_STACK: "shop-cpl"}, "ReplicaSet/shop--tree-gateway-5d4f8c7b9", False),
        ({}, "ReplicaSet/shop-web-5d4f8c7b9", False),
        ({}, "ReplicaSet/shop--tree-gateway-x-5d4f8c7b9", False),
        ({}, "StatefulSet/shop--tree-gateway", False),
        ({}, "", False),
    ],
)
async def test_of_pods_only_those_of_the_trees_gateway_are_written(
    labels: dict[str, str], owner: str, sent: bool
) -> None:
    store = Store()
    stack(store, "shop")
    given = {naming.LABEL_STACK: "shop", naming.LABEL_COMPONENT: naming.COMPONENT_TREE_GATEWAY, **labels}
    kind, _, name = owner.partition("/")
    references = (
        [{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": "u", "controller": True}] if owner else []
    )
    pod = put(store, POD.kind, "shop--tree-gateway-5d4f8c7b9-x2x2x", labels=given, references=references)
    connection = Refusing(pod)
    writing = _applier(connection, store).announce(pod, "shop", "content")
    await _sent_or_refused(connection, writing, sent=sent)


async def test_a_volume_that_is_retained_is_never_deleted() -> None:
    store = Store()
    shop = stack(store, "shop")
    labels = {naming.LABEL_STACK: "shop", naming.LABEL_ROOT: "shop", naming.LABEL_RETAIN: "true"}
    for owner in (None, shop):
        record = put(store, VOLUME_CLAIM.kind, "shop--data", owner=owner, labels=labels)
        connection = Refusing(record)
        await _refused(_applier(connection, store).delete(record, shop.uid))
        assert connection.sent == []


def test_nobody_else_sends_a_write() -> None:
    """A request that is no GET can be sent only by those who check, or whose writes reach no object of a stack."""
    assert {path for path, _ in _calls("request", lambda call: not _is_get(call))} == SENDERS.keys()


def test_nobody_but_the_applier_has_a_writer() -> None:
    assert {path for path, _ in _calls("Writer", lambda call: True)} == {"cluster/applier.py"}


def test_every_write_of_the_writer_is_checked() -> None:
    """By its signature: what names an object that exists takes a target, or a pod, which is checked."""
    public = {name: each for name, each in inspect.getmembers(Writer, inspect.iscoroutinefunction) if name[0] != "_"}
    takes = {name for name, each in public.items() if {"target", "pod"} & inspect.signature(each).parameters.keys()}
    assert public.keys() - takes == NOTHING_THERE
    checks = {
        "announce": "partial(self._check_pod, pod, root)",
        "table": "partial(self._check_table, target, port)",
        "adopt": "partial(self._check_orphan, target)",
        "expand": "partial(self._check_claim, target, claim)",
        "take": "partial(self._check_nobodys, target)",
    }
    for name in takes:
        assert checks.get(name, "partial(self._check, target)") in inspect.getsource(public[name]), name
    for name in NOTHING_THERE - {"event"}:
        assert "resourceVersion=" in inspect.getsource(public[name]), name


def _calls(name: str, chosen: Callable[[ast.Call], bool]) -> Iterator[tuple[str, ast.Call]]:
    """Calls of a function or method of this name in the package, with the module's path."""
    package = Path(ailtire_operator.__file__).parent
    for path in sorted(package.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and _called(node) == name and chosen(node):
                yield str(path.relative_to(package)), node


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _is_get(call: ast.Call) -> bool:
    method = call.args[0] if call.args else None
    return isinstance(method, ast.Constant) and method.value == "GET"
