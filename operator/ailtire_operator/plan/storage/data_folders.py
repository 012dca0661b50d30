"""Reports databases whose data folder is the root of a volume: a fresh ext4 file system has ``lost+found`` there."""

from typing import Final

from ailtire_operator.model.service import Service, VolumeMount
from ailtire_operator.plan.scope import Scope

_CAUSE: Final = "a fresh volume with the file system ext4 has the folder lost+found"
_POSTGRES: Final = "PGDATA"
"""The variable that says where PostgreSQL's data is."""
_POSTGRES_FOLDER: Final = "/var/lib/postgresql/data"
"""PostgreSQL's data without that variable, in images up to version 17; later ones have it below their mount."""
_OTHERS: Final = {
    "/var/lib/mysql": "MySQL initializes no folder with anything in it, and MariaDB takes it for a database",
    "/var/lib/kafka/data": "Kafka does not start beside a folder that is no topic's",
}
_WITHOUT_DATA: Final = "Before it has data (the data of a volume in use would be hidden)"


def report(scope: Scope) -> None:
    """Report them where nothing is known of volumes in use.

    Nothing is moved by itself: below another folder the data of a volume that exists would no longer be found.
    """
    if not scope.observed.is_offline:
        return
    for key, service in scope.spec.plain.items():
        for name, mount in service.volumes.items():
            if _is_root_of_own_volume(scope, mount) and (found := _problem(scope, service, mount.target)):
                message, remedy = found
                scope.report(scope.path(key, "volumes", name), "approximate", f"{_CAUSE}, and {message}.", remedy)


def _is_root_of_own_volume(scope: Scope, mount: VolumeMount) -> bool:
    """Whether it is the whole of a writable claim that the stack makes, and that starts empty."""
    data = scope.spec.data.get(mount.source or "")
    if data is None or mount.sub_path is not None or mount.read_only:
        return False
    return data.claim is None and data.nfs is None and data.seed is None and not data.adopt


def _problem(scope: Scope, service: Service, target: str) -> tuple[str, str] | None:
    """What becomes of a database with its data at the target, and what to do; None where no such one is known."""
    folder = target.rstrip("/")
    if folder == _postgres_folder(scope, service):
        remedy = f"{_WITHOUT_DATA} set the variable {_POSTGRES}: {folder}/pgdata"
        return "PostgreSQL initializes no folder with anything in it", f"{remedy}."
    if message := _OTHERS.get(folder):
        return message, f"{_WITHOUT_DATA} set subPath: data of this mount."
    return None


def _postgres_folder(scope: Scope, service: Service) -> str | None:
    """Where PostgreSQL's data would be; None where only the cluster knows."""
    if _POSTGRES in service.environment_values_from:
        return None
    return {_POSTGRES: _POSTGRES_FOLDER, **scope.env, **service.environment}[_POSTGRES].rstrip("/")
