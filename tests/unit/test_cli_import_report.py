"""The report of ``import`` for other programs: SARIF, JUnit and GitHub's annotations, with places in the files."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from ailtire_operator.cli.failures import Exit
from ailtire_operator.cli.formats import ImportReport
from ailtire_operator.cli.import_places import ImportPlaces
from ailtire_operator.cli.import_report import formatted
from ailtire_operator.cli.report import Finding
from ailtire_operator.model.field_path import METADATA, SPEC, FieldPath, path_of
from ailtire_operator.model.report import Notice
from support.checks.commands import Run

COMPOSE = """name: shop
services:
  web:
    image: web:1
    ports:
      - "127.0.0.1:80:80"
    environment:
      - "COLOUR=red"
  db:
    image: db:1
    cgroup_parent: x
"""
HOSTILE = 'x,title=y::\n::error::<b>&"\x1b[31m]]>%0A\u202e'
RESOURCES: list[dict[str, Any]] = [
    {"kind": "Secret", "metadata": {"name": "s"}},
    {
        "kind": "AiltireStack",
        "metadata": {"name": "shop"},
        "spec": {"services": {"web": {}, "db": {}, "pay": {"stack": {"services": {"api": {}}}}}},
    },
]
FINDINGS = [
    Finding(Notice(FieldPath("services", ("db", "cgroup_parent")), "ignored", HOSTILE)),
    Finding(Notice(FieldPath("services", ("db", "image")), "closed", "it would be OPEN.", "Accept it.")),
    Finding(Notice(path_of(SPEC, "securityProfile"), "resolved", "baseline.")),
    Finding(Notice(path_of(SPEC, "services", "api", "user"), "approximate", "another user."), "shop-pay"),
    Finding(Notice(FieldPath("services", ("db", "build")), "required", "Build the images", subject="db")),
]


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ImportPlaces:
    monkeypatch.chdir(tmp_path)
    Path("compose.yaml").write_text(COMPOSE)
    return ImportPlaces(Path(), [Path("compose.yaml")])


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (FieldPath("services", ("db", "cgroup_parent")), (11, 20)),
        (FieldPath("services", ("web", "ports", 0, "host_ip")), (6, 9)),
        (FieldPath("services", ("web", "environment", "COLOUR")), (8, 9)),
        (path_of(SPEC, "services", "web", "ports", "tcp-80", "published"), (6, 7)),
        (path_of(SPEC, "securityProfile"), (1, 1)),
        (FieldPath("services", ("no: such", "x")), (3, 3)),
    ],
)
def test_a_finding_is_where_its_value_is_or_what_would_hold_it(
    places: ImportPlaces, path: FieldPath, place: tuple[int, int]
) -> None:
    assert places.of(path) == ("compose.yaml", *place)


def test_of_several_files_the_one_that_says_most_is_meant_and_the_last_of_equals(tmp_path: Path) -> None:
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text(COMPOSE)
    second.write_text('services:\n  web:\n    image: web:2\n    ports: ["81:81"]\n')
    places = ImportPlaces(tmp_path, [first, second])
    assert places.of(FieldPath("services", ("db", "image"))) == (str(first), 10, 12)
    assert places.of(FieldPath("services", ("web", "image"))) == (str(second), 3, 12)
    assert places.of(FieldPath("services", ("web", "ports", 1))) == (str(second), 4, 12), (
        "the list: its items are counted in no file"
    )


def test_what_is_included_is_where_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "main.yaml").write_text("include: [a.yaml, {path: [b.yaml, ../out.yaml]}, 5, '${X}']\nservices: {}\n")
    (tmp_path / "a.yaml").write_text("include: [main.yaml, c.yaml]\nservices:\n  db: {image: x}\n")
    (tmp_path / "b.yaml").write_text("services:\n  mq: {image: x, ports: !override []}\n")
    (tmp_path / "c.yaml").write_text("services:\n  db: {image: x, user: me}\n")
    places = ImportPlaces(tmp_path, [tmp_path / "main.yaml"])
    assert places.of(FieldPath("services", ("db", "image"))) == (str(tmp_path / "a.yaml"), 3, 15), (
        "what includes says the last word"
    )
    assert places.of(FieldPath("services", ("db", "user"))) == (str(tmp_path / "c.yaml"), 2, 24)
    assert places.of(FieldPath("services", ("mq", "image"))) == (str(tmp_path / "b.yaml"), 2, 15)
    assert places.of(path_of(SPEC, "x")) == (str(tmp_path / "main.yaml"), 1, 1)


def test_a_place_names_a_file_of_the_project_and_nothing_outside_of_it(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "outside.yaml").write_text("services: {web: {image: x}}")
    (project / "more.yaml").write_text("services:\n  web: {image: x}\n")
    (project / "services.js").write_text("module.exports = {};")
    (project / "code.js").write_text("module.exports = load();")
    (project / "broken.yaml").write_text("a: [")
    (project / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    places = ImportPlaces(project, [])
    assert places.of(FieldPath("services", ("web", "image"), ("more.yaml",))) == (str(project / "more.yaml"), 2, 16)
    assert places.of(FieldPath("services", ("web", "image"), ("services.js",))) == (str(project / "services.js"), 0, 0)
    assert places.of(FieldPath("services", ("web",), ("code.js",))) == (str(project / "code.js"), 0, 0)
    assert places.of(FieldPath("a", (), ("broken.yaml",))) == (str(project / "broken.yaml"), 0, 0)
    for outside in ("../outside.yaml", "link.yaml", "no.yaml", "\0", str(tmp_path / "outside.yaml")):
        assert places.of(FieldPath("services", ("web", "image"), (f"{outside}",))) == (str(project), 0, 0)
    assert places.of(path_of(SPEC, "services", "more.yaml: services")) == (str(project), 0, 0), "a key is no file"


def test_what_comes_of_a_services_file_is_placed_too(tmp_path: Path) -> None:
    (tmp_path / "services.js").write_text(
        """'use strict'; // a comment
module.exports = {
  services: {
    web: { image: "first" },
    "web": { /* ä */ image: `x`, volumes: [ "a", /* no */ "b" ], interface: { "/web": { path: "/" } } },
    8080: { image: "y" }
  }
};
"""
    )
    file = str(tmp_path / "services.js")
    alone = ImportPlaces(tmp_path / "services.js", [])
    for path, place in (
        (path_of(SPEC, "services", "web", "image"), (5, 29)),
        (path_of(SPEC, "services", "web", "volumes", "1"), (5, 59)),
        (path_of(SPEC, "services", "web", "volumes", 1), (5, 59)),
        (path_of(SPEC, "services", "web", "volumes", "7"), (5, 43)),
        (path_of(SPEC, "services", "web", "interface", "/web", "path"), (5, 95)),
        (path_of(SPEC, "services", "web", "stopSignal"), (5, 12)),
        (path_of(SPEC, "services", "8080", "image"), (6, 20)),
        (path_of(METADATA, "name"), (0, 0)),
    ):
        assert alone.of(path) == (file, *place), path
    assert ImportPlaces(tmp_path, []).of(FieldPath("services", ("8080",), ("services.js",))) == (file, 6, 11)


def test_sarif_has_a_level_for_each_class_and_a_region(places: ImportPlaces) -> None:
    (run,) = json.loads(formatted(ImportReport.SARIF, FINDINGS, RESOURCES, places))["runs"]
    rules = {each["id"] for each in run["tool"]["driver"]["rules"]}
    assert {each["ruleId"] for each in run["results"]} <= rules
    assert [each["level"] for each in run["results"]] == ["warning", "error", "note", "warning", "warning"]
    (location,) = run["results"][1]["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "compose.yaml"},
        "region": {"startLine": 10, "startColumn": 12},
    }
    assert run["results"][1]["message"]["text"] == "services.db.image: it would be OPEN. Accept it."


def test_junit_has_a_test_for_each_stack_and_service_which_fails_by_what_strict_counts(places: ImportPlaces) -> None:
    suite = ElementTree.fromstring(formatted(ImportReport.JUNIT, FINDINGS, RESOURCES, places))
    cases = {each.get("name"): each for each in suite.iter("testcase")}
    assert list(cases) == ["shop", "shop/web", "shop/db", "shop/pay", "shop/pay/api"]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("5", "2", "0")
    assert [name for name, each in cases.items() if each.find("failure") is not None] == ["shop/db", "shop/pay/api"]
    failure = cases["shop/db"].find("failure")
    assert failure is not None
    assert failure.get("type") == "import-closed", "the most pressing one is the headline"
    assert len(str(failure.text).splitlines()) == 3
    assert "\\x1b" in str(failure.text)
    assert cases["shop"].findtext("system-out") == "compose.yaml:1:1: spec.securityProfile: baseline."


def test_an_annotation_is_one_line_whatever_is_quoted(places: ImportPlaces) -> None:
    lines = formatted(ImportReport.GITHUB, FINDINGS, RESOURCES, places).splitlines()
    assert len(lines) == len(FINDINGS)
    assert [line.split(" ")[0] for line in lines] == ["::warning", "::error", "::notice", "::warning", "::warning"]
    assert lines[0].startswith("::warning file=compose.yaml,line=11,col=20,title=import::services.db.cgroup_parent: ")
    assert not {"\x1b", "\u202e"} & set(lines[0])
    assert "%250A" in lines[0]


@pytest.mark.parametrize("form", ["json", "sarif", "junit", "github"])
def test_a_report_for_a_program_is_alone_on_its_stream_or_in_its_file(run: Run, tmp_path: Path, form: str) -> None:
    (tmp_path / "bad.js").write_text("module.exports = {services: {a: {image: 'x'}, b: {image: 5}}};")
    strict = run("import", "bad.js", "--name", "a", "--report", form, "--strict")
    assert (strict.code, strict.out) == (Exit.NO, "")
    assert "error: " not in strict.err
    loose = run("import", "bad.js", "--name", "a", "--report", form, "--report-file", "report")
    assert (loose.code, loose.err) == (Exit.DONE, "")
    assert (tmp_path / "report").read_text() == strict.err
    if form == "junit":
        assert ElementTree.fromstring(strict.err).get("failures") == "2"
    elif form != "github":
        json.loads(strict.err)
    lost = run("import", "bad.js", "--name", "a", "--report-file", "no/such/folder")
    assert lost.code == Exit.TROUBLE
    assert "cannot write" in lost.err
