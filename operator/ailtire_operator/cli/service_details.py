"""What runs of a service: its image and since when, its pods, its variables, its networks and interfaces. Pure.

Values of Secrets are nowhere in it: a variable that comes from one says which.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cli.rollout_history import Template, Workload
from ailtire_operator.cli.trees import Resource, ServiceNode, services, services_of
from ailtire_operator.compose.credentials import is_credential

Object = Mapping[str, Any]
VALUE_LIMIT: Final = 4096
"""Characters of a variable's value."""
_REFERENCES: Final[Mapping[str, tuple[str, str]]] = {
    "secretKeyRef": ("key", "Secret"),
    "configMapKeyRef": ("key", "ConfigMap"),
}
_SOURCES: Final[Mapping[str, str]] = {"secretRef": "Secret", "configMapRef": "ConfigMap"}


@dataclass(frozen=True, slots=True)
class Running:
    """What the cluster has of a stack."""

    workloads: Mapping[Workload, Object] = field(default_factory=dict)
    pods: Sequence[Object] | None = ()
    """None where they may not be listed."""
    kept: Mapping[Workload, Sequence[Template]] = field(default_factory=dict)
    """The templates that Kubernetes' controllers keep."""
    networks: Mapping[str, str] = field(default_factory=dict)
    """The names of networks for people, by the label of their members."""


def service_details(stack: Resource, running: Running) -> list[dict[str, Any]]:
    """Each plain service, by key."""
    return [_service(stack, each, running) for each in services(stack)]


def _service(stack: Resource, node: ServiceNode, running: Running) -> dict[str, Any]:
    workload = running.workloads.get((node.kind, node.name)) or {}
    template = (workload.get("spec") or {}).get("template") or {}
    container = _container(template, node.key)
    image = str(container.get("image") or _written(stack, node.key).get("image") or "")
    return {
        "key": node.key,
        "kind": node.kind,
        "name": node.name,
        "state": str(node.state),
        "image": image,
        "imageSince": _image_since(stack, node, workload, image, running.kept.get((node.kind, node.name), ())),
        "replicas": node.wanted,
        "ready": node.ready,
        "wanted": node.wanted,
        "reason": node.reason,
        "message": node.message,
        "pods": _pods(running.pods, stack, node.key),
        "environment": list(_environment(container)),
        "networks": sorted(
            running.networks[label] for label in _labels(template) if label in running.networks
        ),
        "interfaces": list(_interfaces(stack, node.key)),
    }  # fmt: skip


def _container(template: Object, key: str) -> Object:
    containers: list[Object] = (template.get("spec") or {}).get("containers") or []
    own = naming.sanitize(key)
    return next((each for each in containers if each.get("name") == own), containers[0] if containers else {})


def _written(stack: Resource, key: str) -> Object:
    found: Object = services_of(stack).get(key) or {}
    return found


def _image_since(
    stack: Resource, node: ServiceNode, workload: Object, image: str, kept: Sequence[Template]
) -> str | None:
    """When its pods were first asked to run this image; None where nobody can tell."""
    for entry in (stack.get("status") or {}).get("rollouts") or ():
        about = entry.get("kind"), entry.get("name")
        if about == (node.kind, node.name) and any(_is_image(each, node.key) for each in entry.get("changes") or ()):
            return str(entry.get("time"))
    since = None
    for template in reversed(kept):
        if _container(template.template, node.key).get("image") != image:
            break
        since = template.created
    if since is not None:
        return since.isoformat().replace("+00:00", "Z")
    made = (workload.get("metadata") or {}).get("creationTimestamp")
    return made if isinstance(made, str) and not kept else None


def _is_image(change: Object, key: str) -> bool:
    return change.get("path") == f"containers[{naming.sanitize(key)}].image"


def _pods(pods: Sequence[Object] | None, stack: Resource, key: str) -> list[dict[str, Any]] | None:
    if pods is None:
        return None
    return [_pod(each, key) for each in sorted(pods, key=_name) if _is_of(each, stack, key)]


def _is_of(pod: Object, stack: Resource, key: str) -> bool:
    labels = _labels(pod)
    mine = labels.get(naming.LABEL_STACK) == stack["metadata"]["name"]
    return mine and labels.get(naming.LABEL_SERVICE) == naming.sanitize(key)


def _labels(obj: Object) -> Mapping[str, str]:
    return (obj.get("metadata") or {}).get("labels") or {}


def _name(obj: Object) -> str:
    return str(obj["metadata"]["name"])


def _pod(pod: Object, key: str) -> dict[str, Any]:
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    statuses = status.get("containerStatuses") or ()
    conditions = {each.get("type"): each.get("status") for each in status.get("conditions") or ()}
    return {
        "name": _name(pod),
        "node": spec.get("nodeName") or "",
        "phase": "Terminating" if pod["metadata"].get("deletionTimestamp") else status.get("phase") or "",
        "ready": conditions.get("Ready") == "True",
        "restarts": sum(each.get("restartCount") or 0 for each in statuses),
        "started": status.get("startTime"),
        "reason": _reason(pod),
        "image": str(_container({"spec": spec}, key).get("image") or ""),
    }


def _reason(pod: Object) -> str:
    """Why it does not run, in Kubernetes' word; empty where it does."""
    status = pod.get("status") or {}
    for each in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        state = each.get("state") or {}
        ended = state.get("terminated") or {}
        said = (state.get("waiting") or {}).get("reason") or (ended.get("exitCode") and ended.get("reason"))
        if said and said != "PodInitializing":
            return str(said)
    for each in status.get("conditions") or ():
        if each.get("type") == "PodScheduled" and each.get("status") == "False":
            return str(each.get("reason") or "")
    return str(status.get("reason") or "")


def _environment(container: Object) -> Iterator[dict[str, Any]]:
    """Its variables in the order in which the container gets them; those of a whole Secret have no names here."""
    for each in container.get("envFrom") or ():
        for field_, kind in _SOURCES.items():
            if source := each.get(field_):
                yield {
                    "name": f"{each.get('prefix') or ''}*",
                    "from": f"all keys of {kind} {source.get('name')}{_optional(source)}",
                    "ailtire": False,
                }
    for each in container.get("env") or ():
        name = str(each.get("name") or "")
        yield {"name": name, **_value(name, each), "ailtire": name.startswith(naming.RESERVED_VARIABLE_PREFIX)}


def _value(name: str, variable: Object) -> dict[str, Any]:
    source = variable.get("valueFrom") or {}
    for field_, (key, kind) in _REFERENCES.items():
        if reference := source.get(field_):
            return {"from": f"{kind} {reference.get('name')}, key {reference.get(key)}{_optional(reference)}"}
    if reference := source.get("fieldRef") or source.get("resourceFieldRef"):
        return {"from": f"field {reference.get('fieldPath') or reference.get('resource')} of the pod"}
    if source:
        return {"from": f"{next(iter(source))}"}
    value = str(variable.get("value") or "")
    if is_credential(name, value):
        return {"hidden": True}
    return {"value": value if len(value) <= VALUE_LIMIT else f"{value[:VALUE_LIMIT]}…"}


def _optional(reference: Object) -> str:
    return ", if it is there" if reference.get("optional") else ""


def _interfaces(stack: Resource, key: str) -> Iterator[dict[str, Any]]:
    """The routes that lead to it, and the ports for its peers."""
    for route in (stack.get("status") or {}).get("routes") or ():
        if route.get("service") == key:
            yield {"path": route.get("path"), "port": route.get("port"), "url": route.get("url") or ""}
    for name, port in sorted((_written(stack, key).get("ports") or {}).items()):
        if isinstance(port, Mapping):
            protocol = port.get("protocol") or "TCP"
            yield {"name": name, "port": port.get("port"), "protocol": protocol, "published": port.get("published")}


def owners(objects: Iterable[Object], stack: Resource) -> list[dict[str, Any]]:
    """The stack, and what it owns, each with the field managers that have written any of it."""
    uid = stack["metadata"].get("uid")
    mine = [each for each in objects if _owner(each) == uid]
    return [
        {"kind": each["kind"], "name": each["metadata"]["name"], "managers": _managers(each)}
        for each in (stack, *sorted(mine, key=lambda each: (str(each["kind"]), _name(each))))
    ]


def _owner(obj: Object) -> Any:
    references = obj["metadata"].get("ownerReferences") or ()
    return next((each.get("uid") for each in references if each.get("controller")), None)


def _managers(obj: Object) -> list[str]:
    found = obj["metadata"].get("managedFields") or ()
    return sorted({str(each.get("manager")) for each in found if isinstance(each, Mapping) and each.get("manager")})
