"""What the lab of real nodes decides before it does anything."""

from pathlib import Path

import pytest
import yaml

from kindlab import parts
from kindlab.images import Recipe
from kindlab.places import HERE, IMAGES
from lab.versions import GOBUILD, PROGRAMS, Program, go_needed, go_version, minor_version

BUILT = (
    *(parts.KIND, *parts.NODE, parts.KUBE_PROXY, *parts.RUNTIME, *parts.PLUGINS),
    *(parts.COREDNS, parts.TRAEFIK, parts.METRICS_SERVER),
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
