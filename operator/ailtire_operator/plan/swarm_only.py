"""Reports fields that are kept for the export to Swarm and have no effect on Kubernetes."""

from ailtire_operator.model.deploy import Deploy
from ailtire_operator.model.field_path import SPEC, FieldPath, path_of
from ailtire_operator.model.rollout import RollbackConfig, UpdateConfig
from ailtire_operator.model.service import Service
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.workload.workload_kind import restart_policy

_UPDATE = UpdateConfig()
_DRIVERS = frozenset({None, "overlay", "bridge", "default", "nat", "local"})
"""Drivers without a special meaning."""


def report(scope: Scope) -> None:
    """Report all such values of the stack."""
    for key, network in scope.spec.networks.items():
        if network.driver not in _DRIVERS:
            message = f"Kubernetes uses the cluster's network instead of the driver {network.driver}."
            scope.report(path_of(SPEC, "networks", key, "driver"), "ignored", message, "Remove it.")
    for key, data in scope.spec.data.items():
        if data.labels and data.per_replica:
            message = "the volume templates of a StatefulSet are immutable, so these volumes get no labels."
            scope.report(path_of(SPEC, "data", key, "labels"), "ignored", message)
    for key, config in scope.spec.configs.items():
        if config.config_map is None and "key" in config.model_fields_set:
            path = path_of(SPEC, "configs", key, "key")
            scope.report(path, "ignored", "only an external ConfigMap has keys to choose from.", "Remove it.")
    for key, service in scope.spec.plain.items():
        _restarts(scope, key, service)
        _updates(scope, key, service)
        for name in service.ulimits:
            message = "pods have no ulimits: the container runtime's apply."
            scope.report(scope.path(key, "ulimits", name), "ignored", message, "Set them in the nodes' runtime.")
        for name, port in service.ports.items():
            if port.mode == "host" and port.published is None:
                message = "the port is not published, so the mode has no effect."
                scope.report(scope.path(key, "ports", name, "mode"), "ignored", message, "Set published.")


def _restarts(scope: Scope, key: str, service: Service) -> None:
    policy, path = restart_policy(service), scope.path(key, "deploy", "restartPolicy")
    if policy.delay is not None:
        message = "the kubelet waits 10s before it starts a process again, then longer, up to 5m."
        scope.report(path_of(path, "delay"), "ignored", message)
    if policy.window is not None:
        scope.report(path_of(path, "window"), "ignored", "the kubelet decides whether a start has succeeded.")


def _updates(scope: Scope, key: str, service: Service) -> None:
    deploy = service.deploy
    if deploy is None:
        return
    if deploy.mode.endswith("Job"):
        for field, value in (("updateConfig", deploy.update_config), ("rollbackConfig", deploy.rollback_config)):
            if value is not None:
                message = "a changed job is replaced by a new job, without a rolling update."
                scope.report(scope.path(key, "deploy", field), "ignored", message, "Remove it.")
        return
    update = deploy.update_config or _UPDATE
    if update.failure_action == "rollback":
        _rollback(scope, scope.path(key, "deploy", "rollbackConfig"), deploy.rollback_config)
    elif deploy.rollback_config:
        message = "it applies only with updateConfig.failureAction: rollback."
        scope.report(scope.path(key, "deploy", "rollbackConfig"), "ignored", message, "Set it, or remove this field.")
    _failures(scope, key, deploy, update)


def _failures(scope: Scope, key: str, deploy: Deploy, update: UpdateConfig) -> None:
    """Fields about failed updates that work differently from Swarm."""
    path, acts = scope.path(key, "deploy", "updateConfig"), update.failure_action in ("rollback", "pause")
    if update.max_failure_ratio and acts:
        message = "a roll-out stops at replicas that are not ready, and fails after ten minutes, also within the ratio."
        scope.report(path_of(path, "maxFailureRatio"), "approximate", message)
    elif update.max_failure_ratio:
        message = "it applies only with failureAction: rollback or pause."
        scope.report(path_of(path, "maxFailureRatio"), "ignored", message, "Set it, or remove this field.")
    if update.failure_action == "pause" and deploy.mode == "global":
        message = "restarted replicas and new nodes get the new definition although the update is paused."
        scope.report(path_of(path, "failureAction"), "approximate", message, "Use rollback.")


def _rollback(scope: Scope, path: FieldPath, config: RollbackConfig | None) -> None:
    """Fields about a failed rollback: a rollback never fails here."""
    message = "a rollback does not fail: Kubernetes retries until the last good definition runs again."
    if config is not None and config.max_failure_ratio:
        scope.report(path_of(path, "maxFailureRatio"), "ignored", message, "Remove it.")
    if config is not None and config.failure_action == "pause" and "failure_action" in config.model_fields_set:
        scope.report(path_of(path, "failureAction"), "ignored", message, "Use continue, or remove it.")
