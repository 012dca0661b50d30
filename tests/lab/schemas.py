"""The schemas of Compose files, from the Go modules that publish them, and the paths that they allow."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from lab import toolchain
from lab.errors import LabError

COMPOSE: Final = ("github.com/compose-spec/compose-go/v2@v2.9.1", "schema/compose-spec.json")
SWARM: Final = ("github.com/docker/cli@v28.5.2+incompatible", "cli/compose/schema/data/config_schema_v3.13.json")
_GO: Final = (1, 21, 0)


def schema(module: str, path: str) -> dict[str, Any]:
    """A schema file of a module, which is fetched into Go's own cache once."""
    command = [toolchain.go(_GO, print), "mod", "download", "-json", module]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, env=toolchain.environment())
    if answer.returncode:
        raise LabError(f"{module} could not be fetched.\n{answer.stdout}{answer.stderr}")
    data: dict[str, Any] = json.loads(Path(json.loads(answer.stdout)["Dir"], path).read_text())
    return data


def paths(document: dict[str, Any]) -> set[str]:
    """Every path that a schema knows: ``services.*.ports[].target``."""
    return {path.lstrip(".") for path in _below(document, document, "", ())} - {""}


def _below(document: dict[str, Any], node: Any, path: str, trail: tuple[str, ...]) -> Iterator[str]:
    if not isinstance(node, dict):
        return
    if reference := node.get("$ref"):
        if trail.count(reference) < 1:
            target: Any = document
            for part in reference.removeprefix("#/").split("/"):
                target = target[part]
            yield from _below(document, target, path, (*trail, reference))
        return
    for kind in ("oneOf", "anyOf", "allOf"):
        for each in node.get(kind, ()):
            yield from _below(document, each, path, trail)
    children = [(f"{path}.{name}", each) for name, each in node.get("properties", {}).items()]
    children += [(f"{path}.*", each) for name, each in node.get("patternProperties", {}).items() if name != "^x-"]
    if isinstance(node.get("additionalProperties"), dict):
        children.append((f"{path}.*", node["additionalProperties"]))
    if isinstance(node.get("items"), dict):
        children.append((f"{path}[]", node["items"]))
    for below, each in children:
        yield below
        yield from _below(document, each, below, trail)
