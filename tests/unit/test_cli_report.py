"""The report on standard error."""

import json

import pytest

from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.formats import ReportFormat
from ailtire_operator.cli.report import Finding, as_json, refuse_deviations, show, summary, text
from ailtire_operator.model.field_path import SPEC, FieldPath, path_of
from ailtire_operator.model.report import Notice

SOCKET = [
    Finding(
        Notice(path_of(SPEC, "services", f"s{n}", "volumes", "docker"), "ignored", "no Docker socket.", "Remove it.")
    )
    for n in range(8)
]
GATED = Finding(Notice(path_of(SPEC, "services", "web", "volumes", "etc"), "gated", "host paths are off."), "shop")


def test_a_deviation_is_told_once_with_its_places() -> None:
    told = text([*SOCKET, GATED])
    assert told.splitlines() == [
        "gated (1): needs a permission",
        "  - host paths are off.",
        "      shop: spec.services.web.volumes.etc",
        "",
        "ignored (8): has no effect",
        "  - no Docker socket.",
        "    Remove it.",
        *(f"      spec.services.s{n}.volumes.docker" for n in range(5)),
        "      and 3 more",
    ]


def test_one_more_is_shown_rather_than_counted_and_all_on_request() -> None:
    assert "more" not in text(SOCKET[:6])
    assert "more" not in text(SOCKET, places=None)


def test_the_summary_counts() -> None:
    assert summary([*SOCKET, GATED]) == "9 notices (1 gated, 8 ignored)"
    assert summary([GATED]) == "1 notice (1 gated)"
    assert summary([]) == "no notices"


def test_as_data_it_is_complete() -> None:
    data = as_json([*SOCKET, GATED], stacks=2)
    assert data["stacks"] == 2
    assert data["counts"] == {"gated": 1, "ignored": 8}
    assert len(data["notices"]) == 9
    assert data["notices"][-1] == {
        "stack": "shop",
        "path": "spec.services.web.volumes.etc",
        "classification": "gated",
        "message": "host paths are off.",
    }


@pytest.mark.parametrize(
    ("form", "expected"), [(ReportFormat.TEXT, "gated (1)"), (ReportFormat.FULL, "gated (1)"), (ReportFormat.NONE, "")]
)
def test_it_is_told_on_standard_error(capsys: pytest.CaptureFixture[str], form: ReportFormat, expected: str) -> None:
    show([GATED], form)
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(expected) if expected else told.err == ""


def test_as_json_it_is_one_object_and_not_wrapped(capsys: pytest.CaptureFixture[str]) -> None:
    long = Finding(Notice(SPEC, "ignored", "word " * 100))
    show([long], ReportFormat.JSON)
    assert json.loads(capsys.readouterr().err)["notices"][0]["message"] == "word " * 100


def test_no_findings_are_told_too(capsys: pytest.CaptureFixture[str]) -> None:
    show([], ReportFormat.TEXT)
    assert capsys.readouterr().err == "no notices\n"


def test_what_is_to_be_done_comes_last_alike_things_in_one_line() -> None:
    findings = [
        Finding(Notice(FieldPath("a"), "required", "Build and push the images", subject="one")),
        Finding(Notice(FieldPath("b"), "resolved", "it is so.")),
        Finding(Notice(FieldPath("c"), "required", "Build and push the images", subject="two")),
        Finding(Notice(FieldPath("d"), "required", "Create the Secrets", subject="three")),
        Finding(Notice(FieldPath("e"), "closed", "it would be OPEN.")),
    ]
    told = text(findings)
    assert told.startswith("closed (1)")
    assert told.endswith("  [ ] Build and push the images: one, two\n  [ ] Create the Secrets: three")
    assert "required (3): to be done by you before it runs" in told
    assert as_json(findings)["notices"][0]["subject"] == "one"
    with pytest.raises(Failure):
        refuse_deviations(findings[:1], "")
