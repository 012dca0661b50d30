"""The comparison of both sides: what it must never let pass, and what it writes."""

import pytest

from e2e.parity.facts import ASPECTS, ENVIRONMENT, NAME, Fact
from e2e.parity.table import MARKS, Expected, compare, inserted, markdown

WEB, GONE, NEW = (Fact(ENVIRONMENT, "par/web", key) for key in ("WHO", "GONE", "NEW"))
POD = Expected(ENVIRONMENT, "a pod has a name of its own", key="WHO", kubernetes="pod-*")


def test_a_difference_is_explained_by_its_reason_only() -> None:
    fits = compare({WEB: "pod-1"}, {WEB: "task-1"}, [POD])
    assert (len(fits.explained[POD]), fits.unexplained, fits.unused) == (1, [], [])
    other_value = compare({WEB: "node-1"}, {WEB: "task-1"}, [POD])
    assert [each.fact for each in other_value.unexplained] == [WEB]
    assert other_value.unused == ["Environment: a pod has a name of its own"]
    other_aspect = Fact(NAME, "par/web", "WHO")
    assert compare({other_aspect: "pod-1"}, {other_aspect: "x"}, [POD]).unexplained


def test_what_only_one_side_knows_is_a_difference() -> None:
    found = compare({GONE: "1"}, {NEW: "2"}, []).unexplained
    assert [(each.fact.key, each.kubernetes, each.swarm) for each in found] == [("GONE", "1", "—"), ("NEW", "—", "2")]


def test_the_same_on_both_sides_leaves_a_reason_unused() -> None:
    same = compare({WEB: "pod-1"}, {WEB: "pod-1"}, [POD])
    assert same.equal == {WEB: "pod-1"}
    assert same.unused


def test_containers_that_differ_alike_share_a_row() -> None:
    facts = [Fact(ENVIRONMENT, subject, "WHO") for subject in ("par/api", "par/web")]
    equal = {Fact(ENVIRONMENT, "par/web", key): "a|b" for key in ("X", "Y")}
    comparison = compare(dict.fromkeys(facts, "pod-1") | equal, dict.fromkeys(facts, "task") | equal, [POD])
    text = markdown(comparison, dict.fromkeys(ASPECTS, ""))
    assert "| par/api, par/web | `WHO`: pod-1 | `WHO`: task | a pod has a name of its own |" in text
    assert "| par/web | `X`, `Y`: a\\|b |" in text
    assert text.startswith("2 answers are equal, 2 differ for a stated reason, 0 without one.")


def test_only_what_is_between_the_marks_is_written_anew() -> None:
    document = f"before\n{MARKS[0]}\nold\n{MARKS[1]}\nafter\n"
    assert inserted(document, "new") == f"before\n{MARKS[0]}\n\nnew\n\n{MARKS[1]}\nafter\n"
    assert inserted(inserted(document, "new"), "new") == inserted(document, "new")
    with pytest.raises(ValueError, match="parity: begin"):
        inserted("nothing", "new")
