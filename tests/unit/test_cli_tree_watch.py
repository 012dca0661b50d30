"""The tree as ``top`` shows it: rows, what fits on a screen, and lines of what has changed."""

import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from rich.console import Console

from ailtire_operator.cli.pod_facts import PodFacts, age_text, cpu_text, facts, memory_text
from ailtire_operator.cli.top_view import Row, fitting, lines, rows, table
from ailtire_operator.cli.tree_view import TreeStyle, draw
from ailtire_operator.cli.trees import ServiceNode, StackNode, State

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


def pod(name: str, stack: str, service: str, restarts: int, born: str) -> dict[str, Any]:
    labels = {"ailtire.io/stack": stack} | ({"ailtire.io/service": service} if service else {})
    metadata = {"name": name, "labels": labels, "creationTimestamp": f"2026-01-01T{born}Z"}
    statuses = [{"restartCount": restarts}, {"restartCount": 0}]
    return {"metadata": metadata, "status": {"containerStatuses": statuses}}


PODS = [
    pod("a", "shop", "web", 2, "11:00:00"),
    pod("b", "shop", "web", 0, "11:59:30"),
    pod("c", "shop", "", 0, "09:00:00"),
    pod("d", "shop-cpl", "policy-engine", 5, "10:00:00"),
]
METRICS = [
    {"metadata": {"name": "a"}, "containers": [{"usage": {"cpu": "12345678n", "memory": "2048Ki"}}]},
    {"metadata": {"name": "d"}, "containers": [{"usage": {"cpu": "1", "memory": "64Mi"}}, {"usage": {"cpu": "5m"}}]},
]


def tree(**of_engine: Any) -> StackNode:
    engine = ServiceNode("policy_engine", "Deployment", "x", **({"ready": 1, "wanted": 1} | of_engine))
    below = StackNode("cpl", "shop-cpl", State.READY, services_count="1/1", services=(engine,))
    web = ServiceNode("web", "Deployment", "shop-web", 2, 2)
    return StackNode("", "shop", State.READY, services_count="2/2", services=(web,), stacks=(below,))


def test_a_row_for_everything_and_a_stack_is_the_sum_of_what_is_below() -> None:
    found = {row.path: row for row in rows(tree(), facts(PODS, METRICS))}
    assert list(found) == ["shop", "shop/web", "shop/cpl", "shop/cpl/policy_engine"]
    assert [row.facts.restarts for row in found.values()] == [7, 2, 5, 5]
    assert [age_text(row.facts.born, NOW) for row in found.values()] == ["30s", "30s", "2h", "2h"]
    assert [cpu_text(row.facts.cpu) for row in found.values()] == ["1017m", "12m", "1005m", "1005m"]
    assert [memory_text(row.facts.memory) for row in found.values()] == ["66Mi", "2Mi", "64Mi", "64Mi"]


def test_what_is_not_measured_stays_blank() -> None:
    (row, *_) = rows(tree(), facts(PODS))
    assert (cpu_text(row.facts.cpu), memory_text(row.facts.memory)) == ("", "")
    assert PodFacts(cpu=Decimal(1)) + PodFacts() == PodFacts(cpu=Decimal(1))


@pytest.mark.parametrize(("hour", "text"), [(12, "0s"), (11, "60m"), (9, "3h")])
def test_ages_are_rough(hour: int, text: str) -> None:
    assert age_text(NOW.replace(hour=hour), NOW) == text
    assert age_text(None, NOW) == ""


def many() -> list[Row]:
    ready = [Row(f"shop/s{number}", f"s{number}", 1, State.READY, "1/1", PodFacts()) for number in range(50)]
    bad = Row("shop/bad", "bad", 1, State.TROUBLE, "0/1", PodFacts(), "ImagePullBackOff")
    return [Row("shop", "shop", 0, State.TROUBLE, "50/51", PodFacts(), is_stack=True), *ready, bad]


def test_what_is_ready_makes_room_for_what_is_not() -> None:
    kept, hidden = fitting(many(), 24)
    assert ([row.path for row in kept], hidden) == (["shop", "shop/bad"], 50)
    assert fitting(many(), 100)[1] == 0


def drawn(found: list[Row], width: int = 100, **how: Any) -> list[str]:
    out = io.StringIO()
    shown = table(found, NOW, **({"height": 100, "unicode": True, "usage": False} | how))
    Console(file=out, width=width, emoji=False).print(shown)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_the_table_has_a_line_for_each_row() -> None:
    shown = drawn(
        rows(tree(ready=0, reason="ImagePullBackOff", message="no such image"), facts(PODS, METRICS)), usage=True
    )
    assert [line.split() for line in shown] == [
        ["READY", "RESTARTS", "AGE", "CPU", "MEMORY"],
        ["✓", "shop", "2/2", "services", "7", "30s", "1017m", "66Mi"],
        ["✓", "web", "2/2", "2", "30s", "12m", "2Mi"],
        ["✓", "cpl", "1/1", "services", "5", "2h", "1005m", "64Mi"],
        ["✗", "policy_engine", "0/1", "5", "2h", "1005m", "64Mi", "ImagePullBackOff:", "no", "such", "image"],
    ]
    assert "CPU" not in drawn(rows(tree(), {}))[0]
    assert drawn(many(), height=24)[-1] == "50 more that are ready"
    assert drawn(many(), unicode=False, height=24)[1].startswith("x shop")


@pytest.mark.parametrize("reason", ["Waiting", "Progressing", "NotReady"])
def test_what_goes_on_by_itself_is_no_trouble_here_nor_in_the_tree(reason: str) -> None:
    node = tree(ready=0, reason=reason, message="it will be")
    found = {row.path: row.state for row in rows(node, {})}
    assert found["shop/cpl/policy_engine"] is State.PROGRESSING
    out = io.StringIO()
    Console(file=out, width=100).print(draw(node, TreeStyle()))
    assert "… policy_engine  0/1" in out.getvalue()


def test_of_what_waits_the_sentence_says_it_all() -> None:
    found = {row.path: row.why for row in rows(tree(ready=0, reason="Waiting", message="waits for db to start"), {})}
    assert found["shop/cpl/policy_engine"] == "waits for db to start"


def test_a_narrow_screen_cuts_reasons_and_not_names() -> None:
    node = tree(ready=0, reason="ImagePullBackOff", message="there is no such image in any registry " * 3)
    shown = drawn(rows(node, facts(PODS)), width=60)
    assert len(shown) == 5
    assert shown[4].split()[:5] == ["✗", "policy_engine", "0/1", "5", "2h"]
    assert shown[4].endswith("…")


def test_in_a_pipe_only_what_has_changed_is_told() -> None:
    first = rows(tree(ready=0), facts(PODS))
    assert list(lines([], first, unicode=True)) == [
        "✓ shop  2/2 services",
        "✓ shop/web  2/2  2 restarts",
        "✓ shop/cpl  1/1 services",
        "… shop/cpl/policy_engine  0/1  5 restarts",
    ]
    later = rows(tree(), facts(PODS, METRICS))
    assert list(lines(first, later, unicode=True)) == ["✓ shop/cpl/policy_engine  1/1  5 restarts"]
    assert list(lines(later, later, unicode=True)) == []
    assert list(lines(later, later[:3], unicode=False)) == ["- shop/cpl/policy_engine  gone"]
