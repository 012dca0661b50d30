"""Ailtire applications for tests: the folder that upstream's tools would keep, written from data."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

STOCK: Mapping[str, Any] = {
    "policies": {},
    "data": {},
    "networks": {},
    "interface": {"ports": {"80": 3000, "443": 3000}},
}
"""What upstream's templates write into every services file beside the services."""
SOCKET: Mapping[str, Any] = {"docker": {"source": "/var/run/docker.sock", "target": "/var/run/docker.sock"}}


def module(data: Any) -> str:
    """Data as a JavaScript module, in the plainest spelling."""
    return f"module.exports = {json.dumps(data, indent=4)};\n"


def services(**members: Any) -> dict[str, Any]:
    """A services file with the stock parts."""
    return {"services": members, **STOCK}


def deploy(name: str, *environments: str, design: str = "services.js") -> dict[str, Any]:
    """A deploy.js whose environments all use one design."""
    contexts = {each: {"type": "swarm", "tag": f"{name}:{each}", "design": design, "env": {}} for each in environments}
    return {"name": name, "contexts": contexts}


def stack(image: str, **fields: Any) -> dict[str, Any]:
    """A service that is a stack, as upstream's templates write it."""
    return {"type": "stack", "image": image, "volumes": dict(SOCKET), **fields}


def write(folder: Path, files: Mapping[str, Any]) -> Path:
    """Write files, data as modules and texts as they are; returns the folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else module(content), encoding="utf-8")
    return folder
