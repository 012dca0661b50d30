"""Chooses the workload of a service: Deployment, StatefulSet, DaemonSet, or Job for one that ends."""

from ailtire_operator.model.rollout import RestartPolicy
from ailtire_operator.model.service import Service
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.storage.volumes import Storage
from ailtire_operator.plan.workload import placeholders

_RESTARTS = RestartPolicy()
_RESTARTED = "so it is restarted whenever it ends."


def kind_of(scope: Scope, key: str, service: Service, mounted: Storage) -> str:
    """The workload's kind. A mode that contradicts other fields is refused."""
    mode = service.deploy.mode if service.deploy else "replicated"
    path = scope.path(key, "deploy", "mode")
    if mode != "replicated" and mounted.claim_templates:
        scope.refuse(path, f"volumes with perReplica are not possible with mode {mode}; use mode: replicated")
    if mode != "replicated" and service.policies and service.policies.scaling:
        message = f"the autoscaler cannot set the number of replicas with mode {mode}."
        scope.report(scope.path(key, "policies", "scaling"), "ignored", message)
    if mode == "global":
        _report_restart(scope, key, restart_policy(service))
        return "DaemonSet"
    if mode in ("replicatedJob", "globalJob") or _ends(scope, key, service, mounted):
        return "Job"
    return "StatefulSet" if mounted.claim_templates or placeholders.needs_slot(service) else "Deployment"


def restart_policy(service: Service) -> RestartPolicy:
    """The restart policy, or its default."""
    return (service.deploy.restart_policy if service.deploy else None) or _RESTARTS


def _ends(scope: Scope, key: str, service: Service, mounted: Storage) -> bool:
    """Whether the restart policy of a replicated service makes it a Job."""
    policy = restart_policy(service)
    deploy = service.deploy
    if policy.condition in (None, "any"):
        _report_attempts(scope, key, policy)
        return False
    stays: dict[str, object] = {
        "an autoscaler": service.policies and service.policies.scaling,
        "volumes of each replica": mounted.claim_templates,
    }
    if policy.condition == "onFailure":
        stays |= {
            "ports": service.ports,
            "an interface": service.interface,
            "a healthcheck": service.healthcheck,
            "updateConfig": deploy and deploy.update_config,
        }
    reasons = [name for name, value in stays.items() if value]
    if reasons:
        message = f"the service has {' and '.join(reasons)}, {_RESTARTED}"
        remedy = "Use mode: replicatedJob if it ends."
        scope.report(scope.path(key, "deploy", "restartPolicy", "condition"), "approximate", message, remedy)
        _report_attempts(scope, key, policy)
    return not reasons


def _report_restart(scope: Scope, key: str, policy: RestartPolicy) -> None:
    if policy.condition not in (None, "any"):
        message = "Kubernetes restarts a global service whenever it ends."
        path = scope.path(key, "deploy", "restartPolicy", "condition")
        scope.report(path, "approximate", message, "Use mode: globalJob if it ends.")
    _report_attempts(scope, key, policy)


def _report_attempts(scope: Scope, key: str, policy: RestartPolicy) -> None:
    if policy.max_attempts is not None:
        message = "Kubernetes restarts it without limit, with increasing delays."
        scope.report(scope.path(key, "deploy", "restartPolicy", "maxAttempts"), "approximate", message)
