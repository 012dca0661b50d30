"""Tools that bring a definition into the cluster, and bring their own back where somebody changes it. Pure."""

from collections.abc import Mapping
from typing import Any, Final

_MARKS: Final = {
    "argocd.argoproj.io/tracking-id": "Argo CD",
    "argocd.argoproj.io/instance": "Argo CD",
    "kustomize.toolkit.fluxcd.io/name": "Flux",
    "helm.toolkit.fluxcd.io/name": "Flux",
    "meta.helm.sh/release-name": "Helm",
}
"""Labels and annotations by which they know their objects."""
_MANAGERS: Final = {
    "argocd-controller": "Argo CD",
    "argocd-application-controller": "Argo CD",
    "kustomize-controller": "Flux",
    "helm-controller": "Flux",
}
"""Field managers in whose name they write."""


def brings_back(resource: Mapping[str, Any]) -> str:
    """What becomes of a change that only the cluster knows of, in words; empty where no tool keeps it."""
    tools = " and ".join(tools_of(resource))
    name = resource["metadata"]["name"]
    return (
        f"{name} is kept by {tools}, which will bring its own definition back: change its source as well"
        if tools
        else ""
    )


def tools_of(resource: Mapping[str, Any]) -> list[str]:
    """The tools that keep a resource, each once."""
    metadata = resource["metadata"]
    marks = {**(metadata.get("labels") or {}), **(metadata.get("annotations") or {})}
    found = [tool for mark, tool in _MARKS.items() if mark in marks]
    writers = [
        each.get("manager") for each in metadata.get("managedFields") or () if "f:spec" in (each.get("fieldsV1") or {})
    ]
    found += [_MANAGERS[each] for each in writers if each in _MANAGERS]
    return list(dict.fromkeys(found))
