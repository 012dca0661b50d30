"""The figures of ``make bench``: which processor time counts for a turn, and what the tables say of it."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import pytest

from bench import availability
from bench.availability import Availability, available
from bench.comparison import Comparison, Comparisons, Taken
from bench.journal import Journal, Name
from bench.processor import Sample, Sampler, used, wait_for_rest
from lab.api import Api


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


def _turn(seconds: float, processor: dict[str, float], writes: int, last: float) -> Taken:
    later = {program: 2 * used for program, used in processor.items()}
    return Taken(seconds, processor, Availability(1.0, last / 2, last), later, writes, 20, last / 4)


def test_processes_of_one_name_are_counted_together() -> None:
    sampler = Sampler({}, {1: 2.0, 2: 3.0}.__getitem__)
    sampler._take()
    sampler.add("helm", 1)
    sampler.add("helm", 2)
    sampler._take()
    assert sampler.used(1e12) == {"helm": 5.0}


def _comparison() -> Comparison:
    found = Comparison("3 stacks", "2 cores", {"etcd": "v3"}, 0.5, 1.0, 100.0)
    found.turns["ours"] = [
        _turn(2.0, {"kube-apiserver": 3.0, "etcd": 1.0, "kubectl": 0.5, "operator": 1.5}, 22, 4.0),
        _turn(4.0, {"kube-apiserver": 5.0, "etcd": 1.0, "kubectl": 0.5, "operator": 1.5}, 22, 8.0),
    ]
    found.turns["theirs"] = [_turn(6.0, {"kube-apiserver": 7.0, "etcd": 1.0, "helm": 2.0}, 20, 12.0)]
    return found


def _rows(index: int) -> dict[str, list[str]]:
    table = _comparison().tables()[index]
    columns = [list(column.cells) for column in table.columns]
    return {str(row[0]): [str(cell) for cell in row[1:]] for row in zip(*columns, strict=True)}


def test_a_turn_begins_when_the_processes_of_the_control_plane_use_next_to_nothing() -> None:
    used_by_then = {1: [0.0, 1.5, 1.8, 1.9], 2: [5.0, 5.1, 5.2, 5.2]}
    slept: list[float] = []
    wait_for_rest([1, 2], 60, lambda pid: used_by_then[pid].pop(0), slept.append)
    assert (slept, used_by_then) == ([2.0] * 3, {1: [], 2: []})
    seconds = iter(range(100))
    with pytest.raises(TimeoutError, match="not at rest after 10 s"):
        wait_for_rest([1], 10, lambda _: float(next(seconds)), slept.append)


def test_the_sum_of_processor_time_is_that_of_every_program() -> None:
    assert _comparison().turns["ours"][0].processor_sum == 6.0


def test_the_tables_compare_medians_by_the_clock_and_by_processor_time() -> None:
    assert _rows(0)["theirs"] == ["6.0", "6.0 - 6.0", "0.50", "20", "1.00", "3.0", "0.50"]
    assert _rows(1)["theirs"] == ["1.0", "1.00", "6.0", "0.50", "12.0", "0.50"]
    assert _rows(2) == {
        "ours": ["4.0", "1.0", "0.0", "0.0", "0.0", "2.0", "7.0", "1.00"],
        "theirs": ["7.0", "1.0", "0.0", "0.0", "0.0", "2.0", "10.0", "0.70"],
    }
    assert _rows(3)["theirs"] == ["14.0", "2.0", "0.0", "0.0", "0.0", "4.0", "20.0", "0.70"]


def test_a_control_that_drifts_by_more_than_a_quarter_is_named() -> None:
    found = Comparisons([_comparison()])
    assert found.drifted("ours") == ["3 stacks: 2.0 to 4.0 s"]
    assert found.drifted("theirs") == found.drifted("nobody") == []
    assert len(found.tables()) == 4


def _deployment(name: str, wanted: int, has: int, status: str = "True") -> dict[str, Any]:
    condition = {"type": "Available", "status": status, "lastTransitionTime": "1970-01-01T00:00:07Z"}
    return {
        "metadata": {"name": name},
        "spec": {"replicas": wanted},
        "status": {"availableReplicas": has, "conditions": [condition]},
    }


def test_a_deployment_is_available_once_it_has_all_its_pods() -> None:
    new = {"metadata": {"name": "new"}, "spec": {"replicas": 1}}
    few, lost = _deployment("few", 2, 1), _deployment("lost", 2, 2, "False")
    assert available([_deployment("all", 2, 2), few, lost, new]) == {"all": 7.0}


class _Deployments:
    """An API server whose answers are fixed: the last one stays."""

    def __init__(self, *answers: list[dict[str, Any]]) -> None:
        self._answers = list(answers)

    def get(self, path: str) -> dict[str, Any]:
        assert path.endswith("/namespaces/bench/deployments")
        return {"items": self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]}


def test_availability_is_waited_for_and_counted_from_the_start() -> None:
    api = cast(Api, _Deployments([_deployment("a", 2, 2), _deployment("others", 1, 0)]))
    assert availability.wait(api, {"bench": ["a"]}, 5.0, 1.0) == Availability(2.0, 2.0, 2.0)
    assert availability.wait(api, {"bench": ["a"]}, 7.5, 1.0).last == 0.0
    with pytest.raises(TimeoutError, match="1 of 2 Deployments are not available, such as b"):
        availability.wait(api, {"bench": ["a", "b"]}, 5.0, -1.0)


def test_the_figures_are_json_with_machine_versions_and_load() -> None:
    found = json.loads(json.dumps(asdict(_comparison())))
    assert (found["machine"], found["versions"], found["load_after"]) == ("2 cores", {"etcd": "v3"}, 1.0)
    assert found["turns"]["theirs"][0]["processor"]["helm"] == 2.0


def _line(namespace: str, name: str, second: int, *, user: str = "operator", verb: str = "patch") -> str:
    of = {"namespace": namespace, "resource": "services", "name": name}
    event = {
        "verb": verb,
        "user": {"username": user},
        "objectRef": of,
        "responseStatus": {"code": 200},
        "stageTimestamp": f"1970-01-01T00:00:{second:02}.5Z",
    }
    return json.dumps(event) + "\n"


def test_the_journal_counts_from_a_place_on_and_the_writes_of_who_made_the_objects(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    log.write_text(_line("one", "a", 1))
    journal = Journal(log)
    since = journal.end()
    with log.open("a") as file:
        file.writelines([_line("one", "a", 7), _line("one", "a", 8, verb="get"), _line("others", "a", 9)])
        file.writelines([_line("two", "b", 11), _line("two", "x", 12, user="controller"), _line("two", "c", 13)])
    wanted = [Name("one", "services", "a"), Name("two", "services", "b")]
    turn = journal.wait(since, wanted, 5.0, 10.0)
    assert (turn.seconds, turn.last, turn.writes) == (6.5, 11.5, 3)
    assert journal.writes(since, ["two"], "controller") == 1
    with pytest.raises(TimeoutError, match="1 of 1 objects are missing"):
        journal.wait(since, [Name("one", "services", "z")], 5.0, -1.0)
