"""Plans a pod's host name and domain: one label, or a whole name where the API server takes one."""

from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.model.field_path import FieldPath
from ailtire_operator.model.service import Service
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.values import compact
from ailtire_operator.plan.workload import placeholders

_LABEL_ONLY: Final = "use a-z, 0-9 and inner hyphens"
_WHOLE_NAME: Final = f"use labels of a-z, 0-9 and inner hyphens, {naming.HOST_NAME_LIMIT} characters in all"


def fields(scope: Scope, key: str, service: Service, kind: str) -> dict[str, Any]:
    """``hostname``, ``hostnameOverride`` and ``subdomain`` of the pod. A name that is none is refused."""
    name = _hostname(scope, key, service, kind)
    if name is None or "." not in name:
        return compact(hostname=name, subdomain=_subdomain(scope, key, service, kind))
    if service.domainname is not None:
        message = "the host name has a domain already."
        scope.report(scope.path(key, "domainname"), "ignored", message, "Remove it.")
    # A kubelet that is older than the API server does not know the whole name, and takes the label.
    return compact(hostname=name.partition(".")[0], hostnameOverride=_whole(scope, key, service, name))


def _hostname(scope: Scope, key: str, service: Service, kind: str) -> str | None:
    """The host name, with or without a domain; None for the pod's own name."""
    if service.hostname is None:
        return None
    path = scope.path(key, "hostname")
    expanded = placeholders.expand(scope, key, service, path, service.hostname)
    if expanded.refused:
        return None
    if expanded.variables or kind == "StatefulSet":
        if expanded.text != f"$({naming.VARIABLE_STACKNAME})":
            message = "a pod's host name cannot depend on the replica, so each has its pod's name."
            scope.report(path, "approximate", message)
        return None
    if not placeholders.has_placeholders(service.hostname) and "." in expanded.text:
        return _checked(scope, path, expanded.text)
    # A name from placeholders has hyphens for its dots: with dots, pods that run today would be replaced.
    name = expanded.text if naming.is_dns_label(expanded.text) else naming.shorten(naming.sanitize(expanded.text))
    if name != expanded.text:
        if not placeholders.has_placeholders(service.hostname):
            scope.refuse(path, f"'{expanded.text}' is not a valid host name; {_LABEL_ONLY}")
            return None
        scope.report(path, "approximate", f"'{expanded.text}' is not a valid host name, so it becomes '{name}'.")
    return name


def _checked(scope: Scope, path: FieldPath, name: str) -> str | None:
    if naming.is_whole_host_name(name):
        return name
    scope.refuse(path, f"'{name}' is not a valid host name; {_WHOLE_NAME}")
    return None


def _whole(scope: Scope, key: str, service: Service, name: str) -> str | None:
    """The whole name where the API server keeps it; else None, and a notice."""
    path, label = scope.path(key, "hostname"), name.partition(".")[0]
    if not scope.observed.hostname_override:
        message = f"where the API server keeps no host name with a domain, it becomes '{label}'."
        remedy = "Kubernetes keeps it from 1.35, and 1.34 with the feature gate HostnameOverride."
        scope.report(path, "approximate", message, remedy)
        return None
    known = {naming.sanitize(key), *(alias for each in service.networks.values() for alias in each.aliases)}
    if label not in known:
        message = f"/etc/hosts of the container has the whole name alone, not '{label}'."
        scope.report(path, "approximate", message, f"Give the service the alias {label} in a network if it is needed.")
    return name


def _subdomain(scope: Scope, key: str, service: Service, kind: str) -> str | None:
    if service.domainname is None:
        return None
    path = scope.path(key, "domainname")
    if not naming.is_dns_label(service.domainname):
        whole = f"{service.hostname or naming.sanitize(key)}.{service.domainname}"
        possible = kind != "StatefulSet" and naming.is_whole_host_name(whole)
        remedy = f"Write hostname: {whole} instead." if possible else ""
        message = "a pod's domain is one label below its namespace's, so this one is not possible."
        scope.report(path, "ignored", message, remedy)
        return None
    message = f"the full name ends with .{service.domainname}.{scope.full_name('').lstrip('.')}"
    scope.report(path, "approximate", f"{message}.")
    return service.domainname
