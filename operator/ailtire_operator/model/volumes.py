"""Storage: the volumes of a stack, and where a service mounts what."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from ailtire_operator.model.base import Strict, rules
from ailtire_operator.model.keys import MetadataKey
from ailtire_operator.model.values import AbsolutePath, ImageReference, Name, ObjectName, PositiveQuantity, Quantity
from ailtire_operator.printable import CONTROLS

_ONE_ORIGIN = "set at most one of source and image"
_ONE_KIND = "set at most one of claim, nfs and perReplica"
_SubPath = Annotated[str, StringConstraints(min_length=1, max_length=1024, pattern=rf"^[^/{CONTROLS}][^{CONTROLS}]*$")]


class VolumeMount(Strict):
    """Storage in the service's file system."""

    model_config = ConfigDict(json_schema_extra=rules(("!has(self.source) || !has(self.image)", _ONE_ORIGIN)))

    source: Annotated[Name, Field(min_length=1, max_length=1024)] | None = None
    """A name from spec.data (a volume of the stack), or an absolute path of the node (refused unless the operator's
    settings and securityProfile: privileged allow it; a container runtime's socket is always dropped). Without it:
    scratch space that lives as long as the pod."""
    image: ImageReference | None = None
    """In place of source: the files of an image, read-only."""
    target: AbsolutePath
    """Where it appears in the container."""
    sub_path: _SubPath | None = None
    """Only this folder or file of it."""
    read_only: bool = False
    """Mount it read-only."""
    medium: Literal["Disk", "Memory"] = "Disk"
    """For scratch space: the node's disk, or memory (Docker's tmpfs)."""
    size: Quantity | None = None
    """For scratch space: its limit."""
    nocopy: bool | None = None
    """True is what Kubernetes does: an empty volume stays empty. False, Docker's way, copies the image's files."""
    propagation: Literal["None", "HostToContainer", "Bidirectional"] | None = None
    """For a path of the node: whether mounts made later on one side show on the other."""
    create_host_path: bool | None = None
    """For a path of the node: true makes a folder where there is none, false wants one there."""

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
            )
        )
    )

    size: PositiveQuantity = "1Gi"
    """How much is asked for."""
    size_limit: PositiveQuantity | None = None
    """The most that it may become."""
    storage_class: ObjectName | None = None
    """The StorageClass; the cluster's default where not given."""
    mode: Literal["ReadWriteOnce", "ReadWriteMany", "ReadOnlyMany", "ReadWriteOncePod"] = "ReadWriteOnce"
    """Who may mount it: one node, or many."""
    retain: bool = False
    """Keep the data when the volume leaves the stack or the stack is deleted."""
    per_replica: bool = False
    """Every replica has a volume of its own; services that use it become StatefulSets."""
    claim: ObjectName | None = None
    """A PersistentVolumeClaim of the namespace that somebody else keeps (Compose: external)."""
    nfs: Nfs | None = None
    """A folder of an NFS server in place of a claim."""
    seed: Annotated[Name, Field(min_length=1, max_length=63)] | None = None
    """A key of spec.configs that holds a tar archive (gzip). It is unpacked into the volume while that is empty, before
    a service starts that mounts it; later changes do not follow."""
    labels: Annotated[dict[MetadataKey, Annotated[str, Field(max_length=4096)]], Field(max_length=32)] = {}
    """Labels of the claim; a value that is none becomes an annotation."""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if [self.claim is not None, self.nfs is not None, self.per_replica].count(True) > 1:
            raise ValueError(_ONE_KIND)
        return self
