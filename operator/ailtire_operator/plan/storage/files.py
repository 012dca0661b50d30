"""Plans configs and secrets: the stack's own ConfigMaps, and the files in a service's containers."""

from typing import Any

from ailtire_operator import naming
from ailtire_operator.model.field_path import SPEC, FieldPath, path_of
from ailtire_operator.model.files import DATA_KEY, Config, FileMount
from ailtire_operator.model.service import Service
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.storage.volumes import Storage, claim_path
from ailtire_operator.plan.types import Manifest
from ailtire_operator.plan.values import compact, manifest
from ailtire_operator.plan.workload.metadata import user_metadata

FILE = "file"
"""The key of the single file in a pod's volume; the mount gives its final name."""


def config_maps(scope: Scope) -> list[Manifest]:
    """The ConfigMaps of the stack's own configs. Their names change with their content, so that consumers roll."""
    objects = []
    for key, config in scope.spec.configs.items():
        if config.config_map is not None:
            if config.labels:
                path = path_of(SPEC, "configs", key, "labels")
                scope.report(path, "ignored", "the ConfigMap is not managed by this stack.", "Label it there.")
            continue
        labels, annotations = user_metadata(config.labels)
        own = scope.labels() | {naming.LABEL_CONFIG: naming.sanitize(key)}
        content = {"data": {DATA_KEY: config.content}} if config.content is not None else {}
        binary = {"binaryData": {DATA_KEY: config.binary_content}} if config.binary_content else {}
        objects.append(
            manifest(
                "v1",
                "ConfigMap",
                _name(scope, key, config),
                labels | own,
                annotations=annotations,
                immutable=True,
                **content,
                **binary,
            )
        )
    return objects


def add(scope: Scope, key: str, service: Service, storage: Storage) -> None:
    """Add the service's files to its volumes. Two mounts at the same path are refused."""
    for name, mount in sorted(service.configs.items()):
        config = mount.source or name
        volume = source(scope, config, mount.mode)
        path = scope.path(key, "configs", name)
        _mount(scope, storage, path, _volume(service.configs, "config", name), volume, mount.target or f"/{config}")
    for name, mount in sorted(service.secrets.items()):
        wanted = mount.source or name
        secret = scope.spec.secrets[wanted]
        volume = {"secret": {"secretName": secret.secret, "items": _items(secret.key, mount)}}
        target = mount.target or f"/run/secrets/{wanted}"
        path = scope.path(key, "secrets", name)
        _mount(scope, storage, path, _volume(service.secrets, "secret", name), volume, target)


def source(scope: Scope, key: str, mode: int | None = None) -> dict[str, Any]:
    """The volume of a pod that holds a config as its one file."""
    config = scope.spec.configs[key]
    item = compact(key=config.key if config.config_map else DATA_KEY, path=FILE, mode=mode)
    return {"configMap": {"name": _name(scope, key, config), "items": [item]}}


def _name(scope: Scope, key: str, config: Config) -> str:
    return config.config_map or naming.config(scope.name, key, config.content or config.binary_content or "")


def _volume(mounts: dict[str, FileMount], prefix: str, name: str) -> str:
    return naming.derived(prefix, name, frozenset(naming.derived(prefix, each) for each in mounts if each != name))


def _items(key: str, mount: FileMount) -> list[dict[str, Any]]:
    return [{"key": key, "path": FILE, "mode": mount.mode}]


def _mount(scope: Scope, storage: Storage, path: FieldPath, name: str, source: dict[str, Any], target: str) -> None:
    claim_path(scope, storage, path, target)
    storage.volumes.append({"name": name, **source})
    storage.mounts.append(compact(name=name, mountPath=target, subPath=FILE, readOnly=True))
