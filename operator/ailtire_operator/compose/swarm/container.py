"""Exports a service's container: process, privileges, names, healthcheck."""

from typing import Any, Final

from ailtire_operator.compose.reporting import Report
from ailtire_operator.compose.swarm.branches import Branch
from ailtire_operator.model.base import Strict
from ailtire_operator.model.service import Service

GRACE_PERIOD: Final = "30s"
"""The model's default; Docker's is ten seconds."""
_START_INTERVAL: Final = "5s"
_NO_STACK_KEY: Final = "`docker stack deploy` does not support it."
_LEFT_OUT: Final[dict[str, tuple[str, str]]] = {
    "domainname": (_NO_STACK_KEY, "Give the service the full name as an alias in a network."),
    "dns_options": (_NO_STACK_KEY, ""),
    "group_add": (_NO_STACK_KEY, "Make it the user's primary group in the image, or set it in user."),
    "privileged": (_NO_STACK_KEY, "Add the needed capabilities to capAdd."),
    "security_opt": (_NO_STACK_KEY, "Set it in the engine's daemon.json, for all containers of a node."),
    "storage_opt": (_NO_STACK_KEY, ""),
    "devices": (_NO_STACK_KEY, "Mount the device as a path of the node, and allow it in the engine."),
    "post_start": ("Swarm services have no hooks.", "Do it in the image's entrypoint."),
    "pre_stop": ("Swarm services have no hooks.", "Do it in the process on stopSignal."),
    "service_account_name": ("Swarm has no service accounts.", "Give the service credentials as a secret."),
    "automount_service_account_token": ("Swarm has no service accounts.", "Give the service credentials as a secret."),
    "runtime": ("a Swarm service runs in the engine's default runtime.", "Set it in the engine's daemon.json."),
}
"""Fields without an equivalent in Swarm: reason and remedy."""
_PULLING: Final = "nodes pull an image again when `docker stack deploy` resolves its tag to another digest."


def process(branch: Branch, key: str, service: Service, report: Report) -> dict[str, Any]:
    """The process, its privileges, and how it is stopped."""
    for name, (reason, remedy) in _LEFT_OUT.items():
        if given(service, name):
            report.rejected(branch.view.member_path(key, alias(service, name)), f"{reason} It is left out.", remedy)
    if service.labels:
        message = "Docker only has labels, which an import reads as annotations."
        report.resolved(branch.view.member_path(key, "labels"), message)
    for name in sorted(service.annotations.keys() & service.labels.keys()):
        message = "Docker only has labels, and a label of this name exists already."
        report.ignored(branch.view.member_path(key, "annotations", name), message)
    if service.restarted_at:
        message = "a deployment of the files restarts nothing that is as they say."
        report.ignored(branch.view.member_path(key, "restartedAt"), message, "Use `docker service update --force`.")
    if service.reload_on:
        message = "Docker's secrets and configs do not change: one with another content has another name."
        report.ignored(branch.view.member_path(key, "reloadOn"), message, "Name another secret.")
    if service.reload_on_secrets:
        message = "Docker's secrets do not change: one with another content has another name."
        report.ignored(branch.view.member_path(key, "reloadOnSecrets"), message, "Name another secret.")
    if service.adopt:
        message = "`docker stack deploy` takes over no service that it has not made."
        report.ignored(branch.view.member_path(key, "adopt"), message, "Remove a service that has the name.")
    if service.pull_policy:
        report.ignored(branch.view.member_path(key, "pullPolicy"), _PULLING, "Use --resolve-image.")
    if service.command == [] and service.entrypoint is None:
        report.ignored(branch.view.member_path(key, "command"), "an image's command cannot be cleared.")
    return {
        "entrypoint": list(service.entrypoint or []),
        "command": list(service.command or []),
        "working_dir": service.working_dir,
        "user": service.user,
        "read_only": service.read_only or None,
        "init": service.init or None,
        "tty": service.tty or None,
        "stdin_open": service.stdin_open or None,
        "labels": service.annotations | service.labels,
        "stop_signal": service.stop_signal,
        "stop_grace_period": service.stop_grace_period or GRACE_PERIOD,
        "cap_add": list(service.cap_add),
        "cap_drop": list(service.cap_drop),
        "sysctls": dict(service.sysctls),
        "ulimits": {
            name: {"soft": limit.soft, "hard": limit.soft if limit.hard is None else limit.hard}
            for name, limit in service.ulimits.items()
        },
        "hostname": service.hostname,
        "extra_hosts": [f"{name}:{each}" for name, addresses in service.extra_hosts.items() for each in addresses],
        "dns": list(service.dns),
        "dns_search": list(service.dns_search),
    }


def healthcheck(branch: Branch, key: str, service: Service, report: Report) -> dict[str, Any] | None:
    """Docker's healthcheck, if it has an equivalent."""
    check = service.healthcheck
    if check is None:
        return None
    if check.disable:
        return {"disable": True}
    if check.test is None:
        message = "Docker's checks run a command in the container and cannot check a port. There is no check."
        report.ignored(branch.view.member_path(key, "healthcheck"), message, "Write a test for the image.")
        return None
    if check.port:
        message = "it applies to http and tcp, and this check runs a command."
        report.ignored(branch.view.member_path(key, "healthcheck", "port"), message, "Remove it.")
    result = {
        "test": list(check.test),
        "interval": check.interval,
        "timeout": check.timeout,
        "retries": check.retries,
    }
    if check.start_period:
        result["start_period"] = check.start_period
    if check.start_interval != _START_INTERVAL:
        result["start_interval"] = check.start_interval
    return result


def depends_on(branch: Branch, key: str, service: Service, report: Report) -> list[str]:
    """The services of the same stack that it depends on: kept in the file, and without effect in Swarm."""
    for other in service.depends_on:
        message = "Swarm starts all services at the same time, without an order."
        report.ignored(branch.view.member_path(key, "dependsOn", other), message, "Wait for it in the service.")
    return [other for other in service.depends_on if other in branch.spec.plain]


def given(model: Strict, name: str) -> bool:
    """Whether a field is set."""
    return bool(getattr(model, name)) and getattr(model, name) != type(model).model_fields[name].get_default()


def alias(model: Strict, name: str) -> str:
    """A field's name in camelCase."""
    return type(model).model_fields[name].alias or name
