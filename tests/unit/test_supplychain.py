"""What counts as an answer of a database of known vulnerabilities."""

from typing import Any

import pytest

from supplychain import audit, pins
from supplychain.audit import Finding, NotChecked
from supplychain.pins import Pin

PINS = [Pin("first", "1.0", ("a" * 64,)), Pin("second", "2.0", ("b" * 64,))]
NONE = {"name": "first", "version": "1.0", "vulns": []}
SOME = {"name": "second", "version": "2.0", "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["2.1"]}]}


def test_every_release_is_answered_for() -> None:
    assert audit.findings(PINS, {"dependencies": [NONE, SOME]}) == [Finding(PINS[1], "PYSEC-1 CVE-1", "2.1")]
    assert audit.findings(PINS[:1], {"dependencies": [NONE]}) == []


@pytest.mark.parametrize(
    "answers",
    [[], [NONE], [NONE, {"name": "second", "skip_reason": "not found"}], [NONE, {**SOME, "version": "2.1"}]],
)
def test_a_release_without_an_answer_was_not_checked(answers: Any) -> None:
    with pytest.raises(NotChecked, match=r"no answer for . of 2 releases"):
        audit.findings(PINS, {"dependencies": answers})


def test_the_release_by_which_a_database_is_tried_is_none_of_ours() -> None:
    ours = {(each.name, each.version) for file in pins.files() for each in pins.read(file)}
    assert (audit.KNOWN_TO_BE_VULNERABLE.name, audit.KNOWN_TO_BE_VULNERABLE.version) not in ours
