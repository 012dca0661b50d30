"""What is kept for the way back to Swarm and has no effect on Kubernetes."""

from ailtire_operator.model.deploy import Deploy
from ailtire_operator.model.problems import path_of
from ailtire_operator.model.rollout import RollbackConfig, UpdateConfig
from ailtire_operator.model.service import Service
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.workload.workload_kind import restart_policy

_UPDATE = UpdateConfig()
_DRIVERS = frozenset({None, "overlay", "bridge", "default", "nat", "local"})
"""Drivers that say no more than that there is a network."""


def report(scope: Scope) -> None:
    """Note every such value of the stack."""
    for key, network in scope.spec.networks.items():
        if network.driver not in _DRIVERS:
            message = f"the cluster's own network carries the traffic, not the driver {network.driver}."
            scope.report(path_of("spec.networks", key, "driver"), "ignored", message, "Remove it.")
    for key, data in scope.spec.data.items():
        if data.labels and data.per_replica:
            message = "what a StatefulSet says of its replicas' volumes cannot change, so they get no labels."
            scope.report(path_of("spec.data", key, "labels"), "ignored", message)
    for key, config in scope.spec.configs.items():
        if config.config_map is None and "key" in config.model_fields_set:
            path = path_of("spec.configs", key, "key")
            scope.report(path, "ignored", "only somebody else's ConfigMap has a key to choose.", "Remove it.")
    for key, service in scope.spec.plain.items():
        _restarts(scope, key, service)
        _updates(scope, key, service)
        for name in service.ulimits:
            message = "a pod has no such limits: those of the container runtime hold."
            scope.report(scope.path(key, "ulimits", name), "ignored", message, "Set them for the nodes' runtime.")
        for name, port in service.ports.items():
            if port.mode == "host" and port.published is None:
                message = "the port is not published, so nothing of it is on the node."
                scope.report(scope.path(key, "ports", name, "mode"), "ignored", message, "Say published.")


def _restarts(scope: Scope, key: str, service: Service) -> None:
    policy, path = restart_policy(service), scope.path(key, "deploy", "restartPolicy")
    if policy.delay is not None:
        message = "the kubelet waits 10s before it starts a process again, then longer, up to 5m."
        scope.report(f"{path}.delay", "ignored", message)
    if policy.window is not None:
        scope.report(f"{path}.window", "ignored", "the kubelet judges by itself whether a start was a success.")


def _updates(scope: Scope, key: str, service: Service) -> None:
    deploy = service.deploy
    if deploy is None:
        return
    if deploy.mode.endswith("Job"):
        for field, value in (("updateConfig", deploy.update_config), ("rollbackConfig", deploy.rollback_config)):
            if value is not None:
                message = "a changed job is a new job, so nothing of it rolls."
                scope.report(scope.path(key, "deploy", field), "ignored", message, "Remove it.")
        return
    update = deploy.update_config or _UPDATE
    if update.failure_action == "rollback":
        _back(scope, scope.path(key, "deploy", "rollbackConfig"), deploy.rollback_config)
    elif deploy.rollback_config:
        message = "nothing is rolled back unless updateConfig.failureAction is rollback."
        scope.report(scope.path(key, "deploy", "rollbackConfig"), "ignored", message, "Say so, or remove it.")
    _failures(scope, key, deploy, update)


def _failures(scope: Scope, key: str, deploy: Deploy, update: UpdateConfig) -> None:
    """What of a failed update is dealt with otherwise than Swarm does."""
    path, acts = scope.path(key, "deploy", "updateConfig"), update.failure_action in ("rollback", "pause")
    if update.max_failure_ratio and acts:
        message = "no roll-out goes past replicas that do not get ready: within the ratio it has ten minutes to go on."
        scope.report(f"{path}.maxFailureRatio", "approximate", message)
    elif update.max_failure_ratio:
        message = "nothing is counted unless failureAction is rollback or pause."
        scope.report(f"{path}.maxFailureRatio", "ignored", message, "Say so, or remove it.")
    if update.failure_action == "pause" and deploy.mode == "global":
        message = "a paused update of a global service goes on where a replica starts anew, and on nodes that join."
        scope.report(f"{path}.failureAction", "approximate", message, "Say rollback.")


def _back(scope: Scope, path: str, config: RollbackConfig | None) -> None:
    """The way back is never given up."""
    message = "the way back is not judged: Kubernetes goes on until the last good definition runs again."
    if config is not None and config.max_failure_ratio:
        scope.report(f"{path}.maxFailureRatio", "ignored", message, "Remove it.")
    if config is not None and config.failure_action == "pause" and "failure_action" in config.model_fields_set:
        scope.report(f"{path}.failureAction", "ignored", message, "Say continue, or remove it.")
