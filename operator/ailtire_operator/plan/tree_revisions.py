"""Revisions of a whole tree: definitions that have become Ready as a whole, each kept as a ControllerRevision. Pure.

``data.compressed`` of one is the definition (``TreeDefinition.to_json``) as canonical JSON, by gzip, as base64. The
same definition is the same text.
"""

import binascii
import gzip
import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.model.limits import TREE_CHARACTER_LIMIT
from ailtire_operator.model.nesting import loads
from ailtire_operator.plan.definition_changes import TreeDefinition, canonical
from ailtire_operator.plan.types import Manifest
from ailtire_operator.plan.values import compact, manifest
from ailtire_operator.printable import line

DEFAULT_LIMIT: Final = 10
"""Revisions that are kept where the root does not say how many."""
SIZE_LIMIT: Final = 900 * 1024
"""Bytes of a compressed definition; as base64 in an object it must stay below the 1.5 MiB that etcd takes."""
_UNPACKED_LIMIT: Final = 8 * TREE_CHARACTER_LIMIT
"""Bytes of a definition that is read back: whoever may write ControllerRevisions could put anything into one."""
_GZIP: Final = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a definition came from."""

    generation: int
    """Of the root."""
    manager: str
    """The field manager that wrote it, of the root or of a template, whichever was written last."""
    cause: str
    """The root's annotation ``kubernetes.io/change-cause``."""


def compressed(definition: TreeDefinition) -> bytes:
    """The definition as a revision keeps it, before base64."""
    return gzip.compress(canonical(definition.to_json()), mtime=0)


def revision(root: str, app_name: str, number: int, digest: str, content: bytes, origin: Origin) -> Manifest:
    """The ControllerRevision of a definition (by its digest and its compressed content)."""
    labels = {
        naming.LABEL_MANAGED_BY: naming.OPERATOR_NAME,
        naming.LABEL_PART_OF: naming.label_value(app_name),
        naming.LABEL_ROOT: root,
        naming.LABEL_STACK: root,
        naming.LABEL_LAST_GOOD: "true",
        naming.LABEL_REVISION: str(number),
    }
    annotations = {
        naming.ANNOTATION_DEFINITION: digest,
        naming.ANNOTATION_GENERATION: str(origin.generation),
        **compact(
            **{
                naming.ANNOTATION_MANAGER: line(origin.manager),
                naming.CHANGE_CAUSE: line(" ".join(origin.cause.split())),
            }
        ),
    }
    data = {"compressed": b64encode(content).decode()}
    name = naming.revision(root, number)
    return manifest("apps/v1", "ControllerRevision", name, labels, annotations=annotations, revision=number, data=data)


def definition_of(kept: Mapping[str, Any]) -> TreeDefinition | None:
    """The definition in a revision; None where there is none that this release could read."""
    try:
        packed = b64decode((kept.get("data") or {}).get("compressed") or "", validate=True)
        decoder = zlib.decompressobj(_GZIP)
        text = decoder.decompress(packed, _UNPACKED_LIMIT)
        found = loads(text) if decoder.eof else None
    except (binascii.Error, zlib.error, TypeError, AttributeError, ValueError):
        return None
    spec, templates = (found.get("spec"), found.get("templates")) if isinstance(found, dict) else (None, None)
    if not isinstance(spec, dict) or not isinstance(templates, dict):
        return None
    return TreeDefinition(spec, {name: each for name, each in templates.items() if isinstance(each, dict)})
