"""What the lab of real nodes decides before it does anything."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from kindlab import application, engine, parts, workloads
from kindlab.images import Recipe
from kindlab.places import HERE, IMAGES
from kindlab.workloads import Workloads
from lab.paths import ROOT
from lab.versions import BUILDKIT, BUILDX, GOBUILD, PROGRAMS, Program, go_needed, go_version, minor_version

BUILT = (
    *(parts.KIND, *parts.NODE, parts.KUBE_PROXY, *parts.RUNTIME, *parts.PLUGINS),
    *(parts.COREDNS, parts.TRAEFIK, parts.METRICS_SERVER, BUILDX, BUILDKIT),
)


def test_an_image_is_named_by_what_it_is_made_of(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM a\n")
    first = Recipe("web", tmp_path, arguments={"BASE": "debian:1"})
    assert first.reference == Recipe("web", tmp_path, arguments={"BASE": "debian:1"}).reference
    names = {first.reference, Recipe("web", tmp_path, arguments={"BASE": "debian:2"}).reference}
    names.add(Recipe("web", tmp_path, arguments={"BASE": "debian:1"}, target="musl").reference)
    (tmp_path / "Dockerfile").write_text("FROM b\n")
    names.add(first.reference)
    assert len(names) == 4


@pytest.mark.parametrize("program", BUILT, ids=lambda program: program.name)
def test_every_program_has_a_pinned_version_that_our_toolchain_builds(program: Program) -> None:
    assert minor_version(program.version) > (0, 0)
    brought = go_version((GOBUILD / "go-toolchain.txt").read_text())
    assert brought >= go_needed(program.folder)


def test_nodes_and_control_plane_are_of_one_version() -> None:
    assert {program.version for program in (*parts.NODE, parts.KUBE_PROXY)} == {PROGRAMS["kube-apiserver"].version}


def test_the_cluster_has_two_workers_and_keeps_stop_signals() -> None:
    configuration = yaml.safe_load((HERE / "kind.yaml").read_text())
    assert [node["role"] for node in configuration["nodes"]] == ["control-plane", "worker", "worker"]
    assert configuration["featureGates"] == {"ContainerStopSignals": True}
    published = configuration["nodes"][0]["extraPortMappings"]
    assert {each["listenAddress"] for each in published} == {"127.0.0.1"}


def test_images_start_from_the_one_base_that_is_at_hand() -> None:
    for dockerfile in [*IMAGES.glob("*/Dockerfile"), HERE / "node" / "Dockerfile", HERE / "kubeproxy" / "Dockerfile"]:
        starts = [line.split()[1] for line in dockerfile.read_text().splitlines() if line.startswith("FROM ")]
        assert set(starts) <= {"${BASE}", "scratch"}, dockerfile


def test_the_operators_image_is_named_by_all_that_goes_into_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken install cannot hide behind an older image: another lock or another Python is another name."""
    monkeypatch.setattr(workloads, "ROOT", tmp_path)
    monkeypatch.setattr(engine, "pulls", lambda: True)
    monkeypatch.setattr("kindlab.images.present", lambda _name: True)
    python = ["sha256:1"]
    monkeypatch.setattr(engine, "docker", lambda *_arguments, **_options: python[0])
    (tmp_path / "operator").mkdir()
    written = {"Dockerfile": "ARG PYTHON=python:3.11-slim\n", ".dockerignore": "*\n!operator\n!requirements.lock\n"}
    written |= {"operator/a.py": "", "requirements.lock": "a==1\n", "README.md": "not in it"}
    for name, text in written.items():
        (tmp_path / name).write_text(text)
    names = [workloads.operator()]
    (tmp_path / "README.md").write_text("changed")
    assert workloads.operator() == names[0]
    for name in ("Dockerfile", "operator/a.py", "requirements.lock"):
        (tmp_path / name).write_text(f"{written[name]}# changed\n")
        names.append(workloads.operator())
    python[0] = "sha256:2"
    names.append(workloads.operator())
    assert len(set(names)) == 5


@pytest.mark.parametrize(("pulls", "starts"), [(True, "python@sha256:12"), (False, "ailtire-lab/python:stand-in")])
def test_the_operators_image_starts_from_what_the_dockerfile_names_also_by_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pulls: bool, starts: str
) -> None:
    """A stand-in has another digest, and can go by no name that has one."""
    ran: list[tuple[str, ...]] = []
    monkeypatch.setattr(workloads, "ROOT", tmp_path)
    monkeypatch.setattr(engine, "pulls", lambda: pulls)

    def docker(*arguments: str, **_options: object) -> str:
        ran.append(arguments)
        return "sha256:1"

    monkeypatch.setattr(engine, "docker", docker)
    monkeypatch.setattr("kindlab.images.base", lambda *_: "debian")
    monkeypatch.setattr("kindlab.images.ensure", lambda *_: "ailtire-lab/python:stand-in")
    monkeypatch.setattr("kindlab.images.present", lambda _name: False)
    monkeypatch.setattr("kindlab.images.docker_build", lambda *arguments, **_options: ran.append(arguments))
    (tmp_path / "Dockerfile").write_text("ARG PYTHON=python@sha256:12\nFROM ${PYTHON} AS build\nFROM ${PYTHON}\n")
    (tmp_path / ".dockerignore").write_text("*\n")
    workloads.operator()
    assert ran[-1][2:] == (f"--build-arg=PYTHON={starts}", "--target=operator")
    assert (("pull", "--quiet", starts) in ran) is pulls


def test_every_stage_of_the_operators_image_starts_from_the_one_that_can_be_given_by_digest() -> None:
    stages = re.findall(r"^FROM (\S+)(?: AS (\S+))?$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert [start for start, _ in stages] == ["${PYTHON}", "${PYTHON}", "operator", "operator"]
    assert [name for _, name in stages] == ["build", "operator", "ci", ""]


def test_the_operators_image_sees_only_what_is_named() -> None:
    shown = (ROOT / ".dockerignore").read_text().split()
    assert shown[0] == "*"
    dockerfile = (ROOT / "Dockerfile").read_text()
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE)
    assert {line.removeprefix("!") for line in shown if line.startswith("!")} == set(" ".join(copied).split())


def test_where_nothing_can_be_pulled_each_image_of_the_example_has_a_stand_in_that_listens_where_it_would() -> None:
    example = yaml.safe_load((ROOT / "examples" / "shop" / "stack.yaml").read_text())
    patch = application.overlay(example, Workloads("probe:1", "musl:1", "nginx:1", "gateway:1", "redis:1"))
    assert patch["metadata"] == example["metadata"]
    assert set(patch["spec"]["images"]) == set(example["spec"]["images"])
    assert patch["spec"]["images"]["redis"] == "docker.io/redis:1"
    assert set(patch["spec"]["images"].values()) == {"docker.io/probe:1", "docker.io/redis:1"}
    assert patch["spec"]["services"]["doc"] == {"environment": {"PROBE_PORTS": "8088"}}
    pricing = patch["spec"]["services"]["catalog"]["stack"]["services"]["pricing"]
    assert pricing["stack"]["services"]["engine"] == {"environment": {"PROBE_PORTS": "3000"}}


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """What make would do, asked as from a shell and not from within another make."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "MODE"))}
    return subprocess.run(["make", "-n", *arguments], cwd=ROOT, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("mode", "runs"), [("", "lab up"), ("MODE=simulated", "lab up"), ("MODE=kind", "kindlab application")]
)
def test_make_up_starts_what_its_mode_says(mode: str, runs: str) -> None:
    told = make("up", *filter(None, [mode])).stdout
    assert told.splitlines()[-1].endswith(f"python -m {runs}")


def test_make_says_which_modes_there_are() -> None:
    told = make("up", "MODE=docker")
    assert told.returncode != 0
    assert "MODE is 'simulated' or 'kind', not 'docker'" in told.stderr
