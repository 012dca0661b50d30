"""Translates kompose's labels, and reports those without an equivalent."""

import re
import shlex
from typing import Any, Final

from pydantic import TypeAdapter

from ailtire_operator.compose.compose_file.durations import duration
from ailtire_operator.compose.compose_file.entry import Entry
from ailtire_operator.compose.compose_file.labels import Labels, labels_of
from ailtire_operator.compose.reporting import Report
from ailtire_operator.compose.scalars import accepts, whole
from ailtire_operator.model.policies import Scaling
from ailtire_operator.model.service import Healthcheck

PREFIX: Final = "kompose."
_SCALING: Final = TypeAdapter(Scaling)
_HEALTH: Final = TypeAdapter(Healthcheck)
_POLICIES: Final = {"always": "Always", "ifnotpresent": "IfNotPresent", "never": "Never"}
_DEFAULTS: Final = {"service.type": "clusterip", "controller.type": "deployment"}
_BOUNDS: Final = {"replicas.min": "min", "replicas.max": "max", "cpu": "cpu", "memory": "memory"}
_CHECK: Final = re.compile(r"service\.healthcheck\.(readiness|liveness)\.(\w+)")
_TIMES: Final = {"interval": "interval", "timeout": "timeout", "start_period": "startPeriod"}
_REASONS: Final = {
    "service.type": ("spec.exposure sets it for the whole stack.", "Set spec.exposure.type."),
    "service.nodeport.port": ("the cluster chooses node ports.", "Set spec.exposure.type to NodePort."),
    "service.external-traffic-policy": ("spec.exposure sets it for the whole stack.", "Set spec.exposure."),
    "service.expose": ("spec.edge sets it for the whole stack.", "Give the service an interface."),
    "service.group": ("every service has its own pods.", "Use a shared volume or the network."),
    "controller.type": ("volumes decide whether there is a StatefulSet.", "Set perReplica in spec.data."),
    "controller.port.expose": ("ports of the node need the administrator.", "Publish the port."),
    "volume": ("size and class belong to the volume.", "Set them in spec.data, or label the volume."),
    "image-pull-secret": ("the stack sets it for all services.", "Set spec.imagePullSecrets."),
    "init.containers": ("a service has one container.", "Make it a service that this one waits for (depends_on)."),
    "cronjob": ("services cannot run on a schedule.", "Write a CronJob."),
    "serviceaccount-name": (
        "its use must be declared.",
        "Set serviceAccountName in the service and serviceAccounts in the root.",
    ),
    "security-context.fsgroup": ("the group of mounted files is the user's group.", "Set user and group_add."),
    "ephemeral-storage": ("storage_opt limits it.", "Set storage_opt.size."),
    "hpa": ("it is not a range of replicas; nothing scales.", "Give hpa.replicas.max, and min not above it."),
    "service.healthcheck": ("the service has a check already, or this is not valid.", "Set healthcheck."),
}
_UNKNOWN: Final = ("this label of kompose is not supported.", "")


def read(service: Entry, fields: dict[str, Any]) -> None:
    """Set fields of a service from its kompose labels."""
    written = labels_of(service.data, service.path, PREFIX)
    labels = {name.removeprefix(PREFIX): (value.strip(), path) for name, (value, path) in written.items()}
    left = dict(labels)
    for read_some in (_pulling, _service_type, _controller, _scaling, _health):
        for name in read_some({name: value for name, (value, _) in left.items()}, fields, service.report, labels):
            left.pop(name, None)
    for name, (_, path) in left.items():
        found = [reason for start, reason in _REASONS.items() if name == start or name.startswith(f"{start}.")]
        service.report.ignored(path, *(found or [_UNKNOWN])[-1])


def _pulling(written: dict[str, str], fields: dict[str, Any], report: Report, labels: Labels) -> list[str]:
    policy = _POLICIES.get(written.get("image-pull-policy", "").lower())
    if policy is None or "pullPolicy" in fields:
        return []
    fields["pullPolicy"] = policy
    return ["image-pull-policy"]


def _service_type(written: dict[str, str], fields: dict[str, Any], report: Report, labels: Labels) -> list[str]:
    kind = written.get("service.type", "").lower()
    if kind == "headless":
        fields["deploy"] = {**(fields.get("deploy") or {}), "endpointMode": "dnsrr"}
    return ["service.type"] if kind in ("headless", _DEFAULTS["service.type"]) else []


def _controller(written: dict[str, str], fields: dict[str, Any], report: Report, labels: Labels) -> list[str]:
    kind, deploy = written.get("controller.type", "").lower(), fields.get("deploy") or {}
    if kind == "daemonset" and deploy.get("mode", "global") == "global" and "replicas" not in deploy:
        fields["deploy"] = {**deploy, "mode": "global"}
        return ["controller.type"]
    return ["controller.type"] if kind == _DEFAULTS["controller.type"] else []


def _scaling(written: dict[str, str], fields: dict[str, Any], report: Report, labels: Labels) -> list[str]:
    found = {f"hpa.{name}": field for name, field in _BOUNDS.items() if f"hpa.{name}" in written}
    bounds = {field: whole(written[name]) for name, field in found.items()}
    if not found or not accepts(_SCALING, bounds):
        return []
    fields["policies"] = {**(fields.get("policies") or {}), "scaling": bounds}
    return list(found)


def _health(written: dict[str, str], fields: dict[str, Any], report: Report, labels: Labels) -> list[str]:
    """One check in place of readiness and liveness; readiness is preferred."""
    checks: dict[str, dict[str, str]] = {}
    for name, value in written.items():
        if match := _CHECK.fullmatch(name):
            checks.setdefault(match[1], {})[match[2]] = value
    kind = "readiness" if "readiness" in checks else "liveness"
    check = checks.get(kind, {})
    result = _check(check)
    if fields.get("healthcheck") or not accepts(_HEALTH, result):
        return []
    fields["healthcheck"] = result
    names = [f"service.healthcheck.{kind}.{each}" for each in check]
    report.approximate(labels[names[0]][1], "the same check is used for readiness and liveness.")
    return names


def _check(check: dict[str, str]) -> dict[str, Any]:
    if check.get("disable", "").lower() == "true":
        return {"disable": True}
    result: dict[str, Any] = {}
    if path := check.get("http_get_path"):
        result = {"http": path}
    elif "tcp_port" in check:
        result = {"tcp": True}
    elif words := check.get("test"):
        result = {"test": _words(words)}
    if port := whole(check.get("http_get_port") or check.get("tcp_port")):
        result["port"] = port
    for name, field in _TIMES.items():
        if name in check and (time := duration(check[name])):
            result[field] = time
    if (retries := whole(check.get("retries"))) is not None:
        result["retries"] = retries
    return result


def _words(text: str) -> list[str]:
    """``CMD program argument`` or ``CMD-SHELL text``; anything else is for a shell."""
    try:
        words = shlex.split(text)
    except ValueError:
        words = []
    return words if words[:1] in (["CMD"], ["CMD-SHELL"]) else ["CMD-SHELL", text]
