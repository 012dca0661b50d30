"""GitHub's workflows: actionlint reads them as GitHub does, and what they run is here."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from lab import binaries
from lab.paths import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def test_actionlint_finds_nothing() -> None:
    assert WORKFLOWS
    # What it would ask of other programs depends on whether they are here.
    command = [str(binaries.path("actionlint")), "-no-color", "-shellcheck=", "-pyflakes=", *map(str, WORKFLOWS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_every_target_that_a_workflow_makes_exists(file: Path) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    jobs = yaml.safe_load(file.read_text())["jobs"].values()
    runs = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
    made = {target for run in runs for target in re.findall(r"^make ([a-z0-9-]+)", run, re.MULTILINE)}
    assert made
    assert made <= targets


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_a_workflow_may_read_alone_unless_a_job_asks_for_more(file: Path) -> None:
    assert yaml.safe_load(file.read_text())["permissions"] == {"contents": "read"}
