"""The volumes of a stack, and their mounts in a service."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from ailtire_operator.model.base import Strict, rules
from ailtire_operator.model.keys import MetadataKey
from ailtire_operator.model.values import AbsolutePath, ImageReference, Name, ObjectName, PositiveQuantity, Quantity
from ailtire_operator.printable import CONTROLS

_ONE_ORIGIN = "set at most one of source and image"
_ONE_KIND = "set at most one of claim, nfs and perReplica"
_RETAINED = "adopt takes over a claim, which is never deleted: say retain: true, and neither nfs nor perReplica"
_SubPath = Annotated[str, StringConstraints(min_length=1, max_length=1024, pattern=rf"^[^/{CONTROLS}][^{CONTROLS}]*$")]


class VolumeMount(Strict):
    """A mount in the service's file system."""

    model_config = ConfigDict(json_schema_extra=rules(("!has(self.source) || !has(self.image)", _ONE_ORIGIN)))

    source: Annotated[Name, Field(min_length=1, max_length=1024)] | None = None
    """A name from spec.data (a volume of the stack), or an absolute path of the node (refused unless the operator's
    settings and securityProfile: privileged allow it; a container runtime's socket is never mounted). Without it:
    scratch space with the lifetime of the pod."""
    image: ImageReference | None = None
    """Instead of source: the files of an image, read-only."""
    target: AbsolutePath
    """The mount path in the container."""
    sub_path: _SubPath | None = None
    """Mount only this folder or file of it."""
    read_only: bool = False
    """Mount it read-only."""
    medium: Literal["Disk", "Memory"] = "Disk"
    """For scratch space: the node's disk, or memory (Docker's tmpfs)."""
    size: Quantity | None = None
    """For scratch space: its limit."""
    nocopy: bool | None = None
    """True is Kubernetes' behaviour: an empty volume stays empty. False, as in Docker, would copy the image's files."""
    propagation: Literal["None", "HostToContainer", "Bidirectional"] | None = None
    """For a path of the node: whether later mounts on one side appear on the other."""
    create_host_path: bool | None = None
    """For a path of the node: true creates a missing folder, false requires it to exist."""

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if self.source is not None and self.image is not None:
            raise ValueError(_ONE_ORIGIN)
        return self


class Nfs(Strict):
    """A folder of an NFS server."""

    server: Annotated[str, StringConstraints(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9.:-]+$")]
    """The server's name or address."""
    path: AbsolutePath
    """The folder that the server exports."""
    read_only: bool = False
    """Mount it read-only."""


class Data(Strict):
    """A volume of the stack."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                "[has(self.claim), has(self.nfs), has(self.perReplica) && self.perReplica].filter(x, x).size() <= 1",
                _ONE_KIND,
            ),
            (
                "!(has(self.adopt) && self.adopt) || (has(self.retain) && self.retain && !has(self.nfs)"
                " && !(has(self.perReplica) && self.perReplica))",
                _RETAINED,
            ),
        )
    )

    size: PositiveQuantity = "1Gi"
    """The requested size. A larger one expands the volume where its StorageClass allows it; no volume gets smaller."""
    size_limit: PositiveQuantity | None = None
    """The maximum size."""
    storage_class: ObjectName | None = None
    """The StorageClass; default: the cluster's."""
    mode: Literal["ReadWriteOnce", "ReadWriteMany", "ReadOnlyMany", "ReadWriteOncePod"] = "ReadWriteOnce"
    """Who may mount it: one node, or many."""
    retain: bool = False
    """Keep the data when the volume leaves the stack or the stack is deleted."""
    per_replica: bool = False
    """Every replica has its own volume; services that use it become StatefulSets."""
    adopt: bool = False
    """True: the claim exists, made by somebody else and owned by nobody, and becomes the stack's, with its data. It has
    the name of the volume's claim (STACK--VOLUME--data), or the one in claim. Needs retain: true, so that nothing ever
    deletes it. Where it does not exist, none is made."""
    claim: ObjectName | None = None
    """A PersistentVolumeClaim of the namespace that others manage (Compose: external); with adopt, the one to take
    over."""
    nfs: Nfs | None = None
    """A folder of an NFS server instead of a claim."""
    seed: Annotated[Name, Field(min_length=1, max_length=63)] | None = None
    """A key of spec.configs that holds a tar archive (gzip). It is unpacked into the empty volume before a service that
    mounts it starts; later changes have no effect."""
    labels: Annotated[dict[MetadataKey, Annotated[str, Field(max_length=4096)]], Field(max_length=32)] = {}
    """Labels of the claim; a value that is none becomes an annotation."""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if [self.claim is not None, self.nfs is not None, self.per_replica].count(True) > 1:
            raise ValueError(_ONE_KIND)
        if self.adopt and (not self.retain or self.nfs is not None or self.per_replica):
            raise ValueError(_RETAINED)
        return self
