"""Reads the labels of our own export back: routes, policies, and the built-in gateway and network."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import TypeAdapter

from ailtire_operator import naming
from ailtire_operator.compose.compose_file.entry import SERVICES, Entry
from ailtire_operator.compose.reporting import Report
from ailtire_operator.compose.scalars import accepts
from ailtire_operator.model.field_path import path_of
from ailtire_operator.model.keys import InterfaceKey
from ailtire_operator.model.nesting import loads
from ailtire_operator.model.policies import Policies
from ailtire_operator.model.service import Interface
from ailtire_operator.model.stack import StackSpec
from ailtire_operator.plan.network.membership import OWN

MARKS: Final = (naming.MARK_INTERFACE, naming.MARK_POLICIES)
_FIELDS: Final[dict[str, tuple[str, TypeAdapter[Any]]]] = {
    naming.MARK_INTERFACE: ("interface", TypeAdapter(dict[InterfaceKey, Interface])),
    naming.MARK_POLICIES: ("policies", TypeAdapter(Policies)),
}
_SPEC: Final = TypeAdapter(StackSpec)


def is_gateway(service: Mapping[str, Any]) -> bool:
    """Whether it is the gateway of an exported stack."""
    return _labels(service).get(naming.LABEL_COMPONENT) == naming.COMPONENT_GATEWAY


def is_own_network(key: str, network: Mapping[str, Any]) -> bool:
    """Whether it is the built-in network of an exported stack."""
    labels = network.get("labels") or {}
    return key == OWN and labels.get(naming.LABEL_NETWORK) == OWN


def own_network(network: Entry) -> dict[str, Any]:
    """Its settings that differ from the defaults of a stack's own network."""
    network.forget()
    data, labels = network.data, network.data.get("labels") or {}
    return {
        **({"internal": True} if data.get("internal") else {}),
        **({"attachable": False} if data.get("attachable") is False else {}),
        **({"driver": data["driver"]} if data.get("driver") not in (None, "overlay") else {}),
        **({"labels": kept} if (kept := {k: v for k, v in labels.items() if k != naming.LABEL_NETWORK}) else {}),
    }


def root(services: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Fields of the whole stack ``name``, from the exported gateway and the platform's variables."""
    spec: dict[str, Any] = {}
    apps = {str((each.get("environment") or {}).get(naming.VARIABLE_APPNAME) or name) for each in services.values()}
    if len(apps) == 1 and accepts(_SPEC, {"appName": next(iter(apps))}) and apps != {name}:
        (spec["appName"],) = apps
    ports = {
        str(port["published"]): port["target"]
        for service in services.values()
        if is_gateway(service)
        for port in service.get("ports") or ()
        if port.get("published")
    }
    return spec | ({"interface": {"ports": ports}} if ports else {})


def replace_gateway(key: str, service: Mapping[str, Any], report: Report) -> Iterator[tuple[str, str]]:
    """Leave the gateway out; returns section and key of files that only it uses."""
    message = "it is the stack's gateway, which the operator makes from the routes of the services."
    report.approximate(
        path_of(SERVICES, key), message, "Configure it in spec.gateway, and external access in spec.edge."
    )
    for section in ("configs", "secrets"):
        for mount in service.get(section) or ():
            yield section, str(mount["source"])


def read(service: Entry, fields: dict[str, Any]) -> None:
    """Set the fields in our labels, which override those from other labels."""
    labels = _labels(service.data)
    for mark, (field, adapter) in _FIELDS.items():
        if mark not in labels:
            continue
        path = service.where("deploy", "labels", mark)
        try:
            value = loads(str(labels[mark]))
        except ValueError:
            value = None
        if value is not None and accepts(adapter, value):
            fields[field] = value
        else:
            service.report.rejected(path, f"it does not have {field} in the form of `kubectl ailtire export`.")


def _labels(service: Mapping[str, Any]) -> Mapping[str, Any]:
    return (service.get("deploy") or {}).get("labels") or {}
