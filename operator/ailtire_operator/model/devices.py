"""Devices and generic resources that a service reserves, which become extended resources."""

from typing import Annotated

from pydantic import Field, StringConstraints

from ailtire_operator.model.base import Strict
from ailtire_operator.model.keys import KeyRule
from ailtire_operator.model.values import AbsolutePath, Name, ObjectName, PositiveQuantity, UniqueList

_Word = Annotated[Name, Field(min_length=1, max_length=63)]

ResourceKind = Annotated[
    str,
    StringConstraints(min_length=1, max_length=253),
    KeyRule(
        r"[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?", "is not the name of a resource: NVIDIA-GPU, example.com/fpga"
    ),
]
"""A generic resource of Swarm, or an extended resource of Kubernetes."""
ClaimName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=63),
    KeyRule(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", "is not a name of a claim: use a-z, 0-9 and inner hyphens"),
]
ClaimTemplates = Annotated[dict[ClaimName, ObjectName], Field(max_length=8, examples=[{"gpu": "one-large-gpu"}])]
GenericResources = Annotated[dict[ResourceKind, Annotated[int, Field(ge=0, le=100000)]], Field(max_length=16)]


class DeviceReservation(Strict):
    """Devices of one driver."""

    driver: Annotated[str, StringConstraints(max_length=63, pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")] | None = None
    """nvidia or amd; default with the capability gpu: nvidia."""
    count: Annotated[int, Field(ge=1, le=64)] = 1
    """The number of devices."""
    capabilities: Annotated[UniqueList[_Word], Field(max_length=16)] = []
    """Required capabilities: gpu."""


class DeviceMapping(Strict):
    """A device of the node, for which the operator's settings name an extended resource."""

    source: AbsolutePath
    """The device on the node: /dev/kvm."""
    target: AbsolutePath | None = None
    """Kept for Swarm; the device plug-in decides the path."""
    permissions: Annotated[str, StringConstraints(max_length=3, pattern=r"^[rwm]+$")] | None = None
    """Kept for Swarm: r, w, m."""


class Ulimit(Strict):
    """A limit of the process."""

    soft: Annotated[int, Field(ge=-1)]
    """The limit; -1 is none."""
    hard: Annotated[int, Field(ge=-1)] | None = None
    """The maximum to which the process may raise it; default: soft."""


UlimitName = Annotated[
    str, StringConstraints(min_length=1, max_length=32), KeyRule(r"[a-z]+", "is not the name of a limit: nofile")
]


class StorageOptions(Strict):
    """Bounds on the container's own file system."""

    size: PositiveQuantity | None = None
    """The limit of files outside of volumes, logs included; the pod is evicted above it."""
