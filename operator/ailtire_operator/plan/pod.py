"""The pod template of a plain service."""

import re
from typing import Any

from ailtire_operator import naming
from ailtire_operator.model.service import Resources, Service
from ailtire_operator.model.stack import SecurityProfile
from ailtire_operator.model.values import whole_seconds
from ailtire_operator.plan import environment, images, probes, zones
from ailtire_operator.plan.network import Networks
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.storage import Storage
from ailtire_operator.plan.values import canonical, compact, literal

_GRACE_SECONDS = 30
"""Kubernetes' own default; Docker's is 10, and no process minds a longer one."""

_SIGNAL = re.compile(
    "SIG(ABRT|ALRM|BUS|CHLD|CLD|CONT|FPE|HUP|ILL|INT|IO|IOT|KILL|PIPE|POLL|PROF|PWR|QUIT|SEGV|STKFLT|STOP|SYS|TERM|TRAP"
    r"|TSTP|TTIN|TTOU|URG|USR1|USR2|VTALRM|WINCH|XCPU|XFSZ|RTMIN(\+([1-9]|1[0-5]))?|RTMAX(-([1-9]|1[0-4]))?)"
)
"""The signals that Kubernetes has a name for."""


def template(scope: Scope, networks: Networks, key: str, service: Service, storage: Storage) -> dict[str, Any]:
    """Metadata and spec of the service's pods."""
    joined = list(networks.of(service))
    labels = scope.pod_labels(scope.service_selector(key)) | zones.network_labels(joined) | service.labels
    if zones.is_internal(networks, joined):
        labels[naming.LABEL_EGRESS] = zones.INTERNAL
    lifecycle, grace = _stopping(scope, key, service)
    annotations = {naming.ANNOTATION_KEY: key} if naming.sanitize(key) != key else {}
    spec = {
        **pod_basics(scope, scope.service_selector(key)),
        **zones.resolver(scope, joined, scope.path(key, "networks")),
        "securityContext": _pod_security(scope, service, storage),
        "terminationGracePeriodSeconds": grace,
        "containers": [_container(scope, key, service, storage, lifecycle)],
        "volumes": storage.volumes,
        "os": {"name": "linux"} if "stopSignal" in lifecycle else None,
    }
    return {"metadata": compact(labels=labels, annotations=annotations | service.annotations), "spec": compact(**spec)}


def pod_basics(scope: Scope, selector: dict[str, str]) -> dict[str, Any]:
    """What every pod of ours has: no token, no service variables, spread over the nodes, the stack's pull secrets."""
    spread = {
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "maxSkew": 1,
        "labelSelector": {"matchLabels": selector},
    }
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "imagePullSecrets": [{"name": name} for name in scope.image_pull_secrets],
        # Said whatever the count is, so that scaling from one to two touches no template.
        "topologySpreadConstraints": [spread],
    }


def _container(scope: Scope, key: str, service: Service, storage: Storage, lifecycle: dict[str, Any]) -> dict[str, Any]:
    ports = {(port.port, port.protocol) for port in service.ports.values()} | {
        (entry.port, "TCP") for entry in service.interface.values()
    }
    return compact(
        name=naming.sanitize(key),
        image=images.resolve(scope, service.image or ""),
        command=[literal(word) for word in service.entrypoint or []],
        args=[literal(word) for word in service.command or []],
        workingDir=service.working_dir,
        env=environment.for_service(scope, key, service),
        envFrom=environment.sources(service),
        ports=[{"containerPort": port, "protocol": protocol} for port, protocol in sorted(ports)],
        resources=resources(service.deploy.resources if service.deploy else None),
        volumeMounts=storage.mounts,
        lifecycle=lifecycle,
        securityContext=_container_security(scope.security_profile, service),
        **probes.probes(scope, key, service),
    )


def resources(wanted: Resources | None) -> dict[str, Any]:
    """Limits and requests. What has a limit and no reservation asks for nothing: Kubernetes would copy the limit."""
    if wanted is None:
        return {}
    limits = _amounts(wanted.limits)
    return compact(limits=limits, requests=dict.fromkeys(limits, "0") | _amounts(wanted.reservations))


def _amounts(listed: Any) -> dict[str, str]:
    return {name: canonical(value) for name in ("cpu", "memory") if (value := getattr(listed, name, None)) is not None}


def _pod_security(scope: Scope, service: Service, storage: Storage) -> dict[str, Any]:
    group = _identity(service).get("runAsGroup", _identity(service).get("runAsUser"))
    return compact(
        runAsNonRoot=True if scope.security_profile == "restricted" else None,
        seccompProfile={"type": "RuntimeDefault"},
        fsGroup=group if storage.mounts else None,
        fsGroupChangePolicy="OnRootMismatch" if storage.mounts and group is not None else None,
    )


def _container_security(profile: SecurityProfile, service: Service) -> dict[str, Any]:
    restricted = profile == "restricted"
    return compact(
        **_identity(service),
        allowPrivilegeEscalation=False if restricted else None,
        capabilities={"drop": ["ALL"]} if restricted else None,
        readOnlyRootFilesystem=service.read_only or None,
    )


def _identity(service: Service) -> dict[str, int]:
    user, _, group = (service.user or "").partition(":")
    return {name: int(value) for name, value in (("runAsUser", user), ("runAsGroup", group)) if value}


def _stopping(scope: Scope, key: str, service: Service) -> tuple[dict[str, Any], int]:
    """How the process is asked to stop, and how many seconds it gets.

    A service that is called goes on serving for a moment, while the cluster takes it out of rotation.
    """
    drain = scope.settings.drain_seconds if service.ports or service.interface else 0
    grace = drain + (whole_seconds(service.stop_grace_period) if service.stop_grace_period else _GRACE_SECONDS)
    sleep = {"preStop": {"sleep": {"seconds": drain}}} if drain else {}
    signal = service.stop_signal
    if signal is not None and _SIGNAL.fullmatch(signal) is None:
        raise scope.refuse(scope.path(key, "stopSignal"), f"'{signal}' is not a signal of Linux; write SIGINT, SIGTERM")
    if signal is not None and scope.observed.stop_signal:
        return {**sleep, "stopSignal": signal}, grace
    if signal is None or signal == "SIGTERM":
        return sleep, grace
    scope.report(
        scope.path(key, "stopSignal"), "approximate",
        f"the API server keeps no stop signal, so a hook in the container sends {signal}; it needs /bin/sh.",
        "Turn on the feature gate ContainerStopSignals, or set STOPSIGNAL in the image.",
    )  # fmt: skip
    script = f"sleep {drain}; kill -{signal[3:]} 1; while kill -0 1 2>/dev/null; do sleep 1; done"
    return {"preStop": {"exec": {"command": ["/bin/sh", "-c", script]}}}, grace
