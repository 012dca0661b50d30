"""Translates one service of a project."""

from typing import Any, Final

from ailtire_operator.compose.compose_file import container, healthcheck, kompose, project_files, reimport, routes
from ailtire_operator.compose.compose_file.deploy import deploy
from ailtire_operator.compose.compose_file.entry import Entry
from ailtire_operator.compose.compose_file.mounts import Mounts
from ailtire_operator.compose.compose_file.ports import ports
from ailtire_operator.compose.compose_file.security import rights
from ailtire_operator.compose.compose_file.shared import Shared
from ailtire_operator.compose.host_names import host_names
from ailtire_operator.model.service import Service

_READ_AT_IMPORT: Final = (routes.PREFIX, kompose.PREFIX, *reimport.MARKS)
_ON: Final = {"service_started": "", "service_healthy": "healthy", "service_completed_successfully": "completed"}


def read(service: Entry, shared: Shared, edge: routes.Edge) -> dict[str, Any] | None:
    """The service; None if it has no image, or must not run (``service.is_closed``)."""
    image = container.image(service, shared.images)
    if image is None:
        if not service.data.get("image"):
            message = "it has neither image nor build; it is left out."
            service.report.rejected(service.path, message, "Give it an image.")
        return None
    fields: dict[str, Any] = {"image": image}
    container.process(service, fields)
    rights(service, fields)
    fields["interface"], fields["policies"] = routes.routes(service, edge, shared.files)
    mounts = Mounts(service, shared.volumes, shared.files)
    fields |= {
        "environment": container.variables(service, shared.hosts),
        "ports": ports(service, shared.networks.binding(service)),
        "healthcheck": healthcheck.healthcheck(service),
        "volumes": mounts.volumes,
        "tmpfs": mounts.tmpfs,
        "configs": mounts.configs,
        "networks": shared.networks.membership(service, _further_names(service, shared)),
        "deploy": deploy(service, _READ_AT_IMPORT),
        "annotations": container.annotations(service, _READ_AT_IMPORT),
    }
    fields["environment"], fields["environmentValuesFrom"] = shared.files.credentials(service, fields["environment"])
    kompose.read(service, fields)
    reimport.read(service, fields)
    _dependencies(service, fields)
    project_files.references(service, fields)
    shared.names.follow(service, fields)
    if service.is_closed:
        return None
    return {name: value for name, value in fields.items() if value not in (None, {}, [], "") or name == "command"}


def _further_names(service: Entry, shared: Shared) -> list[str]:
    """Additional names for peers: the container's, and those of links."""
    key = str(service.location[-1])
    names = list(shared.aliases.get(key, ()))
    service.take("links")
    if (alias := service.take("container_name")) and alias != key:
        service.note("container_name")
        names = [*host_names([alias], service.where("container_name"), service.report), *names]
    return [name for name in dict.fromkeys(names) if name != key]


def links(services: dict[str, Any], top: Entry) -> dict[str, list[str]]:
    """Aliases by target, from links: ``db:database``."""
    result: dict[str, list[str]] = {}
    for key, service in services.items():
        for index, written in enumerate(service.get("links") or []):
            target, _, alias = str(written).partition(":")
            if target not in services:
                message = f"there is no service '{target}'; it is left out."
                top.report.rejected(top.where("services", key, "links", index), message)
                continue
            if alias and alias != target:
                path = top.where("services", key, "links", index)
                result.setdefault(target, []).extend(host_names([alias], path, top.report))
                top.note("services", key, "links", index)
    return result


def _dependencies(service: Entry, fields: dict[str, Any]) -> None:
    result: dict[str, Any] = {}
    for key, entry in service.each("depends_on"):
        condition = entry.chosen("condition", _ON, f"it waits until '{key}' has started")
        required = entry.take("required")
        each: dict[str, Any] = {"condition": condition} if condition else {}
        if entry.take("restart"):
            each["restart"] = True
        if required is False:
            each["required"] = False
        result[key] = each
    service.put(Service, fields, "dependsOn", result, "depends_on")
