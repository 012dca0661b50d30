"""Names of services that DNS cannot say, wherever a Compose file holds them: rewritten where proved, else told."""

from pathlib import Path
from typing import Any

import pytest

from ailtire_operator.compose.compose_file.name_references import NameReferences
from ailtire_operator.compose.reporting import Report
from ailtire_operator.model.field_path import FieldPath
from support.compose.compose_cases import Conversion, convert_text

PROJECT = """name: p
services:
  my_db: {{image: d}}
  agent: {{image: a, deploy: {{mode: global}}, ports: ['9001']}}
  web:
    image: w
    {}
"""


def project(folder: Path, web: str, rest: str = "") -> Conversion:
    return convert_text(folder, PROJECT.format(web) + rest)


@pytest.mark.parametrize(
    ("written", "field", "expected"),
    [
        (
            "command: -H tcp://tasks.agent:9001 --db=my_db:5",
            "command",
            ["-H", "tcp://agent:9001", "--db=my-db:5"],
        ),
        ("entrypoint: [/wait, 'my_db:5432', --]", "entrypoint", ["/wait", "my-db:5432", "--"]),
        ("command: ['postgres://my_db:my_db@my_db/my_db']", "command", ["postgres://my_db:my_db@my-db/my_db"]),
        ("healthcheck: {test: [CMD, nc, -z, tasks.my_db]}", "healthcheck", {"test": ["CMD", "nc", "-z", "my-db"]}),
        ("healthcheck: {test: 'curl http://my_db/'}", "healthcheck", {"test": ["CMD-SHELL", "curl http://my-db/"]}),
        ("post_start: [{command: [a, 'http://my_db:1/']}]", "postStart", [{"command": ["a", "http://my-db:1/"]}]),
        (
            "pre_stop: [{command: [a], environment: {DB: 'my_db:1'}}]",
            "preStop",
            [{"command": ["a"], "environment": {"DB": "my-db:1"}}],
        ),
    ],
)
def test_a_host_becomes_the_name_that_resolves(tmp_path: Path, written: str, field: str, expected: Any) -> None:
    found = project(tmp_path, written)
    assert found.services["web"][field] == expected
    told = [str(each) for each in found.notices if "the name under which" in str(each)]
    assert told
    assert all(each.startswith("services.web.") and ": resolved: " in each for each in told)


def test_files_are_followed_too(tmp_path: Path) -> None:
    (tmp_path / "up.conf").write_text("server my_db:5432;\nname my_db;\nfile /var/my_db:1;\n")
    web = "configs: [{source: ngx, target: /ngx}]\n    volumes: ['./up.conf:/up.conf:ro']"
    found = project(tmp_path, web, "configs: {ngx: {content: 'server my_db:5432; server tasks.agent:1;'}}\n")
    contents = {key: each["content"] for key, each in found.stack["spec"]["configs"].items()}
    assert contents == {
        "ngx": "server my-db:5432; server agent:1;",
        "up-conf": "server my-db:5432;\nname my_db;\nfile /var/my_db:1;\n",
    }
    assert "spec.configs.up-conf.content: approximate: 'my_db' is a service that answers as 'my-db'" in found.told


def test_files_that_fill_a_volume_are_told(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/app.ini").write_text("db = my_db:5432\n")
    (tmp_path / "conf/logo.bin").write_bytes(b"\xff\xfe my_db:5432")
    found = project(tmp_path, "volumes: ['./conf:/etc/app']")
    (told,) = [str(each) for each in found.notices if "my_db" in str(each) and "conf" in each.path]
    assert told.startswith("spec.configs.conf-seed[\"app.ini\"]: approximate: 'my_db' is a service that answers as")


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("command: [psql, -h, my_db]", "command[2]"),
        ("healthcheck: {test: [CMD, nc, my_db, '1']}", "healthcheck.test[2]"),
        ("labels: {peer: 'my_db:1'}", "labels.peer"),
    ],
)
def test_what_may_be_no_host_is_told_by_its_place(tmp_path: Path, written: str, place: str) -> None:
    found = project(tmp_path, written)
    assert f"services.web.{place}: approximate: '" in found.told
    assert "it stays, as it may not be meant as a host name" in found.told


def test_a_name_of_tasks_that_others_read_is_told_with_what_answers(tmp_path: Path) -> None:
    found = project(tmp_path, "labels: {peer: 'tasks.agent:1'}")
    assert "services.web.labels.peer: approximate: 'tasks.agent' does not resolve: names in a network" in found.told
    assert "Write 'agent', and endpoint_mode: dnsrr at that service" in found.told
    assert found.services["web"]["annotations"] == {"peer": "tasks.agent:1"}


@pytest.mark.parametrize(
    "text",
    ["/data/my_db", "my_db_name", "x.my_db", "my_db-1", "my_db.txt", "agent", "http://agent:1/", "-"],
)
def test_other_words_are_left_alone(text: str) -> None:
    report = Report()
    assert NameReferences(["my_db", "agent"], report).text(text, FieldPath("x")) == text
    assert not report.notices


def test_a_service_asked_for_its_tasks_stands_for_each_of_them(tmp_path: Path) -> None:
    found = project(tmp_path, "command: ['--peer=tasks.agent:9001']")
    assert found.of("Service/agent")[0]["spec"]["clusterIP"] == "None"


def test_a_text_is_read_in_one_pass() -> None:
    """A hundred thousand words cost one look each: the pattern tries no word twice."""
    looked_at: list[str] = []

    class Counted(dict[str, str]):
        def get(self, key: str, default: Any = None) -> Any:
            looked_at.append(key)
            return super().get(key, default)

    names = NameReferences(["my_db"], Report())
    names._answers = Counted(names._answers)
    names.text("word " * 100_000 + "my_db", FieldPath("x"))
    assert len(looked_at) == 100_001
