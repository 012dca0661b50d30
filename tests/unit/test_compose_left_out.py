"""A key that Docker Compose leaves out of the resolved file: why, in a class of the report that is true."""

from pathlib import Path
from typing import Any

import pytest

from ailtire_operator.compose.compose_file.source_files import SourceFiles, _Document, _is_zero
from ailtire_operator.compose.reporting import Report
from support.compose.compose_cases import convert

ZEROES = "services: {web: {image: x:1, cpus: 0, mem_limit: 0, deploy: {placement: {max_replicas_per_node: 0}}}}"
FIRST = """\
services:
  web:
    image: x:1
    user: "5"
    read_only: true
    ports: ["80:80"]
    healthcheck: {test: [CMD, a]}
    deploy: {replicas: 2, resources: {limits: {cpus: "1"}}}
"""
SECOND = """\
services:
  web:
    user: !reset null
    read_only: !reset false
    ports: !reset []
    healthcheck: !reset {}
    deploy: !override {replicas: 3}
"""


def classes(folder: Path, *texts: str) -> dict[str, str]:
    """What is said of keys that are left out: their classes by their places."""
    files = []
    for index, text in enumerate(texts):
        files.append(folder / f"{index}.yaml")
        files[-1].write_text(text)
    words = ("left it out", "removes it")
    return {
        each.path: each.classification
        for each in convert(*files).notices
        if any(word in each.message for word in words)
    }


def test_zero_is_what_counts_without_it(tmp_path: Path) -> None:
    assert classes(tmp_path, ZEROES) == {
        "services.web.cpus": "resolved",
        "services.web.mem_limit": "resolved",
        "services.web.deploy.placement.max_replicas_per_node": "resolved",
    }


def test_what_another_file_takes_away_is_settled(tmp_path: Path) -> None:
    lost = ("user", "read_only", "ports", "healthcheck", "deploy.resources.limits")
    assert classes(tmp_path, FIRST, SECOND) == {f"services.web.{each}": "resolved" for each in lost}


@pytest.mark.parametrize(
    ("key", "value", "classification"),
    [
        ("working_dir", "/a", "ignored"),
        ("user", "5", "rejected"),
        ("read_only", True, "rejected"),
        ("cpus", 0, "resolved"),
    ],
)
def test_what_is_simply_gone_is_not_called_settled(key: str, value: Any, classification: str) -> None:
    """Whatever a later Docker Compose may drop."""
    data = {"services": {"web": {"image": "x", key: value}}}
    report = Report()
    SourceFiles((_Document("", data),)).report_lost({"services": {"web": {"image": "x"}}}, report)
    (notice,) = report.notices
    assert (notice.path, notice.classification) == (f"services.web.{key}", classification)
    assert bool(notice.remedy) == (classification != "resolved")


@pytest.mark.parametrize("value", [0, 0.0, "0", "0s", "0h0m0s", "0b", "0.0", "000", "0MB", "false", "No"])
def test_a_zero_in_any_unit_is_one(value: Any) -> None:
    assert _is_zero(value)


@pytest.mark.parametrize("value", [1, True, "0x5", "0:0", "00a", "10s", "", "root", [0], {"a": 0}, "0" * 9 + "1"])
def test_nothing_else_is(value: Any) -> None:
    assert not _is_zero(value)
