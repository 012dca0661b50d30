"""Sizes of volume claims: which of two is larger, and what a StatefulSet's claim templates keep. Pure."""

from collections.abc import Mapping
from typing import Any

from ailtire_operator.cluster.kinds import STATEFUL_SET, Manifest
from ailtire_operator.cluster.store import Record
from ailtire_operator.model.values import amount


def is_larger(size: str | None, other: str | None) -> bool:
    """Whether the first size is larger; not so where one is missing or nobody can read it."""
    try:
        return size is not None and other is not None and amount(size) > amount(other)
    except ValueError:
        return False


def is_refused(size: str | None, claim: Mapping[str, Any]) -> bool:
    """Whether a claim cannot ask for this size, as its volume would become smaller; ``claim``: its summary.

    An expansion that has not been made yet, or has failed, may be taken back to what is still more than the capacity.
    """
    return is_larger(claim.get("size"), size) and not is_larger(size, claim.get("capacity"))


def requested(claim: Mapping[str, Any]) -> str | None:
    """The size that a claim or a claim template asks for."""
    size: str | None = (((claim.get("spec") or {}).get("resources") or {}).get("requests") or {}).get("storage")
    return size


def keeping_sizes(manifest: Manifest, live: Record | None) -> Manifest:
    """The manifest of a StatefulSet with the sizes that its live claim templates have, where it wants larger ones.

    Claim templates cannot change. The replicas' claims can: the StatefulSet stays, and a claim that it makes later is
    expanded like those that there are. All other manifests are returned unchanged.
    """
    if live is None or manifest["kind"] != STATEFUL_SET.kind:
        return manifest
    templates = (manifest.get("spec") or {}).get("volumeClaimTemplates") or ()
    kept = [
        _keeping(each, (live.summary.get("claims") or {}).get(each["metadata"]["name"]) or {}) for each in templates
    ]
    if all(one is other for one, other in zip(kept, templates, strict=True)):
        return manifest
    return {**manifest, "spec": {**manifest["spec"], "volumeClaimTemplates": kept}}


def _keeping(template: Manifest, live: Mapping[str, Any]) -> Manifest:
    size = live.get("size")
    if not is_larger(requested(template), size):
        return template
    resources = template["spec"]["resources"]
    requests = {**resources["requests"], "storage": size}
    return {**template, "spec": {**template["spec"], "resources": {**resources, "requests": requests}}}
