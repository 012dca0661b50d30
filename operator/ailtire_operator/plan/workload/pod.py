"""Plans the pod template of a plain service."""

from typing import Any

from ailtire_operator import naming
from ailtire_operator.model.service import Service
from ailtire_operator.plan.network import zones
from ailtire_operator.plan.network.membership import Networks
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.storage import seeds
from ailtire_operator.plan.storage.volumes import Storage
from ailtire_operator.plan.values import compact, literal
from ailtire_operator.plan.workload import (
    environment,
    images,
    lifecycle,
    placement,
    pod_dns,
    probes,
    published_ports,
    resources,
    security,
)


def template(
    scope: Scope, networks: Networks, key: str, service: Service, storage: Storage, kind: str = "Deployment"
) -> dict[str, Any]:
    """Metadata and spec of the service's pods."""
    joined = list(networks.of(service))
    labels = scope.pod_labels(scope.service_selector(key)) | zones.network_labels(joined) | service.labels
    if zones.is_internal(networks, joined):
        labels[naming.LABEL_EGRESS] = zones.INTERNAL
    hooks, grace = lifecycle.lifecycle(scope, key, service)
    basics = pod_basics(scope, scope.service_selector(key))
    basics["topologySpreadConstraints"] += placement.spread(scope, key, service, kind)
    annotations = {naming.ANNOTATION_KEY: key} if naming.sanitize(key) != key else {}
    domains = [name.lower() for name in service.dns_search]
    spec = {
        **basics,
        **pod_dns.resolver(scope, key, service, zones.resolver(scope, joined, scope.path(key, "networks"), domains)),
        **pod_dns.pod_fields(scope, key, service, kind),
        **placement.pod_fields(scope, key, service, kind),
        "securityContext": security.pod(scope, key, service, mounts=bool(storage.mounts)),
        **_account(service),
        "terminationGracePeriodSeconds": grace,
        "initContainers": seeds.add(scope, key, service, storage),
        "containers": [_container(scope, key, service, storage, hooks)],
        "volumes": storage.volumes,
        "resourceClaims": resources.claims(scope, key, service),
        "os": {"name": "linux"} if "stopSignal" in hooks else None,
    }
    return {"metadata": compact(labels=labels, annotations=annotations | service.annotations), "spec": compact(**spec)}


def pod_basics(scope: Scope, selector: dict[str, str]) -> dict[str, Any]:
    """Fields of every pod: no token, no service variables, spread over nodes, the stack's pull secrets."""
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
        # Independent of the replica count, so that scaling from one to two does not change the template.
        "topologySpreadConstraints": [spread],
    }


def _account(service: Service) -> dict[str, Any]:
    """The service's account, and whether its token is mounted; nothing for a service without one.

    The API server copies the name into a deprecated alias. Unless the alias is applied too, nothing takes it back when
    the account is removed from the definition, and the API server copies it into the name again.
    """
    name = service.service_account_name
    if name is None:
        return {}
    mounted = service.automount_service_account_token
    return {"serviceAccountName": name, "serviceAccount": name, "automountServiceAccountToken": mounted}


def _container(scope: Scope, key: str, service: Service, storage: Storage, hooks: dict[str, Any]) -> dict[str, Any]:
    return compact(
        name=naming.sanitize(key),
        image=images.resolve(scope, service.image or ""),
        command=[literal(word) for word in service.entrypoint or []],
        args=[literal(word) for word in service.command or []],
        workingDir=service.working_dir,
        env=environment.for_service(scope, key, service),
        envFrom=environment.sources(service),
        ports=published_ports.container_ports(scope, key, service),
        resources=resources.of_service(scope, key, service),
        volumeMounts=storage.mounts,
        lifecycle=hooks,
        securityContext=security.container(scope, key, service),
        imagePullPolicy=service.pull_policy,
        stdin=service.stdin_open or None,
        tty=service.tty or None,
        **probes.probes(scope, key, service),
    )
