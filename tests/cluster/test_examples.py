"""Every example is taken by the API server as it stands, and becomes ready with the operator."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ailtire_operator import naming
from ailtire_operator.model.loading import levels, parse_stack
from lab import ControlPlane, Operator, eventually, manifests
from lab.paths import ROOT

EXAMPLES = ROOT / "examples"
SHOP = EXAMPLES / "shop"
SMALL = sorted([*EXAMPLES.glob("0*/stack.yaml"), *EXAMPLES.glob("0*/overlays/*")])
"""What is applied into a namespace of one's own choice: files, and folders for kustomize."""
READY_SECONDS = 180.0


def name_of(path: Path) -> str:
    return str(path.relative_to(EXAMPLES))


def source(path: Path) -> tuple[str, str]:
    return ("-k" if path.is_dir() else "-f", str(path))


def stacks(plane: ControlPlane, path: Path) -> list[dict[str, Any]]:
    """The AiltireStacks of an example, as kubectl reads them."""
    text = plane.kubectl("kustomize", str(path)) if path.is_dir() else path.read_text()
    return [each for each in yaml.safe_load_all(text) if each and each["kind"] == naming.KIND]


def names(plane: ControlPlane, path: Path) -> set[str]:
    """The names of all stacks that the example will be, templates included."""
    parsed = [parse_stack(each) for each in stacks(plane, path)]
    templates = {each.name: each.spec for each in parsed if each.spec.is_template}
    running = [each for each in parsed if not each.spec.is_template]
    return templates.keys() | {level.name for each in running for level in levels(each.name, each.spec, templates)}


def readiness(plane: ControlPlane, namespace: str) -> dict[str, str]:
    """By name of every stack in the namespace: the status of its condition Ready."""
    items = json.loads(plane.kubectl("get", "ats", "-n", namespace, "-o", "json"))["items"]
    return {
        each["metadata"]["name"]: next((c["status"] for c in conditions if c["type"] == "Ready"), "")
        for each in items
        for conditions in [each.get("status", {}).get("conditions", [])]
    }


@pytest.fixture(scope="session")
def plane(control_plane: ControlPlane) -> ControlPlane:
    manifests.install(control_plane)
    return control_plane


@pytest.mark.parametrize("path", SMALL, ids=name_of)
def test_it_is_taken(plane: ControlPlane, namespace: str, path: Path) -> None:
    plane.kubectl("apply", "--dry-run=server", "-n", namespace, *source(path))


@pytest.mark.parametrize("path", [*SMALL, SHOP], ids=name_of)
def test_it_holds_at_every_level(plane: ControlPlane, path: Path) -> None:
    """The API server sees one level; the models see all, and names that no stack could bear."""
    assert all(len(name) <= naming.OBJECT_NAME_LIMIT for name in names(plane, path))


@pytest.mark.slow
@pytest.mark.parametrize("path", SMALL, ids=name_of)
def test_it_becomes_ready(operator: Operator, control_plane: ControlPlane, namespace: str, path: Path) -> None:
    control_plane.kubectl("apply", "--server-side", "-n", namespace, *source(path))
    become_ready(control_plane, namespace, path)


@pytest.mark.slow
def test_the_shop_becomes_ready_in_its_own_namespace(operator: Operator, control_plane: ControlPlane) -> None:
    control_plane.kubectl("apply", "--server-side", "-k", str(SHOP))
    become_ready(control_plane, "shop", SHOP)
    depths = {name.count("-") for name in readiness(control_plane, "shop")}
    assert depths == {0, 1, 2}, "three levels"
    control_plane.kubectl("delete", "-k", str(SHOP), "--timeout=150s")


def become_ready(plane: ControlPlane, namespace: str, path: Path) -> None:
    wanted = names(plane, path)
    eventually(lambda: set(readiness(plane, namespace)) == wanted, READY_SECONDS, f"stacks {sorted(wanted)}")
    templates = {each["metadata"]["name"] for each in stacks(plane, path) if each["spec"].get("templateOnly")}

    def waiting() -> dict[str, str]:
        return {n: r for n, r in readiness(plane, namespace).items() if n not in templates and r != "True"}

    eventually(lambda: not waiting(), READY_SECONDS, f"readiness of {name_of(path)}")
