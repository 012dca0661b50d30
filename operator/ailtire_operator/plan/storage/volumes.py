"""Plans volumes: the stack's claims, a service's mounts, and claims that prevent a rolling update."""

from dataclasses import dataclass, field
from typing import Any

from ailtire_operator import naming
from ailtire_operator.model.field_path import SPEC, FieldPath, path_of
from ailtire_operator.model.host_paths import Reach, reach
from ailtire_operator.model.service import Service, VolumeMount
from ailtire_operator.model.stack import Data
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.storage import volume_sources
from ailtire_operator.plan.types import Manifest
from ailtire_operator.plan.values import canonical, compact, manifest
from ailtire_operator.plan.workload import placeholders
from ailtire_operator.plan.workload.metadata import user_metadata


@dataclass(frozen=True, slots=True)
class Storage:
    """The volumes of a service's pods."""

    volumes: list[dict[str, Any]]
    mounts: list[dict[str, Any]]
    claim_templates: list[dict[str, Any]]
    """Claims for each replica; the service is then a StatefulSet."""
    retain: bool
    """Whether the replicas' claims are kept when the service is deleted."""
    single_writer: list[str]
    """Keys of mounts whose claim only one node at a time can mount."""
    named: dict[str, str] = field(default_factory=dict)
    """The pod's name for the volume of each mount, by the mount's key."""


def claims(scope: Scope) -> list[Manifest]:
    """The stack's own PersistentVolumeClaims; a StatefulSet makes those of its replicas."""
    objects = []
    names = set[str]()
    for key, data in scope.spec.data.items():
        if data.per_replica or volume_sources.is_foreign(scope, key, data):
            continue
        name = data.claim or naming.volume(scope.name, key)
        if name in names:
            scope.refuse(path_of(SPEC, "data", key), f"another volume of the stack has the claim '{name}' already")
            continue
        names.add(name)
        labels, annotations = user_metadata(data.labels)
        labels |= scope.labels() | {naming.LABEL_VOLUME: naming.sanitize(key)}
        if data.retain:
            labels[naming.LABEL_RETAIN] = "true"
        objects.append(
            manifest(
                "v1",
                "PersistentVolumeClaim",
                name,
                labels,
                annotations=annotations,
                spec=_claim_spec(data),
            )
        )
    return objects


def storage(scope: Scope, key: str, service: Service) -> Storage:
    """The volumes of one service. A path of the node that the settings do not allow is refused."""
    result = Storage([], [], [], _retains(scope, service), [])
    for name, mount in sorted(service.volumes.items()):
        path = scope.path(key, "volumes", name)
        resolved = _resolved(scope, key, service, path, mount)
        if resolved is None:
            continue
        mount = resolved
        if _is_socket(scope, mount):
            scope.report(
                path, "ignored",
                "no container runtime's socket is mounted: Kubernetes has no Docker, and the operator deploys stacks.",
                "Remove it once the service no longer starts containers itself.",
            )  # fmt: skip
            continue
        volume = (
            naming.sanitize(mount.source or "") if _is_per_replica(scope, mount) else _volume_name(scope, service, name)
        )
        _add(scope, result, path, volume, mount)
        result.named[name] = volume
        data = scope.spec.data.get(mount.source or "")
        if data is not None and _is_single_writer(data):
            result.single_writer.append(name)
    return result


def _is_socket(scope: Scope, mount: VolumeMount) -> bool:
    source = mount.source or ""
    return source.startswith("/") and source not in scope.spec.data and reach(source) is Reach.SOCKET


def _is_single_writer(data: Data) -> bool:
    """Whether only one node at a time can mount it. NFS has no such limit; the mode of others' claims is unknown."""
    own = data.nfs is None and (data.claim is None or data.adopt) and not data.per_replica
    return own and data.mode in ("ReadWriteOnce", "ReadWriteOncePod")


def _resolved(scope: Scope, key: str, service: Service, path: FieldPath, mount: VolumeMount) -> VolumeMount | None:
    """The mount with the placeholders of its source resolved; None if that was refused."""
    if mount.source is None or not placeholders.has_placeholders(mount.source):
        return mount
    path = path_of(path, "source")
    expanded = placeholders.expand(scope, key, service, path, mount.source)
    if expanded.refused:
        return None
    if expanded.variables:
        message = "a volume's name cannot depend on the replica; use perReplica: true"
        scope.refuse(path, message)
        return None
    if not expanded.text.startswith("/") and expanded.text not in scope.spec.data:
        scope.refuse(path, f"there is no volume '{expanded.text}'; declare it in spec.data")
        return None
    return mount.model_copy(update={"source": expanded.text})


def _add(scope: Scope, result: Storage, path: FieldPath, volume: str, mount: VolumeMount) -> None:
    data = scope.spec.data.get(mount.source or "")
    claim_path(scope, result, path_of(path, "target"), mount.target, part_of=path)
    if data is not None and data.per_replica:
        _add_template(scope, result, volume, data)
    else:
        result.volumes.append({"name": volume, **volume_sources.source(scope, mount, data, path)})
    result.mounts.append(
        compact(
            name=volume,
            mountPath=mount.target,
            subPath=mount.sub_path,
            readOnly=mount.read_only or None,
            mountPropagation=volume_sources.propagation(scope, mount, path),
        )
    )


def claim_path(
    scope: Scope, result: Storage, path: FieldPath, target: str, *, part_of: FieldPath | None = None
) -> None:
    """Refuse a second mount at the same path."""
    if any(other["mountPath"].rstrip("/") == target.rstrip("/") for other in result.mounts):
        scope.refuse(path, f"another volume is already mounted at '{target}'", part_of=part_of)


def _volume_name(scope: Scope, service: Service, name: str) -> str:
    """A volume name for the key, with a hash if another key or a claim template has the same name."""
    mounts = service.volumes.items()
    taken = {naming.sanitize(key) for key, _ in mounts if key != name}
    taken |= {naming.sanitize(mount.source) for _, mount in mounts if mount.source and _is_per_replica(scope, mount)}
    plain = naming.sanitize(name)
    return plain if plain not in taken else naming.shorten(f"{plain}-{naming.digest(name)}")


def _is_per_replica(scope: Scope, mount: VolumeMount) -> bool:
    data = scope.spec.data.get(mount.source or "")
    return data is not None and data.per_replica


def _add_template(scope: Scope, result: Storage, volume: str, data: Data) -> None:
    if any(template["metadata"]["name"] == volume for template in result.claim_templates):
        return
    metadata = {"name": volume, "labels": scope.labels() | {naming.LABEL_VOLUME: volume}}
    # The API server's defaults, written out so that the plan compares equal to its answer.
    spec = {"volumeMode": "Filesystem", **_claim_spec(data)}
    template = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": metadata,
        "spec": spec,
        "status": {"phase": "Pending"},
    }
    result.claim_templates.append(template)


def _claim_spec(data: Data) -> dict[str, Any]:
    return compact(
        accessModes=[data.mode],
        resources=compact(
            requests={"storage": canonical(data.size)},
            limits={"storage": canonical(data.size_limit)} if data.size_limit else None,
        ),
        storageClassName=data.storage_class,
    )


def _retains(scope: Scope, service: Service) -> bool:
    used = [scope.spec.data[mount.source] for mount in service.volumes.values() if mount.source in scope.spec.data]
    return any(data.per_replica and data.retain for data in used)
