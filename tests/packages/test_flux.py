"""Flux's own controllers install, upgrade, take back and uninstall the chart of an application: examples/11-gitops."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ailtire_operator.cluster.kinds import STACK
from cluster.conftest import control_plane as control_plane
from cluster.conftest import installed_operator as installed_operator
from lab import ControlPlane, Operator, binaries, eventually
from lab.commands import CommandError
from lab.paths import ROOT
from packages import flux
from packages.helming import APPLICATION
from packages.registries import registry

NAMESPACE = "portal-dev"
EXAMPLE = ROOT / "examples" / "11-gitops" / "flux" / "chart.yaml"


@pytest.fixture(scope="module")
def charts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a registry."""
    with registry(tmp_path_factory.mktemp("registry")) as host:
        yield host


def publish(host: str, folder: Path, version: str, values: dict[str, Any]) -> None:
    """Push a version of the application's chart, as a pipeline would."""
    chart = folder / version
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text(yaml.safe_dump({"apiVersion": "v2", "name": "portal", "version": version}))
    (chart / "values.yaml").write_text(yaml.safe_dump(values))
    (chart / "templates" / "stack.yaml").write_text(APPLICATION)
    helm = str(binaries.path("helm4"))
    for command in (
        ["package", str(chart), "--destination", str(folder)],
        ["push", str(folder / f"portal-{version}.tgz"), f"oci://{host}/charts", "--plain-http"],
    ):
        done = subprocess.run([helm, *command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def release(host: str) -> str:
    """The example's chart and release, of this registry, which speaks HTTP, and soon."""
    source, wanted = yaml.safe_load_all(EXAMPLE.read_text())
    source["spec"] |= {"url": f"oci://{host}/charts/portal", "insecure": True, "interval": "2s"}
    wanted["spec"]["timeout"] = "2m"
    return yaml.safe_dump_all([source, wanted])


class Flux:
    """What Flux says of the release, and what there is of it."""

    def __init__(self, plane: ControlPlane) -> None:
        self.plane = plane

    def helm_release(self) -> dict[str, Any]:
        answer = self.plane.kubectl("get", "helmrelease", "portal", "-n", NAMESPACE, "-o", "json")
        found: dict[str, Any] = json.loads(answer)
        return found

    def is_released(self, version: str, status: str) -> bool:
        """Say whether the newest entry of its history is of this version, and has this status."""
        history = self.helm_release().get("status", {}).get("history") or [{}]
        # The version in it ends with a part of the artifact's digest.
        return (history[0].get("chartVersion", "").partition("+")[0], history[0].get("status")) == (version, status)

    def condition(self, kind: str) -> dict[str, Any]:
        found: list[dict[str, Any]] = self.helm_release()["status"]["conditions"]
        return next((each for each in found if each["type"] == kind), {})

    def stack_is_ready(self) -> bool:
        return flux.is_ready(self.plane, NAMESPACE, "portal")

    def images(self) -> list[str]:
        path = "jsonpath={.items[*].spec.template.spec.containers[0].image}"
        return self.plane.kubectl("get", "deployments", "-n", NAMESPACE, "-o", path).split()


@pytest.fixture
def says(control_plane: ControlPlane) -> Iterator[Flux]:
    """Flux of a namespace of the example's name, which others' tests use too: it goes at the end."""
    control_plane.kubectl("create", "namespace", NAMESPACE)
    yield Flux(control_plane)
    control_plane.kubectl("delete", "namespace", NAMESPACE, "--timeout=120s", timeout=150)


def deployed(flux_says: Flux, version: str) -> None:
    """Wait for a release, and want its stack to be ready by then: Flux has waited for it."""
    eventually(lambda: flux_says.is_released(version, "deployed"), 150, f"the release of {version}")
    assert flux_says.stack_is_ready()


@pytest.mark.timeout(900)
def test_flux_deploys_upgrades_rolls_back_and_uninstalls_an_application(
    tmp_path: Path, charts: str, says: Flux, control_plane: ControlPlane, installed_operator: Operator
) -> None:
    installed_operator.stop()  # another test's may run
    publish(charts, tmp_path, "1.0.0", {"image": "web:1", "broken": False})
    with flux.running(control_plane, tmp_path):
        # A stack that no operator has seen is not ready: the release waits.
        control_plane.kubectl("apply", "-f", "-", stdin=release(charts))
        eventually(lambda: control_plane.api.get(STACK.path(NAMESPACE))["items"], 90, "the application's stack")
        with pytest.raises(CommandError, match="timed out"):
            control_plane.kubectl(
                "wait", "helmrelease/portal", "-n", NAMESPACE, "--for=condition=Ready", "--timeout=5s"
            )
        installed_operator.start()
        deployed(says, "1.0.0")
        assert says.images() == ["web:1"]

        publish(charts, tmp_path, "1.1.0", {"image": "web:2", "broken": False})
        deployed(says, "1.1.0")
        assert says.images() == ["web:2"]

        # A definition that can never become ready: the upgrade ends where the stack is Stalled, and is taken back.
        publish(charts, tmp_path, "1.2.0", {"image": "web:3", "broken": True})
        eventually(lambda: says.condition("Remediated").get("status") == "True", 150, "taking back 1.2.0")
        released = says.condition("Released")
        assert (released["status"], released["reason"]) == ("False", "UpgradeFailed")
        assert "portal" in released["message"]
        assert "context deadline exceeded" not in released["message"], "it has waited until its time was up"
        assert says.stack_is_ready()
        eventually(lambda: says.images() == ["web:2"], 60, "the image of 1.1.0")

        control_plane.kubectl("delete", "helmrelease", "portal", "-n", NAMESPACE, "--timeout=120s", timeout=150)
        assert control_plane.api.get(STACK.path(NAMESPACE))["items"] == []
        eventually(lambda: says.images() == [], 60, "the end of the application")
        control_plane.kubectl("delete", "ocirepository", "portal", "-n", NAMESPACE, "--timeout=60s", timeout=90)
