"""What other programs read of a comparison with the cluster: SARIF, JUnit, GitHub's annotations and Markdown."""

import json
import re
from typing import Any
from xml.etree import ElementTree

import pytest

from ailtire_operator.cli.definitions import Definitions, collect
from ailtire_operator.cli.diff_formats import changed_paths, formatted, refused
from ailtire_operator.cli.diff_markdown import LIMIT, MARK
from ailtire_operator.cli.differences import Action, Difference
from ailtire_operator.cli.failures import Exit
from ailtire_operator.cli.formats import DiffFormat
from ailtire_operator.cli.issues import Issue
from ailtire_operator.cli.previews import Preview, Refusal
from ailtire_operator.cli.sources import parsed
from ailtire_operator.cluster.kinds import Ref
from support.checks.commands import Run

TEXT = """apiVersion: ailtire.io/v1alpha1
kind: AiltireStack
metadata: {name: shop}
spec:
  services:
    web:
      image: web:2
---
apiVersion: ailtire.io/v1alpha1
kind: AiltireStack
metadata: {name: quiet}
spec: {services: {web: {image: x}}}
"""
HOSTILE = 'x,title=y::\n::error::<b>&"\x1b[31m]]>%0A\u202e'


@pytest.fixture
def found() -> Definitions:
    return collect(parsed("a,b.yaml", TEXT))


def obj(kind: str, name: str, spec: Any, root: str = "shop") -> dict[str, Any]:
    metadata = {"name": name, "namespace": "n", "labels": {"ailtire.io/root": root}}
    return {"kind": kind, "metadata": metadata, "spec": spec}


def changed(kind: str, name: str, before: Any, after: Any) -> Difference:
    ref = Ref(kind, "n", name)
    action = Action.CREATE if before is None else Action.DELETE if after is None else Action.CHANGE
    return Difference(ref, action, *(each and obj(kind, name, each) for each in (before, after)))


CHANGES = [
    changed(
        "AiltireStack",
        "shop",
        {"services": {"web": {"image": "web:1"}}},
        {"services": {"web": {"image": "web:2", "user": HOSTILE}}},
    ),
    changed("Service", "shop-web", None, {"type": HOSTILE}),
]


def preview(found: Definitions) -> Preview:
    refusals = [Refusal(HOSTILE, found.all[0]), Refusal("no", Ref("Service", "n", "s")), Refusal("bad", "stack x")]
    return Preview(CHANGES, [f"note {HOSTILE}"], refusals)


def test_a_difference_is_where_the_value_is_that_makes_it(found: Definitions) -> None:
    (run,) = json.loads(formatted(DiffFormat.SARIF, CHANGES, preview(found), found))["runs"]
    assert {each["ruleId"] for each in run["results"]} <= {each["id"] for each in run["tool"]["driver"]["rules"]}
    assert [each["level"] for each in run["results"]] == ["error"] * 3 + ["warning"] * 2 + ["note"]
    stack, service = run["results"][3:5]
    assert stack["message"]["text"] == "spec.services.web.image: would be changed, with 1 other value of it"
    place = stack["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]) == ("a%2Cb.yaml", {"startLine": 7, "startColumn": 14})
    assert service["ruleId"] == "object-created"
    assert service["locations"][0]["physicalLocation"]["region"] == {"startLine": 1, "startColumn": 1}


def test_a_test_fails_for_each_object_that_differs_and_cannot_be_answered_for_what_is_refused(
    found: Definitions,
) -> None:
    suite = ElementTree.fromstring(formatted(DiffFormat.JUNIT, CHANGES, preview(found), found))
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("7", "2", "3")
    cases = list(suite.iter("testcase"))
    assert [each.get("name") for each in cases if len(each) == 0] == ["a,b.yaml:9: AiltireStack quiet"]
    texts = [str(each.text) for each in suite.iter("failure")]
    assert "-      image: web:1\n+      image: web:2" in texts[0]
    assert "\x1b" not in texts[0] + texts[1]
    same = ElementTree.fromstring(formatted(DiffFormat.JUNIT, [], Preview(), found))
    assert (same.get("tests"), same.get("failures"), same.get("errors")) == ("2", "0", "0")


def test_annotations_are_lines(found: Definitions) -> None:
    lines = formatted(DiffFormat.GITHUB, CHANGES, preview(found), found).splitlines()
    assert [line.split(" ")[0] for line in lines] == ["::error"] * 3 + ["::warning"] * 2 + ["::notice"]
    assert lines[3].startswith("::warning file=a%2Cb.yaml,line=7,col=14,title=AiltireStack shop::spec.services.web")
    assert not {"\x1b", "\u202e"} & set("".join(lines))


@pytest.mark.parametrize("form", ["sarif", "junit", "github", "markdown"])
def test_what_is_wrong_with_the_input_itself_has_the_same_form(run: Run, form: str) -> None:
    for wrong in (TEXT.replace("image: web:2", "imag: x"), "a: ["):
        result = run("diff", "-o", form, "-", stdin=wrong)
        assert result.code == Exit.TROUBLE
        assert result.err.startswith("error: standard input:")
        if form == "sarif":
            assert json.loads(result.out)["runs"][0]["results"][0]["level"] == "error"
        elif form == "junit":
            assert ElementTree.fromstring(result.out).get("errors") == "1"
        elif form == "markdown":
            assert result.out.startswith(f"{MARK}\n\n### kubectl ailtire diff: Would be refused\n\n- **refused** `")
        else:
            assert result.out.startswith("::error file=standard input,line=")
    issue = Issue("x", 1, 1, "", "", HOSTILE)
    assert len(refused(DiffFormat.GITHUB, [issue]).splitlines()) == 1


def test_markdown_has_each_object_with_its_diff_and_what_is_refused_first(found: Definitions) -> None:
    text = formatted(DiffFormat.MARKDOWN, CHANGES, preview(found), found)
    lines = text.splitlines()
    assert lines[0] == MARK
    assert lines[2] == "### kubectl ailtire diff: Would be refused"
    assert "- `AiltireStack shop` `spec.services.web.image`: `would be changed, with 1 other value of it`" in lines
    assert "-      image: web:1\n+      image: web:2" in text
    assert "<details><summary><code>AiltireStack shop: changed</code></summary>" in lines
    assert (
        formatted(DiffFormat.MARKDOWN, [], Preview(), found) == f"{MARK}\n\n### kubectl ailtire diff: No difference\n"
    )


@pytest.mark.parametrize("value", [HOSTILE, "`", "``` @someone", "</code></summary> # x\n# y", "a```\n```b", "![x](y)"])
def test_no_value_is_anything_but_code_in_markdown(value: str) -> None:
    """Outside of blocks and spans of code stands what the program says itself."""
    hostile = Definitions()
    changes = [changed("Service", "s", {"type": value}, {"type": f"{value}2"})]
    told = Preview(changes, [value], [Refusal(value, value)])
    text = formatted(DiffFormat.MARKDOWN, changes, told, hostile)
    outside = re.sub(r"(?ms)^(`{3,})diff\n.*?^\1$", "", text)
    outside = re.sub(r"<summary><code>[^<>\n]*</code></summary>", "", outside)
    outside = re.sub(r"(?<!`)(`+)(?!`)(?:[^\n]*?[^`\n])\1(?!`)", "", outside)
    assert re.sub(r"\W", "", re.sub(r"<!--.*?-->|</?details>|\*\*refused\*\*|### kubectl.*|note", "", outside)) == ""
    assert not {"\x1b", "\u202e"} & set(text)


def test_markdown_stays_below_what_a_comment_may_have(found: Definitions) -> None:
    small = changed("Service", "small", None, {"type": "x"})
    many = [changed("Service", f"s{number}", None, {"type": "x" * 900}) for number in range(200)]
    told = Preview([], ["n" * 900] * 200, [Refusal("r" * 900, "s" * 900)] * 200)
    huge = changed("Service", "huge", None, {"type": "x " * 50_000})
    for changes in ([huge, small], [*many, small]):
        text = formatted(DiffFormat.MARKDOWN, changes, told, found)
        assert len(text) <= LIMIT
        assert "Not shown, for their size: the diff of " in text
        assert "- and 1" in text
    text = formatted(DiffFormat.MARKDOWN, [huge, small], Preview(), found)
    assert "Not shown, for their size: the diff of 1 object." in text
    assert "Service small: created" in text


def test_paths_of_what_differs() -> None:
    assert list(map(str, changed_paths({"a": 1, "b": [1, {"c": 2}]}, {"a": 1, "b": [1, {"c": 3}]}))) == ["b[1].c"]
    assert list(map(str, changed_paths({"a": [1]}, {"a": [1, 2], "x/y": 1}))) == ["a", '["x/y"]']
