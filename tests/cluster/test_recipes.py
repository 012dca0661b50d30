"""docs/recipes.md is run as it stands: every ``$`` line in its order, and what each recipe says is so afterwards.

What is shown must come, as in the README's tour. A simulated node runs no container: for what needs one, a stand-in
takes kubectl's place, and writes down what it was asked for.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import KINDS
from cluster.test_readme import missing
from lab import ControlPlane, Operator
from lab.client import kubectl_path
from lab.paths import ROOT
from lab.waiting import eventually
from support.kube.namespaces import await_gone

TEXT: Final = (ROOT / "docs" / "recipes.md").read_text()
_SECONDS: Final = 180
CODES: Final = {"kubectl ailtire diff": 1, "kubectl ailtire wait shop -n shop --timeout 5s": 4}
"""Of those that end well though it is not 0, by how the command begins."""
INSIDE: Final = ("kubectl ailtire exec", "kubectl ailtire port-forward")
"""What needs a container. ``logs`` is asked of a kubelet that is not there, and says so."""
YAML: Final = re.findall(r"^```yaml\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
"""The definition of the tree, and what is added to its services where a package is moved."""
CLAIM: Final = naming.volume("shop-orders", "records")
WHOAMI: Final = "docker.io/traefik/whoami"


@dataclass
class Step:
    command: str
    shown: list[str] = field(default_factory=list)


@dataclass
class Recipe:
    title: str
    steps: list[Step] = field(default_factory=list)


def recipes() -> list[Recipe]:
    """The recipes, the first of which is what to begin with."""
    found = [Recipe("")]
    for match in re.finditer(r"^## ([^\n]*)$|^```console\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE):
        if match[1]:
            found.append(Recipe(match[1]))
        for line in (match[2] or "").splitlines():
            if line.startswith("$ "):
                found[-1].steps.append(Step(line[2:]))
            else:
                found[-1].steps[-1].shown.append(line)
    return found


class Shop:
    """The cluster, and the folder in which the commands are run."""

    def __init__(self, plane: ControlPlane, folder: Path) -> None:
        self.plane = plane
        self.folder = folder
        self.before: dict[str, Any] = {}
        self.claim_before: Any = None
        """The claim of the package's volume when the recipe began."""
        self.printed = ""
        """By all commands of a recipe."""
        self._bin = folder / "bin"
        self._bin.mkdir()
        self._stand_in = folder / "stand-in"
        self._stand_in.mkdir()
        kubectl = self._stand_in / "kubectl"
        kubectl.write_text('#!/bin/sh\necho "kubectl $*"\n')
        kubectl.chmod(0o755)

    def run(self, step: Step) -> None:
        inside = step.command.startswith(INSIDE)
        command = step.command.replace("kubectl ailtire", "kubectl-ailtire", 1) if inside else step.command
        folders = [str(self._stand_in)] if inside else []
        path = os.pathsep.join([*folders, str(ROOT / ".venv/bin"), str(kubectl_path().parent), os.environ["PATH"]])
        variables = {**os.environ, "KUBECONFIG": str(self.plane.kubeconfig), "PATH": path, "COLUMNS": "200"}
        done = subprocess.run(
            ["/bin/bash", "-o", "pipefail", "-c", command],
            cwd=self.folder,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
        printed = done.stdout + done.stderr
        self.printed += printed
        said = f"$ {step.command}\n{printed}"
        expected = next((code for start, code in CODES.items() if step.command.startswith(start)), 0)
        if not step.command.startswith("kubectl ailtire logs"):
            assert done.returncode == expected, said
        assert missing(step.shown, printed) == [], said

    def get(self, kind: str, name: str, namespace: str = "shop") -> Any:
        return self.plane.api.get(KINDS[kind].path(namespace, name))

    def secret(self, name: str) -> dict[str, str]:
        found: dict[str, str] = json.loads(self.plane.kubectl("get", "secret", name, "-n", "shop", "-o", "json"))[
            "data"
        ]
        return found

    def claim(self) -> Any:
        return self.get("PersistentVolumeClaim", CLAIM)

    def mounted(self, deployment: str) -> list[str]:
        """The claims that its pods mount."""
        volumes = self.get("Deployment", deployment)["spec"]["template"]["spec"]["volumes"]
        return [each["persistentVolumeClaim"]["claimName"] for each in volumes if "persistentVolumeClaim" in each]

    def container(self, deployment: str, namespace: str = "shop") -> Any:
        return self.get("Deployment", deployment, namespace)["spec"]["template"]["spec"]["containers"][0]

    def image(self, deployment: str, namespace: str = "shop") -> str:
        return str(self.container(deployment, namespace)["image"])

    def templates(self) -> dict[str, Any]:
        """Of each workload of the tree its pod template: another one is other pods."""
        names = ("shop-web", "shop-orders-api", "shop-orders-db")
        return {each: self.get("Deployment", each)["spec"]["template"] for each in names}

    def replaced(self) -> set[str]:
        """The workloads with other pods than when the recipe began."""
        return {name for name, template in self.templates().items() if template != self.before[name]}


def new_version(shop: Shop) -> None:
    assert shop.image("shop-orders-api") == f"{WHOAMI}:v1.11"
    assert shop.replaced() == {"shop-orders-api"}


def back(shop: Shop) -> None:
    assert shop.image("shop-orders-api") == f"{WHOAMI}:v1.10"
    assert shop.replaced() == {"shop-orders-api"}


def restarted(shop: Shop) -> None:
    assert shop.replaced() == {"shop-orders-api", "shop-orders-db"}
    for name in ("shop-orders-api", "shop-orders-db"):
        annotations = shop.templates()[name]["metadata"]["annotations"]
        assert annotations[naming.ANNOTATION_RESTARTED_AT] > "2026"


def started_again(shop: Shop) -> None:
    assert shop.replaced() == set(), "the templates are as they were"
    for name in ("shop-orders-api", "shop-orders-db"):
        assert shop.get("Deployment", name)["status"]["readyReplicas"] == 1


def rotated(shop: Shop) -> None:
    assert shop.secret("orders-db") == {"PASSWORD": "c2Vjb25k"}
    restarted(shop)


def certificate(shop: Shop) -> None:
    assert set(shop.secret("shop-tls")) == {"tls.crt", "tls.key"}
    assert shop.replaced() == set()
    assert shop.get("Ingress", "shop")["spec"]["tls"][0]["secretName"] == "shop-tls"


def everywhere(shop: Shop) -> None:
    for name in shop.templates():
        assert {"name": "LOG_LEVEL", "value": "debug"} in shop.container(name)["env"]


def scaled(shop: Shop) -> None:
    assert shop.get("Deployment", "shop-orders-api")["status"]["readyReplicas"] == 3


def unchanged(shop: Shop) -> None:
    assert shop.replaced() == set()


def why_not_ready(shop: Shop) -> None:
    unchanged(shop)
    assert "Unschedulable" in shop.printed
    patch(shop, None)
    shop.plane.ailtire("wait", "shop", "-n", "shop", "--timeout", "2m", timeout=_SECONDS)


def inside(shop: Shop) -> None:
    unchanged(shop)
    assert re.search(r"kubectl port-forward .*pod/shop-orders-api-\S+ 8080:3000", shop.printed), shop.printed


def promoted(shop: Shop) -> None:
    assert shop.image("portal-backend-api") == f"{WHOAMI}:v1.11"


def reproduced(shop: Shop) -> None:
    assert shop.image("shop-orders-api", "dev") == f"{WHOAMI}:v1.10"


def kept(shop: Shop) -> None:
    """The claim is the one that was there, and nobody owns it."""
    unchanged(shop)
    claim = shop.claim()
    assert claim["metadata"].get("ownerReferences", []) == []
    assert claim["metadata"]["labels"][naming.LABEL_RETAIN] == "true"
    assert claim["metadata"]["uid"] == shop.claim_before["metadata"]["uid"]


def moved(shop: Shop) -> None:
    kept(shop)
    assert shop.mounted("shop-sales-purchases-db") == [CLAIM]
    assert shop.get("Deployment", "shop-sales-purchases-db")["status"]["readyReplicas"] == 1
    for name in ("shop-orders-api", "shop-orders-db"):
        assert shop.get("Deployment", name)["spec"]["replicas"] == 0
    claims = shop.plane.api.get(KINDS["PersistentVolumeClaim"].path("shop"))["items"]
    assert [each["metadata"]["name"] for each in claims if "records" in each["metadata"]["name"]] == [CLAIM]


def removed(shop: Shop) -> None:
    left = shop.plane.kubectl("get", "ats,deployment,service,pvc", "-n", "shop", "-o", "name").split()
    assert [each for each in left if "shop-orders" in each] == [f"persistentvolumeclaim/{CLAIM}"]
    claim = shop.claim()
    assert claim["metadata"]["uid"] == shop.claim_before["metadata"]["uid"]
    assert "deletionTimestamp" not in claim["metadata"]
    assert shop.get("Deployment", "shop-sales-purchases-db")["metadata"]["generation"] == 1
    assert shop.mounted("shop-sales-purchases-db") == [CLAIM]


AFTER: Final[dict[str, Callable[[Shop], None]]] = {
    "Bring a new version of one service": new_version,
    "Find out who changed what": unchanged,
    "Go back to the version before": back,
    "Restart": restarted,
    "Stop a part, and start it again": started_again,
    "Rotate a secret": rotated,
    "Change a certificate": certificate,
    "Set one variable everywhere": everywhere,
    "Scale": scaled,
    "Find out why it is not ready": why_not_ready,
    "Look inside": inside,
    "Promote a version to production": promoted,
    "Reproduce production in another namespace": reproduced,
    "Keep the data of a package that goes": kept,
    "Move and rename a package with its data": moved,
    "Remove the package that was moved": removed,
}
"""What each recipe says of afterwards."""


def certificates(shop: Shop) -> None:
    command = "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=shop.example -keyout tls.key -out tls.crt -days 1"
    subprocess.run(command.split(), cwd=shop.folder, check=True, capture_output=True)


def patch(shop: Shop, deploy: dict[str, Any] | None) -> None:
    """Change how ``web`` runs."""
    value = json.dumps({"spec": {"services": {"web": {"deploy": deploy}}}})
    shop.plane.kubectl("patch", "ats", "shop", "-n", "shop", "--type=merge", "-p", value)


def trouble(shop: Shop) -> None:
    patch(shop, {"resources": {"reservations": {"memory": "900Ti"}}})

    def says() -> bool:
        status = shop.get(naming.KIND, "shop").get("status") or {}
        return "Unschedulable" in json.dumps(status.get("services", {}))

    eventually(says, 60, "the scheduler's word")


def overlays(shop: Shop) -> None:
    for name in ("base", "overlays"):
        shutil.copytree(ROOT / "examples" / "07-environments" / name, shop.folder / name)
    shop.plane.kubectl("apply", "--server-side", "-n", "shop", "-k", str(shop.folder / "overlays" / "prod"))
    shop.plane.ailtire("wait", "portal", "-n", "shop", "--timeout", "2m", timeout=_SECONDS)
    file = shop.folder / "overlays" / "prod" / "stack.yaml"
    file.write_text(file.read_text().replace(f"portal_api: {WHOAMI}:v1.10.4", f"portal_api: {WHOAMI}:v1.11"))


def as_the_file_says(shop: Shop) -> None:
    """The recipes before have changed more in the cluster than in the file."""
    shop.plane.kubectl("apply", "--server-side", "-n", "shop", "-f", str(shop.folder / "shop.yaml"))
    shop.plane.ailtire("wait", "shop", "-n", "shop", "--timeout", "2m", timeout=_SECONDS)


def edit(shop: Shop, change: Callable[[Any], None]) -> None:
    """Change the services in shop.yaml."""
    file = shop.folder / "shop.yaml"
    definition = yaml.safe_load(file.read_text())
    change(definition["spec"]["services"])
    file.write_text(yaml.safe_dump(definition))


def new_place(shop: Shop) -> None:
    def change(services: Any) -> None:
        services["orders"]["stopped"] = True
        services.update(yaml.safe_load(YAML[1]))

    edit(shop, change)


def old_place(shop: Shop) -> None:
    edit(shop, lambda services: services.pop("orders"))


BEFORE: Final[dict[str, Callable[[Shop], None]]] = {
    "Change a certificate": certificates,
    "Find out why it is not ready": trouble,
    "Promote a version to production": overlays,
    "Keep the data of a package that goes": as_the_file_says,
    "Move and rename a package with its data": new_place,
    "Remove the package that was moved": old_place,
}
"""What a recipe begins with."""


def test_each_recipe_has_at_most_three_commands_and_a_check() -> None:
    _, *found = recipes()
    assert [each.title for each in found] == list(AFTER)
    assert {each.title for each in found if not 1 <= len(each.steps) <= 3} == set()


@pytest.fixture
def shop(control_plane: ControlPlane, operator: Operator, tmp_path: Path) -> Iterator[Shop]:
    assert yaml.safe_load(YAML[0])["metadata"]["name"] == "shop"
    await_gone(control_plane, "shop", "dev")
    (tmp_path / "shop.yaml").write_text(YAML[0])
    yield Shop(control_plane, tmp_path)
    for namespace in ("shop", "dev"):
        control_plane.kubectl("delete", "ats", "--all", "-n", namespace, "--ignore-not-found")
        control_plane.kubectl("delete", "namespace", namespace, "--wait=false", "--ignore-not-found")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_all_recipes_run_as_they_are_written(shop: Shop) -> None:
    begin, *found = recipes()
    for step in begin.steps:
        shop.run(step)
    for recipe in found:
        if recipe.title in BEFORE:
            BEFORE[recipe.title](shop)
        shop.before, shop.claim_before, shop.printed = shop.templates(), shop.claim(), ""
        for step in recipe.steps:
            shop.run(step)
        AFTER[recipe.title](shop)
