"""``python -m release.fields``: every field of the CRD, a line for each, as it is kept for each release.

What a stack may say in one version it may say in all later ones: a test compares the CRD with what is kept.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from lab.paths import ROOT

CRD = ROOT / "crds" / "ailtirestacks.yaml"
RELEASED = Path("tests", "data", "released")
"""A file for each release."""


def fields(crd: dict[str, Any]) -> list[str]:
    """Return them as ``v1alpha1 spec.services.*.image: string``, without the status, which users do not write."""
    return [
        f"{version['name']} {path}: {kind}"
        for version in crd["spec"]["versions"]
        for path, kind in sorted(_below(version["schema"]["openAPIV3Schema"]["properties"]["spec"], "spec"))
    ]


def current() -> list[str]:
    """Return those of the checkout."""
    return fields(yaml.load(CRD.read_text(), Loader=yaml.CSafeLoader))


def _below(schema: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
    kind = "int-or-string" if schema.get("x-kubernetes-int-or-string") else schema.get("type", "anything")
    yield path, kind
    for name, each in schema.get("properties", {}).items():
        yield from _below(each, f"{path}.{name}")
    if isinstance(more := schema.get("additionalProperties"), dict):
        yield from _below(more, f"{path}.*")
    if items := schema.get("items"):
        yield from _below(items, f"{path}[]")


if __name__ == "__main__":
    print("\n".join(current()))
