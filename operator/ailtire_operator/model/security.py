"""Capabilities, kernel parameters and security options of a container."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ailtire_operator.model.base import Strict
from ailtire_operator.model.keys import KeyRule
from ailtire_operator.model.values import EnvironmentValue, UniqueList

Capability = Annotated[str, StringConstraints(max_length=64, pattern=r"^(CAP_)?[A-Z][A-Z0-9_]*$")]
"""``NET_BIND_SERVICE``, with or without the prefix ``CAP_``; ``ALL``."""
Capabilities = Annotated[UniqueList[Capability], Field(max_length=64)]
SysctlName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=253),
    KeyRule(
        r"([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?",
        "is not the name of a kernel parameter: net.core.somaxconn",
    ),
]
Sysctls = Annotated[dict[SysctlName, EnvironmentValue], Field(max_length=32)]
GroupId = Annotated[int, Field(ge=0, le=2147483647)]
_Profile = Annotated[str, StringConstraints(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$")]
_SelinuxWord = Annotated[str, StringConstraints(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9_.:,-]+$")]


class SelinuxLabel(Strict):
    """The SELinux context of the process."""

    user: _SelinuxWord | None = None
    """The user in that context."""
    role: _SelinuxWord | None = None
    """The role in that context."""
    type: _SelinuxWord | None = None
    """The type in that context."""
    level: _SelinuxWord | None = None
    """The level in that context."""


class SecurityOptions(Strict):
    """Compose's ``security_opt``."""

    no_new_privileges: bool | None = None
    """The process and its children cannot gain privileges."""
    seccomp: _Profile | None = None
    """default (the container runtime's), unconfined, or a profile file below the kubelet's own folder."""
    apparmor: _Profile | None = None
    """default (the container runtime's), unconfined, or the name of a profile that the nodes have loaded."""
    label: SelinuxLabel | None = None
    """The SELinux context of the process."""
    systempaths: Literal["unconfined"] | None = None
    """unconfined: /proc is not masked."""
