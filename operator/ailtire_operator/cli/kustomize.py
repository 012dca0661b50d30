"""What kustomize has to know of definitions to rename what they refer to: a file for ``configurations:``. Pure.

Its field specs walk fields and lists, and have no step for "each key of a map". A stack's services, configs and secrets
are maps, and so are those of its inline children: their keys have to stand in the file, and are taken from definitions.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.model import references
from ailtire_operator.model.field_path import SPEC, path_of

_TARGETS: Final[Mapping[str, Mapping[str, str]]] = {
    naming.KIND: {"group": naming.GROUP},
    "Gateway": {"group": "gateway.networking.k8s.io"},
    "ResourceClaimTemplate": {"group": "resource.k8s.io"},
}
"""Of kinds that are not in the core group: how kustomize identifies them."""
_CORE: Final = {"version": "v1"}
_NOT_A_KEY: Final = re.compile(r"[0-9]+|\[.*\]|.*\[\]|.*\\")
"""Steps that kustomize takes for something else than a key: an item's number, a search in a list, an escape."""


def configuration(specs: Iterable[Mapping[str, Any]]) -> tuple[dict[str, Any], list[str]]:
    """The content of the file, and the paths of what kustomize cannot reach."""
    named: dict[str, dict[references.Path, None]] = {}
    images: dict[references.Path, None] = {}
    for spec in specs:
        for kind, path in references.names(spec):
            named.setdefault(kind, {})[path] = None
        images.update(dict.fromkeys(references.images(spec)))
    content: dict[str, Any] = {}
    if named:
        content["nameReference"] = [_reference(kind, named[kind]) for kind in references.NAMES if kind in named]
    if images:
        content["images"] = _fields(images)
    every = dict.fromkeys(path for paths in (*named.values(), images) for path in paths)
    return content, [str(path_of(SPEC, *path)) for path in every if not _reachable(path)]


def _reference(kind: str, paths: Iterable[references.Path]) -> dict[str, Any]:
    return {"kind": kind, **_TARGETS.get(kind, _CORE), "fieldSpecs": _fields(paths)}


def _fields(paths: Iterable[references.Path]) -> list[dict[str, str]]:
    reachable = sorted(path for path in paths if _reachable(path))
    return [{"kind": naming.KIND, "group": naming.GROUP, "path": _written(path)} for path in reachable]


def _reachable(path: references.Path) -> bool:
    return not any(_NOT_A_KEY.fullmatch(step) for step in path)


def _written(path: references.Path) -> str:
    return "/".join(step.replace("/", r"\/") for step in ("spec", *path))
