"""What other programs read of a check: SARIF, JUnit, GitHub's annotations, JSON."""

import json
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from ailtire_operator.cli.check_formats import formatted
from ailtire_operator.cli.failures import Exit
from ailtire_operator.cli.formats import CheckFormat
from ailtire_operator.cli.issues import Issue, Rule
from support.checks.commands import Run

WRONG = """apiVersion: ailtire.io/v1alpha1
kind: AiltireStack
metadata: {name: shop}
spec:
  services:
    web: {image: x, stop_grace_period: 10s}
    pay: {type: stack, stackRef: {name: pay}}
"""
RIGHT = WRONG.replace(", stop_grace_period: 10s", "")
ODD = Issue("a,b:c%.yaml", 3, 5, "AiltireStack x", 'spec["\\u202e"]', "100% wrong: a, b\nand <c> & \x1b[31m")


@pytest.fixture(params=list(CheckFormat))
def form(request: pytest.FixtureRequest) -> CheckFormat:
    return CheckFormat(request.param)


def test_the_exit_code_and_the_stream_are_the_same_in_every_form(run: Run, form: CheckFormat) -> None:
    wrong, right = run("validate", "-o", form, "-", stdin=WRONG), run("validate", "-o", form, "-", stdin=RIGHT)
    assert (wrong.code, right.code) == (Exit.NO, Exit.DONE)
    assert (wrong.err, right.err) == ("", "")
    assert "did you mean stopGracePeriod?" in wrong.out
    assert "stop_grace_period" not in right.out


def test_json_says_where_each_problem_is(run: Run) -> None:
    (problem,) = json.loads(run("validate", "-o", "json", "-", stdin=WRONG).out)["problems"]
    assert problem == {
        "file": "standard input",
        "line": 6,
        "column": 21,
        "resource": "AiltireStack shop",
        "path": "spec.services.web.stop_grace_period",
        "message": "unknown field; did you mean stopGracePeriod?",
    }
    valid = json.loads(run("validate", "-o", "json", "-", stdin=RIGHT).out)
    assert (valid["valid"], valid["problems"], len(valid["notes"]), len(valid["stacks"])) == (True, [], 1, 1)


def test_sarif_has_rules_results_and_regions() -> None:
    notes = [replace(ODD, rule=Rule.TEMPLATE), replace(ODD, rule=Rule.DEPRECATED)]
    (run,) = json.loads(formatted(CheckFormat.SARIF, [ODD], notes, []))["runs"]
    rules = {each["id"] for each in run["tool"]["driver"]["rules"]}
    assert [each["level"] for each in run["results"]] == ["error", "note", "warning"]
    for each in run["results"]:
        assert each["ruleId"] in rules
        (location,) = each["locations"]
        assert location["physicalLocation"]["region"] == {"startLine": 3, "startColumn": 5}
        assert location["physicalLocation"]["artifactLocation"]["uri"] == "a%2Cb%3Ac%25.yaml"


def test_junit_counts_and_holds_nothing_that_xml_has_not() -> None:
    suite = ElementTree.fromstring(formatted(CheckFormat.JUNIT, [ODD], [], ["x.yaml:1: AiltireStack x"]))
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    (failure,) = suite.iter("failure")
    assert "100% wrong" in str(failure.get("message"))


def test_an_annotation_is_one_line_with_one_command() -> None:
    (line,) = formatted(CheckFormat.GITHUB, [ODD], [], []).splitlines()
    assert line.startswith("::error file=a%2Cb%3Ac%25.yaml,line=3,col=5,title=AiltireStack x::")
    assert "100%25 wrong: a, b" in line
    assert "\x1b" not in line
