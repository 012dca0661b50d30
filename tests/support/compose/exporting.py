"""Stacks exported to Swarm, and what is asked of the documents."""

from pathlib import Path
from typing import Any

import yaml

from ailtire_operator.compose.exporting import Exported, SwarmOptions, dump, export_tree
from ailtire_operator.model.loading import parse_stack


def exported(
    spec: dict[str, Any], *, name: str = "shop", templates: dict[str, Any] | None = None, **options: Any
) -> Exported:
    """Return what a stack called ``name`` becomes; templates by name."""
    resources = {key: parse_stack(resource(key, each)) for key, each in (templates or {}).items()}
    known = {key: each.spec for key, each in resources.items()}
    return export_tree(name, parse_stack(resource(name, spec)).spec, known, options=SwarmOptions(**options))


def resource(name: str, spec: dict[str, Any]) -> dict[str, Any]:
    """Return the resource around a spec."""
    return {"apiVersion": "ailtire.io/v1alpha1", "kind": "AiltireStack", "metadata": {"name": name}, "spec": spec}


def write(result: Exported, folder: Path) -> dict[str, Path]:
    """Write the files of an export as the command does, each with the files beside it; the documents by their stack."""
    for name, content in result.beside.items():
        (folder / name).write_bytes(content)
    written = {stack: folder / f"{stack}.yaml" for stack in result.files}
    for stack, file in written.items():
        file.write_text(dump(result.files[stack]))
    return written


def told(result: Exported) -> str:
    """Return the report as lines."""
    return "\n".join(map(str, result.notices))


def read(text: str) -> dict[str, Any]:
    """Return the document of a text."""
    document = yaml.safe_load(text)
    assert isinstance(document, dict)
    return document


def stack(services: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A member that is a stack, with a route to it."""
    return {"type": "stack", "interface": {"/x": {"path": "/"}}, "stack": {"services": services, **more}}


WEB = {"image": "web", "interface": {"/": {}}}
"""The least service that gives its stack a gateway."""


def aliases(document: dict[str, Any], service: str) -> dict[str, list[str]]:
    """By network: the names of a service beside its key in the file."""
    found = document["services"][service]["networks"]
    return {network: (entry or {}).get("aliases", []) for network, entry in found.items()}
