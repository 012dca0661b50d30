"""How a change rolls through the replicas of each kind of workload."""

from typing import Any

from ailtire_operator import naming
from ailtire_operator.model.rollout import UpdateConfig
from ailtire_operator.model.service import Service
from ailtire_operator.model.values import whole_seconds
from ailtire_operator.plan import placeholders
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.storage import Storage

_PROGRESS_SECONDS = 600
"""Kubernetes' own default; it must exceed minReadySeconds."""


def strategy(scope: Scope, key: str, service: Service, kind: str, mounted: Storage) -> dict[str, Any]:
    """The fields of the workload's spec."""
    if kind == "StatefulSet":
        return _stateful(scope, key, service, mounted)
    step = {"type": "RollingUpdate", "rollingUpdate": _step(scope, key, service, mounted)}
    if kind == "DaemonSet":
        return {"updateStrategy": step}
    ready = minimum_ready(service)
    late = {"progressDeadlineSeconds": ready + _PROGRESS_SECONDS} if ready else {}
    paused = {"paused": True} if key in scope.observed.paused else {}
    return {"strategy": step, **late, **paused}


def minimum_ready(service: Service) -> int:
    """Seconds for which a new replica must be ready before the next one is replaced."""
    update = service.deploy.update_config if service.deploy else None
    waits = [update.delay, update.monitor] if update else []
    return max((whole_seconds(wait) for wait in waits if wait), default=0)


def _stateful(scope: Scope, key: str, service: Service, mounted: Storage) -> dict[str, Any]:
    keep = "Retain" if mounted.retain else "Delete"
    return {
        "serviceName": naming.member(scope.name, key),
        "podManagementPolicy": "Parallel",
        "updateStrategy": {"type": "RollingUpdate"},
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": keep, "whenScaled": "Retain"},
        "volumeClaimTemplates": mounted.claim_templates,
        # Swarm's slots are counted from one.
        "ordinals": {"start": 1} if placeholders.needs_slot(service) else None,
    }


def _step(scope: Scope, key: str, service: Service, mounted: Storage) -> dict[str, int | str]:
    update = service.deploy.update_config if service.deploy and service.deploy.update_config else UpdateConfig()
    order = update.order
    on_host = any(port.published and port.mode == "host" for port in service.ports.values())
    if order == "startFirst" and mounted.single_writer:
        order = "stopFirst"
        for name in mounted.single_writer:
            scope.report(
                scope.path(key, "volumes", name), "approximate",
                "only one node at a time can mount this volume, so an update stops the old replica first.",
                "Use mode: ReadWriteMany where the storage can, or perReplica: true.",
            )  # fmt: skip
    if order == "startFirst" and on_host:
        order = "stopFirst"
        message = "a node has each port once, so an update stops the old replica first."
        scope.report(scope.path(key, "ports"), "approximate", message, "Say updateConfig.order: stopFirst.")
    placement = service.deploy.placement if service.deploy else None
    if order == "startFirst" and placement and placement.max_replicas_per_node == 1:
        order = "stopFirst"
        message = "a node has room for one replica, so an update stops the old one first."
        path = scope.path(key, "deploy", "placement", "maxReplicasPerNode")
        scope.report(path, "approximate", message, "Say updateConfig.order: stopFirst.")
    step: int | str = update.parallelism or "100%"
    return {"maxSurge": step, "maxUnavailable": 0} if order == "startFirst" else {"maxSurge": 0, "maxUnavailable": step}
