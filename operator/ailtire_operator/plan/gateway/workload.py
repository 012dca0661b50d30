"""Plans the Deployment of a gateway: that of one stack, or that of a whole tree."""

from copy import deepcopy
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.model.field_path import SPEC, path_of
from ailtire_operator.plan import gateway_image
from ailtire_operator.plan.gateway import locations
from ailtire_operator.plan.gateway.tree import CONFIGURATION_DIRECTORY, CONFIGURATION_FILE
from ailtire_operator.plan.network import zones
from ailtire_operator.plan.network.membership import NetworkId
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.values import compact
from ailtire_operator.plan.workload import environment, pod, resources

_USER: Final = 101
"""The user of the stock unprivileged nginx image."""
_GRACE_SECONDS: Final = 30
REPLICAS: Final = 2
"""With one replica, draining its node would make the whole subtree unreachable."""
SCRATCH: Final = "8Mi"
"""Memory for nginx's own files, without bodies. A disk limit would not count files that are already unlinked."""
_PROBE_TIMEOUT_SECONDS: Final = 5
"""Probe timeout. A busy node answers slowly, and removing its gateway would only move the load to the others."""

Mounted = tuple[dict[str, Any], dict[str, Any]]
"""A volume of a pod, and where its container has it."""


def replicas(scope: Scope) -> int:
    """The replicas of a gateway."""
    return REPLICAS if scope.gateway_replicas is None else scope.gateway_replicas


def deployment(
    scope: Scope,
    name: str,
    selector: dict[str, str],
    *,
    searched: list[NetworkId],
    joined: list[NetworkId],
    configuration: str,
    secrets: list[str],
    ports: list[int],
    defaults: dict[str, Any],
    more: tuple[Mounted, ...] = (),
) -> dict[str, Any]:
    """The spec of the Deployment.

    ``searched``: networks in which its pods resolve bare names; ``joined``: those that they are members of;
    ``configuration``: the ConfigMap with nginx.conf; ``secrets``: those with users; ``ports`` beside 3000;
    ``defaults``: its resources, if the stack says nothing; ``more``: further volumes.
    """
    restarted_at = scope.restart_of("Deployment", name, scope.restarted_at)
    mounted = [
        _mounted("configuration", CONFIGURATION_DIRECTORY, {"configMap": {"name": configuration}}),
        ({"name": "scratch", "emptyDir": {"medium": "Memory", "sizeLimit": SCRATCH}}, _mount("scratch", "/tmp")),
        *more,
        *(_users(secret) for secret in secrets),
    ]
    spec = {
        **pod.pod_basics(scope, selector),
        **zones.resolver(scope, searched, path_of(SPEC, "gateway")),
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "terminationGracePeriodSeconds": scope.settings.drain_seconds + _GRACE_SECONDS,
        "containers": [_container(scope, ports, [mount for _, mount in mounted], defaults)],
        "volumes": [volume for volume, _ in mounted],
    }
    return {
        "replicas": replicas(scope),
        "selector": {"matchLabels": selector},
        # No history: an old template would refer to a ConfigMap that is pruned.
        "revisionHistoryLimit": 0,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "template": {
            "metadata": compact(
                labels=scope.pod_labels(selector) | zones.network_labels(joined),
                annotations=compact(**{naming.ANNOTATION_RESTARTED_AT: restarted_at}),
            ),
            "spec": compact(**spec),
        },
    }


def tables(name: str, number: int, directory: str) -> Mounted:
    """A ConfigMap with tables, which need not be there yet."""
    return _mounted(f"tables-{number}", f"{directory}/{number}", {"configMap": {"name": name, "optional": True}})


def _users(secret: str) -> Mounted:
    """A Secret with users. Optional, so that a missing one closes its own routes (403) and the gateway still starts."""
    source = {"secret": {"secretName": secret, "optional": True}}
    return _mounted(f"authentication-{naming.digest(secret)}", f"{locations.AUTHENTICATION_DIRECTORY}/{secret}", source)


def _mounted(name: str, path: str, source: dict[str, Any]) -> Mounted:
    return {"name": name, **source}, {**_mount(name, path), "readOnly": True}


def _mount(name: str, path: str) -> dict[str, Any]:
    return {"name": name, "mountPath": path}


def _container(
    scope: Scope, more_ports: list[int], mounts: list[dict[str, Any]], defaults: dict[str, Any]
) -> dict[str, Any]:
    wanted = scope.spec.gateway.resources if scope.spec.gateway else None
    ports = [naming.GATEWAY_PORT, naming.GATEWAY_HEALTH_PORT, *more_ports]
    drain = scope.settings.drain_seconds
    return compact(
        name=naming.COMPONENT_GATEWAY,
        image=gateway_image.of(scope),
        command=["nginx", "-e", "/dev/stderr", "-c", f"{CONFIGURATION_DIRECTORY}/{CONFIGURATION_FILE}"],
        env=environment.for_gateway(scope),
        ports=[{"containerPort": port, "protocol": "TCP"} for port in ports],
        resources=resources.resources(wanted) if wanted else deepcopy(defaults),
        readinessProbe={
            "httpGet": {"path": "/healthz", "port": naming.GATEWAY_HEALTH_PORT},
            "periodSeconds": 2,
            "timeoutSeconds": _PROBE_TIMEOUT_SECONDS,
        },
        lifecycle={"preStop": {"sleep": {"seconds": drain}}} if drain else None,
        securityContext={
            "runAsUser": _USER,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        volumeMounts=mounts,
    )
