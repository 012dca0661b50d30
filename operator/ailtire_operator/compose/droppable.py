"""What may be left out of a service that runs on: rights and amenities. Without anything else it might run open."""

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
"""Fields of a service that are not wanted by whoever keeps callers out, or the process in. Of its options of security
an operator refuses none but those that take a protection away."""
_ANY_RIGHTS: Final = {"type": "spc_t"}
"""The SELinux label that confines nothing."""
_CONFINING: Final = re.compile(
    r"(?:.*\.)?(?:disable_ipv6|rp_filter|accept_(?:redirects|source_route|ra)|(?:secure|send)_redirects|forwarding"
    r"|ip_forward|dmesg_restrict|ptrace_scope|kptr_restrict|unprivileged_\w{1,32}|log_martians|tcp_syncookies)"
)
"""Kernel parameters that keep something out."""


def may_go(field: str, service: Mapping[str, Any]) -> bool:
    """Whether a service without this field (``capAdd[0]``) lets in nobody more, and may do no more."""
    if field.startswith("sysctls"):
        return not any(map(_CONFINING.fullmatch, service.get("sysctls", {})))
    if field.startswith("securityOpt.label"):
        return bool(service["securityOpt"].get("label") == _ANY_RIGHTS)
    return any(field == each or field.startswith((f"{each}.", f"{each}[")) for each in _AMENITIES)
