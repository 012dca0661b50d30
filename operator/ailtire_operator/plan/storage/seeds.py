"""Plans the init containers that fill empty volumes from an archive before a service that mounts them starts."""

from collections.abc import Iterator
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.model.service import Service
from ailtire_operator.plan import gateway_image
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.storage import files
from ailtire_operator.plan.storage.volumes import Storage
from ailtire_operator.plan.values import compact
from ailtire_operator.plan.workload import security

_VOLUME: Final = "/volume"
_ARCHIVE: Final = "/seed"
_ROOT_RIGHTS: Final = ["CHOWN", "DAC_OVERRIDE", "FOWNER"]
"""The capabilities by which root sets the owners from the archive; the baseline profile allows them."""
_RESOURCES: Final = {"requests": {"cpu": "25m", "memory": "16Mi"}}
SCRIPT: Final = """\
set -e
cd "$1"
if [ ! -d .ailtire-seed ] && [ -n "$(ls -A | grep -vx 'lost+found' || true)" ]; then exit 0; fi
mkdir -p .ailtire-seed/new
tar -xzf "$2" -C .ailtire-seed/new
chown "$(stat -c %u:%g .ailtire-seed/new)" . 2>/dev/null || true
chmod "$(stat -c %a .ailtire-seed/new)" . 2>/dev/null || true
for each in .ailtire-seed/new/* .ailtire-seed/new/.[!.]* .ailtire-seed/new/..?*; do
  if [ -e "$each" ] || [ -L "$each" ]; then mv -n "$each" .; fi
done
rm -rf .ailtire-seed
"""
"""A folder .ailtire-seed means that the last run was interrupted, and is continued. Files of services are kept."""


def add(scope: Scope, key: str, service: Service, storage: Storage) -> list[dict[str, Any]]:
    """The init containers that fill a service's volumes; the archives are added to its volumes."""
    containers = []
    for source, volume in _seeded(scope, service, storage):
        seed = str(scope.spec.data[source].seed)
        archive = naming.derived("seed", source)
        storage.volumes.append({"name": archive, **files.source(scope, seed)})
        mounts = [
            {"name": volume, "mountPath": _VOLUME},
            {"name": archive, "mountPath": _ARCHIVE, "readOnly": True},
        ]
        containers.append(
            {
                "name": archive,
                "image": gateway_image.of(scope),
                "command": ["/bin/sh", "-c", SCRIPT, "seed", _VOLUME, f"{_ARCHIVE}/{files.FILE}"],
                "resources": _RESOURCES,
                "securityContext": _context(scope, key, service),
                "volumeMounts": mounts,
            }
        )
    return containers


def _seeded(scope: Scope, service: Service, storage: Storage) -> Iterator[tuple[str, str]]:
    """Key and pod volume name of each volume to fill, once."""
    seen = set()
    for name, volume in storage.named.items():
        source = service.volumes[name].source or ""
        data = scope.spec.data.get(source)
        if data is not None and data.seed is not None and source not in seen:
            seen.add(source)
            yield source, volume


def _context(scope: Scope, key: str, service: Service) -> dict[str, Any]:
    """The init container's security context: the service's user, or root, which keeps the owners of the files."""
    identity = security.identity(service)
    if not identity and scope.security_profile == "restricted":
        message = "a volume with seed is filled as the service's user, and restricted forbids root; set user"
        scope.refuse(scope.path(key, "user"), message)
    rights = [] if identity else _ROOT_RIGHTS
    return {
        **(identity or {"runAsUser": 0, "runAsGroup": 0}),
        "allowPrivilegeEscalation": False,
        "capabilities": compact(add=rights, drop=["ALL"]),
        "readOnlyRootFilesystem": True,
    }
