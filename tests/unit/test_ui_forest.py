"""The trees as records: what each says, and that a change costs no more than what follows from it."""

import json
import random
from decimal import Decimal
from typing import Any

import pytest

from ailtire_operator.cli.trees import build_all
from ailtire_operator.cli.ui.forest import Forest
from support.checks.costs import check
from support.ui.resources import pod, stack, with_services

Json = dict[str, Any]


def forest(*resources: Json) -> Forest:
    found = Forest()
    for each in resources:
        found.put(each)
    found.flush()
    return found


def record(found: Forest, name: str) -> Json:
    loaded: Json = json.loads(found.records[name])
    return loaded


def shop() -> list[Json]:
    top = with_services(
        stack("shop", counts={"services": "2/2", "stacks": "2/2"}, url="https://x"), web={"image": "w:1"}
    )
    top["spec"]["services"]["cpl"] = {"type": "stack"}
    return [
        top,
        stack("shop-cpl", "shop", "cpl"),
        with_services(stack("shop-dm", "shop-cpl", "dm"), my_db={"image": "d"}),
    ]


def test_a_record_says_what_the_tree_says_and_its_place() -> None:
    found = forest(*shop())
    top = record(found, "ns/shop")
    assert top.items() >= {
        "id": "ns/shop", "namespace": "ns", "name": "shop", "key": "", "parent": None, "root": "ns/shop", "depth": 0,
        "state": "ready", "ready": True,
    }.items()  # fmt: skip
    assert (top["servicesReady"], top["stacksReady"], top["url"], top["blocker"]) == ("2/2", "2/2", "https://x", None)
    assert (top["created"], top["generation"], top["notices"]) == ("2026-01-01T00:00:00Z", 1, 0)
    assert top["services"] == [{
        "key": "web", "kind": "Deployment", "name": "x-web", "state": "ready", "ready": 1, "wanted": 1, "reason": "",
        "message": "", "image": "w:1", "restarts": 0, "since": None, "cpu": None, "memory": None,
    }]  # fmt: skip
    below = record(found, "ns/shop-dm")
    assert (below["key"], below["parent"], below["root"], below["depth"]) == ("dm", "ns/shop-cpl", "ns/shop", 2)


def test_a_stack_that_is_declared_and_not_there_has_a_record_until_it_is_there() -> None:
    top, child, _ = shop()
    found = forest(top)
    missing = record(found, "ns/shop/cpl")
    assert (missing["state"], missing["name"], missing["key"]) == ("missing", "shop-cpl", "cpl")
    assert (missing["parent"], missing["root"], missing["depth"], missing["services"]) == ("ns/shop", "ns/shop", 1, [])
    found.put(child)
    assert found.flush() == {"ns/shop-cpl", "ns/shop/cpl"}
    assert found.records.keys() == {"ns/shop", "ns/shop-cpl"}
    found.remove("shop-cpl")
    assert found.flush() == {"ns/shop-cpl", "ns/shop/cpl"}
    assert record(found, "ns/shop/cpl")["state"] == "missing"
    found.remove("shop")
    assert found.flush() == {"ns/shop/cpl", "ns/shop"}
    assert found.records == {}


def test_a_stack_of_somebody_else_that_has_the_name_is_not_the_missing_one() -> None:
    found = forest(shop()[0], stack("shop-cpl"))
    assert record(found, "ns/shop-cpl")["parent"] is None
    assert record(found, "ns/shop/cpl")["state"] == "missing"


def test_a_stack_that_is_made_anew_is_told_as_the_new_one_in_whatever_order() -> None:
    found = forest(stack("shop", uid="old"))
    found.put(with_services(stack("shop", uid="new"), web={"image": "w"}))
    found.remove("old")
    assert found.flush() == {"ns/shop"}
    assert record(found, "ns/shop")["services"][0]["image"] == "w"
    found.remove("new")
    assert found.flush() == {"ns/shop"}
    assert found.records == {}


def test_what_pods_say_adds_up_to_the_top() -> None:
    found = forest(*shop())
    for each in (pod("a", "shop", "web", 2), pod("b", "shop-dm", "my-db", 3), pod("c", "shop-cpl"), pod("d", "other")):
        found.pods.put(each)
    assert found.flush() == {"ns/shop", "ns/shop-cpl", "ns/shop-dm"}
    assert [record(found, f"ns/{each}")["restarts"] for each in ("shop", "shop-cpl", "shop-dm")] == [5, 3, 3]
    assert record(found, "ns/shop")["services"][0]["restarts"] == 2
    assert record(found, "ns/shop-dm")["services"][0]["since"] == "2026-01-01T00:00:00Z"
    usage = {"metadata": {"namespace": "ns", "name": "b"}, "containers": [{"usage": {"cpu": "1500m", "memory": "3Mi"}}]}
    found.pods.measure([usage])
    assert found.flush() == {"ns/shop", "ns/shop-cpl", "ns/shop-dm"}
    assert (record(found, "ns/shop")["cpu"], record(found, "ns/shop")["memory"]) == (1500, 3 * 2**20)
    found.pods.measure([usage])
    assert found.flush() == set(), "nothing is different"
    found.pods.remove("pod-b")
    found.flush()
    assert (record(found, "ns/shop")["restarts"], record(found, "ns/shop")["cpu"]) == (2, None)


def test_the_image_is_the_one_that_runs_and_else_the_one_that_is_written() -> None:
    found = forest(*shop())
    assert record(found, "ns/shop")["services"][0]["image"] == "w:1"
    old, new = pod("a", "shop", "web", image="registry/w:1"), pod("b", "shop", "web", image="registry/w:2")
    new["metadata"]["creationTimestamp"] = "2026-01-02T00:00:00Z"
    for each in (new, old):
        found.pods.put(each)
        found.flush()
    assert record(found, "ns/shop")["services"][0]["image"] == "registry/w:2"
    found.pods.remove("pod-b")
    assert found.flush() == {"ns/shop"}
    assert record(found, "ns/shop")["services"][0]["image"] == "registry/w:1"


def test_pods_that_come_before_their_stack_are_not_lost() -> None:
    found = Forest()
    found.pods.put(pod("a", "shop", restarts=4))
    found.flush()
    found.put(stack("shop"))
    found.flush()
    assert record(found, "ns/shop")["restarts"] == 4


def test_a_pod_that_changes_its_labels_counts_for_the_other_stack() -> None:
    found = forest(stack("one"), stack("two"))
    found.pods.put(pod("a", "one", restarts=1))
    found.flush()
    found.pods.put(pod("a", "two", restarts=1))
    assert found.flush() == {"ns/one", "ns/two"}
    assert [record(found, f"ns/{each}")["restarts"] for each in ("one", "two")] == [0, 1]


def test_the_same_resource_again_changes_nothing() -> None:
    found = forest(*shop())
    for each in shop():
        found.put(each)
    assert found.flush() == set()


def test_owners_in_a_circle_and_chains_without_end_are_shown_and_said() -> None:
    circle = [stack("a", "b"), stack("b", "a"), stack("c", "c"), stack("below", "a")]
    found = forest(*circle)
    assert {record(found, name)["reason"] for name in found.records} == {"TooDeep"}
    assert {record(found, name)["parent"] for name in found.records} == {None}
    chain = [stack("s0"), *(stack(f"s{number}", f"s{number - 1}") for number in range(1, 40))]
    found = forest(*chain)
    assert record(found, "ns/s16")["depth"] == 16
    assert [record(found, f"ns/s{number}")["reason"] for number in (16, 17, 39)] == ["", "TooDeep", "TooDeep"]


@pytest.mark.parametrize(
    "damage",
    [
        {"spec": []}, {"spec": {"services": []}}, {"spec": {"services": {"a": []}}}, {"spec": {"place": 3}},
        {"status": {"services": {"a": []}}}, {"status": {"services": [3]}}, {"status": {"conditions": [3]}},
        {"status": {"routes": [{}]}}, {"status": {"counts": []}}, {"status": {"observedGeneration": "x"}},
        {"status": {"services": {"a": {"ready": "x", "wanted": 1}}}}, {"status": {"translation": 1}},
    ],
    ids=str,
)  # fmt: skip
def test_a_resource_that_cannot_be_read_breaks_no_other(damage: Json) -> None:
    found = forest(stack("well"), {**stack("broken"), **damage})
    assert record(found, "ns/well")["state"] == "ready"
    assert record(found, "ns/broken")["id"] == "ns/broken"


def test_sentences_hold_nothing_that_is_obeyed_and_markup_is_text() -> None:
    bad = stack("shop", services={"web": {"ready": 0, "wanted": 1, "reason": "X", "message": "\x1b[2J\u202e<script>"}})
    assert record(forest(bad), "ns/shop")["services"][0]["message"] == r"\x1b[2J\u202e<script>"


def test_half_of_a_surrogate_pair_is_no_end_of_the_page() -> None:
    found = forest(with_services(stack("shop"), web={"image": "\ud800"}))
    assert record(found, "ns/shop")["services"][0]["image"] == "\ud800"


def test_what_is_below_a_stack_is_found_and_nothing_else() -> None:
    found = forest(*shop(), stack("other"))
    assert {name for name in found.records if found.within(name, "ns/shop-cpl")} == {"ns/shop-cpl", "ns/shop-dm"}
    assert not found.within("ns/nothing", "ns/shop")


@pytest.mark.parametrize("seed", range(12))
def test_after_any_changes_the_records_are_those_of_a_fresh_start(seed: int) -> None:
    """Whatever comes, goes, gets another owner or another uid, in whatever order, told in whatever portions."""
    draw = random.Random(seed)
    kept, now, pods = Forest(), dict[str, Json](), dict[str, Json]()
    for step in range(150):
        uid = f"s{draw.randrange(12)}"
        match draw.randrange(6):
            case 0:
                now.pop(uid, None)
                kept.remove(uid)
            case 1:
                one = pod(f"p{draw.randrange(9)}", f"n{draw.randrange(8)}", draw.choice(["", "web"]), draw.randrange(3))
                pods[one["metadata"]["uid"]] = one
                kept.pods.put(one)
            case 2 if pods:
                gone = draw.choice(sorted(pods))
                del pods[gone]
                kept.pods.remove(gone)
            case _:
                owner = draw.choice(["", *(f"s{each}" for each in range(12))])
                name = next((each["metadata"]["name"] for each in now.values() if each["metadata"]["uid"] == uid), "")
                names = {each["metadata"]["name"] for each in now.values()}
                name = name or draw.choice([f"n{each}" for each in range(14) if f"n{each}" not in names])
                one = with_services(stack(name, owner, f"k{draw.randrange(3)}", uid=uid), web={"image": f"{step}"})
                one["spec"]["services"]["k1"] = {"type": "stack"}
                one["status"]["stacks"] = {"k1": {"name": f"n{draw.randrange(14)}"}}
                now[uid] = one
                kept.put(one)
        if draw.randrange(3) == 0:
            before = dict(kept.records)
            told = kept.flush()
            assert told == {each for each in before | kept.records if before.get(each) != kept.records.get(each)}
    kept.flush()
    fresh = forest(*now.values())
    for each in pods.values():
        fresh.pods.put(each)
    fresh.flush()
    assert {name: json.loads(text) for name, text in kept.records.items()} == {
        name: json.loads(text) for name, text in fresh.records.items()
    }


def test_states_are_those_of_the_command_line() -> None:
    resources = shop()
    resources[2]["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    found = forest(*resources)
    for namespace, node in build_all(resources):
        for each in node.walk():
            assert record(found, f"{namespace}/{each.name}")["state"] == str(each.state)


def wide() -> tuple[Forest, list[Json]]:
    below = [with_services(stack(f"s{number}", "top", f"s{number}"), web={"image": "w"}) for number in range(999)]
    found = forest(stack("top"), *below)
    for number in range(999):
        found.pods.put(pod(f"p{number}", f"s{number}", "web"))
    found.flush()
    return found, below


def test_one_changed_stack_of_a_thousand_costs_little() -> None:
    """Less than four plain loops of a hundred thousand steps: 20 ms where those take 5."""
    found, _ = wide()
    restarts = iter(range(1, 1000))

    def change() -> None:
        found.pods.put(pod("p500", "s500", "web", next(restarts)))
        found.put(with_services(stack("s500", "top", "s500"), web={"image": f"w:{next(restarts)}"}))
        assert found.flush() == {"ns/top", "ns/s500"}

    check(change, 4)
    assert Decimal(json.loads(found.records["ns/top"])["restarts"]) > 0
