"""A stack's definition as an artifact of the OCI: one manifest, one layer of YAML."""

import json
from typing import Any, Final

from ailtire_operator.oci.errors import RegistryError
from ailtire_operator.oci.reference import Reference, is_digest
from ailtire_operator.oci.registry import MANIFEST, Registry

ARTIFACT_TYPE: Final = "application/vnd.ailtire.stack.v1alpha1"
LAYER_TYPE: Final = "application/vnd.ailtire.stack.v1alpha1+yaml"
DEFINITION_LIMIT: Final = 1024 * 1024
"""Bytes of a definition; a resource of a cluster has at most one and a half times as many."""
_EMPTY_TYPE: Final = "application/vnd.oci.empty.v1+json"
_EMPTY: Final = b"{}"
_TITLE: Final = "org.opencontainers.image.title"


def push(reference: Reference, definition: bytes, *, plain: bool = False) -> Reference:
    """Store a definition under a tag, and return the reference by digest. Raises RegistryError.

    The same definition has the same digest, whoever pushes it and when.
    """
    if len(definition) > DEFINITION_LIMIT:
        raise RegistryError(f"{reference}: the definition is larger than {DEFINITION_LIMIT // 1024} KiB")
    registry = Registry(reference, plain=plain)
    config = {"mediaType": _EMPTY_TYPE, "digest": registry.write_blob(_EMPTY), "size": len(_EMPTY)}
    layer = {
        "mediaType": LAYER_TYPE,
        "digest": registry.write_blob(definition),
        "size": len(definition),
        "annotations": {_TITLE: "stack.yaml"},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": ARTIFACT_TYPE,
        "config": config,
        "layers": [layer],
    }
    return reference.at(registry.write_manifest(manifest))


def pull(reference: Reference, *, plain: bool = False) -> tuple[bytes, Reference]:
    """A definition, and the reference to it by digest. Raises RegistryError."""
    registry = Registry(reference, plain=plain)
    written, digest = registry.manifest(reference.wanted)
    layer = _layer(written, reference)
    return registry.blob(layer["digest"], layer["size"]), reference.at(digest)


def digest_of_image(reference: Reference, *, plain: bool = False) -> str:
    """The digest of an image or an index, computed from what the registry gives. Raises RegistryError."""
    return Registry(reference, plain=plain).manifest(reference.wanted)[1]


def _layer(written: bytes, reference: Reference) -> dict[str, Any]:
    """The one layer of a manifest of ours. Raises RegistryError."""
    try:
        manifest = json.loads(written)
    except (ValueError, RecursionError):
        manifest = None
    if not isinstance(manifest, dict) or manifest.get("artifactType") != ARTIFACT_TYPE:
        raise RegistryError(f"{reference} is no definition of a stack, but something else, such as an image")
    layers = manifest.get("layers")
    layer = layers[0] if isinstance(layers, list) and len(layers) == 1 else None
    if not isinstance(layer, dict) or layer.get("mediaType") != LAYER_TYPE:
        raise RegistryError(f"{reference} is a definition of a kind that this version does not know")
    size, digest = layer.get("size"), layer.get("digest")
    if type(size) is not int or not 0 < size <= DEFINITION_LIMIT:
        raise RegistryError(f"{reference}: the definition is larger than {DEFINITION_LIMIT // 1024} KiB")
    if not isinstance(digest, str) or not is_digest(digest):
        raise RegistryError(f"{reference}: the manifest has no digest that can be checked")
    return layer
