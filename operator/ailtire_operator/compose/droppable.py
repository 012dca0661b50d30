"""Decides which fields may be omitted from a service that runs: only those that do not protect anything."""

import re
from collections.abc import Mapping
from typing import Any, Final

_AMENITIES: Final = (
    "capAdd", "dependsOn", "deploy", "devices", "dns", "dnsOptions", "dnsSearch", "domainname", "extraHosts",
    "groupAdd", "healthcheck", "hostname", "init", "interface", "platform", "policies.logging", "policies.retry",
    "policies.scaling", "policies.timeout", "ports", "postStart", "preStop", "privileged", "pullPolicy",
    "securityOpt.apparmor", "securityOpt.noNewPrivileges", "securityOpt.seccomp", "securityOpt.systempaths", "shmSize",
    "stdinOpen", "stopGracePeriod", "stopSignal", "storageOpt", "tmpfs", "tty", "ulimits", "volumes",
)  # fmt: skip
"""Fields that neither restrict callers nor confine the process. Of the security options an operator refuses only
those that remove a protection."""
_ANY_RIGHTS: Final = {"type": "spc_t"}
"""The SELinux label without confinement."""
_CONFINING: Final = re.compile(
    r"(?:.*\.)?(?:disable_ipv6|rp_filter|accept_(?:redirects|source_route|ra)|(?:secure|send)_redirects|forwarding"
    r"|ip_forward|dmesg_restrict|ptrace_scope|kptr_restrict|unprivileged_\w{1,32}|log_martians|tcp_syncookies)"
)
"""Kernel parameters that protect."""


def may_go(field: str, service: Mapping[str, Any]) -> bool:
    """Whether a service without this field (``capAdd[0]``) has no more callers and no more privileges."""
    if field.startswith("sysctls"):
        return not any(map(_CONFINING.fullmatch, service.get("sysctls", {})))
    if field.startswith("securityOpt.label"):
        return bool(service["securityOpt"].get("label") == _ANY_RIGHTS)
    return any(field == each or field.startswith((f"{each}.", f"{each}[")) for each in _AMENITIES)
