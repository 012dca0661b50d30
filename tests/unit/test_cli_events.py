"""Events of a subtree: whose they are, which are shown, and how they are written."""

import asyncio
import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from ailtire_operator import naming
from ailtire_operator.cli.event_owners import event_scope
from ailtire_operator.cli.event_reader import EventReader
from ailtire_operator.cli.event_rows import EventFilter, EventTable, event_row, in_order, json_line, types_of
from ailtire_operator.cli.failures import Failure, Missing
from ailtire_operator.cli.live import Live
from ailtire_operator.cli.paths import find
from ailtire_operator.cluster.errors import Denied, NotFound

Json = dict[str, Any]
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def stack(name: str, services: Json, parent: str = "", key: str = "", **spec: Any) -> Json:
    place = {"place": {"parent": parent, "parentKey": key, "root": "shop"}} if parent else {}
    owners = [{"kind": "AiltireStack", "uid": parent, "controller": True}] if parent else []
    metadata = {"name": name, "uid": name, "ownerReferences": owners}
    return {"metadata": metadata, "spec": {"services": services, **place, **spec}}


MOUNTS = {"volumes": {"/data": {"source": "files"}}}
TREE = [
    stack("shop", {"web": {}, "cpl": {"type": "stack"}}),
    stack("shop-cpl", {"policy_engine": MOUNTS, "web-db": {}}, "shop", "cpl", data={"files": {}}),
]


def labels(stack: str, service: str = "", **more: str) -> dict[str, str]:
    found = {"ailtire.io/stack": stack} | ({"ailtire.io/service": service} if service else {})
    return {**found, **more, "ailtire.io/root": "shop"}


@pytest.mark.parametrize(
    ("path", "kind", "name", "at"),
    [
        ("shop", "AiltireStack", "shop-cpl", "shop/cpl"),
        ("shop", "Deployment", "shop-web", "shop/web"),
        ("shop", "ReplicaSet", "shop-web-7f9c8d6b5c", "shop/web"),
        ("shop", "Pod", "shop-web-7f9c8d6b5c-x2abc", ""),
        ("shop", "Pod", "shop-web-7f9c8d6b5c-x2bcd", "shop/web"),
        ("shop", "Pod", "shop-cpl-policy-engine-0", "shop/cpl/policy_engine"),
        ("shop", "Pod", "shop-web-0a1b2c3d-x2bcd", "shop/web"),
        ("shop", "Job", "shop-web-0a1b2c3d", "shop/web"),
        ("shop", "Pod", "shop--gateway-7f9c8d6b5c-x2bcd", "shop"),
        ("shop", "Job", "shop-cpl--verify-0a1b2c3d", "shop/cpl"),
        ("shop", "Pod", "shop-cpl--verify-0a1b2c3d-x2bcd", "shop/cpl"),
        ("shop/cpl/policy_engine", "Pod", "shop-cpl--verify-0a1b2c3d-x2bcd", ""),
        ("shop", "PersistentVolumeClaim", "shop-cpl--files--data", "shop/cpl"),
        ("shop", "Pod", "shop-web-db-x2bcd", ""),
        ("shop", "Pod", "other", ""),
        ("shop", "Certificate", "shop-web", ""),
        ("shop/cpl", "Deployment", "shop-web", ""),
        ("shop/cpl", "AiltireStack", "shop", ""),
        ("shop/cpl/policy_engine", "AiltireStack", "shop-cpl", ""),
        ("shop/cpl/policy_engine", "Pod", "shop-cpl-web-db-0", ""),
        ("shop/cpl/policy_engine", "PersistentVolumeClaim", "shop-cpl--files--data", "shop/cpl/policy_engine"),
    ],
)
def test_what_is_gone_is_known_by_the_names_that_are_made_for_it(path: str, kind: str, name: str, at: str) -> None:
    assert event_scope(find(path, TREE), TREE).by_name(kind, name) == at


CHECK = labels("shop-cpl", naming.VERIFICATION_LABEL, **{naming.LABEL_COMPONENT: naming.COMPONENT_VERIFICATION})
"""Those of the pod that checks a stack."""


@pytest.mark.parametrize(
    ("path", "given", "at"),
    [
        ("shop", labels("shop-cpl", "policy-engine"), "shop/cpl/policy_engine"),
        ("shop", labels("shop-cpl"), "shop/cpl"),
        ("shop", labels("shop-cpl", "removed"), "shop/cpl/removed"),
        ("shop", CHECK, "shop/cpl"),
        ("shop/cpl/policy_engine", CHECK, ""),
        ("shop", labels("other", "web"), ""),
        ("shop/cpl", labels("shop", "web"), ""),
        ("shop/cpl/policy_engine", labels("shop-cpl"), ""),
        ("shop/cpl/policy_engine", labels("shop-cpl", "web-db"), ""),
        ("shop/cpl/policy_engine", labels("shop-cpl", **{"ailtire.io/volume": "files"}), "shop/cpl/policy_engine"),
    ],
)
def test_what_lives_is_known_by_its_labels(path: str, given: dict[str, str], at: str) -> None:
    assert event_scope(find(path, TREE), TREE).by_labels("shop-cpl--files--data", given) == at


def event(name: str, kind: str = "Pod", *, version: int = 1, **more: Any) -> Json:
    about = {"kind": kind, "name": name, "uid": f"uid-{name}"}
    metadata: Json = {"name": f"{name}.{version}", "uid": f"event-{name}-{version}", "resourceVersion": str(version)}
    times: Json = {"firstTimestamp": "2026-01-01T11:50:00Z", "lastTimestamp": "2026-01-01T11:59:30Z"}
    return {"metadata": metadata, "involvedObject": about, "type": "Normal", "reason": "Started", "message": "m"} | (
        times | more
    )


def test_both_ways_to_write_an_event_are_read() -> None:
    new = {"firstTimestamp": None, "lastTimestamp": None, "eventTime": "2026-01-01T11:00:00.123456Z"}
    series = {"series": {"count": 4, "lastObservedTime": "2026-01-01T11:30:00.000000Z"}}
    rows = [event_row(event("a", **each)) for each in ({"count": 3}, new, new | series, new | {"eventTime": "soon"})]
    assert [(row.count, row.last and f"{row.last:%H:%M:%S}") for row in rows] == [
        (3, "11:59:30"), (1, "11:00:00"), (4, "11:30:00"), (1, None)
    ]  # fmt: skip
    assert event_row({"metadata": {}}).name == ""


def test_what_is_too_old_or_of_another_type_is_not_shown() -> None:
    row = event_row(event("a"))
    assert EventFilter().shows(row, NOW)
    assert EventFilter(since=timedelta(seconds=60)).shows(row, NOW)
    assert not EventFilter(since=timedelta(seconds=20)).shows(row, NOW)
    assert EventFilter(since=timedelta(seconds=20)).shows(row, None), "without a clock nobody knows"
    warnings = EventFilter(types_of("warning"))
    assert not warnings.shows(row, NOW)
    assert warnings.fields == {"fieldSelector": "type=Warning"}
    assert EventFilter(types_of("Normal, WARNING")).fields == {}
    with pytest.raises(Failure, match="'error' is none"):
        types_of("error")


def test_columns_stand_under_each_other_and_no_text_commands_a_terminal() -> None:
    rows = [
        ("shop/web", event_row(event("a", version=2, count=12))),
        ("shop", event_row(event("shop", "AiltireStack", reason="Ready", message="one\n\x1b[2Jtwo"))),
    ]
    table = EventTable(times=False)
    assert table.lines(in_order(rows), NOW, head=True) == [
        "LAST SEEN           TYPE    REASON   PATH      OBJECT             MESSAGE",
        r"30s                 Normal  Ready    shop      AiltireStack/shop  one\n\x1b[2Jtwo",
        "30s (x12 over 10m)  Normal  Started  shop/web  Pod/a              m",
    ]
    later = table.lines([("shop", event_row(event("a")))], NOW, head=False)
    assert later == ["30s                 Normal  Started  shop      Pod/a              m"]
    times = EventTable(times=True).lines(rows[:1], NOW, head=True)
    assert [each[:15].strip() for each in times] == ["TIME", "11:59:30Z (x12)"]
    data = json.loads(json_line(*rows[1]))
    assert data["message"] == "one\n\x1b[2Jtwo"
    assert (data["time"], data["kind"], data["path"]) == ("2026-01-01T11:59:30Z", "AiltireStack", "shop")
    assert "\x1b" not in json_line(*rows[1])


class Cluster:
    """Answers lists of events and of what they name, and counts the requests."""

    def __init__(self, events: list[Json], objects: dict[str, list[Json]]) -> None:
        self.namespace = "shop"
        self.connection = self
        self.asked: list[str] = []
        self.coming: list[Json] = []
        self.later: list[Json] = []
        """Stacks that the second look at the tree finds as well."""
        self._stacks: list[Json] = []
        self._events, self._objects = events, objects

    def now(self) -> datetime:
        return NOW

    async def tree(self, _: str) -> list[Json]:
        self._stacks = [*TREE, *self.later] if self._stacks else TREE
        return self._stacks

    async def request(self, method: str, path: str, **options: Any) -> Json:
        collection, _, name = path.partition("/namespaces/shop/")[2].partition("/")
        self.asked.append(path)
        if collection == "events":
            return {"metadata": {"resourceVersion": "9"}, "items": self._events}
        if name:
            found = [each for each in self._objects.get(collection, ()) if each["metadata"]["name"] == name]
            if not found:
                raise NotFound("gone", status=404)
            return found[0]
        if collection not in self._objects:
            raise Denied("may not list", status=403)
        return {"metadata": {"resourceVersion": "9"}, "items": self._objects[collection]}

    async def stream(self, *_: Any, **__: Any) -> AsyncGenerator[Json, None]:
        for each in self.coming:
            yield {"type": "ADDED", "object": each}
        raise Denied("that is all", status=403)


def pod(name: str, given: dict[str, str]) -> Json:
    return {"metadata": {"name": name, "uid": f"uid-{name}", "labels": given}}


async def read(cluster: Cluster, path: str = "shop", *, follow: bool = False) -> list[str]:
    reader = EventReader(cast(Live, cluster), path, EventFilter())
    told = [f"{at} {row.name}" for at, row in await reader.start()]
    try:
        if follow:
            async for found in reader.changes():
                told += [f"+ {at} {row.name}" for at, row in found]
    except Denied:
        pass
    return [*told, *(f"denied {each}" for each in reader.denied)]


def test_each_kind_that_events_name_is_listed_once_and_no_other() -> None:
    pods = [pod("shop-web-1", labels("shop", "web")), pod("shop-cpl-web-db-1", labels("shop-cpl", "web-db"))]
    events = [event(each["metadata"]["name"], version=number) for number, each in enumerate(pods)]
    events += [event("shop-web", "Deployment", version=5), event("somebody-else", "Node"), event("others", "Pod")]
    cluster = Cluster(events, {"pods": pods})
    assert asyncio.run(read(cluster)) == [
        "shop/web shop-web-1", "shop/cpl/web-db shop-cpl-web-db-1", "shop/web shop-web", "denied Deployment"
    ]  # fmt: skip
    assert len(cluster.asked) == 3
    assert asyncio.run(read(cluster, "shop/cpl")) == ["shop/cpl/web-db shop-cpl-web-db-1", "denied Deployment"]
    with pytest.raises(Missing):
        asyncio.run(read(cluster, "shop/gone"))


def test_what_comes_is_asked_for_once_and_a_new_stack_is_found() -> None:
    late = pod("shop-new-web-1", labels("shop-new", "web"))
    cluster = Cluster([], {"pods": [late]})
    cluster.coming = [event("shop-new-web-1"), event("shop-new-web-1", version=2), event("elsewhere"), event("shop-x")]
    cluster.later = [stack("shop-new", {"web": {}}, "shop", "new")]
    assert asyncio.run(read(cluster, follow=True)) == ["+ shop/new/web shop-new-web-1"] * 2
    assert [each for each in cluster.asked if "/pods/" in each] == [
        "/api/v1/namespaces/shop/pods/shop-new-web-1", "/api/v1/namespaces/shop/pods/shop-x"
    ]  # fmt: skip
