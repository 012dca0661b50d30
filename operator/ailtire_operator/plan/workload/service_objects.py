"""Plans the objects of a plain service: its Service, workload, autoscaler and disruption budget."""

import json
from collections.abc import Mapping
from typing import Any

from ailtire_operator import naming
from ailtire_operator.model.deploy import Deploy
from ailtire_operator.model.field_path import path_of
from ailtire_operator.model.policies import Scaling
from ailtire_operator.model.service import Service
from ailtire_operator.model.values import latest
from ailtire_operator.plan import adoption, dependencies
from ailtire_operator.plan.network.membership import Networks
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.storage import files, tmpfs
from ailtire_operator.plan.storage.volumes import Storage, storage
from ailtire_operator.plan.types import Manifest, ServicePlan
from ailtire_operator.plan.values import compact, manifest
from ailtire_operator.plan.workload import (
    environment,
    failed_updates,
    jobs,
    pod,
    published_ports,
    secret_reloads,
    stopping,
    update_strategy,
    workload_kind,
)
from ailtire_operator.plan.workload.failed_updates import Hold
from ailtire_operator.plan.workload.metadata import user_metadata

_DEPLOY = Deploy()
_CPU_TARGET = 80
"""Percent, the default of Kubernetes' autoscaler."""
_HISTORY = 3


def plan_service(
    scope: Scope, networks: Networks, key: str, service: Service, hashes: Mapping[str, str]
) -> tuple[ServicePlan, list[Manifest]]:
    """The plan and objects of a service; ``hashes`` are the template hashes of its dependencies."""
    service = environment.with_inherited(scope, service)
    mounted = storage(scope, key, service)
    files.add(scope, key, service, mounted)
    tmpfs.add(scope, key, service, mounted)
    kind = workload_kind.kind_of(scope, key, service, mounted)
    adoption.check(scope, key, service, kind)
    template = pod.template(scope, networks, key, service, mounted, kind)
    reload = secret_reloads.reload_of(scope, service, kind, _name(scope, key, kind))
    restart = {
        naming.ANNOTATION_RESTARTED_WITH: dependencies.restarts(scope, service, hashes),
        naming.ANNOTATION_RELOADED_ON: naming.digest(json.dumps(service.reload_on)) if service.reload_on else None,
        naming.ANNOTATION_RELOADED_FOR: reload.reloaded_for,
        # Part of a Job's name: the restart of a whole stack must not run its migrations again.
        naming.ANNOTATION_RESTARTED_AT: service.restarted_at
        if kind == "Job"
        else scope.restart_of(kind, _name(scope, key, kind), latest(scope.restarted_at, service.restarted_at)),
    }
    template["metadata"] |= compact(annotations=template["metadata"].get("annotations", {}) | compact(**restart))
    wanted = naming.digest(json.dumps(template, sort_keys=True))
    held = failed_updates.hold(scope, key, service, kind, wanted)
    template = held.template(template) if held else template
    workload = _workload(scope, key, service, kind, template, mounted, held)
    if noted := secret_reloads.annotations(reload):
        workload["metadata"]["annotations"] = workload["metadata"].get("annotations", {}) | noted
    stopped = scope.stopped or service.stopped
    if stopped:
        stopping.stop(workload)
    deploy = service.deploy or _DEPLOY
    made = ServicePlan(
        key=key,
        kind=kind,
        name=workload["metadata"]["name"],
        replicas=0 if stopped else workload["spec"].get("replicas"),
        completions=workload["spec"].get("completions"),
        template_hash=wanted,
        depends_on=dependencies.of_service(scope, key, service),
        update=deploy.update_config,
        on_failure=failed_updates.on_failure(service, kind),
        held=held.action if held else None,
        stopped=stopped,
    )
    around = _scaling_objects(scope, key, service, made) if kind in ("Deployment", "StatefulSet") else []
    return made, [service_object(scope, key, service), workload, *around, *published_ports.objects(scope, key, service)]


def _workload(
    scope: Scope,
    key: str,
    service: Service,
    kind: str,
    template: dict[str, Any],
    mounted: Storage,
    held: Hold | None,
) -> Manifest:
    labels, annotations = _metadata(scope, key, service)
    if kind == "Job":
        return jobs.job(scope, key, service, template, labels, annotations)
    scaled = kind == "DaemonSet" or (service.policies and service.policies.scaling)
    spec: dict[str, Any] = {
        "replicas": None if scaled else (service.deploy or _DEPLOY).replicas,
        "selector": {"matchLabels": scope.service_selector(key)},
        "revisionHistoryLimit": _HISTORY,
        "minReadySeconds": update_strategy.minimum_ready(service, held) or None,
        "template": template,
        **update_strategy.strategy(scope, key, service, kind, mounted, held),
    }
    return manifest("apps/v1", kind, _name(scope, key, kind), labels, annotations=annotations, spec=compact(**spec))


def _name(scope: Scope, key: str, kind: str) -> str:
    return naming.workload(scope.name, key) if kind == "StatefulSet" else naming.member(scope.name, key)


def _scaling_objects(scope: Scope, key: str, service: Service, made: ServicePlan) -> list[Manifest]:
    """The autoscaler and the disruption budget."""
    scaling = service.policies.scaling if service.policies and not made.stopped else None
    objects = [_autoscaler(scope, key, service, scaling, made.kind, made.name)] if scaling else []
    if (scaling.min if scaling else made.replicas or 0) > 1:
        objects.append(
            disruption_budget(naming.member(scope.name, key), scope.labels(key), scope.service_selector(key))
        )
    return objects


def _metadata(scope: Scope, key: str, service: Service) -> tuple[dict[str, str], dict[str, str]]:
    """Labels and annotations of the workload and the Service: the operator's, and those of ``deploy.labels``."""
    labels, annotations = user_metadata(service.deploy.labels if service.deploy else {})
    return labels | scope.labels(key), annotations


def service_object(scope: Scope, key: str, service: Service) -> Manifest:
    """The Service. Without a declared port it is headless, and every port of the pods is reachable."""
    ports: dict[tuple[int, str], dict[str, Any]] = {}
    for name, declared in sorted(service.ports.items()):
        ports.setdefault((declared.port, declared.protocol), compact(name=name, appProtocol=declared.app_protocol))
    for entry in service.interface.values():
        free = next(each for each in (f"p-{entry.port}-tcp", f"i-{entry.port}-tcp") if each not in service.ports)
        ports.setdefault((entry.port, "TCP"), {"name": free})
    listed = [{"port": port, "protocol": protocol, **more} for (port, protocol), more in sorted(ports.items())]
    headless = not listed or (service.deploy is not None and service.deploy.endpoint_mode == "dnsrr")
    spec = compact(
        clusterIP="None" if headless else None, type="ClusterIP", selector=scope.service_selector(key), ports=listed
    )
    labels, annotations = _metadata(scope, key, service)
    return manifest("v1", "Service", naming.member(scope.name, key), labels, annotations=annotations, spec=spec)


def disruption_budget(name: str, labels: dict[str, str], selector: dict[str, str]) -> Manifest:
    """A PodDisruptionBudget that lets a drain evict one replica at a time."""
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": selector}}
    return manifest("policy/v1", "PodDisruptionBudget", name, labels, spec=spec)


def _autoscaler(scope: Scope, key: str, service: Service, scaling: Scaling, kind: str, name: str) -> Manifest:
    path = scope.path(key, "policies", "scaling")
    if scaling.min == 0:
        scope.report(
            path_of(path, "min"),
            "approximate",
            "Kubernetes' autoscaler keeps at least one replica, so 0 becomes 1.",
        )
    targets = {"cpu": scaling.cpu, "memory": scaling.memory}
    if scaling.cpu is None and scaling.memory is None:
        targets["cpu"] = _CPU_TARGET
    reserved = service.deploy.resources.reservations if service.deploy and service.deploy.resources else None
    for resource, target in targets.items():
        if target is not None and getattr(reserved, resource, None) is None:
            scope.report(
                path, "approximate", f"utilization is relative to the reservation of {resource}, and none is set.",
                f"Set deploy.resources.reservations.{resource}, or the autoscaler never scales.",
            )  # fmt: skip
    metrics = [
        {
            "type": "Resource",
            "resource": {"name": resource, "target": {"type": "Utilization", "averageUtilization": target}},
        }
        for resource, target in targets.items()
        if target is not None
    ]
    spec = {
        "minReplicas": max(1, scaling.min),
        "maxReplicas": scaling.max,
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": kind, "name": name},
        "metrics": metrics,
    }
    return manifest(
        "autoscaling/v2", "HorizontalPodAutoscaler", naming.member(scope.name, key), scope.labels(key), spec=spec
    )
