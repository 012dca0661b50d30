"""Logs: whose containers they are, in which order their lines come, and how a line is written."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ailtire_operator.cli.failures import Missing
from ailtire_operator.cli.log_lines import (
    BEGINNING,
    Line,
    Moment,
    Piece,
    Resumed,
    Style,
    Taken,
    ended,
    merged,
    parse,
    parsed,
    since,
)
from ailtire_operator.cli.log_reader import Wanted
from ailtire_operator.cli.log_sources import Source, selection, sources
from ailtire_operator.cluster.lines import whole_lines

Json = dict[str, Any]


def stack(name: str, services: Json, parent: str = "", key: str = "") -> Json:
    place = {"place": {"parent": parent, "parentKey": key}} if parent else {}
    owners = [{"kind": "AiltireStack", "uid": parent, "controller": True}] if parent else []
    metadata = {"name": name, "uid": name, "ownerReferences": owners}
    return {"metadata": metadata, "spec": {"services": services, **place}}


TREE = [
    stack("shop", {"web": {"image": "x"}, "cpl": {"type": "stack"}}),
    stack("shop-cpl", {"policy_engine": {"image": "x"}}, "shop", "cpl"),
]


def pod(stack: str, service: str, tail: str, *statuses: Json, component: str = "service", **more: Any) -> Json:
    labels = {"ailtire.io/stack": stack, "app.kubernetes.io/component": component}
    labels |= {"ailtire.io/service": service} if service else {}
    name = f"{stack}-{service}-{tail}" if service else f"{stack}--gateway-{tail}"
    own = status(service or "gateway")
    return {
        "metadata": {"name": name, "uid": name, "labels": labels},
        "status": {"containerStatuses": [own, *statuses], **more},
    }


def status(name: str, instance: str = "containerd://1", **state: Json) -> Json:
    return {"name": name, "containerID": instance, "state": state or {"running": {}}}


PODS = [
    pod("shop", "web", "7d9c-x2"),
    pod("shop", "", "5b-k", component="gateway"),
    pod("shop-cpl", "policy-engine", "0", status("mesh"), initContainerStatuses=[status("setup")]),
    pod("other", "web", "1"),
]


def chosen(path: str, **options: Any) -> list[tuple[str, str]]:
    return [(each.path, each.suffix) for each in sources(PODS, selection(path, TREE, **options))]


def test_a_stack_means_all_containers_below_it_but_gateways_and_init() -> None:
    assert chosen("shop") == [
        ("shop/cpl/policy_engine", "0 mesh"),
        ("shop/cpl/policy_engine", "0"),
        ("shop/web", "7d9c-x2"),
    ]
    assert chosen("shop/web") == [("shop/web", "7d9c-x2")]
    assert chosen("shop", gateways=True)[0] == ("shop", "5b-k")
    assert chosen("shop/web", gateways=True) == [("shop/web", "7d9c-x2")]


def test_a_container_by_name_may_be_one_that_prepares() -> None:
    assert chosen("shop", containers=["setup"]) == [("shop/cpl/policy_engine", "0 setup")]
    assert chosen("shop", containers=["web", "gateway"], gateways=True) == [("shop", "5b-k"), ("shop/web", "7d9c-x2")]
    assert chosen("shop", containers=["nope"]) == []


def test_a_path_that_leads_nowhere_is_missing() -> None:
    with pytest.raises(Missing, match="no 'wbe' in shop"):
        selection("shop/wbe", TREE)


def test_a_source_knows_whether_it_runs_and_why_not() -> None:
    waiting = {"name": "web", "state": {"waiting": {"reason": "ImagePullBackOff"}}}
    crashed = status("web", "containerd://2", waiting={"reason": "CrashLoopBackOff"}) | {
        "lastState": {"terminated": {}}
    }
    for each, expected in (
        (waiting, ("", False, False, "ImagePullBackOff")),
        (crashed, ("containerd://2", False, True, "CrashLoopBackOff")),
        (status("web"), ("containerd://1", True, False, "")),
    ):
        one = {**PODS[0], "status": {"containerStatuses": [each]}}
        (found,) = sources([one], selection("shop", TREE))
        assert (found.instance, found.running, found.restarted, found.waits_for) == expected


@pytest.mark.parametrize(
    ("raw", "moment", "text"),
    [
        (b"2026-01-02T03:04:05.000000007Z hello  world\n", Moment(1767323045, 7), b"hello  world"),
        (b"2026-01-02T03:04:05.5Z x\r\n", Moment(1767323045, 500_000_000), b"x"),
        (b"2026-01-02T04:04:05.123456789+01:00 x", Moment(1767323045, 123456789), b"x"),
        (b"2026-01-02T03:04:05Z \xff\x00\n", Moment(1767323045, 0), b"\xff\x00"),
        (b"2026-01-02T03:04:05.1Z\n", Moment(1767323045, 100_000_000), b""),
    ],
)
def test_a_line_is_split_from_its_time(raw: bytes, moment: Moment, text: bytes) -> None:
    line = parse(raw)
    assert (line.moment, line.text) == (moment, text)
    assert raw.startswith(line.stamp.encode())
    assert since(moment) == "2026-01-02T03:04:05Z"


def test_a_line_without_a_time_keeps_its_place() -> None:
    before = Moment(5, 6)
    assert parse(b"unable to retrieve container logs\n", before) == Line(
        before, "", b"unable to retrieve container logs"
    )
    assert parse(b"1970-01-01T00:00:01Z late", before).moment == before
    assert parse(b"\n") == Line(BEGINNING, "", b"")


def source(path: str, suffix: str = "1") -> Source:
    return Source(path, f"{path}-{suffix}", "uid", "c", "i", True, False, "", suffix)


def at(second: int, text: str) -> bytes:
    return f"2026-01-02T03:04:{second:02}.000000000Z {text}\n".encode()


def test_many_logs_become_one_in_the_order_of_time() -> None:
    logs = {
        source("a"): [at(1, "a1"), at(4, "a4"), b"no time\n", at(9, "a9")],
        source("b"): [at(1, "b1"), at(5, "b5"), at(3, "out of order")],
        source("c"): [],
    }
    told = [(each.path, line.text.decode()) for each, line in merged(logs)]
    assert told == [
        ("a", "a1"),
        ("b", "b1"),
        ("a", "a4"),
        ("a", "no time"),
        ("b", "b5"),
        ("b", "out of order"),
        ("a", "a9"),
    ]


async def test_the_parts_of_a_line_have_its_time_whatever_they_begin_with() -> None:
    async def sent() -> AsyncIterator[bytes]:
        for each in (at(1, "whole"), at(2, "begin").rstrip(), at(59, "forged").rstrip(), at(58, "end"), at(3, "next")):
            yield each
        yield b"no time: unable to"
        yield b" retrieve"

    found = list(parsed([each async for each in ended(sent())]))
    times = [each.stamp[17:19] for each in found]
    assert times == ["01", "02", "02", "02", "03", "", ""]
    assert [each.text.rpartition(b" ")[2] for each in found[1:4]] == [b"begin", b"forged", b"end"]
    assert [each.text for each in found[5:]] == [b"no time: unable to", b" retrieve"]


async def test_the_line_after_one_that_ends_with_a_whole_part_has_its_own_time() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for each in (at(1, "long").rstrip(), b"\n", at(2, "next")):
            yield each

    found = list(parsed([each async for each in ended(whole_lines(chunks(), 8))]))
    assert [(each.stamp[17:19], each.text) for each in found] == [("01", b"long"), ("02", b"next")]


def test_what_is_read_again_comes_from_where_it_was_broken_off_whatever_its_parts_are() -> None:
    stamp = at(2, "").rstrip() + b" "
    text = b"begin-middle-end"
    for size in range(1, len(text)):
        for cut in range(1, len(text)):
            resumed = Resumed(Taken(parse(at(2, "")).moment, stamp.decode().strip(), size))
            read_again = [
                Piece(at(1, "before"), begins=True, ends=True, blank=False),
                Piece(stamp + text[:cut] + b"\n", begins=True, ends=False, blank=False),
                Piece(stamp + text[cut:] + b"\n", begins=False, ends=True, blank=False),
                Piece(at(2, "same time"), begins=True, ends=True, blank=False),
            ]
            found = [resumed.take(each)[0] for each in read_again]
            *rest, last = [each.text for each in found if each is not None]
            assert (b"".join(rest), last) == (text[size:], b"same time")


def test_a_line_is_written_as_it_was_asked_for() -> None:
    line = parse(at(1, "hello"))
    assert Style().write(source("shop/web", "x2"), line) == b"shop/web x2 | hello\n"
    assert Style(prefix=False).write(source("a"), line) == b"hello\n"
    stamped = Style(prefix=False, timestamps=True).write(source("a"), line)
    assert stamped == b"2026-01-02T03:04:01.000000000Z hello\n"
    data = json.loads(Style(as_json=True).write(source("a"), Line(BEGINNING, "t", b"\xff")))
    assert data == {"time": "t", "path": "a", "pod": "a-1", "container": "c", "message": "�"}


def test_colours_belong_to_paths_and_pods_and_leave_the_text_alone() -> None:
    line = parse(at(1, "hello"))
    one, same, other = (
        Style(colour=True).write(source(path, suffix), line) for path, suffix in (("a", "1"), ("a", "2"), ("b", "1"))
    )
    assert one.split(b"a\x1b")[0] == same.split(b"a\x1b")[0] != other.split(b"b\x1b")[0]
    assert one.endswith(b"|\x1b[0m hello\n")


def test_what_is_asked_of_the_api_server() -> None:
    assert Wanted().params(source("a")) == {"container": "c", "timestamps": "true"}
    assert Wanted(0, 60, True).params(source("a")) == {
        "container": "c", "timestamps": "true", "tailLines": 0, "sinceSeconds": 60, "previous": "true"
    }  # fmt: skip
