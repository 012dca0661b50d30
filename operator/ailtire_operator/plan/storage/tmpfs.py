"""Plans file systems in memory: ``tmpfs`` and ``shmSize``."""

from typing import Any

from ailtire_operator import naming
from ailtire_operator.model.field_path import FieldPath
from ailtire_operator.model.service import Service
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.storage.volumes import Storage, claim_path
from ailtire_operator.plan.values import canonical, compact

_SHARED_MEMORY = "/dev/shm"
_PERMISSIONS = 0o777


def add(scope: Scope, key: str, service: Service, storage: Storage) -> None:
    """Add them to the service's volumes. Two mounts at the same path are refused."""
    for target, tmpfs in sorted(service.tmpfs.items()):
        path = scope.path(key, "tmpfs", target)
        if tmpfs.mode is not None and tmpfs.mode & 0o777 != _PERMISSIONS:
            message = f"Kubernetes gives every such file system mode 0777, not {tmpfs.mode:04o}."
            scope.report(path, "approximate", message, "Change the mode in the process when it starts.")
        name = f"tmpfs--{naming.digest(target)}"
        _add(scope, storage, path, name, target, _in_memory(tmpfs.size))
    if service.shm_size is not None:
        path = scope.path(key, "shmSize")
        _add(scope, storage, path, "tmpfs--shm", _SHARED_MEMORY, _in_memory(service.shm_size))


def _in_memory(size: str | None) -> dict[str, Any]:
    return {"emptyDir": compact(medium="Memory", sizeLimit=canonical(size) if size else None)}


def _add(scope: Scope, storage: Storage, path: FieldPath, name: str, target: str, source: dict[str, Any]) -> None:
    claim_path(scope, storage, path, target)
    storage.volumes.append({"name": name, **source})
    storage.mounts.append({"name": name, "mountPath": target})
