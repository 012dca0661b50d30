"""``docker stack config`` takes what is exported, at the version that the file says, and at none below it."""

from pathlib import Path
from typing import Any

import pytest

from ailtire_operator.cli.definitions import collect
from ailtire_operator.cli.sources import read
from ailtire_operator.compose.exporting import Exported, SwarmOptions, export_tree
from ailtire_operator.compose.importing import import_application
from ailtire_operator.compose.swarm.versions import MINOR_VERSIONS, lowest
from ailtire_operator.model.loading import parse_stack
from lab.paths import ROOT
from support.compose.exporting import exported
from support.definitions.applications import SOCKET, deploy, services, stack, write
from support.definitions.samples import SAMPLES, surroundings
from support.definitions.wide import wide
from swarm.client import Judge

EXAMPLES = sorted(path.parent for path in (ROOT / "examples").rglob("stack.yaml") if "overlays" not in path.parts)
OPTIONS = [SwarmOptions(), SwarmOptions(single=True), SwarmOptions(endpoint_mode="dnsrr")]


def resources(example: Path) -> list[str]:
    """The files of an example, as kustomize would read them."""
    return [str(path) for path in sorted(example.glob("*.yaml")) if path.stem != "kustomization"]


@pytest.mark.parametrize("options", OPTIONS, ids=["files", "single", "dnsrr"])
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_every_example_is_taken(example: Path, options: SwarmOptions, refused: Judge) -> None:
    found = collect(read(resources(example))).checked()
    assert found.roots
    for root in found.roots:
        templates = found.templates_for(root.stack)
        assert refused(export_tree(root.stack.name, root.stack.spec, templates, options=options)) == []


@pytest.mark.parametrize("options", OPTIONS, ids=["files", "single", "dnsrr"])
def test_a_stack_that_says_everything_is_taken(options: SwarmOptions, refused: Judge) -> None:
    assert refused(export_tree("shop", wide().spec, {}, options=options)) == []


def test_an_imported_application_is_taken(tmp_path: Path, refused: Judge) -> None:
    web: dict[str, Any] = {"image": "web", "volumes": SOCKET, "interface": {"/web": {"path": "/web", "port": 3000}}}
    files = {
        "deploy/deploy.js": deploy("Shop_App", "dev"),
        "deploy/services.js": services(cpl=stack("shop_app_cpl"), web=web),
        "api/C/deploy/deploy.js": deploy("shop_app_cpl", "dev"),
        "api/C/deploy/services.js": services(policy_engine=web, dm=stack("shop_app_cpl_dm")),
        "api/D/deploy/deploy.js": deploy("shop_app_cpl_dm", "dev"),
        "api/D/deploy/services.js": services(api={"image": "api", "environment": {"PRICE": "$5"}}),
    }
    (found,) = import_application(write(tmp_path / "app", files), env="dev", registry=None).resources
    assert refused(export_tree("shop-app", parse_stack(found).spec, {})) == []


@pytest.mark.parametrize("path", SAMPLES)
def test_every_field_is_taken(path: str, refused: Judge) -> None:
    assert refused(exported(surroundings(path, said=True))) == []


VALUES: dict[str, Any] = {
    "configs": {"x": {}},
    "configs.*.name": "x",
    "configs.*.template_driver": "golang",
    "networks.*.attachable": True,
    "networks.*.name": "x",
    "secrets": {"x": {}},
    "secrets.*.name": "x",
    "services.*.configs": ["x"],
    "services.*.deploy.endpoint_mode": "vip",
    "services.*.deploy.placement.max_replicas_per_node": 1,
    "services.*.deploy.placement.preferences": [{"spread": "node.labels.x"}],
    "services.*.deploy.resources.limits.pids": 1,
    "services.*.deploy.resources.reservations.generic_resources": [],
    "services.*.deploy.rollback_config": {},
    "services.*.deploy.update_config.order": "start-first",
    "services.*.healthcheck.start_interval": "1s",
    "services.*.healthcheck.start_period": "1s",
    "services.*.init": True,
    "services.*.ports[].target": 1,
    "services.*.secrets": ["x"],
    "services.*.volumes[].type": "tmpfs",
    "services.*.volumes[].tmpfs": {"size": 1},
    "volumes.*.name": "x",
}
"""A value for every key of the table of versions."""


@pytest.mark.parametrize("path", MINOR_VERSIONS)
def test_the_table_says_the_version_in_which_a_key_came(path: str, refused: Judge) -> None:
    document = document_with(path)
    assert lowest(document) == f"3.{MINOR_VERSIONS[path]}"
    below = {**document, "version": f"3.{MINOR_VERSIONS[path] - 1}"}
    assert refused(Exported({"one": {**document, "version": lowest(document)}}, ())) == []
    assert any(why in "".join(refused(Exported({"one": below}, ()))) for why in ("not allowed", "must be a string"))


def document_with(path: str) -> dict[str, Any]:
    """A document with a value at the path, and what the client wants beside it."""
    document: dict[str, Any] = {"services": {"x": {"image": "x"}}}
    node: Any = document
    *way, last = path.split(".")
    for step in way:
        name = "x" if step == "*" else step.removesuffix("[]")
        node = node.setdefault(name, [{}] if step.endswith("[]") else {})
        node = node[0] if isinstance(node, list) else node
    node[last] = VALUES[path]
    if "volumes[]" in path:
        node |= {"type": "tmpfs", "target": "/x"}
    return document
