"""The log that explains why something is not ready: whose, of which run, and how it is shown."""

import asyncio
import io
from collections.abc import AsyncGenerator
from typing import Any, cast

import pytest
from rich.console import Console

from ailtire_operator.cli import log_excerpts
from ailtire_operator.cli.blocker_logs import LogExcerpt, LogPlace, blocking_member, shown, telling_log
from ailtire_operator.cli.live import Live
from ailtire_operator.cli.paths import find
from ailtire_operator.cli.remembered_log import RememberedLog
from ailtire_operator.cli.tree_data import to_json
from ailtire_operator.cli.tree_view import TreeStyle, draw
from ailtire_operator.cli.trees import ServiceNode, StackNode, State
from ailtire_operator.cli.wait_outcomes import Outcome, Verdict
from ailtire_operator.cluster.errors import ClusterError, Denied, Invalid, Unavailable
from ailtire_operator.cluster.kinds import POD, Kind

Json = dict[str, Any]

FAILED = {"terminated": {"exitCode": 1}}
CRASHED = {"ready": False, "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": FAILED}
RUNS_AGAIN = {"ready": False, "state": {"running": {}}, "lastState": FAILED}
UNREADY = {"ready": False, "state": {"running": {}}}
READY = {"ready": True, "state": {"running": {}}}
PULLING = {"ready": False, "state": {"waiting": {"reason": "ImagePullBackOff"}}}
DONE = {"ready": True, "state": {"terminated": {"exitCode": 0}}}


def pod(name: str, *containers: Json, prepares: Json | None = None, born: str = "1", **more: Any) -> Json:
    metadata = {"name": name, "creationTimestamp": born, **more.pop("metadata", {})}
    statuses = [{"name": f"c{number}", **each} for number, each in enumerate(containers)]
    inits = [{"name": "init", **prepares}] if prepares else []
    return {"metadata": metadata, "status": {"containerStatuses": statuses, "initContainerStatuses": inits, **more}}


@pytest.mark.parametrize(
    ("pods", "place"),
    [
        ([pod("a", CRASHED)], LogPlace("a", "c0", previous=True)),
        ([pod("a", RUNS_AGAIN)], LogPlace("a", "c0", previous=True)),
        ([pod("a", UNREADY)], LogPlace("a", "c0")),
        ([pod("a", READY, CRASHED)], LogPlace("a", "c1", previous=True)),
        ([pod("a", PULLING, prepares=CRASHED)], LogPlace("a", "init", previous=True)),
        ([pod("a", PULLING, prepares={"state": FAILED})], LogPlace("a", "init")),
        ([pod("a", {"state": FAILED}, phase="Failed")], LogPlace("a", "c0")),
        ([pod("a", UNREADY, born="1"), pod("b", UNREADY, born="2")], LogPlace("b", "c0")),
        ([pod("a", CRASHED, born="1"), pod("b", UNREADY, born="2")], LogPlace("a", "c0", previous=True)),
        ([pod("a", PULLING)], None),
        ([pod("a", READY, prepares=DONE)], None),
        ([pod("a", DONE, phase="Succeeded")], None),
        ([pod("a", CRASHED, metadata={"deletionTimestamp": "x"})], None),
        ([], None),
    ],
)
def test_the_log_is_that_of_the_run_that_failed(pods: list[Json], place: LogPlace | None) -> None:
    assert telling_log(pods) == place


def stack(name: str, blocker: Json | None, services: Json, parent: str = "", key: str = "") -> Json:
    place = {"place": {"parent": parent, "parentKey": key, "root": "shop"}} if parent else {}
    metadata = {"name": name, "uid": name}
    return {"metadata": metadata, "spec": {"services": services, **place}, "status": {"blocker": blocker}}


def test_the_status_leads_to_the_service_that_is_in_the_way() -> None:
    blocker = {"path": ["cpl"], "subject": "service policy_engine", "reason": "CrashLoopBackOff"}
    below = stack("shop-cpl", {"subject": "gateway", "reason": "X"}, {"policy_engine": {}}, "shop", "cpl")
    tree = [stack("shop", blocker, {"cpl": {"type": "stack"}, "web": {}}), below]

    def found(path: str) -> str | None:
        member = blocking_member(find(path, tree), tree)
        return member.path if member else None

    assert found("shop") == "shop/cpl/policy_engine"
    assert found("shop/cpl") == "shop/cpl", "its gateway"
    assert found("shop/web") == "shop/web"
    for wrong in (None, {"path": ["gone"], "subject": "service x"}, {"subject": "object Secret x"}, {"path": ["web"]}):
        tree[0]["status"]["blocker"] = wrong
        assert found("shop") is None


def test_a_line_is_shown_without_what_a_terminal_obeys_and_not_for_ever() -> None:
    assert shown(b"a\x1b[2Jb\t\xff\r\n") == r"a\x1b[2Jb\t\xff"
    assert len(shown(b"x" * 10_000)) == 400


class Logs:
    """A cluster with one tree and its pods, and what each answers to who wants its log."""

    def __init__(self, tree: list[Json], pods: list[Json], *answers: bytes | ClusterError | float) -> None:
        self.namespace = "shop"
        self.connection = self
        self.asked: list[tuple[str, Json]] = []
        self._tree, self._pods, self._answers = tree, pods, answers

    async def tree(self, _: str) -> list[Json]:
        return self._tree

    async def list(self, kind: Kind, selector: str) -> "list[Json]":
        assert kind is POD
        self.asked.append((selector, {}))
        return self._pods

    async def lines(self, path: str, params: Json) -> AsyncGenerator[bytes, None]:
        self.asked.append((path, params))
        for each in self._answers:
            if isinstance(each, ClusterError):
                raise each
            if isinstance(each, float):
                await asyncio.sleep(each)
            else:
                yield each


def crashed(*answers: bytes | ClusterError | float) -> Logs:
    labels = {"ailtire.io/stack": "shop", "ailtire.io/service": "web"}
    blocker = {"subject": "service web", "reason": "CrashLoopBackOff"}
    return Logs([stack("shop", blocker, {"web": {}})], [pod("a", CRASHED, metadata={"labels": labels})], *answers)


def read(logs: Logs, lines: int = 2) -> LogExcerpt | None:
    return asyncio.run(log_excerpts.of_blocker(cast(Live, logs), "shop", lines, pytest.fail))


def test_as_many_lines_are_read_as_were_asked_for() -> None:
    logs = crashed(b"one\n", b"two\n", b"panic\n")
    found = read(logs)
    assert found is not None
    assert found.lines == ("two", "panic")
    assert str(found) == "the log of shop/web (pod a, container c0, before its last start) ends with"
    path, params = logs.asked[-1]
    assert path == "/api/v1/namespaces/shop/pods/a/log"
    assert params == {"container": "c0", "tailLines": 2, "limitBytes": 1 << 20, "previous": "true"}
    assert "says nothing" in str(read(crashed()))


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (Denied("cannot get pods/log"), "not permitted: cannot get pods/log"),
        (Invalid("previous terminated container not found", status=400), "previous terminated container not found"),
        (Unavailable("no node"), "no node"),
        (60.0, "no answer within 0.05 s"),
    ],
)
def test_a_log_that_cannot_be_read_is_one_line_and_no_error(
    answer: ClusterError | float, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_excerpts, "_SECONDS", 0.05)
    found = read(crashed(answer))
    assert found is not None
    assert (found.problem, found.lines) == (problem, ())
    assert str(found) == f"the log of shop/web (pod a, container c0) cannot be read: {problem}"


def test_a_tree_reads_the_pods_once_and_the_logs_of_what_is_in_trouble_alone() -> None:
    services = [ServiceNode("web", "Deployment", "shop-web", 0, 1, "CrashLoopBackOff", "exit code 1"),
                ServiceNode("slow", "Deployment", "shop-slow", 0, 1, "Progressing"),
                ServiceNode("db", "Deployment", "shop-db", 1, 1)]  # fmt: skip
    node = StackNode("", "shop", State.TROUBLE, services=tuple(services))
    logs = crashed(b"panic: \x1b[31mno database\n")
    found = asyncio.run(log_excerpts.of_tree(cast(Live, logs), node, logs._tree, 3))
    assert list(found) == [("shop", "web")]
    assert len(logs.asked) == 2
    out = io.StringIO()
    Console(file=out, width=200, emoji=False).print(draw(node, TreeStyle(logs=found)))
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    assert r"│   └── | panic: \x1b[31mno database" in lines
    data = to_json(node, found)
    assert data["gatewayLog"] is None
    assert [each["log"] and each["log"]["lines"] for each in data["services"]] == [
        [r"panic: \x1b[31mno database"], None, None
    ]  # fmt: skip
    assert "log" not in to_json(node)["services"][0]


def test_what_is_well_costs_no_request() -> None:
    logs = crashed()
    assert asyncio.run(log_excerpts.of_tree(cast(Live, logs), StackNode("", "shop", State.READY), logs._tree, 3)) == {}
    assert logs.asked == []


def test_who_waits_remembers_the_log_of_what_an_update_that_goes_back_takes_along() -> None:
    logs = crashed(b"panic\n")
    now = 100.0
    kept = RememberedLog(cast(Live, logs), "shop", 2, clock=lambda: now)

    def look(outcome: Outcome, line: str) -> int:
        """How many requests that took."""
        before = len(logs.asked)
        asyncio.run(kept.look(Verdict(outcome, line)))
        return len(logs.asked) - before

    logs._pods = []
    assert (look(Outcome.WAITING, "starts"), kept.excerpt) == (1, None), "nothing has run yet"
    logs._pods = crashed()._pods
    assert look(Outcome.WAITING, "starts") == 0, "not each time"
    now += 6
    assert look(Outcome.WAITING, "starts") == 2
    assert kept.excerpt is not None
    assert kept.excerpt.lines == ("panic",)
    now += 6
    assert look(Outcome.WAITING, "starts") == 0, "it is known"
    logs._answers = ()
    assert look(Outcome.WAITING, "web crashes") == 2
    assert kept.excerpt.lines == ("panic",), "what says nothing takes nothing away"
    now += 6
    assert look(Outcome.ROLLED_BACK, "gone back") == 0
    assert kept.excerpt.lines == ("panic",)


def test_who_wants_no_lines_asks_for_none() -> None:
    logs = crashed(b"panic\n")
    asyncio.run(RememberedLog(cast(Live, logs), "shop", 0).look(Verdict(Outcome.WAITING, "crashes")))
    assert logs.asked == []
