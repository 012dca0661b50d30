"""Translates one service of services.js."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ailtire_operator.compose import credentials, environment, images
from ailtire_operator.compose.environment import VariableScope
from ailtire_operator.compose.reporting import Report, described
from ailtire_operator.compose.services_js import deploy, interfaces, policies
from ailtire_operator.compose.services_js.networks import Networks
from ailtire_operator.compose.services_js.volumes import Volumes
from ailtire_operator.model.field_path import FieldPath, path_of

STOP_SIGNAL: Final = "SIGINT"
STOP_GRACE_PERIOD: Final = "1m"
"""The value that upstream's generator sets for every service."""
_KEYS: Final = ("type", "image", "volumes", "interface", "environment", "policies", "networks", "deploy", "deployments")
_NOT_READ: Final = "upstream's generator does not read this key either."
_NO_CONTAINER: Final = "there is no stack container that could use it."


@dataclass(frozen=True)
class StackParts:
    """The parts that the members of one stack share."""

    networks: Networks
    volumes: Volumes
    surroundings: VariableScope
    report: Report


def is_stack(entry: Mapping[str, Any], path: FieldPath, report: Report) -> bool:
    """Whether the service is a stack: its type is exactly that, as upstream compares it."""
    kind = entry.get("type")
    if kind == "stack":
        return True
    if kind not in (None, "", "service"):
        report.approximate(
            path_of(path, "type"),
            f"{described(kind)} is not 'stack', so this is a plain service, as in upstream.",
            "Write type: 'stack' if it is one.",
        )
    return False


def image_of(entry: Mapping[str, Any], path: FieldPath, report: Report) -> str | None:
    """The service's image in a form that registries accept; None, and reported, if it has none."""
    written = entry.get("image")
    if not isinstance(written, str) or not written.strip():
        found = "it has no image" if written in (None, "") else f"{described(written)} is not an image"
        report.rejected(path_of(path, "image"), f"{found}, so there is nothing to run; the service is left out.")
        return None
    image = images.repaired(written.strip())
    if image is None:
        report.rejected(
            path_of(path, "image"),
            f"{described(written)} is not an image; the service is left out.",
            "Write <name>:<tag>.",
        )
    elif image != written:
        report.approximate(
            path_of(path, "image"),
            f"'{written}' is not valid for registries; it became '{image}'.",
            "Build it under that name.",
        )
    return image


def plain(entry: Mapping[str, Any], path: FieldPath, parts: StackParts) -> dict[str, Any] | None:
    """A service that runs an image; None if it has no image."""
    report = parts.report
    report.unknown(entry, _KEYS, path, _NOT_READ)
    entry = _with_container(entry, path, report)
    image = image_of(entry, path, report)
    if image is None:
        return None
    variables = environment.read(entry.get("environment"), path_of(path, "environment"), parts.surroundings, report)
    credentials.report_each(variables, path_of(path, "environment"), report)
    fields = {
        "image": image,
        "command": entry.get("command"),
        "interface": interfaces.routes(entry.get("interface"), path_of(path, "interface"), report, stack=False),
        "environment": variables,
        "volumes": parts.volumes.mounts(entry.get("volumes"), path_of(path, "volumes")),
        "networks": parts.networks.membership(entry.get("networks"), path_of(path, "networks")),
        "policies": policies.read(entry.get("policies"), path_of(path, "policies"), report, stack=False),
        "deploy": deploy.read(entry.get("deploy"), path_of(path, "deploy"), report),
        "stopSignal": STOP_SIGNAL,
        "stopGracePeriod": STOP_GRACE_PERIOD,
    }
    return {name: value for name, value in fields.items() if value}


def stack(entry: Mapping[str, Any], path: FieldPath, parts: StackParts) -> dict[str, Any]:
    """A service that is a stack, without its definition."""
    report = parts.report
    report.unknown(entry, _KEYS, path, _NOT_READ)
    for key in ("deploy", "deployments"):
        report.unknown({key: entry.get(key)}, (), path, _NO_CONTAINER)
    parts.volumes.unused(entry.get("volumes"), path_of(path, "volumes"))
    fields = {
        "type": "stack",
        "interface": interfaces.routes(entry.get("interface"), path_of(path, "interface"), report, stack=True),
        "networks": parts.networks.membership(entry.get("networks"), path_of(path, "networks")),
        "policies": policies.read(entry.get("policies"), path_of(path, "policies"), report, stack=True),
    }
    return {name: value for name, value in fields.items() if value}


def _with_container(entry: Mapping[str, Any], path: FieldPath, report: Report) -> Mapping[str, Any]:
    """The service merged with ``deployments.container``, the form of upstream's service template."""
    entry = {key: value for key, value in entry.items() if key != "command"}
    deployments = report.mapping(entry.get("deployments"), path_of(path, "deployments"))
    report.unknown(
        deployments, ("container", "external"), path_of(path, "deployments"), "only the container runs here."
    )
    if deployments.get("external"):
        message = "a stack does not start external services, and has no names for them."
        report.ignored(
            path_of(path, "deployments", "external"), message, "Set its URL in the environment of its callers."
        )
    where = path_of(path, "deployments", "container")
    container = report.mapping(deployments.get("container"), where)
    if not container or entry.get("image"):
        report.unknown(container, (), where, "the service has its own image, which is used.")
        return entry
    report.unknown(container, ("image", "cmd", "volumes", "environment"), where)
    report.resolved(where, "the service has no image; its container's image is used.")
    added = {"image": container.get("image")}
    for key in ("volumes", "environment"):
        ours, theirs = entry.get(key), container.get(key)
        if theirs and isinstance(ours or {}, dict) and isinstance(theirs, dict):
            added[key] = {**theirs, **(ours or {})}  # the service's own value takes precedence
        elif theirs and not ours:
            added[key] = theirs
        elif theirs:
            report.ignored(path_of(where, key), "the service sets it too, and takes precedence.", "Set it only once.")
    return {**entry, **added, "command": _command(container.get("cmd"), path_of(where, "cmd"), report)}


def _command(value: Any, path: FieldPath, report: Report) -> list[str] | None:
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return list(value)
    if value and isinstance(value, str):
        try:
            return shlex.split(value)
        except ValueError:
            pass
    if value:
        report.rejected(path, f"{described(value)} is not a command; the image's own is used.")
    return None
