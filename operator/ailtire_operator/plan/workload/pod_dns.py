"""Plans a pod's names: /etc/hosts and resolver; and the sharing of process and user namespaces."""

from ipaddress import ip_address
from typing import Any

from ailtire_operator import naming
from ailtire_operator.model.field_path import FieldPath
from ailtire_operator.model.service import Service
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.values import compact
from ailtire_operator.plan.workload import host_name

_NAMESERVERS = 3
"""The most that a pod may have."""
_OWN_RUNTIME = "runc"


def pod_fields(scope: Scope, key: str, service: Service, kind: str) -> dict[str, Any]:
    """Fields of the pod. Invalid names and addresses are refused."""
    if service.init:
        message = "the pod's init process reaps zombies, so the service is no longer process 1."
        scope.report(scope.path(key, "init"), "approximate", message)
    return compact(
        **host_name.fields(scope, key, service, kind),
        hostAliases=_aliases(scope, key, service),
        shareProcessNamespace=service.init or None,
        hostUsers=_host_users(scope, key, service),
        runtimeClassName=service.runtime if service.runtime != _OWN_RUNTIME else None,
    )


def _host_users(scope: Scope, key: str, service: Service) -> bool | None:
    """False (a user namespace) for an unmasked /proc, which Kubernetes allows only there; else None."""
    if service.security_opt is None or service.security_opt.systempaths is None:
        return None
    message = "the pod gets a user namespace, without which Kubernetes does not unmask /proc."
    scope.report(scope.path(key, "securityOpt", "systempaths"), "approximate", message)
    return False


def _aliases(scope: Scope, key: str, service: Service) -> list[dict[str, Any]]:
    """Entries of /etc/hosts by address: Kubernetes allows each address once."""
    found: dict[str, list[str]] = {}
    for name, addresses in sorted(service.extra_hosts.items()):
        for index, address in enumerate(addresses):
            path = scope.path(key, "extraHosts", name, index)
            names = found.setdefault(_address(scope, path, address), [])
            if name not in names:
                names.append(_host(scope, path, name))
    return [{"ip": address, "hostnames": names} for address, names in sorted(found.items())]


def _host(scope: Scope, path: FieldPath, name: str) -> str:
    if not all(naming.is_dns_label(label) for label in name.lower().split(".")):
        scope.refuse(path, f"'{name}' is not a valid host name; use a-z, 0-9, dots and inner hyphens")
    return name.lower()


def _address(scope: Scope, path: FieldPath, text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        scope.refuse(path, f"'{text}' is not an IP address")
        return text


def resolver(scope: Scope, key: str, service: Service, given: dict[str, Any]) -> dict[str, Any]:
    """The pod's DNS settings, with the service's own added."""
    if not (service.dns or service.dns_options or service.dns_search):
        return given
    config = given["dnsConfig"]
    for index, name in enumerate(service.dns_search):
        if name.lower() not in config["searches"]:
            message = "a pod's search list is full with its networks, so this domain is not searched."
            scope.report(scope.path(key, "dnsSearch", index), "ignored", message, "Use full names.")
    servers = [_address(scope, scope.path(key, "dns", index), text) for index, text in enumerate(service.dns)]
    everyone = list(dict.fromkeys([*config["nameservers"], *servers]))
    if servers:
        message = "the cluster's DNS is asked first, and these only if it does not answer."
        remedy = f"A pod has at most {_NAMESERVERS}." if len(everyone) > _NAMESERVERS else ""
        scope.report(scope.path(key, "dns"), "approximate", message, remedy)
    options = {each["name"]: each.get("value", "") for each in config["options"]} | service.dns_options
    listed = [compact(name=name, value=value) for name, value in sorted(options.items())]
    return {**given, "dnsConfig": {**config, "nameservers": everyone[:_NAMESERVERS], "options": listed}}
