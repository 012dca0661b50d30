"""examples/10-delivery without a cluster: its script, its pipelines, and the forms by which images are updated."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from support.delivery import EXAMPLE, STEPS, delivery

GITHUB = EXAMPLE / ".github" / "workflows" / "delivery.yml"
GITLAB = yaml.safe_load((EXAMPLE / ".gitlab-ci.yml").read_text())
OVERLAYS = sorted(EXAMPLE.glob("overlays/*/images.yaml"))
DIGEST = f"sha256:{'0123456789abcdef' * 4}"


def images(file: Path) -> dict[str, str]:
    found: dict[str, str] = yaml.safe_load(file.read_text())["spec"]["images"]
    return found


def test_the_script_lists_its_steps_and_takes_no_other(tmp_path: Path) -> None:
    run = delivery(tmp_path, tmp_path / "none", Path("/bin/false"), "x")
    listed = run()
    assert (listed.code, tuple(re.findall(r"(?m)^  ([a-z]+)  ", listed.out))) == (2, STEPS)
    assert run("test", "nonsense").code == 2
    assert not (run.folder / "reports").exists(), "nothing is done where one step is not known"


def test_notifying_nobody_is_well(tmp_path: Path) -> None:
    run = delivery(tmp_path, tmp_path / "none", Path("/bin/false"), "x")
    assert run("notify").code == 0


DOCKER = f"""#!/bin/sh
echo "$@" >> "$CALLS"
[ "$1" = image ] && printf 'registry.other/portal@sha256:no\\nregistry.example/portal@{DIGEST}\\n'
exit 0
"""


def test_an_image_is_built_pushed_and_pinned_by_tag_and_digest(tmp_path: Path) -> None:
    run = delivery(tmp_path, tmp_path / "none", Path("/bin/false"), "x")
    docker, calls = tmp_path / "programs" / "docker", tmp_path / "calls"
    docker.write_text(DOCKER)
    docker.chmod(0o755)
    before = (run.folder / "overlays" / "dev" / "images.yaml").read_text()
    done = run("build", "push", CALLS=str(calls), VERSION="abc", BASE="registry.example/base:1")
    assert done.code == 0, done.err
    image = "registry.example/portal:abc"
    build, push, _ = calls.read_text().splitlines()
    assert build == f"build --build-arg BASE=registry.example/base:1 --build-arg RELEASE=abc --tag {image} app"
    assert push == f"push {image}"
    after = (run.folder / "overlays" / "dev" / "images.yaml").read_text()
    assert after == before.replace("registry.example/portal:1.4.1", f"{image}@{DIGEST}")
    assert run("build", CALLS=str(calls), VERSION="", GIT_DIR=str(tmp_path)).code == 2


def suite(folder: Path, *arguments: str) -> tuple[int, ElementTree.Element]:
    command = [sys.executable, str(folder / "run_tests.py"), str(folder / "reports"), *arguments]
    code = subprocess.run(command, capture_output=True, text=True, check=False).returncode
    return code, ElementTree.fromstring((folder / "reports" / "unit.xml").read_text())


def test_a_failing_test_and_lines_that_no_test_runs_end_the_pipeline(tmp_path: Path) -> None:
    folder = delivery(tmp_path, tmp_path / "none", Path("/bin/false"), "x").folder / "app"
    code, found = suite(folder, "80", "portal/messages.py")
    assert (code, found.get("tests"), found.get("failures")) == (0, "4", "0")
    coverage = ElementTree.fromstring((folder / "reports" / "coverage.xml").read_text())
    assert coverage.get("line-rate") == "1.0000"
    module = folder / "portal" / "messages.py"
    module.write_text(module.read_text() + "\n\ndef unused():\n" + "".join(f"    x{n} = {n}\n" for n in range(20)))
    assert suite(folder, "80", "portal/messages.py")[0] == 1
    assert suite(folder, "20", "portal/messages.py")[0] == 0
    module.write_text(module.read_text().replace('"text": text.strip()', '"text": text'))
    code, found = suite(folder, "20", "portal/messages.py")
    assert (code, found.get("failures")) == (1, "1")
    (failure,) = found.iter("failure")
    assert "hello" in str(failure.text)


def commands(script: str) -> set[str]:
    """The steps of delivery.sh that a pipeline's lines call."""
    calls = re.findall(r"\./delivery\.sh((?: [a-z]+)+)", script)
    return {step for call in calls for step in call.split()}


def test_the_pipelines_call_the_same_steps_and_no_others() -> None:
    github = yaml.safe_load(GITHUB.read_text())["jobs"]
    called = [commands(str(job)) for job in (github, {key: GITLAB[key] for key in GITLAB if key != "variables"})]
    assert called[0] == called[1] == {"test", "build", "push", "check", "diff", "deploy"}


def test_each_job_of_gitlab_has_a_stage_a_script_and_no_need_that_is_not_there() -> None:
    jobs: dict[str, Any] = {key: job for key, job in GITLAB.items() if key not in ("stages", "variables")}
    for name, job in jobs.items():
        assert job["stage"] in GITLAB["stages"], name
        assert all(isinstance(line, str) for line in job["script"]), name
        assert set(job.get("needs", ())) <= jobs.keys()
        assert job["rules"], "without rules a job is in no pipeline of a merge request"
        assert set(job) <= {
            "artifacts", "coverage", "environment", "image", "needs", "resource_group", "rules", "script", "services",
            "stage",
        }  # fmt: skip
    assert {jobs[name]["resource_group"] for name in ("dev", "prod")} == {"dev", "prod"}, "one deployment at a time"
    assert jobs["prod"]["rules"] == [{"if": "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH", "when": "manual"}]
    assert re.search(jobs["test"]["coverage"].strip("/"), "TOTAL coverage: 97.5%")


def test_renovate_finds_each_image_and_replaces_it_in_place() -> None:
    (manager,) = json.loads((EXAMPLE / "renovate.json").read_text())["customManagers"]
    (files,), (pattern,) = manager["managerFilePatterns"], manager["matchStrings"]
    for file in OVERLAYS:
        assert re.search(files.strip("/"), str(file.relative_to(EXAMPLE)))
        pinned = file.read_text().replace(":1.29-alpine", f":1.29-alpine@{DIGEST}")
        found = list(re.finditer(pattern.replace("(?<", "(?P<"), pinned))
        whole = ["".join(filter(None, (each["depName"], ":", each["currentValue"]))) for each in found]
        assert whole == [image.partition("@")[0] for image in images(file).values()]
        assert [each["currentDigest"] for each in found] == [None, DIGEST, None]
    assert not re.search(files.strip("/"), "overlays/dev/stack.yaml")


def flux() -> list[dict[str, Any]]:
    text = (EXAMPLE / "flux" / "image-automation.yaml").read_text()
    return [each for each in yaml.safe_load_all(text) if each]


def set_images(text: str, latest: dict[str, str]) -> str:
    """What Flux's strategy Setters makes of a file.

    Its rule: the comment at the end of a scalar's line is JSON with the key ``$imagepolicy``, whose value is
    ``NAMESPACE:NAME`` of a policy, or that with ``:tag``, ``:name`` or ``:digest`` behind it; the scalar becomes the
    policy's image, or that part of it.
    """
    lines = text.split("\n")
    for token in yaml.scan(text):
        if not isinstance(token, yaml.ScalarToken):
            continue
        line, start, end = token.start_mark.line, token.start_mark.column, token.end_mark.column
        behind = re.fullmatch(r" +#\s*(\{.*\})\s*", lines[line][end:])
        policy = json.loads(behind[1]).get("$imagepolicy") if behind else None
        if policy in latest:
            lines[line] = lines[line][:start] + latest[policy] + lines[line][end:]
    return "\n".join(lines)


def test_flux_finds_each_image_of_dev_and_none_of_production() -> None:
    policies = {
        f"{each['metadata']['namespace']}:{each['metadata']['name']}": each["spec"]["imageRepositoryRef"]["name"]
        for each in flux()
        if each["kind"] == "ImagePolicy"
    }
    repositories = {
        each["metadata"]["name"]: each["spec"]["image"] for each in flux() if each["kind"] == "ImageRepository"
    }
    dev, prod = OVERLAYS
    latest = {policy: f"{repositories[name]}:9@{DIGEST}" for policy, name in policies.items()}
    written = set_images(dev.read_text(), latest)
    found = yaml.safe_load(written)["spec"]["images"]
    assert {key: value.partition(":")[0] for key, value in found.items()} == {
        key: value.partition(":")[0] for key, value in images(dev).items()
    }, "each policy's repository is that of the value which it updates"
    assert all(value.endswith(f":9@{DIGEST}") for value in found.values())
    assert set_images(written, latest) == written
    assert re.sub(r": \S+ #", ": #", written) == re.sub(r": \S+ #", ": #", dev.read_text()), "nothing else"
    assert set_images(prod.read_text(), latest) == prod.read_text()
    assert "$imagepolicy" not in prod.read_text()


def test_flux_updates_the_folder_of_dev_alone() -> None:
    (automation,) = (each["spec"]["update"] for each in flux() if each["kind"] == "ImageUpdateAutomation")
    assert automation == {"strategy": "Setters", "path": "./examples/10-delivery/overlays/dev"}
    assert {each["apiVersion"] for each in flux()} == {"image.toolkit.fluxcd.io/v1"}


@pytest.mark.parametrize("file", OVERLAYS, ids=lambda file: file.parent.name)
def test_what_the_script_writes_it_finds_again(file: Path) -> None:
    """`pin` goes by four blanks and the name."""
    assert re.findall(r"(?m)^    (\w+): ", file.read_text()) == list(images(file))
