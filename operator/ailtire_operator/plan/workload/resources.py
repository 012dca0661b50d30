"""Plans a container's requests and limits: CPU, memory, local storage, and devices as extended resources."""

from collections.abc import Iterator
from typing import Any

from ailtire_operator.model.field_path import path_of
from ailtire_operator.model.service import Resources, Service
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.values import canonical, compact

_DRIVERS = {"nvidia": "nvidia.com/gpu", "amd": "amd.com/gpu"}


def resources(wanted: Resources | None) -> dict[str, Any]:
    """Limits and requests. A limit without a reservation gets a request of 0, as Kubernetes would copy the limit."""
    if wanted is None:
        return {}
    limits = _amounts(wanted.limits)
    return compact(limits=limits, requests=dict.fromkeys(limits, "0") | _amounts(wanted.reservations))


def of_service(scope: Scope, key: str, service: Service) -> dict[str, Any]:
    """The same for a service, with devices and storage. A device without an extended resource is refused."""
    wanted = service.deploy.resources if service.deploy else None
    found = resources(wanted)
    limits, requests = found.get("limits", {}), found.get("requests", {})
    if service.storage_opt and service.storage_opt.size:
        limits["ephemeral-storage"], requests["ephemeral-storage"] = canonical(service.storage_opt.size), "0"
        message = "the limit includes logs and scratch space, and a pod above it is evicted."
        scope.report(scope.path(key, "storageOpt", "size"), "approximate", message)
    if wanted and wanted.limits and wanted.limits.pids is not None:
        message = "the kubelet limits the number of processes for all pods of a node."
        scope.report(scope.path(key, "deploy", "resources", "limits", "pids"), "ignored", message, "Set podPidsLimit.")
    counted: dict[str, int] = {}
    for name, count in [*_reserved(scope, key, wanted), *_devices(scope, key, service)]:
        counted[name] = counted.get(name, 0) + count
    extended = {name: canonical(str(count)) for name, count in sorted(counted.items()) if count}
    named = [{"name": name} for name in sorted(_templates(service))]
    return compact(limits=limits | extended, requests=requests | extended, claims=named)


def claims(scope: Scope, key: str, service: Service) -> list[dict[str, str]]:
    """The pod's claims for devices, each by a template. Refused where the API server would drop them."""
    templates = _templates(service)
    if templates and not scope.observed.resource_claims:
        path = scope.path(key, "deploy", "resources", "reservations", "claimTemplates")
        scope.refuse(path, "this API server keeps no claims of pods; Kubernetes has them from 1.34", gated=True)
    return [{"name": name, "resourceClaimTemplateName": template} for name, template in sorted(templates.items())]


def _templates(service: Service) -> dict[str, str]:
    wanted = service.deploy.resources if service.deploy else None
    return wanted.reservations.claim_templates if wanted and wanted.reservations else {}


def _amounts(listed: Any) -> dict[str, str]:
    return {name: canonical(value) for name in ("cpu", "memory") if (value := getattr(listed, name, None)) is not None}


def _reserved(scope: Scope, key: str, wanted: Resources | None) -> Iterator[tuple[str, int]]:
    """Devices and generic resources as extended resources."""
    reserved = wanted.reservations if wanted else None
    path = scope.path(key, "deploy", "resources", "reservations")
    for name, device in (reserved.devices if reserved else {}).items():
        driver = device.driver or ("nvidia" if "gpu" in device.capabilities else "")
        if driver not in _DRIVERS:
            scope.refuse(path_of(path, "devices", name), "only the drivers nvidia and amd have extended resources")
            continue
        others = sorted(set(device.capabilities) - {"gpu", driver})
        if others:
            message = f"devices are chosen by driver, so the capabilities {', '.join(others)} have no effect."
            scope.report(path_of(path, "devices", name, "capabilities"), "approximate", message)
        yield _DRIVERS[driver], device.count
    known = scope.settings.generic_resources
    for kind, amount in (reserved.generic_resources if reserved else {}).items():
        if kind not in known and "/" not in kind:
            scope.refuse(
                path_of(path, "genericResources", kind),
                "the operator's settings name no extended resource for this kind",
                gated=True,
            )
        yield known.get(kind, kind), amount


def _devices(scope: Scope, key: str, service: Service) -> Iterator[tuple[str, int]]:
    for name, device in service.devices.items():
        path = scope.path(key, "devices", name)
        if device.source in scope.settings.device_resources:
            if device.permissions or (device.target or device.source) != device.source:
                message = "the node's device plug-in decides the path and the permissions of the device."
                scope.report(path, "approximate", message)
            yield scope.settings.device_resources[device.source], 1
        elif service.privileged:
            scope.report(path, "approximate", "a privileged container has all devices of its node.")
        else:
            scope.refuse(
                path,
                f"the operator's settings name no extended resource for {device.source}, so no pod can have it",
                gated=True,
            )
