"""What a tree consists of, less what is decided anew each time: two of one definition compare equal."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import (
    AUTOSCALER,
    CONTROLLER_REVISION,
    DEPLOYMENT,
    JOB,
    OWNED_KINDS,
    STACK,
    WORKLOAD_KINDS,
    controller_of,
)
from ailtire_operator.cluster.managed_fields import owned_projection
from lab.api import Api
from support.names import unused

Objects = dict[str, dict[str, Any]]
"""By ``Kind/name``."""

_DIGEST: Final = re.compile(r"--gateway-[0-9a-f]{8}")
_LAST_DIGEST: Final = re.compile(r"-[0-9a-f]{8}$")
_RESTARTED_WITH: Final = re.compile(rf'("{naming.ANNOTATION_RESTARTED_WITH}": )"[0-9a-f]+"')
"""The annotation of a pod template with a hash of those of its dependencies, in which the namespace stands."""
_WORKLOADS: Final = frozenset(kind.kind for kind in WORKLOAD_KINDS)
_ASSIGNED: Final = frozenset(
    {"clusterIP", "clusterIPs", "healthCheckNodePort", "volumeName", "nodePort", "selector/controller-uid"}
)
_OF_OTHERS: Final = re.compile(
    r"^(deployment\.kubernetes\.io/|pv\.kubernetes\.io/|volume\.|batch\.kubernetes\.io/contr)"
)


def tree(api: Api, namespace: str, root: str) -> Objects:
    """Everything that the stacks of a tree own, as the API server has it."""
    found: Objects = {}
    for kind in OWNED_KINDS:
        if kind.optional or kind is CONTROLLER_REVISION:
            continue
        of_the_root = f"?labelSelector={naming.LABEL_ROOT}%3D{root}" if kind.selected else ""
        for item in api.get(f"{kind.path(namespace)}{of_the_root}")["items"]:
            owner = controller_of(item)
            if owner is not None and owner["kind"] == STACK.kind and (kind.selected or _is_of(item, root)):
                found[f"{kind.kind}/{item['metadata']['name']}"] = {**item, "kind": kind.kind}
    return found


def _is_of(stack: Mapping[str, Any], root: str) -> bool:
    """Whether a stack is a child in the tree."""
    return bool(stack["spec"].get("place", {}).get("root") == root)


def running(objects: Objects) -> dict[str, Any]:
    """What runs pods: uid and pod template of each workload."""
    found = {key: each for key, each in objects.items() if each["kind"] in _WORKLOADS}
    return {key: (each["metadata"]["uid"], each["spec"]["template"]) for key, each in found.items()}


def plain(objects: Objects, namespace: str) -> Objects:
    """The objects without what differs from namespace to namespace."""
    scaled = {each["spec"]["scaleTargetRef"]["name"] for each in objects.values() if each["kind"] == AUTOSCALER.kind}
    jobs = [each["metadata"]["name"] for each in objects.values() if each["kind"] == JOB.kind]

    def neutral(text: str) -> str:
        text = _DIGEST.sub("--gateway-DIGEST", text.replace(namespace, "NAMESPACE"))
        text = _RESTARTED_WITH.sub(r'\1"DIGEST"', text)
        for name in jobs:  # with a digest of the pod template, in which the namespace stands
            text = text.replace(name, _LAST_DIGEST.sub("-DIGEST", name))
        return text

    made: Objects = {}
    for key, each in objects.items():
        counted = _counts(each, each["metadata"]["name"] in scaled)
        made[unused(neutral(key), made)] = json.loads(neutral(json.dumps(counted)))
    return made


def _counts(item: Mapping[str, Any], scaled: bool) -> dict[str, Any]:
    metadata = item["metadata"]
    spec = _without_chosen_pull_policies(_without(item.get("spec") or {}), owned_projection(item).get("spec"))
    if item["kind"] == DEPLOYMENT.kind and scaled:
        spec.pop("replicas", None)
    if item["kind"] in _WORKLOADS:
        _leave_restart_out(spec.get("template", {}))
    made = {"spec": spec, "owners": [each["name"] for each in metadata.get("ownerReferences") or ()]}
    for field in ("labels", "annotations"):
        entries = metadata.get(field) or {}
        made[field] = {key: value for key, value in entries.items() if not _OF_OTHERS.match(key)}
    for field in ("data", "binaryData"):
        made[field] = item.get(field) or {}
    made["hostnames"] = sorted(each.get("hostname") or "" for each in item.get("endpoints") or ())
    return made


def _leave_restart_out(template: dict[str, Any]) -> None:
    """A restart that the definition asks for no longer stays in the pod template: to take it out would replace pods."""
    annotations = template.get("metadata", {}).get("annotations", {})
    if annotations.pop(naming.ANNOTATION_RESTARTED_AT, None) and not annotations:
        del template["metadata"]["annotations"]


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _without(each) for key, each in value.items() if key not in _ASSIGNED and "controller-uid" not in key
        }
    if isinstance(value, list):
        return [_without(each) for each in value]
    return value


def _without_chosen_pull_policies(value: Any, applied: Any) -> Any:
    """Without each ``imagePullPolicy`` that nobody has applied.

    The API server chooses it by the tag of the image when a container is created, and keeps it when the tag changes.
    """
    if isinstance(value, dict):
        ours = applied if isinstance(applied, dict) else {}
        return {
            key: _without_chosen_pull_policies(each, ours.get(key))
            for key, each in value.items()
            if key != "imagePullPolicy" or key in ours
        }
    if isinstance(value, list):
        by_name = {each.get("name"): each for each in applied or () if isinstance(each, dict)}
        return [
            _without_chosen_pull_policies(each, by_name.get(each.get("name")) if isinstance(each, dict) else None)
            for each in value
        ]
    return value


def differences(wanted: Any, found: Any, path: str = "") -> Iterator[str]:
    """Where two values differ, a line each."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key in sorted(wanted.keys() | found.keys()):
            if key not in found:
                yield f"{path}/{key} is missing"
            elif key not in wanted:
                yield f"{path}/{key} should not be there"
            else:
                yield from differences(wanted[key], found[key], f"{path}/{key}")
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for number, (a, b) in enumerate(zip(wanted, found, strict=True)):
            yield from differences(a, b, f"{path}[{number}]")
    elif wanted != found:
        yield f"{path}: {found!r}, not {wanted!r}"
