"""Flux's own controllers deploy the environments of examples/11-gitops, promote, and stop at what is wrong."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ailtire_operator.cluster.kinds import STACK
from cluster.conftest import control_plane as control_plane
from cluster.conftest import installed_operator as installed_operator
from lab import ControlPlane, Operator, eventually
from lab.paths import ROOT
from packages import flux
from packages.registries import artifact, registry
from release.bundles import File, read

EXAMPLE = ROOT / "examples" / "11-gitops"
ENVIRONMENTS = ("dev", "qa", "prod")
CHECKOUT = "portal/checkout"
"""The repository of what stands for the one in Git."""


@pytest.fixture
def host(tmp_path: Path) -> Iterator[str]:
    """The address of a registry."""
    with registry(tmp_path) as address:
        yield address


def checkout() -> dict[str, File]:
    """The example at its place in a repository, less the objects of the controllers that make Secrets."""
    files = {f"examples/11-gitops/{name}": file for name, file in read(EXAMPLE).items()}
    for name, file in files.items():
        if name.endswith("kustomization.yaml"):
            text = re.sub(r"^ +- \S+-secret\.yaml\n", "", file.content.decode(), flags=re.MULTILINE)
            files[name] = File(text.encode())
    return files


def images(environment: str) -> str:
    """Where the images of an environment are written."""
    return f"examples/11-gitops/overlays/{environment}/images.yaml"


def objects(host: str) -> str:
    """The example's objects for Flux, with a source that needs no Git server, asked often."""
    git, *kustomizations = yaml.safe_load_all((EXAMPLE / "flux" / "environments.yaml").read_text())
    source = {
        "apiVersion": git["apiVersion"],
        "kind": "OCIRepository",
        "metadata": git["metadata"],
        "spec": {"interval": "2s", "url": f"oci://{host}/{CHECKOUT}", "insecure": True, "ref": {"tag": "main"}},
    }
    for each in kustomizations:
        each["spec"]["sourceRef"]["kind"] = "OCIRepository"
        each["spec"]["timeout"] = "2m"
    return yaml.safe_dump_all([source, *kustomizations])


class Environments:
    """What Flux says of them, and what runs there."""

    def __init__(self, plane: ControlPlane) -> None:
        self.plane = plane

    def reason(self, environment: str, digest: str = "") -> str:
        """The reason of ``Ready``; empty where it is of another content than one that is named."""
        answer = self.plane.kubectl("get", "kustomization", f"portal-{environment}", "-n", flux.NAMESPACE, "-o", "json")
        status = json.loads(answer).get("status", {})
        if digest not in status.get("lastAttemptedRevision", ""):
            return ""
        return next((each["reason"] for each in status.get("conditions", ()) if each["type"] == "Ready"), "")

    def settled(self, environment: str, digest: str, reason: str) -> None:
        """Wait until Flux says this of the content."""
        eventually(lambda: self.reason(environment, digest) == reason, 120, f"{reason} in {environment}")

    def stack(self, environment: str) -> dict[str, Any]:
        found: dict[str, Any] = self.plane.api.get(STACK.path(f"portal-{environment}", "portal"))
        return found

    def is_ready(self, environment: str) -> bool:
        return flux.is_ready(self.plane, f"portal-{environment}", "portal")

    def is_gone(self, environment: str) -> bool:
        return not self.plane.api.get(STACK.path(f"portal-{environment}"))["items"]

    def image(self, environment: str, deployment: str) -> str:
        path = "jsonpath={.spec.template.spec.containers[0].image}"
        return self.plane.kubectl("get", "deployment", deployment, "-n", f"portal-{environment}", "-o", path)


@pytest.mark.timeout(900)
def test_flux_deploys_environments_promotes_and_stops_at_what_is_wrong(
    tmp_path: Path, host: str, control_plane: ControlPlane, installed_operator: Operator
) -> None:
    for name in (flux.NAMESPACE, *(f"portal-{each}" for each in ENVIRONMENTS)):
        control_plane.kubectl("create", "namespace", name)
    for each in ENVIRONMENTS:
        secret = ("create", "secret", "generic", "portal-database", "--from-literal=password=x")
        control_plane.kubectl(*secret, "-n", f"portal-{each}")
    installed_operator.start()
    says = Environments(control_plane)
    files = checkout()
    begun = artifact(host, CHECKOUT, "main", files)
    with flux.running(control_plane, tmp_path):
        control_plane.kubectl("apply", "-f", "-", stdin=objects(host))
        for each in ENVIRONMENTS:
            says.settled(each, begun, "ReconciliationSucceeded")
            assert says.is_ready(each), f"Flux has not waited for the stack in {each}"

        # A promotion is a copy of one file; nothing else of the environment changes.
        generation = says.stack("qa")["metadata"]["generation"]
        files[images("qa")] = File(files[images("qa")].content.replace(b":v1.", b":v2."))
        promoted = artifact(host, CHECKOUT, "main", files)
        says.settled("qa", promoted, "ReconciliationSucceeded")
        assert says.is_ready("qa")
        assert ":v2." in says.image("qa", "portal-web")
        assert says.stack("qa")["metadata"]["generation"] == generation + 1
        says.settled("prod", promoted, "ReconciliationSucceeded")
        assert ":v1." in says.image("prod", "portal-web")

        # Nothing is written for content that changes nothing.
        written = says.stack("prod")["metadata"]["generation"]
        files["README"] = File(b"news")
        again = artifact(host, CHECKOUT, "main", files)
        says.settled("prod", again, "ReconciliationSucceeded")
        assert says.stack("prod")["metadata"]["generation"] == written

        # What can never become ready ends the wait, and what depends on this environment is left as it is.
        patch = "examples/11-gitops/overlays/dev/stack.yaml"
        files[patch] = File(files[patch].content + b"  services: {orders: {stack: {services: {api: {image: 7}}}}}\n")
        files[images("qa")] = File(files[images("qa")].content.replace(b":v2.", b":v3."))
        broken = artifact(host, CHECKOUT, "main", files)
        says.settled("dev", broken, "HealthCheckFailed")
        eventually(lambda: says.reason("qa") == "DependencyNotReady", 60, "leaving qa as it is")
        assert ":v2." in says.image("qa", "portal-web")

        control_plane.kubectl("delete", "kustomization", "--all", "-n", flux.NAMESPACE, "--timeout=120s", timeout=150)
        eventually(lambda: all(map(says.is_gone, ENVIRONMENTS)), 60, "the end of the stacks")
        control_plane.kubectl("delete", "ocirepository", "--all", "-n", flux.NAMESPACE, "--timeout=60s", timeout=90)
