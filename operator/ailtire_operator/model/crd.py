"""Generates the CustomResourceDefinition from the models: ``python -m ailtire_operator.model.crd [folder]``.

Without a folder it goes to standard output. The result is committed; ``make verify`` checks that it is current.
"""

import sys
from pathlib import Path
from typing import Any, Final

import yaml

from ailtire_operator import naming, printable
from ailtire_operator.model.stack import StackSpec
from ailtire_operator.model.status import StackStatus
from ailtire_operator.model.structural import Schema, structural
from ailtire_operator.model.unobserved import UNOBSERVED

FILE_NAME: Final = f"{naming.PLURAL}.yaml"

_API_VERSION = (
    "The version of the schema of this object: " + naming.API_VERSION + ". "
    "More: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources"
)
_KIND = (
    "The kind of this object: " + naming.KIND + ". "
    "More: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds"
)
DESCRIPTION: Final = (
    "An AiltireStack is one package of an Ailtire application: services, and services that are themselves stacks. "
    "Each child stack becomes its own AiltireStack, so that an application is a tree of them in one namespace."
)
_NAME_RULES: Final = [
    {
        "rule": "self.metadata.name.size() <= 63 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
        "message": "metadata.name becomes a DNS name: at most 63 characters of a-z, 0-9 and -, the first a letter, the "
        "last no hyphen",
    },
    {
        "rule": "!self.metadata.name.contains('--')",
        "message": "metadata.name must not contain '--': it is reserved for the names of gateways and volumes",
    },
]


def _column(name: str, path: str, description: str, *, wide: bool = False, kind: str = "string") -> Schema:
    """A column of ``kubectl get``; a wide one is only shown with ``-o wide``."""
    column: Schema = {"name": name, "type": kind, "jsonPath": path, "description": description}
    return {**column, "priority": 1} if wide else column


COLUMNS: Final = (
    _column("Ready", ".status.ready", "Whether the stack and its subtree are ready, or Suspended or Stopped."),
    _column("Services", ".status.counts.services", "Ready and wanted services of the subtree."),
    _column("Stacks", ".status.counts.stacks", "Ready and wanted stacks below this one."),
    _column("Message", '.status.conditions[?(@.type=="Ready")].message', "What the stack waits for."),
    _column("Age", ".metadata.creationTimestamp", "Time since creation.", kind="date"),
    _column("App", ".status.appName", "The application's name.", wide=True),
    _column("Parent", ".status.parent", "The parent stack.", wide=True),
    _column("URL", ".status.url", "The external URL of the stack.", wide=True),
)


def schema() -> Schema:
    """The schema of the whole resource."""
    return {
        "type": "object",
        "description": DESCRIPTION,
        "required": ["spec"],
        "x-kubernetes-validations": _NAME_RULES,
        "properties": {
            "apiVersion": {"type": "string", "description": _API_VERSION},
            "kind": {"type": "string", "description": _KIND},
            "metadata": {"type": "object"},
            "spec": structural(StackSpec, tell_defaults=True),
            "status": structural(StackStatus) | {"default": dict(UNOBSERVED)},
        },
    }


def definition() -> dict[str, Any]:
    """The CustomResourceDefinition. No scale subresource: a stack has no count of replicas."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{naming.PLURAL}.{naming.GROUP}"},
        "spec": {
            "group": naming.GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": naming.KIND,
                "listKind": f"{naming.KIND}List",
                "plural": naming.PLURAL,
                "singular": naming.SINGULAR,
                "shortNames": [naming.SHORT_NAME],
                "categories": [naming.CATEGORY],
            },
            "versions": [
                {
                    "name": naming.VERSION,
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}},
                    "additionalPrinterColumns": list(COLUMNS),
                    "schema": {"openAPIV3Schema": schema()},
                }
            ],
        },
    }


class _Dumper(yaml.SafeDumper):
    """Writes repeated parts without YAML anchors, which not every parser supports."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    """Double quotes for texts with control characters, which are then escaped."""
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, printable.in_yaml(text))


_Dumper.add_representer(str, _text)


def text() -> str:
    """The definition as YAML."""
    body = printable.lines(yaml.dump(definition(), Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True))
    return f"# Generated from the models by `make crds`; edit those instead.\n{body}"


def main(arguments: list[str]) -> None:
    """Write the definition to a folder, or to standard output."""
    if arguments:
        Path(arguments[0], FILE_NAME).write_text(text())
    else:
        sys.stdout.write(text())


if __name__ == "__main__":
    main(sys.argv[1:])
