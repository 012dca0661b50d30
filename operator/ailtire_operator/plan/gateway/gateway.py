"""Plans the gateway of a stack: an nginx in place of upstream's stack container, if a member has an interface."""

from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from ailtire_operator import naming
from ailtire_operator.model.field_path import SPEC, Bracketed, path_of
from ailtire_operator.plan import gateway_image
from ailtire_operator.plan.gateway import locations, nginx, sessions
from ailtire_operator.plan.gateway.routes import Route, Stream, report_dead_ends, routes, streams
from ailtire_operator.plan.network import zones
from ailtire_operator.plan.network.membership import NetworkId, Networks
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.types import Manifest, ServicePlan
from ailtire_operator.plan.values import compact, manifest
from ailtire_operator.plan.workload import environment, pod, resources
from ailtire_operator.plan.workload.service_objects import disruption_budget

_CONFIGURATION_DIRECTORY = "/etc/ailtire-gateway"
_CONFIGURATION_FILE = "nginx.conf"
_USER = 101
"""The user of the stock unprivileged nginx image."""
_GRACE_SECONDS = 30
REPLICAS = 2
"""With one replica, draining its node would make the whole subtree unreachable."""
_RESOURCES = {"requests": {"cpu": "25m", "memory": "16Mi"}}
"""Small, but not zero: a pod without requests gets no CPU share on a busy node and is evicted first."""
SCRATCH = "8Mi"
"""Memory for nginx's own files, without bodies. A disk limit would not count files that are already unlinked."""
_PROBE_TIMEOUT_SECONDS = 5
"""Probe timeout. A busy node answers slowly, and removing its gateway would only move the load to the others."""


@dataclass(frozen=True, slots=True)
class GatewayPlan:
    """The gateway of one stack."""

    plan: ServicePlan
    objects: list[Manifest]
    routes: list[Route]
    ports: list[int]
    """Ports on which it answers."""


def plan_gateway(scope: Scope, networks: Networks) -> GatewayPlan | None:
    """The gateway and its objects, or None if no member has an interface."""
    if not scope.spec.has_interface:
        if scope.spec.edge is not None:
            scope.report(
                path_of(SPEC, "edge"),
                "ignored",
                "no service has an interface, so there is nothing to reach from outside.",
            )
        return None
    found, passed = routes(scope), streams(scope)
    report_dead_ends(scope)
    text = nginx.configuration(scope, found, passed)
    configuration = naming.gateway_config(scope.name, text)
    name = naming.gateway(scope.name)
    replicas = REPLICAS if scope.gateway_replicas is None else scope.gateway_replicas
    labels = scope.labels() | {naming.LABEL_COMPONENT: naming.COMPONENT_GATEWAY}
    objects = [
        _service(scope, labels, passed),
        manifest("v1", "ConfigMap", configuration, labels, data={_CONFIGURATION_FILE: text}),
        manifest(
            "apps/v1",
            "Deployment",
            name,
            labels,
            spec=_deployment(scope, networks, found, passed, configuration, replicas),
        ),
    ]
    objects += sessions.services(scope, found)
    if replicas > 1:
        objects.append(disruption_budget(name, labels, scope.gateway_selector()))
    plan = ServicePlan("", "Deployment", name, replicas)
    return GatewayPlan(plan, objects, found, [naming.GATEWAY_PORT, *(stream.listen for stream in passed)])


def _service(scope: Scope, labels: dict[str, str], passed: list[Stream]) -> Manifest:
    """The gateway's Service: port 3000, as upstream's stack container has; at the root also the published ports."""
    ports = {naming.GATEWAY_PORT: naming.GATEWAY_PORT} | {stream.listen: stream.listen for stream in passed}
    if scope.spec.place is None and scope.spec.interface is not None:
        known = set(ports)
        for external, inner in sorted(scope.spec.interface.ports.items()):
            if int(external) == naming.GATEWAY_PORT != inner:
                message = f"the edge and the stack's members use port {naming.GATEWAY_PORT}."
                scope.report(
                    path_of(SPEC, "interface", "ports", Bracketed(external)),
                    "rejected",
                    message,
                    "Use another external port.",
                )
            elif inner in known:
                ports[int(external)] = inner
        if ports.get(443) == naming.GATEWAY_PORT:
            message = "the gateway speaks plain HTTP on this port; certificates belong to the edge."
            scope.report(
                path_of(SPEC, "interface", "ports", Bracketed("443")), "approximate", message, "Set spec.edge.tls."
            )
    listed = [
        {"name": f"p-{outer}", "port": outer, "protocol": "TCP", "targetPort": inner}
        for outer, inner in sorted(ports.items())
    ]
    spec = {"type": "ClusterIP", "selector": scope.gateway_selector(), "ports": listed}
    return manifest("v1", "Service", scope.name, labels, spec=spec)


def gateway_networks(scope: Scope, networks: Networks, behind: list[str]) -> list[NetworkId]:
    """The gateway's networks: the stack's own, its parent's, and others only for services that are in neither."""
    joined = [networks.own]
    if scope.spec.place is not None:
        joined += map(NetworkId.parse, scope.spec.place.gateway_networks)
    for key in behind:
        theirs = list(networks.of(scope.spec.services[key]))
        if not set(joined).intersection(theirs):
            joined.append(theirs[0])
    return list(dict.fromkeys(joined))


def _deployment(
    scope: Scope, networks: Networks, found: list[Route], passed: list[Stream], configuration: str, replicas: int
) -> dict[str, Any]:
    joined = gateway_networks(scope, networks, [*(each.service for each in found), *(each.service for each in passed)])
    restarted_at = scope.restart_of("Deployment", naming.gateway(scope.name), scope.restarted_at)
    selector = scope.gateway_selector()
    secrets = sorted(
        {
            c.authentication.secret
            for route in found
            if (c := route.policies.access_control) is not None and c.authentication
        }
    )
    spec = {
        **pod.pod_basics(scope, selector),
        **zones.resolver(scope, joined[:1], path_of(SPEC, "gateway")),
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "terminationGracePeriodSeconds": scope.settings.drain_seconds + _GRACE_SECONDS,
        "containers": [_container(scope, passed, secrets)],
        "volumes": [
            {"name": "configuration", "configMap": {"name": configuration}},
            {"name": "scratch", "emptyDir": {"medium": "Memory", "sizeLimit": SCRATCH}},
            # Optional, so that a missing Secret closes its own routes (403) and the gateway still starts.
            *(
                {"name": f"authentication-{naming.digest(name)}", "secret": {"secretName": name, "optional": True}}
                for name in secrets
            ),
        ],
    }
    return {
        "replicas": replicas,
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


def _container(scope: Scope, passed: list[Stream], secrets: list[str]) -> dict[str, Any]:
    wanted = scope.spec.gateway.resources if scope.spec.gateway else None
    ports = [naming.GATEWAY_PORT, naming.GATEWAY_HEALTH_PORT, *(stream.listen for stream in passed)]
    drain = scope.settings.drain_seconds
    mounts = [
        {"name": "configuration", "mountPath": _CONFIGURATION_DIRECTORY, "readOnly": True},
        {"name": "scratch", "mountPath": "/tmp"},
        *(
            {
                "name": f"authentication-{naming.digest(name)}",
                "mountPath": f"{locations.AUTHENTICATION_DIRECTORY}/{name}",
                "readOnly": True,
            }
            for name in secrets
        ),
    ]
    return compact(
        name=naming.COMPONENT_GATEWAY,
        image=gateway_image.of(scope),
        command=["nginx", "-e", "/dev/stderr", "-c", f"{_CONFIGURATION_DIRECTORY}/{_CONFIGURATION_FILE}"],
        env=environment.for_gateway(scope),
        ports=[{"containerPort": port, "protocol": "TCP"} for port in ports],
        resources=resources.resources(wanted) if wanted else deepcopy(_RESOURCES),
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
