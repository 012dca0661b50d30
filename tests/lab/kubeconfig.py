"""Writes kubeconfigs, and refuses every other one: the lab never talks to a cluster that it did not start."""

from pathlib import Path

import yaml

from lab.errors import LabError

CONTEXT = "ailtire-lab"


def write(path: Path, url: str, ca: Path, token: str, namespace: str = "default") -> Path:
    """Write a kubeconfig for one user of a lab's control plane."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": CONTEXT, "cluster": {"server": url, "certificate-authority": str(ca)}}],
        "users": [{"name": CONTEXT, "user": {"token": token}}],
        "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": CONTEXT, "namespace": namespace}}],
        "current-context": CONTEXT,
    }
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


def require_lab(path: Path) -> Path:
    """Return the path if the lab wrote this kubeconfig and it points to this machine; else refuse."""
    try:
        content = yaml.safe_load(path.read_text())
        server = content["clusters"][0]["cluster"]["server"]
    except (OSError, yaml.YAMLError, KeyError, TypeError, IndexError) as error:
        raise LabError(f"{path} is no kubeconfig of the lab; start it with 'make up'") from error
    if content.get("current-context") != CONTEXT or not server.startswith("https://127.0.0.1:"):
        raise LabError(f"{path} is not the lab's own kubeconfig: refusing to touch {server}")
    return path
