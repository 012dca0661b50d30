"""The tree as kro makes it: three nested ResourceGraphDefinitions, generated from what the operator renders.

Each definition is one level's stack with its names replaced by those of the instance. Two things kro cannot express, as
it computes values and not keys of a map, and no hashes of its own: the labels of networks have the keys of the first
stack of a level, and the names of ConfigMaps end with that stack's hash. Networks' Services are named after the stack.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from bench import tree

NAMESPACE: Final = "bench-of-definitions"
"""Manifests are rendered for it, so that its name is found wherever the instance's namespace is meant."""
API_VERSION: Final = "kro.run/v1alpha1"
KINDS: Final = ("BenchRoot", "BenchMiddle", "BenchLeaf")
_NAME: Final = "${schema.metadata.name}"
_SPECS: Final[tuple[dict[str, str], ...]] = ({}, {"member": "string"}, {"member": "string", "parent": "string"})
_NETWORK: Final = re.compile(r"z-[0-9a-f]{10}")

Manifest = Mapping[str, Any]


def definitions(manifests: Sequence[Manifest], root: str) -> list[dict[str, Any]]:
    """A definition for each level, leaves first, as each needs the kinds of those below."""
    return [_definition(manifests, level, _path(root, level)) for level in reversed(range(len(KINDS)))]


def instance(root: str, namespace: str) -> dict[str, Any]:
    """What a user applies."""
    return {
        "apiVersion": API_VERSION,
        "kind": KINDS[0],
        "metadata": {"name": root, "namespace": namespace},
        "spec": {},
    }


def objects(found: Sequence[Manifest], root: str) -> Iterator[dict[str, Any]]:
    """Kind and name of each object that the definitions make for a root, less the instances themselves."""
    for definition in found:
        level = KINDS.index(definition["spec"]["schema"]["kind"])
        for resource in definition["spec"]["resources"]:
            template = resource["template"]
            if template["apiVersion"] != API_VERSION:
                for stack in _stacks(root, level):
                    name = template["metadata"]["name"].replace(_NAME, stack)
                    yield {"kind": template["kind"], "metadata": {"name": name}}


def _path(root: str, level: int) -> list[str]:
    """The first stack of a level, below those that it is in."""
    return [root + "-p0" * depth for depth in range(level + 1)]


def _stacks(root: str, level: int) -> list[str]:
    stacks = [root]
    for width in tree.FAN_OUT[:level]:
        stacks = [f"{stack}-p{number}" for stack in stacks for number in range(width)]
    return stacks


def _definition(manifests: Sequence[Manifest], level: int, path: Sequence[str]) -> dict[str, Any]:
    own = [each for each in manifests if each["metadata"]["labels"]["ailtire.io/stack"] == path[-1]]
    network = next((each["metadata"]["name"] for each in own if _NETWORK.fullmatch(each["metadata"]["name"])), "")
    words = _words(path, network)
    resources = [{"id": f"object{number}", "template": _template(each, words)} for number, each in enumerate(own)]
    schema = {"apiVersion": "v1alpha1", "kind": KINDS[level], "spec": _SPECS[level]}
    return {
        "apiVersion": API_VERSION,
        "kind": "ResourceGraphDefinition",
        "metadata": {"name": KINDS[level].lower()},
        "spec": {"schema": schema, "resources": [*resources, *_children(level)]},
    }


def _words(path: Sequence[str], network: str) -> dict[str, str]:
    """What is replaced in every text, in this order: the longest names first."""
    words = {path[-1]: _NAME} if len(path) > 1 else {}  # the root's own name is a word of images and hosts, too
    if len(path) > 2:
        words[path[-2]] = "${schema.spec.parent}"
    if network:
        words[network] = f"z-{_NAME}" if len(path) > 1 else f"z-{path[-1]}"
    if len(path) > 1:
        words["_p0_family"] = "_${schema.spec.member}_family"
    return {**words, NAMESPACE: "${schema.metadata.namespace}"}


def _template(manifest: Manifest, words: Mapping[str, str]) -> dict[str, Any]:
    """The manifest as a template; kro puts it into the namespace of the instance."""
    metadata = {key: value for key, value in manifest["metadata"].items() if key != "namespace"}
    template: dict[str, Any] = _replaced({**manifest, "metadata": metadata}, words)
    return template


def _replaced(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _replaced(each, words) for key, each in value.items()}
    if isinstance(value, list):
        return [_replaced(each, words) for each in value]
    if not isinstance(value, str):
        return value
    if value == "p0" and "_p0_family" in words:
        return "${schema.spec.member}"
    for word, expression in words.items():
        value = value.replace(word, expression)
    return value


def _children(level: int) -> list[dict[str, Any]]:
    """The instances of the level below, as a collection."""
    if level + 1 == len(KINDS):
        return []
    known = {"member": "p${string(number)}", "parent": _NAME}
    template = {
        "apiVersion": API_VERSION,
        "kind": KINDS[level + 1],
        "metadata": {"name": f"{_NAME}-p${{string(number)}}"},
        "spec": {key: known[key] for key in _SPECS[level + 1]},
    }
    return [
        {"id": "children", "forEach": [{"number": f"${{lists.range({tree.FAN_OUT[level]})}}"}], "template": template}
    ]
