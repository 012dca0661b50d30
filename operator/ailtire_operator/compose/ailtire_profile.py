"""Exports the ``ailtire`` profile: the Compose file that upstream's generator writes into a package's stack image.

Upstream's defects are not repeated; docs/swarm-parity.md lists the differences.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.compose.interpolation import Interpolated, braces, dollars, literal
from ailtire_operator.compose.reporting import Report
from ailtire_operator.compose.services_js.services import STOP_GRACE_PERIOD, STOP_SIGNAL
from ailtire_operator.compose.views import StackView, child_image
from ailtire_operator.model.base import Strict
from ailtire_operator.model.field_path import SPEC, path_of
from ailtire_operator.model.service import Service
from ailtire_operator.model.values import seconds

VERSION: Final = "3.7"
_SOCKET: Final = "/var/run/docker.sock:/var/run/docker.sock"
_STACKNAME: Final = "{{.Service.Name}}-{{.Task.Slot}}"
_APPNAME: Final = Interpolated("${AILTIRE_APPNAME}")
_NOT_WRITTEN: Final = "upstream's generator does not support it, so it is not in this file."
_WRITTEN: Final = frozenset(
    {"type", "image", "environment", "interface", "stop_signal", "stop_grace_period", "networks", "stack", "stack_ref"}
)
_STACK_WRITTEN: Final = frozenset(
    {
        "app_name",
        "image_registry",
        "images",
        "services",
        "networks",
        "template",
        "template_only",
        "place",
        "environment",
        "security_profile",
    }
)


def document(view: StackView, report: Report) -> dict[str, Any]:
    """The file of one stack."""
    _report_stack(view, report)
    services: dict[str, Any] = {}
    for key, service in view.spec.services.items():
        _report_member(view, key, service, report)
        services[key] = _stack_container(view, key, service) if service.is_stack else _plain(view, key, service)
    return dict(literal({"version": VERSION, "services": services, "networks": _networks(view)}))


def family(view: StackView, key: str) -> Interpolated:
    """The network that a stack shares with the child under a key."""
    return Interpolated(f"{_APPNAME}_{dollars(view.image)}_{dollars(key)}_family")


def _plain(view: StackView, key: str, service: Service) -> dict[str, Any]:
    environment = {
        naming.VARIABLE_STACKNAME: _STACKNAME,
        naming.VARIABLE_SERVICENAME: braces(key),
        naming.VARIABLE_PARENT: _APPNAME,
        naming.VARIABLE_PARENTHOST: naming.GATEWAY_ALIAS,
        naming.VARIABLE_APPNAME: _APPNAME,
    }
    return {
        "image": view.resolve(service.image or ""),
        "stop_grace_period": STOP_GRACE_PERIOD,
        "stop_signal": STOP_SIGNAL,
        "deploy": {"replicas": 1},
        "environment": _list(environment | {name: braces(value) for name, value in service.environment.items()}),
        "networks": {"sibling": None, "parent": {"aliases": [key]}},
    }


def _stack_container(view: StackView, key: str, service: Service) -> dict[str, Any]:
    environment = {
        naming.VARIABLE_STACKNAME: _STACKNAME,
        naming.VARIABLE_PARENT: _APPNAME,
        naming.VARIABLE_SERVICENAME: braces(key),
        naming.VARIABLE_APPNAME: _APPNAME,
        naming.VARIABLE_PARENT_NETWORK: family(view, key),
    }
    return {
        "image": view.resolve(child_image(view.image, key, service)),
        "stop_grace_period": STOP_GRACE_PERIOD,
        "stop_signal": STOP_SIGNAL,
        "volumes": [_SOCKET],
        "deploy": {"replicas": 1},
        "environment": _list(environment),
        "networks": {f"child{key}": None, "sibling": None, "parent": {"aliases": [key]}},
    }


def _networks(view: StackView) -> dict[str, Any]:
    own: dict[str, Any] = {
        "sibling": {"driver": "overlay"},
        "parent": {"external": True, "name": Interpolated(f"${{{naming.VARIABLE_PARENT_NETWORK}}}")},
    }
    children = {
        f"child{key}": {"driver": "overlay", "attachable": True, "name": family(view, key)}
        for key in view.spec.children
    }
    return own | children


def _list(environment: Mapping[str, str]) -> list[str]:
    """As a list. The names are then part of the values, which Compose interpolates."""
    return [Interpolated(f"{dollars(name)}={literal(value)}") for name, value in environment.items()]


def _report_stack(view: StackView, report: Report) -> None:
    if view.spec.has_interface:
        report.ignored(
            SPEC,
            "routes are not part of a Compose file; the stacks' images hold them, each in its router.js.",
            "Build the images with upstream's `app build --recursive`.",
        )
    for name in _set_fields(view.spec, _STACK_WRITTEN):
        report.ignored(path_of(view.path, name), _NOT_WRITTEN)
    for key in view.spec.networks:
        report.ignored(path_of(view.path, "networks", key), _NOT_WRITTEN)


def _report_member(view: StackView, key: str, service: Service, report: Report) -> None:
    for name in _set_fields(service, _WRITTEN):
        report.ignored(view.member_path(key, name), _NOT_WRITTEN)
    for network, membership in service.networks.items():
        if membership.aliases or network not in naming.OWN_NETWORKS | {naming.PARENT_NETWORK}:
            message = "every service joins its stack's network and its parent's, under its key alone."
            report.ignored(view.member_path(key, "networks", network), message)
    if service.stop_signal not in (None, STOP_SIGNAL):
        report.approximate(view.member_path(key, "stopSignal"), f"upstream's generator writes {STOP_SIGNAL} always.")
    if service.stop_grace_period and seconds(service.stop_grace_period) != seconds(STOP_GRACE_PERIOD):
        message = f"upstream's generator writes {STOP_GRACE_PERIOD} always."
        report.approximate(view.member_path(key, "stopGracePeriod"), message)


def _set_fields(model: Strict, written: frozenset[str]) -> Iterator[str]:
    """The fields, in camelCase, that are set and not exported."""
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if name not in model.model_fields_set - written or value == field.get_default():
            continue
        if not isinstance(value, Strict) or value.model_dump(exclude_defaults=True):
            yield field.alias or name
