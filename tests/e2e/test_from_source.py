"""examples/12-source from its files to answers: built, pushed, imported by digest and applied, and so a new version.

While the new version comes, requests do; none is lost. BUILDER=buildkit has BuildKit build by the plan of `build`.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from e2e import figures
from e2e.conftest import Lab
from e2e.loading import load
from e2e.routing import await_route, call
from e2e.tree import await_gone
from kindlab import builder, kube, registry, shell
from kindlab.places import KUBECONFIG
from lab.paths import ROOT, tool

pytestmark = pytest.mark.usefixtures("operator")
EXAMPLE = "examples/12-source"
PAGE, TICKETS = "/web/", "/tickets/api/"
SETTLING_SECONDS = 3
IMAGE = "jsonpath={.spec.template.spec.containers[0].image}"


@dataclass(frozen=True)
class Source:
    """A checkout of the example, and where its images go."""

    folder: Path
    namespace: str
    below: str
    """What is named with --registry."""
    variables: Mapping[str, str]

    def ailtire(self, *arguments: str, seconds: float = 120) -> str:
        """What a command of the plugin prints, run in the checkout."""
        env = {**os.environ, **self.variables, "KUBECONFIG": str(KUBECONFIG)}
        return shell.output([tool("kubectl-ailtire"), *arguments], timeout=seconds, cwd=self.folder, env=env)

    def push(self, tag: str) -> str:
        """Build and push images and definitions; the address of the application's definition."""
        told = self.ailtire("build", ".", "--env", "prod", "--push", "--registry", self.below, "--tag", tag)
        addresses = [line for line in told.splitlines() if line.startswith("oci://")]
        assert len(addresses) == 2, told
        assert all("@sha256:" in each for each in addresses)
        return next(each for each in addresses if each.startswith(f"oci://{self.below}/helpdesk@"))

    def apply(self, address: str) -> None:
        """What is behind an address, with what is this cluster's own, applied and waited for."""
        overlay = self.folder / "overlays" / "prod"
        (overlay / "definition.yaml").write_text(self.ailtire("import", address))
        kube.kubectl("apply", "--server-side", "-n", self.namespace, "-k", str(overlay))
        self.ailtire("wait", "helpdesk", "-n", self.namespace, "--timeout", "80s")

    def edit(self, path: str, old: str, new: str) -> None:
        """Change a file of the application."""
        file = self.folder / path
        text = file.read_text()
        assert text.count(old) == 1
        file.write_text(text.replace(old, new))


def checkout(folder: Path) -> Path:
    """The example as Git has it, without what has come to lie beside it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", EXAMPLE],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        target = folder / Path(name).relative_to(EXAMPLE)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target)
    return folder


@pytest.fixture
def source(lab: Lab, namespace: str, tmp_path: Path) -> Iterator[Source]:
    with registry.running() as address, builder.running(address) as variables:
        folder = checkout(tmp_path / "helpdesk")
        overlay = folder / "overlays" / "prod" / "stack.yaml"
        patch = yaml.safe_load(overlay.read_text())
        patch["spec"]["edge"] = {"className": "traefik", "hosts": [f"{namespace}.example"]}
        overlay.write_text(yaml.safe_dump(patch))
        yield Source(folder, namespace, f"{address}/helpdesk", variables)


def release_of(lab: Lab, host: str, path: str) -> str:
    """Which release answers, through the edge and the gateways."""
    status, answer = call(lab.ingress, host, path)
    assert status == 200, answer
    return str(answer["release"])


def images(namespace: str) -> dict[str, str]:
    """The image of each Deployment that runs the application."""
    names = ("helpdesk-web", "helpdesk-tickets-api")
    return {each: kube.kubectl("get", f"deployment/{each}", "-n", namespace, "-o", IMAGE) for each in names}


@pytest.mark.timeout(600)
def test_an_application_goes_from_its_files_to_answers_and_a_new_version_after_it(lab: Lab, source: Source) -> None:
    host = f"{source.namespace}.example"
    with figures.seconds("an application from its files to its first answers, of three images and two stacks"):
        first = source.push("1")
        source.apply(first)
        for path in (PAGE, TICKETS):
            await_route(lab.ingress, host, path)
    assert {path: release_of(lab, host, path) for path in (PAGE, TICKETS)} == {PAGE: "1", TICKETS: "1"}
    before = images(source.namespace)
    assert before["helpdesk-web"].startswith(f"{source.below}/helpdesk_web:1@sha256:")

    with load(f"http://{host}{PAGE}", lab.ingress, 50) as running:
        source.edit("deploy/web/web.py", 'RELEASE = "1"', 'RELEASE = "2"')
        second = source.push("2")
        assert second != first
        with figures.seconds("its second release, from import to the exit code of wait, under load"):
            source.apply(second)
        await_gone(source.namespace)
        time.sleep(SETTLING_SECONDS)
    print(running)
    assert (running.lost, running.http["lost"]) == (0, 0), running
    assert running.http["answered"] > 100
    assert {release_of(lab, host, PAGE) for _ in range(20)} == {"2"}
    after = images(source.namespace)
    assert after["helpdesk-web"].startswith(f"{source.below}/helpdesk_web:2@sha256:")
    assert before["helpdesk-web"].partition("@")[2] in source.ailtire("import", first), "a digest names what it named"
    figures.tell(f"its releases under load: {running.http['sent']} requests, {running.http['lost']} lost")
