"""A plain service as objects: its Service, its Deployment or StatefulSet, its autoscaler and disruption budget."""

from typing import Any

from ailtire_operator import naming
from ailtire_operator.model.policies import Scaling
from ailtire_operator.model.service import Service, UpdateConfig
from ailtire_operator.model.values import whole_seconds
from ailtire_operator.plan import pod
from ailtire_operator.plan.network import Networks
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.storage import Storage, storage
from ailtire_operator.plan.types import Manifest, ServicePlan
from ailtire_operator.plan.values import compact, manifest

_CPU_TARGET = 80
"""Percent, the customary default of Kubernetes' autoscaler."""
_HISTORY = 3
_PROGRESS_SECONDS = 600
"""Kubernetes' own default; it must exceed minReadySeconds."""


def plan_service(scope: Scope, networks: Networks, key: str, service: Service) -> tuple[ServicePlan, list[Manifest]]:
    """The workload of a service and what belongs to it. Raises InvalidStack for what cannot be."""
    mounted = storage(scope, key, service)
    kind = "StatefulSet" if mounted.claim_templates else "Deployment"
    name = naming.workload(scope.name, key) if kind == "StatefulSet" else naming.member(scope.name, key)
    scaling = service.policies.scaling if service.policies else None
    replicas = service.deploy.replicas if service.deploy else 1
    ready = _minimum_ready(service)
    labels = scope.labels(key)
    spec: dict[str, Any] = {
        "replicas": None if scaling else replicas,
        "selector": {"matchLabels": scope.service_selector(key)},
        "revisionHistoryLimit": _HISTORY,
        "minReadySeconds": ready or None,
        "progressDeadlineSeconds": ready + _PROGRESS_SECONDS if ready and kind == "Deployment" else None,
        "template": pod.template(scope, networks, key, service, mounted),
        **_updates(scope, key, service, kind, mounted),
    }
    objects = [service_object(scope, key, service), manifest("apps/v1", kind, name, labels, spec=compact(**spec))]
    if scaling:
        objects.append(_autoscaler(scope, key, service, scaling, kind, name))
    if (scaling.min if scaling else replicas) > 1:
        objects.append(disruption_budget(naming.member(scope.name, key), labels, scope.service_selector(key)))
    return ServicePlan(key, kind, name, None if scaling else replicas), objects


def service_object(scope: Scope, key: str, service: Service) -> Manifest:
    """The service's address. Without a declared port it is headless, and any port of the pods can be dialled."""
    ports: dict[tuple[int, str], dict[str, Any]] = {}
    for name, declared in sorted(service.ports.items()):
        ports.setdefault((declared.port, declared.protocol), compact(name=name, appProtocol=declared.app_protocol))
    for entry in service.interface.values():
        free = next(each for each in (f"p-{entry.port}-tcp", f"i-{entry.port}-tcp") if each not in service.ports)
        ports.setdefault((entry.port, "TCP"), {"name": free})
    listed = [{"port": port, "protocol": protocol, **more} for (port, protocol), more in sorted(ports.items())]
    headless = not listed or (service.deploy is not None and service.deploy.endpoint_mode == "dnsrr")
    spec = compact(
        clusterIP="None" if headless else None, type="ClusterIP", selector=scope.service_selector(key), ports=listed
    )
    return manifest("v1", "Service", naming.member(scope.name, key), scope.labels(key), spec=spec)


def disruption_budget(name: str, labels: dict[str, str], selector: dict[str, str]) -> Manifest:
    """A node is drained one replica at a time."""
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": selector}}
    return manifest("policy/v1", "PodDisruptionBudget", name, labels, spec=spec)


def _minimum_ready(service: Service) -> int:
    update = service.deploy.update_config if service.deploy else None
    waits = [update.delay, update.monitor] if update else []
    return max((whole_seconds(wait) for wait in waits if wait), default=0)


def _updates(scope: Scope, key: str, service: Service, kind: str, mounted: Storage) -> dict[str, Any]:
    if kind == "StatefulSet":
        _report_kept_order(scope, key, service)
        keep = "Retain" if mounted.retain else "Delete"
        return {
            "serviceName": naming.member(scope.name, key),
            "podManagementPolicy": "Parallel",
            "updateStrategy": {"type": "RollingUpdate"},
            "persistentVolumeClaimRetentionPolicy": {"whenDeleted": keep, "whenScaled": "Retain"},
            "volumeClaimTemplates": mounted.claim_templates,
        }
    update = service.deploy.update_config if service.deploy and service.deploy.update_config else UpdateConfig()
    order = update.order
    if mounted.single_writer:
        order = "stopFirst"
        _report_single_writer(scope, key, service, mounted)
    step: int | str = update.parallelism or "100%"
    rolling = (
        {"maxSurge": step, "maxUnavailable": 0} if order == "startFirst" else {"maxSurge": 0, "maxUnavailable": step}
    )
    return {"strategy": {"type": "RollingUpdate", "rollingUpdate": rolling}}


def _report_kept_order(scope: Scope, key: str, service: Service) -> None:
    update = service.deploy.update_config if service.deploy else None
    for field in ("order", "parallelism"):
        if update is not None and field in update.model_fields_set:
            message = "replicas with volumes of their own are replaced one at a time, the old one first."
            scope.report(scope.path(key, "deploy", "updateConfig", field), "ignored", message)


def _report_single_writer(scope: Scope, key: str, service: Service, mounted: Storage) -> None:
    scaling = service.policies.scaling if service.policies else None
    most = scaling.max if scaling else service.deploy.replicas if service.deploy else 1
    update = service.deploy.update_config if service.deploy else None
    for name in mounted.single_writer:
        path = scope.path(key, "volumes", name)
        remedy = "Use mode: ReadWriteMany where the storage can, or perReplica: true."
        if update is None or update.order == "startFirst":
            message = "only one node at a time can mount this volume, so an update stops the old replica first."
            scope.report(path, "approximate", message, remedy)
        if most > 1:
            message = "only one node at a time can mount this volume, so replicas on other nodes never start."
            scope.report(path, "approximate", message, remedy)


def _autoscaler(scope: Scope, key: str, service: Service, scaling: Scaling, kind: str, name: str) -> Manifest:
    path = scope.path(key, "policies", "scaling")
    if scaling.min == 0:
        scope.report(
            f"{path}.min",
            "approximate",
            "Kubernetes' autoscaler keeps at least one replica, so 1 runs where 0 is said.",
        )
    targets = {"cpu": scaling.cpu, "memory": scaling.memory}
    if scaling.cpu is None and scaling.memory is None:
        targets["cpu"] = _CPU_TARGET
    reserved = service.deploy.resources.reservations if service.deploy and service.deploy.resources else None
    for resource, target in targets.items():
        if target is not None and getattr(reserved, resource, None) is None:
            scope.report(
                path, "approximate", f"use of {resource} is measured against what is reserved, and nothing is.",
                f"Set deploy.resources.reservations.{resource}, else the autoscaler never scales.",
            )  # fmt: skip
    metrics = [
        {
            "type": "Resource",
            "resource": {"name": resource, "target": {"type": "Utilization", "averageUtilization": target}},
        }
        for resource, target in targets.items()
        if target is not None
    ]
    spec = {
        "minReplicas": max(1, scaling.min),
        "maxReplicas": scaling.max,
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": kind, "name": name},
        "metrics": metrics,
    }
    return manifest(
        "autoscaling/v2", "HorizontalPodAutoscaler", naming.member(scope.name, key), scope.labels(key), spec=spec
    )
