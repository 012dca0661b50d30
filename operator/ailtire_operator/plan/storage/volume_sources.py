"""Plans the source of a volume: an emptyDir, a claim, an NFS server, an image, or a path of the node."""

from typing import Any

from ailtire_operator import naming
from ailtire_operator.model.field_path import SPEC, FieldPath, path_of
from ailtire_operator.model.host_paths import Reach, climbs, reach
from ailtire_operator.model.service import VolumeMount
from ailtire_operator.model.stack import Data
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.values import canonical, compact
from ailtire_operator.plan.workload import security
from ailtire_operator.plan.workload.images import resolve

_OF_A_CLAIM = ("size", "size_limit", "storage_class", "mode", "retain", "labels")


def source(scope: Scope, mount: VolumeMount, data: Data | None, path: FieldPath) -> dict[str, Any]:
    """The pod's volume, without its name. A source that the settings or the profile do not allow is refused."""
    if mount.nocopy is False:
        message = "an empty volume stays empty: Kubernetes copies no files of the image into it."
        scope.report(path_of(path, "nocopy"), "approximate", message, "Fill it when the service first starts.")
    if mount.image is not None:
        return {"image": {"reference": resolve(scope, mount.image)}}
    if mount.source is None:
        size = canonical(mount.size) if mount.size else None
        return {"emptyDir": compact(medium="Memory" if mount.medium == "Memory" else None, sizeLimit=size)}
    if data is not None and data.nfs is not None:
        security.require(scope, path_of(path, "source"), "baseline", "a volume of an NFS server")
        return {"nfs": compact(server=data.nfs.server, path=data.nfs.path, readOnly=data.nfs.read_only or None)}
    if data is not None:
        return {"persistentVolumeClaim": {"claimName": data.claim or naming.volume(scope.name, mount.source)}}
    check_host_path(scope, path_of(path, "source"), mount.source)
    kinds = {None: None, True: "DirectoryOrCreate", False: "Directory"}
    return {"hostPath": compact(path=mount.source, type=kinds[mount.create_host_path])}


def check_host_path(scope: Scope, path: FieldPath, source: str) -> None:
    """Refuse a path of the node that the settings or the profile do not allow."""
    if not scope.settings.allow_host_paths:
        message = f"'{source}' is a path of the node, which this operator does not allow; use a volume of spec.data"
        scope.refuse(path, message, gated=True)
        return
    security.require(scope, path, "privileged", f"'{source}', a path of the node,")
    if climbs(source):
        scope.refuse(path, f"'{source}' contains '..'; write the resolved path")
    if reach(source) is not Reach.NOTHING:
        message = f"'{source}' gives access to the socket of a container runtime, which is not allowed"
        scope.refuse(path, f"{message}; mount another folder")


def propagation(scope: Scope, mount: VolumeMount, path: FieldPath) -> str | None:
    """The mount propagation: whether later mounts appear on the other side."""
    if mount.propagation == "Bidirectional":
        security.require(scope, path_of(path, "propagation"), "privileged", "mounting into the node")
    return None if mount.propagation == "None" else mount.propagation


def is_foreign(scope: Scope, key: str, data: Data) -> bool:
    """Whether the volume belongs to others; the fields of a claim then have no effect, and are reported."""
    if data.adopt or (data.claim is None and data.nfs is None):
        return False
    for field in sorted(data.model_fields_set.intersection(_OF_A_CLAIM)):
        name = type(data).model_fields[field].alias or field
        message = "the volume is not managed by this stack."
        scope.report(path_of(SPEC, "data", key, name), "ignored", message, "Remove it.")
    return True
