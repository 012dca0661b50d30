"""Decides which fields may be omitted from a service that runs: only those that do not protect anything."""

import re
from collections.abc import Mapping
from typing import Any, Final

from ailtire_operator.model.field_path import Step

_AMENITIES: Final = frozenset({
    "capAdd", "dependsOn", "deploy", "devices", "dns", "dnsOptions", "dnsSearch", "domainname", "extraHosts",
    "groupAdd", "healthcheck", "hostname", "init", "interface", "platform", "ports", "postStart", "preStop",
    "privileged", "pullPolicy", "shmSize", "stdinOpen", "stopGracePeriod", "stopSignal", "storageOpt", "tmpfs", "tty",
    "ulimits", "volumes",
})  # fmt: skip
"""Fields that neither restrict callers nor confine the process."""
_PARTS: Final = frozenset({
    ("policies", "logging"), ("policies", "retry"), ("policies", "scaling"), ("policies", "timeout"),
    ("securityOpt", "apparmor"), ("securityOpt", "noNewPrivileges"), ("securityOpt", "seccomp"),
    ("securityOpt", "systempaths"),
})  # fmt: skip
"""The same of parts of fields. Of the security options an operator refuses only those that remove a protection."""
_ANY_RIGHTS: Final = {"type": "spc_t"}
"""The SELinux label without confinement."""
_CONFINING: Final = re.compile(
    r"(?:.*\.)?(?:disable_ipv6|rp_filter|accept_(?:redirects|source_route|ra)|(?:secure|send)_redirects|forwarding"
    r"|ip_forward|dmesg_restrict|ptrace_scope|kptr_restrict|unprivileged_\w{1,32}|log_martians|tcp_syncookies)"
)
"""Kernel parameters that protect."""


def may_go(field: tuple[Step, ...], service: Mapping[str, Any]) -> bool:
    """Whether a service without what stands at these steps has no more callers and no more privileges."""
    if field[0] == "sysctls":
        return not any(map(_CONFINING.fullmatch, service.get("sysctls", {})))
    if field[:2] == ("securityOpt", "label"):
        return bool(service["securityOpt"].get("label") == _ANY_RIGHTS)
    return field[0] in _AMENITIES or field[:2] in _PARTS
