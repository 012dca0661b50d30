"""The figures of ``make bench``: which processor time counts for a turn, and what the tables say of it."""

import json
from dataclasses import asdict

import pytest

from bench.comparison import Comparison, Taken
from bench.processor import Sample, Sampler, used


def _samples() -> list[Sample]:
    return [
        Sample(10.0, {"etcd": 5.0}),
        Sample(11.0, {"etcd": 6.0, "helm": 0.5}),
        Sample(12.0, {"etcd": 7.5, "helm": 2.0}),
        Sample(13.0, {"etcd": 9.0, "helm": 2.0}),
    ]


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        (11.0, {"etcd": 1.0, "helm": 0.5}),
        (11.5, {"etcd": 2.5, "helm": 2.0}),
        (99.0, {"etcd": 4.0, "helm": 2.0}),
    ],
)
def test_what_is_used_after_the_last_object_does_not_count(until: float, expected: dict[str, float]) -> None:
    assert used(_samples(), until) == expected


def test_a_process_that_ended_keeps_the_time_that_it_had() -> None:
    times = {1: [1.0, 2.0], 2: [0.5]}

    def read(pid: int) -> float:
        if not times[pid]:
            raise FileNotFoundError(pid)
        return times[pid].pop(0)

    sampler = Sampler({"etcd": 1}, read)
    sampler._take()
    sampler.add("helm", 2)
    sampler._take()
    sampler._take()
    assert sampler.used(1e12) == {"etcd": 1.0, "helm": 0.5}


def _comparison() -> Comparison:
    found = Comparison("3 stacks", "2 cores", {"etcd": "v3"}, 0.5, 1.0, 100.0)
    found.turns["ours"] = [
        Taken(2.0, {"kube-apiserver": 3.0, "etcd": 1.0, "kubectl": 0.5, "operator": 1.5}, 22, 20),
        Taken(4.0, {"kube-apiserver": 5.0, "etcd": 1.0, "kubectl": 0.5, "operator": 1.5}, 22, 20),
    ]
    found.turns["theirs"] = [Taken(6.0, {"kube-apiserver": 7.0, "etcd": 1.0, "helm": 2.0}, 20, 20)]
    return found


def _rows(index: int) -> dict[str, list[str]]:
    table = _comparison().tables()[index]
    columns = [list(column.cells) for column in table.columns]
    return {str(row[0]): [str(cell) for cell in row[1:]] for row in zip(*columns, strict=True)}


def test_the_sum_of_processor_time_is_that_of_every_program() -> None:
    turn = _comparison().turns["ours"][0]
    assert (turn.processor_sum, turn.own) == (6.0, 2.0)


def test_the_tables_compare_medians_by_the_clock_and_by_processor_time() -> None:
    assert _rows(0)["theirs"] == ["6.0", "6.0 - 6.0", "0.50", "20", "1.00"]
    assert _rows(1) == {
        "ours": ["4.0", "1.0", "0.0", "0.0", "0.0", "2.0", "7.0", "1.00"],
        "theirs": ["7.0", "1.0", "0.0", "0.0", "0.0", "2.0", "10.0", "0.70"],
    }


def test_the_figures_are_json_with_machine_versions_and_load() -> None:
    found = json.loads(json.dumps(asdict(_comparison())))
    assert (found["machine"], found["versions"], found["load_after"]) == ("2 cores", {"etcd": "v3"}, 1.0)
    assert found["turns"]["theirs"][0]["processor"]["helm"] == 2.0
