"""Who reaches whom, as segments of networks: the pairs of the verb, and the members of each network."""

from pathlib import Path
from typing import Any

import pytest

from ailtire_operator.cli import sources
from ailtire_operator.cli.reach_objects import below, of_files, pairs
from ailtire_operator.cli.reach_segments import segments_json
from ailtire_operator.cli.reach_view import matrix_json
from ailtire_operator.reach.world import World
from support.definitions.reachable import SHOP

POD = """
apiVersion: v1
kind: Pod
metadata: {name: debug}
spec: {containers: [{name: a, image: a}]}
"""


@pytest.fixture
def world(tmp_path: Path) -> World:
    (tmp_path / "shop.yaml").write_text(f"{SHOP}---{POD}")
    return of_files(sources.read([str(tmp_path / "shop.yaml")], recursive=False), "prod")


def segments(world: World, scope: str | None = None) -> Any:
    return segments_json(world, *pairs(world, scope))


def test_the_pairs_are_those_of_the_verb(world: World) -> None:
    found = segments(world)
    expected = matrix_json(*pairs(world, None))
    assert found["reaches"] == [[each["from"], each["to"], each["ports"]] for each in expected["reach"]]
    assert ["shop/cpl/job", "shop/cpl/db", ["all"]] in found["reaches"]
    assert [each["id"] for each in found["members"]] == expected["workloads"]


def test_of_a_stack_that_runs_nothing_there_is_nobody(world: World) -> None:
    everyone = world.workloads.values()
    assert [each.name for each in below(everyone, "shop/cpl/job")] == ["shop/cpl/job"]
    assert below(everyone, "shop/cp") == below(everyone, "payments") == []


def test_a_segment_has_the_members_of_a_network(world: World) -> None:
    by_name = {each["network"]: each for each in segments(world)["segments"]}
    assert by_name["data of shop/cpl"]["members"] == ["shop/cpl/db", "shop/cpl/job"]
    assert by_name["data of shop/cpl"]["stack"] == "shop-cpl"
    assert by_name["siblings of shop"]["members"] == ["shop", "shop/cpl", "shop/web"]


def test_members_say_what_they_are_and_where_they_belong(world: World) -> None:
    by_id = {each["id"]: each for each in segments(world)["members"]}
    assert {id: each["kind"] for id, each in by_id.items()} == {
        "outside": "outside", "pod/debug": "pod", "shop": "gateway", "shop/cpl": "gateway", "shop/web": "service",
        "shop/cpl/policy_engine": "service", "shop/cpl/db": "service", "shop/cpl/job": "service",
        "shop/dark/lone": "service",
    }  # fmt: skip
    assert by_id["shop/cpl/job"]["networks"] == ["data of shop/cpl", "siblings of shop/cpl"]
    assert (by_id["shop/cpl/job"]["stack"], by_id["shop/cpl/job"]["key"]) == ("shop-cpl", "job")
    assert by_id["outside"]["networks"] == []


def test_below_a_stack_are_its_own_and_what_is_outside(world: World) -> None:
    found = segments(world, "shop/cpl")
    assert [each["id"] for each in found["members"]] == [
        "shop/cpl", "shop/cpl/db", "shop/cpl/job", "shop/cpl/policy_engine", "outside",
    ]  # fmt: skip
    assert "siblings of shop" in {each["network"] for each in found["segments"]}
