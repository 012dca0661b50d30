"""Exports configs and secrets: files beside the Compose file, and external objects that must exist in Swarm.

Swarm's configs are immutable. So a config's name has a hash of its content: a change creates a new config, and the
services that mount it are updated.
"""

import base64
import shlex
from dataclasses import dataclass, field
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.compose.reporting import Report
from ailtire_operator.compose.swarm.branches import Branch
from ailtire_operator.compose.swarm.names import Names
from ailtire_operator.compose.swarm.shell import argument
from ailtire_operator.model.field_path import FieldPath, path_of
from ailtire_operator.model.files import DATA_KEY, Config, FileMount
from ailtire_operator.model.service import Service

_NAME_LIMIT: Final = 64
_HASH_LENGTH: Final = 8
_MODE: Final = 0o444
_FOLDERS: Final = {"configs": "/", "secrets": "/run/secrets/"}


@dataclass
class Configs:
    """The files beside the Compose files, and the objects to create first."""

    files: dict[str, bytes] = field(default_factory=dict)
    """By path below the folder of the Compose files."""
    needed: dict[str, None] = field(default_factory=dict)
    """Commands that create the objects that must exist before the first file is deployed."""

    def config(self, stack: str, key: str, content: bytes) -> dict[str, Any]:
        """A config with generated content."""
        digest = naming.digest(content.decode("latin-1"), _HASH_LENGTH)
        file = f"{stack}.{key}"
        self.files[file] = content
        name = naming.shorten(f"{stack}_{key}", _NAME_LIMIT - _HASH_LENGTH - 1)
        return {"file": f"./{file}", "name": f"{name}-{digest}"}

    def external(self, kind: str, name: str, key: str, part: str = "") -> dict[str, Any]:
        """An external config or secret: one key of a Kubernetes object is one object in Swarm.

        ``part`` is in the key of the file, from which an import takes the key of the object.
        """
        swarm = naming.shorten(name if key == part else f"{name}-{key}", _NAME_LIMIT)
        self.needed[_command(kind, name, key, swarm)] = None
        return {"external": True, "name": swarm}


def _command(kind: str, name: str, key: str, swarm: str) -> str:
    dotted = key.replace(".", "\\.")
    path = shlex.quote(f"jsonpath={{.data.{dotted}}}")
    if kind == "secrets":
        taken = f"kubectl get secret -o {path} {argument(name)} | base64 -d"
        return f"{taken} | docker secret create {argument(swarm)} -"
    return f"kubectl get configmap -o {path} {argument(name)} | docker config create {argument(swarm)} -"


def sections(branch: Branch, names: Names, contents: Configs, report: Report) -> dict[str, dict[str, Any]]:
    """The configs and secrets that the stack's services use."""
    result: dict[str, dict[str, Any]] = {"configs": {}, "secrets": {}}
    for kind in ("configs", "secrets"):
        used = {
            mount.source or name
            for service in branch.spec.plain.values()
            for name, mount in getattr(service, kind).items()
        }
        for key in getattr(branch.spec, kind):
            path = path_of(branch.view.path, kind, key)
            if key not in used:
                report.ignored(path, "no service uses it, so it is not in the file.", "Remove it.")
            elif kind == "configs":
                result[kind][names.part(branch, key)] = _config(branch, names, key, contents, path, report)
            else:
                secret = branch.spec.secrets[key]
                part = names.part(branch, key)
                result[kind][part] = _external(contents, kind, part, (secret.secret, secret.key), path, report)
    return result


def _external(
    contents: Configs, kind: str, part: str, source: tuple[str, str], path: FieldPath, report: Report
) -> dict[str, Any]:
    name, key = source
    definition = contents.external(kind, name, key, part)
    object_kind = kind.removesuffix("s")
    message = f"Swarm's {object_kind} '{definition['name']}' must exist before the stack is deployed."
    report.approximate(path, message, f"Create it: {_command(kind, name, key, definition['name'])}")
    return definition


def _config(
    branch: Branch, names: Names, key: str, contents: Configs, path: FieldPath, report: Report
) -> dict[str, Any]:
    config: Config = branch.spec.configs[key]
    if config.config_map:
        if config.labels:
            report.ignored(path_of(path, "labels"), "an external config has its own labels.")
        source = config.config_map, config.key
        return _external(contents, "configs", names.part(branch, key), source, path, report)
    if config.key != DATA_KEY:
        report.ignored(path_of(path, "key"), "it applies only to an external ConfigMap.", "Remove it.")
    content = base64.b64decode(config.binary_content) if config.binary_content is not None else config.content or ""
    if not content:
        report.rejected(path, "Swarm does not accept empty configs; it has an empty line.", "Remove it.")
    encoded = content.encode() if isinstance(content, str) else content
    definition = contents.config(names.stack(branch), names.part(branch, key), encoded or b"\n")
    return definition | ({"labels": dict(config.labels)} if config.labels else {})


def mounts(branch: Branch, names: Names, service: Service, kind: str) -> list[dict[str, Any]]:
    """The mounts of a service's configs or secrets."""
    given: dict[str, FileMount] = getattr(service, kind)
    return [
        _mount(names.part(branch, mount.source or name), mount.source or name, mount, kind)
        for name, mount in given.items()
    ]


def _mount(source: str, key: str, mount: FileMount, kind: str) -> dict[str, Any]:
    target = mount.target or f"{_FOLDERS[kind]}{key}"
    entry: dict[str, Any] = {"source": source, "target": target}
    for owner in ("uid", "gid"):
        if (number := getattr(mount, owner)) is not None:
            entry[owner] = str(number)
    return entry | ({"mode": mount.mode} if mount.mode != _MODE else {})
