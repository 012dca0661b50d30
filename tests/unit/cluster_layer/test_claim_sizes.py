"""Sizes of claims as numbers, and the claim templates that a StatefulSet keeps."""

import copy
from typing import Any

import pytest

from ailtire_operator.cluster.claim_sizes import is_larger, keeping_sizes
from ailtire_operator.cluster.ownership import needs_replace, refusal
from ailtire_operator.cluster.store import Record, record_of
from unit.cluster_layer import samples


def stateful_set(*sizes: str) -> dict[str, Any]:
    templates = [
        {
            "metadata": {"name": f"v{index}"},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}},
        }
        for index, size in enumerate(sizes)
    ]
    spec = {"serviceName": "db", "selector": {"matchLabels": {"app": "db"}}, "volumeClaimTemplates": templates}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": samples.metadata("db", uid="s", version=1),
        "spec": spec,
    }


def claim(size: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": samples.metadata("shop--records--data", uid="c", version=1),
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}},
    }


@pytest.mark.parametrize(
    ("one", "other", "larger"),
    [
        ("2Gi", "1Gi", True),
        ("1Gi", "1Gi", False),
        ("1Gi", "1024Mi", False),
        ("1025Mi", "1Gi", True),
        ("1Gi", "1G", True),
        ("10Gi", "9Gi", True),
        (None, "1Gi", False),
        ("1Gi", None, False),
        ("1Gi", "many", False),
    ],
)
def test_sizes_are_compared_as_numbers(one: str | None, other: str | None, larger: bool) -> None:
    assert is_larger(one, other) is larger


def test_a_stateful_set_keeps_the_templates_that_should_grow_and_nothing_else() -> None:
    live, wanted = stateful_set("1Gi", "5Gi", "3Gi"), stateful_set("2Gi", "5Gi", "3Gi")
    record, before = record_of(live), copy.deepcopy(wanted)
    kept = keeping_sizes(wanted, record)
    assert kept == stateful_set("1Gi", "5Gi", "3Gi")
    assert wanted == before, "the plan itself still says what is wanted"
    assert (refusal(kept, record), needs_replace(kept, record)) == (None, None)
    same = stateful_set("1Gi", "5Gi", "3Gi")
    assert keeping_sizes(same, record) is same


def test_a_smaller_template_is_not_kept_but_refused() -> None:
    record, wanted = record_of(stateful_set("2Gi")), stateful_set("1Gi")
    assert keeping_sizes(wanted, record) is wanted
    assert refusal(wanted, record) == (
        "volume v0 of StatefulSet db has 2Gi, and no volume becomes smaller: "
        "set its size to 2Gi or more, or give a smaller one another name"
    )


@pytest.mark.parametrize("live", [None, record_of(stateful_set())])
def test_what_has_no_template_yet_gets_what_is_wanted(live: Record | None) -> None:
    wanted = stateful_set("2Gi")
    assert keeping_sizes(wanted, live) is wanted


def test_other_objects_are_left_alone() -> None:
    wanted = claim("2Gi")
    assert keeping_sizes(wanted, record_of(claim("1Gi"))) is wanted


def test_an_expansion_of_a_claim_that_is_not_made_yet_may_be_taken_back() -> None:
    record = record_of({**claim("100Ti"), "status": {"phase": "Bound", "capacity": {"storage": "1Gi"}}})
    assert refusal(claim("2Gi"), record) is None
    assert refusal(claim("1Gi"), record) is not None


def test_a_claim_of_the_stack_may_grow_and_never_shrink() -> None:
    record = record_of(claim("2Gi"))
    assert refusal(claim("2048Mi"), record) is None
    assert refusal(claim("3Gi"), record) is None
    assert refusal(claim("1Gi"), record) == (
        "PersistentVolumeClaim shop--records--data has 2Gi, and no volume becomes smaller: "
        "set its size to 2Gi or more, or give a smaller one another name"
    )
