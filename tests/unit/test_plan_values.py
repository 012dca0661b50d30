"""Values in the API server's own form."""

import pytest

from ailtire_operator.plan.values import canonical, compact, literal, manifest
from support.checks.quantities import QUANTITIES


@pytest.mark.parametrize(("written", "answered"), QUANTITIES)
def test_a_quantity_is_written_as_kubernetes_answers_it(written: str, answered: str) -> None:
    assert canonical(written) == answered


@pytest.mark.parametrize(
    ("text", "written"),
    [("a", "a"), ("$X", "$X"), ("$(X)", "$$(X)"), ("$$", "$$$$"), ("$(X) $Y", "$$(X) $$Y"), ("5$", "5$"), ("", "")],
)
def test_a_text_is_left_as_it_is_by_the_kubelet(text: str, written: str) -> None:
    assert literal(text) == written


def test_what_says_nothing_is_left_out_and_zero_and_false_are_kept() -> None:
    assert compact(a=None, b="", c=[], d={}, e=(), f=0, g=False) == {"f": 0, "g": False}


def test_a_manifest_has_annotations_only_where_there_are_some() -> None:
    assert manifest("v1", "ConfigMap", "a", {"l": "1"}, annotations={}, data={"x": "y"}) == {
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "labels": {"l": "1"}}, "data": {"x": "y"}
    }  # fmt: skip
    assert manifest("v1", "X", "a", {}, annotations={"n": "1"})["metadata"]["annotations"] == {"n": "1"}
