"""Translates groups, capabilities, kernel parameters, devices, ulimits, security options and DNS settings."""

import re
from pathlib import PurePosixPath
from typing import Any, Final

from pydantic import TypeAdapter

from ailtire_operator import naming
from ailtire_operator.compose.compose_file.entry import Entry
from ailtire_operator.compose.scalars import accepts, memory, whole
from ailtire_operator.model.container import Container
from ailtire_operator.model.security import SecurityOptions
from ailtire_operator.model.service import Service

_FIELDS: Final = TypeAdapter(Container)
_OPTIONS: Final = TypeAdapter(SecurityOptions)
_PLAIN_SPACES: Final = frozenset({"private", "shareable"})
_OPTION: Final = re.compile(r"([a-z-]+)(?:[:=](.*))?")
_GIVES_RIGHTS: Final = re.compile(
    r"(?:seccomp|apparmor|systempaths)[:=]unconfined|label[:=](?:disable|nested)|unmask[:=].*"
)
"""Options that remove a protection: without them a container has fewer privileges."""
_SELINUX: Final = ("user", "role", "type", "level")


def rights(service: Entry, fields: dict[str, Any]) -> None:
    """Set all these fields of a service."""
    _put(service, fields, "capAdd", _capabilities(service, "cap_add"), "cap_add")
    dropped = _capabilities(service, "cap_drop")
    if accepts(_FIELDS, {"capDrop": dropped}):
        service.put(Service, fields, "capDrop", dropped, "cap_drop")
    else:
        service.close_service("one of these is not a capability, so none can be dropped", "cap_drop")
    if service.take("privileged"):
        fields["privileged"] = True
    _groups(service, fields)
    _put(service, fields, "sysctls", _sysctls(service.take("sysctls")), "sysctls")
    _put(service, fields, "securityOpt", _security(service), "security_opt")
    _namespaces(service)
    _put(service, fields, "ulimits", _ulimits(service.take("ulimits")), "ulimits")
    _devices(service, fields)
    _host_name(service, fields)
    _resolver(service, fields)
    if (size := service.parsed("shm_size", memory, "a size")) and size != "0":
        _put(service, fields, "shmSize", size, "shm_size")
    options = service.inner("storage_opt")
    if size := options.parsed("size", memory, "a size"):
        _put(service, fields, "storageOpt", {"size": size}, "storage_opt")


def _put(service: Entry, fields: dict[str, Any], field: str, value: Any, key: str) -> None:
    """Set a field to the valid values; the others are reported."""
    if value in (None, {}, [], ""):
        return
    if accepts(_FIELDS, {field: value}):
        service.put(Service, fields, field, value, key)
    else:
        service.report.rejected(service.where(key), "not valid in Kubernetes; it is left out.")


def _host_name(service: Entry, fields: dict[str, Any]) -> None:
    """Host name and domain. A domain of several labels is possible only as a part of the host name."""
    name, domain = service.take("hostname"), service.take("domainname")
    whole = f"{name}.{domain}"
    if name and "." in str(domain) and naming.is_dns_label(str(name)) and naming.is_whole_host_name(whole):
        message = f"the host name is the whole name, '{whole}', not '{name}'."
        service.report.approximate(service.where("hostname"), message)
        service.report.resolved(service.where("domainname"), "it is a part of the host name.")
        _put(service, fields, "hostname", whole, "hostname")
        return
    _put(service, fields, "hostname", name, "hostname")
    _put(service, fields, "domainname", domain, "domainname")


def _capabilities(service: Entry, key: str) -> list[str]:
    return list(dict.fromkeys(each.upper().removeprefix("CAP_") for each in service.texts(key)))


def _groups(service: Entry, fields: dict[str, Any]) -> None:
    groups = []
    for index, written in enumerate(service.texts("group_add")):
        if (group := whole(written)) is not None:
            groups.append(group)
        else:
            message = f"'{written}' is a name, which only the image knows; it is left out."
            service.report.rejected(service.where("group_add", index), message, "Use its number.")
    _put(service, fields, "groupAdd", groups, "group_add")


def _sysctls(written: Any) -> dict[str, str]:
    if isinstance(written, list):
        written = dict(str(each).partition("=")[::2] for each in written)
    return {name: str(value) for name, value in (written or {}).items()}


def _security(service: Entry) -> dict[str, Any]:
    """``no-new-privileges``, ``seccomp=unconfined``, ``label=type:container_t``: each alone, as a map."""
    result: dict[str, Any] = {}
    for index, written in enumerate(service.texts("security_opt")):
        match = _OPTION.fullmatch(written)
        name, value = (match[1], match[2] or "") if match else ("", "")
        found: dict[str, Any] = {}
        if name == "no-new-privileges" and value in ("", "true", "false"):
            found = {"noNewPrivileges": value != "false"}
        elif name in ("seccomp", "apparmor"):
            found = {name: "default" if value in ("docker-default", "builtin") else value}
        elif name == "systempaths":
            found = {name: value}
        elif name == "label" and value.partition(":")[0] in _SELINUX:
            kind, _, word = value.partition(":")
            found = {"label": {**result.get("label", {}), kind: word}}
        elif name == "label" and value == "disable":
            found = {"label": {**result.get("label", {}), "type": "spc_t"}}
        if found and accepts(_OPTIONS, found):
            result |= found
        elif _GIVES_RIGHTS.fullmatch(written):
            message = f"'{written}' has no equivalent; it is left out."
            service.report.rejected(service.where("security_opt", index), message)
        else:
            why = f"'{written}' confines it, and has no equivalent"
            service.close_service(why, "security_opt", index, remedy="Remove it, or name a profile of the nodes.")
    return result


def _namespaces(service: Entry) -> None:
    """Report the use of the node's namespaces; Docker's defaults are ignored."""
    for key in ("pid", "ipc", "uts"):
        written = service.take(key)
        if key == "ipc" and written == "none":
            message = "a pod has 64 MiB of memory at /dev/shm, and no other pod sees it."
            service.report.approximate(service.where(key), message)
        elif written not in (None, "", *_PLAIN_SPACES):
            service.note(key)
    if (users := service.take("userns_mode")) == "host":
        service.note("userns_mode")
    elif users:
        why = f"'{users}' gives its root no privileges on the host, which only the cluster decides here"
        service.close_service(why, "userns_mode", remedy="Give it a numeric user that is not 0.")
    if (isolation := service.take("isolation")) == "hyperv":
        service.close_service("it needs a virtual machine, and here it shares the node's kernel", "isolation")
    elif isolation:
        service.note("isolation")


def _ulimits(written: Any) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, limit in (written or {}).items():
        if isinstance(limit, dict):
            result[name] = {key: limit.get(key) or 0 for key in ("soft", "hard")}  # the canonical form leaves out 0
        else:
            result[name] = {"soft": limit}
    return result


def _devices(service: Entry, fields: dict[str, Any]) -> None:
    devices: dict[str, Any] = {}
    for entry in service.items("devices"):
        source, target, permissions = entry.take("source"), entry.take("target"), entry.take("permissions")
        name = naming.shorten(naming.sanitize(PurePosixPath(str(source)).name), 59)
        name = name if name not in devices else f"{name}-{len(devices)}"
        device = {"source": source, "target": target if target != source else None}
        device |= {"permissions": permissions if permissions != "rwm" else None}
        devices[name] = {key: value for key, value in device.items() if value}
    _put(service, fields, "devices", devices, "devices")


def _resolver(service: Entry, fields: dict[str, Any]) -> None:
    """``name=address`` in the canonical form; one name may stand there with several addresses."""
    hosts: dict[str, list[str]] = {}
    for index, written in enumerate(service.texts("extra_hosts")):
        name, _, address = written.partition("=")
        address = address.strip("[]")
        if address == "host-gateway":
            message = "the Docker host has no equivalent; the name is left out."
            service.report.rejected(service.where("extra_hosts", index), message, "Use a reachable address.")
        elif not accepts(_FIELDS, {"extraHosts": {name: [address]}}):
            message = f"'{written}' is not a host name with an address; it is left out."
            service.report.rejected(service.where("extra_hosts", index), message)
        else:
            hosts.setdefault(name, []).append(address)
    _put(service, fields, "extraHosts", hosts, "extra_hosts")
    _put(service, fields, "dns", service.texts("dns"), "dns")
    domains = service.texts("dns_search")
    if "." in domains:
        message = "a pod always searches the domains of its networks and namespace too."
        service.report.ignored(service.where("dns_search", domains.index(".")), message)
    _put(service, fields, "dnsSearch", [each for each in domains if each != "."], "dns_search")
    options = dict(each.partition(":")[::2] for each in service.texts("dns_opt"))
    _put(service, fields, "dnsOptions", options, "dns_opt")
