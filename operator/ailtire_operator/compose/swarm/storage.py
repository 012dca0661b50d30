"""Exports mounts and volumes: without a driver Swarm's volumes are local to the node of a task."""

from typing import Any, Final

from ailtire_operator.compose.interpolation import braces
from ailtire_operator.compose.reporting import Report
from ailtire_operator.compose.swarm.branches import Branch
from ailtire_operator.compose.swarm.container import alias, given
from ailtire_operator.compose.swarm.names import Names
from ailtire_operator.model.field_path import FieldPath, path_of
from ailtire_operator.model.host_paths import Reach, reach
from ailtire_operator.model.service import Service, VolumeMount
from ailtire_operator.model.values import amount
from ailtire_operator.model.volumes import Data

_SLOT: Final = "{{.Task.Slot}}"
_SHARED_MEMORY: Final = "/dev/shm"
_PROPAGATION: Final = {"None": "rprivate", "HostToContainer": "rslave", "Bidirectional": "rshared"}
_LOCAL: Final = "Docker's local volumes do not support it."
_DRIVER: Final = "Set a driver that supports it in the file."


def mounts(branch: Branch, names: Names, key: str, service: Service, report: Report) -> list[dict[str, Any]]:
    """The mounts of a service, without configs and secrets."""
    found = []
    for name, mount in service.volumes.items():
        entry = _mount(branch, names, mount, branch.view.member_path(key, "volumes", name), report)
        found += [entry] if entry else []
    for target, memory in service.tmpfs.items():
        if memory.mode is not None:
            message = "tmpfs mounts of Swarm are writable for everybody: mode 1777."
            report.approximate(branch.view.member_path(key, "tmpfs", target, "mode"), message)
        found.append(_memory(braces(target), memory.size))
    if service.shm_size:
        found.append(_memory(_SHARED_MEMORY, service.shm_size))
        message = f"`docker stack deploy` does not support it, so a tmpfs of this size is mounted at {_SHARED_MEMORY}."
        report.resolved(branch.view.member_path(key, "shmSize"), message)
    return found


def _memory(target: str, size: str | None) -> dict[str, Any]:
    return {"type": "tmpfs", "target": target} | ({"tmpfs": {"size": int(amount(size))}} if size else {})


def _mount(branch: Branch, names: Names, mount: VolumeMount, path: FieldPath, report: Report) -> dict[str, Any] | None:
    if mount.source and mount.source not in branch.spec.data and reach(mount.source) is not Reach.NOTHING:
        message = "Docker's socket gives access to the whole host; as in the cluster, it is not mounted."
        report.add(path, "gated", message, "Add it to the file if a service needs it.")
        return None
    for field, what in (("image", "files of an image"), ("sub_path", "a part of a volume")):
        if getattr(mount, field):
            message = f"`docker stack deploy` cannot mount {what}. It is left out."
            report.rejected(path, message, "Mount a whole volume, or put the files into the service's image.")
            return None
    if mount.source is None:
        return _scratch(mount, path, report)
    if mount.size or "medium" in mount.model_fields_set:
        report.ignored(path, "size and medium apply only to volumes without a source.")
    target: dict[str, Any] = {"target": braces(mount.target)} | ({"read_only": True} if mount.read_only else {})
    if mount.source not in branch.spec.data:
        return _host_path(mount, path, report) | target
    entry = {"type": "volume", "source": names.part(branch, mount.source), **target}
    _report_bind_options(mount, path, report)
    return entry | ({"volume": {"nocopy": mount.nocopy}} if mount.nocopy is not None else {})


def _scratch(mount: VolumeMount, path: FieldPath, report: Report) -> dict[str, Any]:
    _report_bind_options(mount, path, report)
    read_only = {"read_only": True} if mount.read_only else {}
    if mount.medium == "Memory":
        return _memory(braces(mount.target), mount.size) | read_only
    if mount.size:
        report.ignored(path_of(path, "size"), "Docker does not limit scratch space on disk.")
    copying = {"volume": {"nocopy": mount.nocopy}} if mount.nocopy is not None else {}
    return {"type": "volume", "target": braces(mount.target), **read_only, **copying}


def _host_path(mount: VolumeMount, path: FieldPath, report: Report) -> dict[str, Any]:
    report.approximate(path, "the path must exist on every node that may run the service.", "Add a constraint.")
    if mount.create_host_path:
        report.ignored(
            path_of(path, "createHostPath"), "Swarm does not create folders on nodes.", "Create it on each node."
        )
    if mount.nocopy is not None:
        report.ignored(
            path_of(path, "nocopy"), "files of the image are never copied to a path of a node.", "Remove it."
        )
    entry: dict[str, Any] = {"type": "bind", "source": mount.source or ""}
    return entry | ({"bind": {"propagation": _PROPAGATION[mount.propagation]}} if mount.propagation else {})


def _report_bind_options(mount: VolumeMount, path: FieldPath, report: Report) -> None:
    for field in ("propagation", "create_host_path"):
        if getattr(mount, field) is not None:
            message = "it applies only to paths of the node."
            report.ignored(path_of(path, alias(mount, field)), message, "Remove it.")


def volumes(branch: Branch, names: Names, report: Report) -> dict[str, Any]:
    """The named volumes that services mount."""
    mounted = {
        mount.source
        for service in branch.spec.plain.values()
        for mount in service.volumes.values()
        if not mount.image and not mount.sub_path
    }
    result: dict[str, Any] = {}
    for key, data in branch.spec.data.items():
        path = path_of(branch.view.path, "data", key)
        if key in mounted:
            result[names.part(branch, key)] = _volume(branch, names, key, data, path, report)
        else:
            report.ignored(path, "no service mounts it, so it is not in the file.", "Mount it, or remove it.")
    return result


def _volume(branch: Branch, names: Names, key: str, data: Data, path: FieldPath, report: Report) -> dict[str, Any]:
    for field in ("size", "size_limit", "storage_class"):
        if given(data, field):
            report.ignored(path_of(path, alias(data, field)), _LOCAL, _DRIVER)
    if data.mode != "ReadWriteOnce" and not data.nfs:
        message = "every node has its own volume of that name, with different content."
        report.approximate(path_of(path, "mode"), message, _DRIVER)
    if data.claim:
        message = f"the volume '{data.claim}' must exist on every node that may run the service."
        report.approximate(path_of(path, "claim"), message, f"Create it first: docker volume create {data.claim}")
        if data.labels:
            report.ignored(path_of(path, "labels"), "an external volume has its own labels.")
        return {"external": True, "name": data.claim}
    if data.seed:
        message = "Swarm does not seed volumes: it starts with the image's files."
        report.rejected(path_of(path, "seed"), message, "Copy the files into it, or build them into the image.")
    if data.adopt:
        report.resolved(path_of(path, "adopt"), "a volume of the name that exists is used.")
    if data.retain:
        report.resolved(path_of(path, "retain"), "Swarm keeps all volumes, also when their stack is removed.")
    result: dict[str, Any] = {}
    if data.per_replica:
        result["name"] = f"{names.stack(branch)}_{names.part(branch, key)}-{_SLOT}"
    if data.nfs:
        options = f"addr={data.nfs.server},{'ro' if data.nfs.read_only else 'rw'}"
        result |= {
            "driver": "local",
            "driver_opts": {"type": "nfs", "o": options, "device": f":{braces(data.nfs.path)}"},
        }
    return result | ({"labels": {name: braces(value) for name, value in data.labels.items()}} if data.labels else {})
