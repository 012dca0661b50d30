"""GitHub's workflows: actionlint reads them as GitHub does, and what they run is here."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from lab import binaries
from lab.paths import ROOT
from release.versions import checked

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
EXAMPLE = ROOT / "examples" / "10-delivery" / ".github" / "workflows" / "delivery.yml"


def test_actionlint_finds_nothing() -> None:
    assert WORKFLOWS
    # What it would ask of other programs depends on whether they are here.
    command = [str(binaries.path("actionlint")), "-no-color", "-shellcheck=", "-pyflakes="]
    command += map(str, (*WORKFLOWS, EXAMPLE))
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_every_target_that_a_workflow_makes_exists(file: Path) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    jobs = yaml.safe_load(file.read_text())["jobs"].values()
    runs = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
    made = {target for run in runs for target in re.findall(r"^(?:sudo )?make ([a-z0-9-]+)", run, re.MULTILINE)}
    assert made
    assert made <= targets


@pytest.mark.parametrize("file", [*WORKFLOWS, EXAMPLE], ids=lambda file: file.name)
def test_a_workflow_may_read_alone_unless_a_job_asks_for_more(file: Path) -> None:
    assert yaml.safe_load(file.read_text())["permissions"] == {"contents": "read"}


@pytest.mark.parametrize("file", [*WORKFLOWS, EXAMPLE], ids=lambda file: file.name)
def test_the_token_is_given_to_steps_that_run_nothing_of_the_project(file: Path) -> None:
    """What `make` runs is many packages, none of which has to know it."""
    for job in yaml.safe_load(file.read_text())["jobs"].values():
        assert "github.token" not in str(job.get("env"))
        for step in job["steps"]:
            assert "github.token" not in str(step.get("env")) or "make" not in step.get("run", "")


@pytest.mark.parametrize("file", [*WORKFLOWS, EXAMPLE], ids=lambda file: file.name)
def test_what_others_write_is_no_part_of_a_command(file: Path) -> None:
    """GitHub puts an expression into the text of a script before the shell reads it."""
    for job in yaml.safe_load(file.read_text())["jobs"].values():
        assert not any("${{" in step.get("run", "") for step in job["steps"])


def test_only_a_tag_that_is_a_version_starts_a_release() -> None:
    """`make` expands what is in a variable, and a tag's name may have `$(…)` in it."""
    file = ROOT / ".github" / "workflows" / "release.yml"
    patterns = yaml.safe_load(file.read_text())[True]["push"]["tags"]  # YAML 1.1 reads `on` as a truth value
    assert patterns
    for pattern in patterns:
        # + is one or more of what stands before it, and a dot is a dot.
        expression = re.compile(pattern.replace(".", r"\."))
        versions = [
            each
            for each in ("v0.2.0", "v10.0.0-alpha.1", "v0.2.0-beta.2", "v0.2.0-rc.10")
            if expression.fullmatch(each)
        ]
        assert [f"v{checked(each)}" for each in versions] == versions != []
        assert not any(character in pattern for character in "*?!")


CHANGELOG = """# Changelog
## Unreleased
- later
## 0.2.0 - 2026-02-01
### Added
- this
## 0.2.0-rc.1
- before
## 0.1.0
- first
"""


@pytest.mark.parametrize(("tag", "notes"), [("v0.2.0", "### Added\n- this\n"), ("v0.2.0-rc.1", "- before\n")])
def test_the_draft_of_a_release_has_the_section_of_its_version_alone(tmp_path: Path, tag: str, notes: str) -> None:
    steps = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text())["jobs"]["release"]["steps"]
    (script,) = [step["run"] for step in steps if step.get("name") == "Draft the release"]
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    (tmp_path / "gh").write_text("#!/bin/sh\n")
    (tmp_path / "gh").chmod(0o755)
    environment = {"VERSION": tag, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run(["bash", "-e", "-c", script], cwd=tmp_path, env=environment, check=True)
    assert (tmp_path / "notes.md").read_text() == notes
