"""Exports ``deploy``: tasks, placement, resources and updates.

The model's defaults are written out where Swarm's differ: no task stops before its successor is ready.
"""

from collections.abc import Iterator
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.compose.reporting import Report
from ailtire_operator.compose.scalars import docker_memory
from ailtire_operator.compose.swarm import labels
from ailtire_operator.compose.swarm.branches import Branch
from ailtire_operator.model.deploy import Deploy, Limits, Reservations, Resources
from ailtire_operator.model.field_path import FieldPath, path_of
from ailtire_operator.model.placement import Placement
from ailtire_operator.model.rollout import RestartPolicy, RollbackConfig, UpdateConfig
from ailtire_operator.model.service import Service
from ailtire_operator.model.values import amount

_MODES: Final = {"global": "global", "replicatedJob": "replicated-job", "globalJob": "global-job"}
_CONDITIONS: Final = {"any": "any", "onFailure": "on-failure", "none": "none"}
_ARCHITECTURES: Final = {"amd64": "x86_64", "arm64": "aarch64", "386": "i386", "arm": "armv7l"}
"""Swarm's nodes report the kernel's names."""
_DRIVERS: Final = {"nvidia": "NVIDIA-GPU", "amd": "AMD-GPU"}


def deploy(
    branch: Branch, key: str, service: Service, report: Report, *, endpoint_mode: str, holds_port: bool
) -> dict[str, Any]:
    """The section. ``holds_port``: a task uses a host port, so that no second one can start on its node."""
    wanted = service.deploy or Deploy()
    path = branch.view.member_path(key, "deploy")
    is_job = wanted.mode.endswith("Job")
    result: dict[str, Any] = {}
    stopped = branch.scope.stopped or service.stopped
    if wanted.mode in _MODES:
        result["mode"] = _MODES[wanted.mode]
    if not wanted.mode.startswith("global"):
        result["replicas"] = 0 if stopped and not is_job else _replicas(branch, key, service, wanted, report)
    if endpoint_mode == "dnsrr":
        result["endpoint_mode"] = "dnsrr"
    elif wanted.endpoint_mode == "dnsrr":
        result["endpoint_mode"] = _without_address(service, path_of(path, "endpointMode"), report)
    result["placement"] = _placement(service, wanted.placement, branch, key, report)
    if stopped and (is_job or wanted.mode == "global"):
        # A task without a node waits for one, and these have no count.
        result["placement"].setdefault("constraints", []).append(f"node.labels.{naming.LABEL_STOPPED} == true")
    if wanted.resources:
        result["resources"] = _resources(wanted.resources, path_of(path, "resources"), report)
    result["restart_policy"] = _restart(wanted.restart_policy, is_job=is_job)
    if is_job:
        for field, config in (("updateConfig", wanted.update_config), ("rollbackConfig", wanted.rollback_config)):
            if config is not None:
                report.ignored(path_of(path, field), "a job is not updated: a change runs it again.", "Remove it.")
    else:
        _rolling(branch, service, wanted, path, report, result, holds_port=holds_port)
    result["labels"] = wanted.labels | labels.of_service(service)
    return {name: value for name, value in result.items() if value not in ({}, None)}


def _without_address(service: Service, path: FieldPath, report: Report) -> str | None:
    """The endpoint mode dnsrr; None for Swarm's default if Swarm does not allow it."""
    if not any(port.published is not None and port.mode == "ingress" for port in service.ports.values()):
        return "dnsrr"
    report.resolved(path, "Swarm publishes ports only with a virtual address, on which peers reach every port.")
    return None


def _replicas(branch: Branch, key: str, service: Service, wanted: Deploy, report: Report) -> int:
    if service.policies is None or service.policies.scaling is None:
        return wanted.replicas
    message = "Swarm has no autoscaler; the minimum number of replicas runs."
    report.approximate(branch.view.member_path(key, "policies", "scaling"), message, "Use `docker service scale`.")
    return max(1, service.policies.scaling.min)


def _rolling(
    branch: Branch,
    service: Service,
    wanted: Deploy,
    path: FieldPath,
    report: Report,
    result: dict[str, Any],
    *,
    holds_port: bool,
) -> None:
    update = wanted.update_config or UpdateConfig()
    stop_first = update.order == "stopFirst" or wanted.mode == "global" or holds_port or _one_writer(branch, service)
    if stop_first and wanted.update_config and "order" in update.model_fields_set and update.order == "startFirst":
        why = "its port on the node" if holds_port else "its node" if wanted.mode == "global" else "a volume"
        message = f"tasks cannot share {why}, so the old one stops before the new one starts."
        report.approximate(path_of(path, "updateConfig", "order"), message)
    result["update_config"] = _config(update, stop_first=stop_first)
    back = wanted.rollback_config
    if back is not None:
        result["rollback_config"] = _config(back, stop_first=stop_first or back.order == "stopFirst")
    elif update.failure_action == "rollback":
        same = {name: value for name, value in result["update_config"].items() if name != "failure_action"}
        result["rollback_config"] = same


def _one_writer(branch: Branch, service: Service) -> bool:
    """Whether the service mounts a volume with a single writer."""
    found = (branch.spec.data[mount.source] for mount in service.volumes.values() if mount.source in branch.spec.data)
    return any(data.mode != "ReadWriteMany" and not data.per_replica and not data.nfs for data in found)


def _config(config: UpdateConfig | RollbackConfig, *, stop_first: bool) -> dict[str, Any]:
    result: dict[str, Any] = {
        "order": "stop-first" if stop_first else "start-first",
        "parallelism": config.parallelism,
    }
    for name in ("delay", "monitor", "failure_action", "max_failure_ratio"):
        if getattr(config, name) and name in config.model_fields_set:
            result[name] = getattr(config, name)
    return result


def _restart(policy: RestartPolicy | None, *, is_job: bool) -> dict[str, Any]:
    """The restart policy; Swarm requires it for jobs."""
    result: dict[str, Any] = {}
    if policy and policy.condition:
        result["condition"] = _CONDITIONS[policy.condition]
    elif is_job:
        result["condition"] = "on-failure"
    for name in ("delay", "max_attempts", "window"):
        if policy and getattr(policy, name) is not None:
            result[name] = getattr(policy, name)
    return result


def _placement(
    service: Service, placement: Placement | None, branch: Branch, key: str, report: Report
) -> dict[str, Any]:
    placement = placement or Placement()
    constraints = [each.strip() for each in placement.constraints]
    if service.platform:
        constraints += list(_platform(service.platform))
        message = "constraints on the platform choose the nodes."
        report.resolved(branch.view.member_path(key, "platform"), message)
    result: dict[str, Any] = {}
    if constraints:
        result["constraints"] = list(dict.fromkeys(constraints))
    if placement.preferences:
        result["preferences"] = [{"spread": each.spread} for each in placement.preferences]
    if placement.max_replicas_per_node:
        result["max_replicas_per_node"] = placement.max_replicas_per_node
    return result


def _platform(platform: str) -> Iterator[str]:
    system, _, rest = platform.partition("/")
    architecture = rest.partition("/")[0]
    yield f"node.platform.os == {system}"
    if architecture:
        yield f"node.platform.arch == {_ARCHITECTURES.get(architecture, architecture)}"


def _resources(resources: Resources, path: FieldPath, report: Report) -> dict[str, Any]:
    parts = {
        "limits": _limits(resources.limits),
        "reservations": _reservations(resources.reservations, path_of(path, "reservations"), report),
    }
    return {name: part for name, part in parts.items() if part}


def _limits(limits: Limits | None) -> dict[str, Any]:
    return _amounts(limits) | ({"pids": limits.pids} if limits and limits.pids is not None else {})


def _reservations(reserved: Reservations | None, path: FieldPath, report: Report) -> dict[str, Any]:
    kinds: dict[str, int] = {}
    for name, device in reserved.devices.items() if reserved else ():
        kind = _DRIVERS.get(device.driver or "nvidia", device.driver or "")
        message = f"Swarm assigns devices as generic resources, so nodes must advertise '{kind}'."
        report.approximate(
            path_of(path, "devices", name), message, "Set node-generic-resources in the engine's daemon.json."
        )
        if device.capabilities:
            message = "Swarm counts devices by kind, without capabilities."
            report.ignored(path_of(path, "devices", name, "capabilities"), message)
        kinds[kind] = kinds.get(kind, 0) + device.count
    for name in reserved.claim_templates if reserved else ():
        message = "Swarm has no claims for devices. It is left out."
        report.rejected(path_of(path, "claimTemplates", name), message, "Reserve a number of devices.")
    for kind, count in reserved.generic_resources.items() if reserved else ():
        kinds[kind] = kinds.get(kind, 0) + count
    generic = [{"discrete_resource_spec": {"kind": kind, "value": count}} for kind, count in kinds.items()]
    return _amounts(reserved) | ({"generic_resources": generic} if generic else {})


def _amounts(entry: Limits | Reservations | None) -> dict[str, Any]:
    if entry is None:
        return {}
    cpus = {"cpus": format(amount(entry.cpu).normalize(), "f")} if entry.cpu else {}
    return cpus | ({"memory": docker_memory(amount(entry.memory))} if entry.memory else {})


def gateway_resources(resources: Resources | None, path: FieldPath, report: Report) -> dict[str, Any]:
    """The resources of a gateway."""
    return _resources(resources, path, report) if resources else {}
