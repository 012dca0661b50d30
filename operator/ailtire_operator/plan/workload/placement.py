"""Plans Swarm's placement as affinities, tolerations and topology spread constraints."""

import re
from typing import Any

from ailtire_operator.model.field_path import FieldPath, path_of
from ailtire_operator.model.placement import Placement
from ailtire_operator.model.service import Service
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.values import compact

_ANYWHERE = Placement()
_HOSTNAME = "kubernetes.io/hostname"
_OS = "kubernetes.io/os"
_ARCHITECTURE = "kubernetes.io/arch"
_CONTROL_PLANE = "node-role.kubernetes.io/control-plane"
_CONSTRAINT = re.compile(r" *([^ =!]+) *(==|!=) *([^ ]+) *")
_ATTRIBUTES = {"node.hostname": _HOSTNAME, "node.platform.os": _OS, "node.platform.arch": _ARCHITECTURE}
_ARCHITECTURES = {
    "x86_64": "amd64",
    "aarch64": "arm64",
    "armv7l": "arm",
    "armv6l": "arm",
    "armhf": "arm",
    "i386": "386",
}
_NODE_LABEL = "node.labels."
_ENGINE_LABEL = "engine.labels."


def pod_fields(scope: Scope, key: str, service: Service, kind: str) -> dict[str, Any]:
    """Affinity, tolerations and node selector of the service's pods."""
    placement = _of(service)
    terms, tolerations = _constraints(scope, key, placement)
    node = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": terms}]}}
    return compact(
        affinity=compact(
            nodeAffinity=node if terms else None, podAntiAffinity=_anti_affinity(scope, key, service, kind)
        ),
        tolerations=tolerations,
        nodeSelector=_platform(scope, key, service),
    )


def spread(scope: Scope, key: str, service: Service, kind: str) -> list[dict[str, Any]]:
    """Further topology spread constraints."""
    placement, path = _of(service), scope.path(key, "deploy", "placement")
    found: dict[str, dict[str, Any]] = {}
    for index, preference in enumerate(placement.preferences):
        label = _label(scope, path_of(path, "preferences", index, "spread"), preference.spread)
        if kind == "DaemonSet":
            scope.report(
                path_of(path, "preferences", index), "ignored", "every node has one replica, so it has no effect."
            )
        elif label != _HOSTNAME:  # spread over nodes is the default
            found.setdefault(label, _constraint(scope, key, label, "ScheduleAnyway", 1))
    limit = placement.max_replicas_per_node
    if limit > 1 and not _one_per_node(service, kind):
        message = f"no node gets {limit} replicas more than another, which can be more than {limit} in total."
        scope.report(path_of(path, "maxReplicasPerNode"), "approximate", message, "Only 1 is exact.")
        return [*found.values(), _constraint(scope, key, _HOSTNAME, "DoNotSchedule", limit)]
    return list(found.values())


def _of(service: Service) -> Placement:
    return (service.deploy.placement if service.deploy else None) or _ANYWHERE


def _constraint(scope: Scope, key: str, label: str, otherwise: str, skew: int) -> dict[str, Any]:
    selector = {"matchLabels": scope.service_selector(key)}
    return {"topologyKey": label, "whenUnsatisfiable": otherwise, "maxSkew": skew, "labelSelector": selector}


def _one_per_node(service: Service, kind: str) -> bool:
    return kind == "DaemonSet" or (service.deploy is not None and service.deploy.mode == "globalJob")


def _anti_affinity(scope: Scope, key: str, service: Service, kind: str) -> dict[str, Any]:
    """The anti-affinity for at most one replica per node, if requested."""
    limit = _of(service).max_replicas_per_node
    if limit and _one_per_node(service, kind):
        path = scope.path(key, "deploy", "placement", "maxReplicasPerNode")
        scope.report(path, "ignored", "every node has one replica anyway.")
    if kind == "DaemonSet" or (limit != 1 and not _one_per_node(service, kind)):
        return {}
    term = {"labelSelector": {"matchLabels": scope.service_selector(key)}, "topologyKey": _HOSTNAME}
    return {"requiredDuringSchedulingIgnoredDuringExecution": [term]}


def _constraints(scope: Scope, key: str, placement: Placement) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Node label expressions, and the tolerations that they need."""
    terms: list[dict[str, Any]] = []
    tolerations: list[dict[str, Any]] = []
    for index, text in enumerate(placement.constraints):
        path = scope.path(key, "deploy", "placement", "constraints", index)
        match = _CONSTRAINT.fullmatch(text)
        if match is None:
            scope.refuse(path, f"'{text}' is not a constraint; write it like node.labels.disk == ssd")
            continue
        attribute, operator, value = match.groups()
        if attribute == "node.role":
            manager = _is_manager(scope, path, value) == (operator == "==")
            terms.append({"key": _CONTROL_PLANE, "operator": "Exists" if manager else "DoesNotExist"})
            if manager:
                tolerations = [{"key": _CONTROL_PLANE, "operator": "Exists", "effect": "NoSchedule"}]
                message = "a manager is a node with Kubernetes' control-plane label, which managed clusters lack."
                scope.report(path, "approximate", message, "Label the nodes and use node.labels.")
            continue
        label = _label(scope, path, attribute)
        value = _ARCHITECTURES.get(value, value) if label == _ARCHITECTURE else value
        terms.append({"key": label, "operator": "In" if operator == "==" else "NotIn", "values": [value]})
    return terms, tolerations


def _is_manager(scope: Scope, path: FieldPath, role: str) -> bool:
    if role.lower() not in ("manager", "worker"):
        scope.refuse(path, f"'{role}' is not a node role; use manager or worker")
    return role.lower() == "manager"


def _label(scope: Scope, path: FieldPath, attribute: str) -> str:
    """The node label for a Swarm attribute; refused if there is none."""
    if attribute.startswith(_NODE_LABEL):
        return attribute.removeprefix(_NODE_LABEL)
    if attribute.startswith(_ENGINE_LABEL):
        name = attribute.removeprefix(_ENGINE_LABEL)
        message = f"Kubernetes has no engine labels, so the node label '{name}' is used."
        scope.report(path, "approximate", message, "Label the nodes.")
        return name
    if attribute in _ATTRIBUTES:
        return _ATTRIBUTES[attribute]
    scope.refuse(path, f"Kubernetes' nodes have no {attribute}; use node.hostname or a label of your own")
    return attribute


def _platform(scope: Scope, key: str, service: Service) -> dict[str, str]:
    if service.platform is None:
        return {}
    system, _, rest = service.platform.partition("/")
    architecture, _, variant = rest.partition("/")
    if system != "linux":
        scope.refuse(scope.path(key, "platform"), f"only linux is supported, not {system}")
    if variant:
        message = f"nodes do not report a variant, so any node with {architecture} may run it, not only {variant}."
        scope.report(scope.path(key, "platform"), "approximate", message)
    return compact(**{_OS: system, _ARCHITECTURE: _ARCHITECTURES.get(architecture, architecture)})
