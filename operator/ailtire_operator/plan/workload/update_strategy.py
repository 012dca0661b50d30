"""Plans the update strategy of each kind of workload."""

from typing import Any

from ailtire_operator import naming
from ailtire_operator.model.rollout import UpdateConfig
from ailtire_operator.model.service import Service
from ailtire_operator.model.values import whole_seconds
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.storage.volumes import Storage
from ailtire_operator.plan.workload import failed_updates, placeholders
from ailtire_operator.plan.workload.failed_updates import Hold

_UPDATE = UpdateConfig()
_PROGRESS_SECONDS = 600
"""Kubernetes' default; it must exceed minReadySeconds."""
_SHARED = "Use mode: ReadWriteMany if the storage supports it, or perReplica: true."


def strategy(
    scope: Scope, key: str, service: Service, kind: str, mounted: Storage, held: Hold | None = None
) -> dict[str, Any]:
    """The fields of the workload's spec."""
    paused = held is not None and held.action == "pause"
    if kind == "StatefulSet":
        return _stateful(scope, key, service, mounted, held if paused else None)
    if kind == "DaemonSet" and paused:
        return {"updateStrategy": {"type": "OnDelete"}}
    step = {"type": "RollingUpdate", "rollingUpdate": _step(scope, key, service, kind, mounted, held)}
    if kind == "DaemonSet":
        return {"updateStrategy": step}
    ready = minimum_ready(service, held)
    late = {"progressDeadlineSeconds": ready + _PROGRESS_SECONDS} if ready else {}
    return {"strategy": step, **late, **({"paused": True} if paused else {})}


def minimum_ready(service: Service, held: Hold | None = None) -> int:
    """Seconds that a new replica must be ready before the next one is replaced."""
    update = failed_updates.config(service, held)
    waits = [update.delay, update.monitor] if update else []
    return max((whole_seconds(wait) for wait in waits if wait), default=0)


def _stateful(scope: Scope, key: str, service: Service, mounted: Storage, paused: Hold | None) -> dict[str, Any]:
    _report_kept_order(scope, key, service)
    _report_stuck_replicas(scope, key, service, mounted)
    keep = "Retain" if mounted.retain else "Delete"
    rolling: dict[str, Any] = {"type": "RollingUpdate"}
    if paused is not None:
        rolling["rollingUpdate"] = {"partition": paused.failed.kept}
    return {
        "serviceName": naming.member(scope.name, key),
        "podManagementPolicy": "Parallel",
        "updateStrategy": rolling,
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": keep, "whenScaled": "Retain"},
        "volumeClaimTemplates": mounted.claim_templates,
        # Swarm counts slots from one.
        "ordinals": {"start": 1} if placeholders.needs_slot(service) else None,
    }


def _step(
    scope: Scope, key: str, service: Service, kind: str, mounted: Storage, held: Hold | None
) -> dict[str, int | str]:
    update = failed_updates.config(service, held) or _UPDATE
    order = update.order
    on_host = any(port.published and port.mode == "host" for port in service.ports.values())
    if mounted.single_writer:
        order = "stopFirst"
        _report_single_writer(scope, key, service, mounted)
    if order == "startFirst" and on_host:
        order = "stopFirst"
        message = "a host port can be used once per node, so an update stops the old replica first."
        scope.report(scope.path(key, "ports"), "approximate", message, "Set updateConfig.order: stopFirst.")
    placement = service.deploy.placement if service.deploy else None
    alone = kind == "Deployment" and placement is not None and placement.max_replicas_per_node == 1
    if order == "startFirst" and alone:
        order = "stopFirst"
        message = "a node runs at most one replica, so an update stops the old one first."
        path = scope.path(key, "deploy", "placement", "maxReplicasPerNode")
        scope.report(path, "approximate", message, "Set updateConfig.order: stopFirst.")
    step: int | str = update.parallelism or "100%"
    return {"maxSurge": step, "maxUnavailable": 0} if order == "startFirst" else {"maxSurge": 0, "maxUnavailable": step}


def _report_kept_order(scope: Scope, key: str, service: Service) -> None:
    update = service.deploy.update_config if service.deploy else None
    for field in ("order", "parallelism"):
        if update is not None and field in update.model_fields_set:
            message = "replicas with perReplica volumes are replaced one at a time, after the old one has stopped."
            scope.report(scope.path(key, "deploy", "updateConfig", field), "ignored", message)


def _report_single_writer(scope: Scope, key: str, service: Service, mounted: Storage) -> None:
    update = service.deploy.update_config if service.deploy else None
    for name in mounted.single_writer:
        path = scope.path(key, "volumes", name)
        if update is None or update.order == "startFirst":
            message = "only one node at a time can mount this volume, so an update stops the old replica first."
            scope.report(path, "approximate", message, _SHARED)
    _report_stuck_replicas(scope, key, service, mounted)


def _report_stuck_replicas(scope: Scope, key: str, service: Service, mounted: Storage) -> None:
    """Report replicas that share a volume which only one node at a time can mount."""
    scaling = service.policies.scaling if service.policies else None
    if (scaling.max if scaling else service.deploy.replicas if service.deploy else 1) > 1:
        message = "only one node at a time can mount this volume, so replicas on other nodes never start."
        for name in mounted.single_writer:
            scope.report(scope.path(key, "volumes", name), "approximate", message, _SHARED)
