"""Translates configs and secrets of a project, and their mounts."""

import base64
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from ailtire_operator import naming
from ailtire_operator.compose import credentials
from ailtire_operator.compose.compose_file import embedded_files, volume_seeds
from ailtire_operator.compose.compose_file.access_control import Users
from ailtire_operator.compose.compose_file.entry import Entry
from ailtire_operator.compose.compose_file.labels import metadata
from ailtire_operator.compose.errors import ApplicationError
from ailtire_operator.compose.files import content, located
from ailtire_operator.compose.reporting import Report
from ailtire_operator.compose.scalars import accepts, whole
from ailtire_operator.model.files import DATA_KEY, Config, FileMount
from ailtire_operator.model.policies import Authentication
from ailtire_operator.model.service import Service

_CONFIG: Final = TypeAdapter(Config)
_MOUNT: Final = TypeAdapter(FileMount)
_REALM: Final = TypeAdapter(Authentication)
AUTHENTICATION_KEY: Final = "auth"
_PLACEHOLDER: Final = "{{"
_SECRET_KEY: Final = re.compile(r"[-._a-zA-Z0-9]{1,253}")
_COUNT_LIMIT: Final = 48
"""Configs of a stack; the rest is for archives of volumes."""
_KEY_LIMIT: Final = 63
_TOTAL_LIMIT: Final = 1024 * 1024
"""Bytes of all contents: the API server accepts resources up to 1.5 MiB."""
_SHELL: Final = "; --env-from-shell uses those of your shell"
_CREATE: Final = "Create the Secrets, or import with --secrets"
_FOREIGN: Final = "Create these, as they are external in the file"


class ProjectFiles:
    """The configs and secrets of a project. Mounted files of the project's folder are added to the configs."""

    def __init__(
        self, top: Entry, project: str, stack: str, root: Path, *, with_secrets: bool, variables: Mapping[str, str]
    ) -> None:
        self._project = project
        self._root = root
        self._stack = stack
        self._with_secrets = with_secrets
        self._variables = variables
        self.configs: dict[str, dict[str, Any]] = {}
        self.secrets: dict[str, dict[str, Any]] = {}
        self.manifests: list[dict[str, Any]] = []
        """Secrets with their content, if requested."""
        for key, entry in top.each("configs"):
            if (config := self._config(key, entry)) is not None:
                self.configs[naming.shorten(key, _KEY_LIMIT)] = config
        for key, entry in top.each("secrets"):
            self.secrets[naming.shorten(key, _KEY_LIMIT)] = self._secret(key, entry)
        self._size = sum(len(str(each)) for each in self.configs.values())

    def pack(self, path: Path) -> list[embedded_files.Packed] | str:
        """The files at a path of the project."""
        packed = embedded_files.pack(path, self._root)
        room = _COUNT_LIMIT - len(self.configs)
        return "the stack has too many files" if not isinstance(packed, str) and len(packed) > room else packed

    def is_writable(self, path: Path) -> bool:
        """Whether a service may write there: a folder or a database inside the project."""
        try:
            found = located(self._root, path, path.name)
        except ApplicationError:
            return False
        return found.is_dir() or (found.is_file() and volume_seeds.is_database(found, self._root))

    def seed(self, path: Path) -> volume_seeds.Seed | str:
        """The seed of the volume that replaces the path; else the reason why there is none."""
        return volume_seeds.of(path, self._root)

    def add(self, name: str, content: dict[str, str]) -> str:
        """Add a config, under a key made from a file's name; the same content again is the same config."""
        plain = naming.shorten(naming.sanitize(name), _KEY_LIMIT - 4)
        names = (plain, *(f"{plain}-{index}" for index in range(2, 999)))
        key = next(each for each in names if self.configs.get(each, content) == content)
        self._size += 0 if key in self.configs else sum(map(len, content.values()))
        if self._size > _TOTAL_LIMIT:
            raise ApplicationError("the mounted files are too large for one resource; build them into the images")
        self.configs[key] = content
        return key

    def forget(self, section: str, key: str) -> None:
        """Remove a config or secret that is no longer used."""
        found = self.configs if section == "configs" else self.secrets
        found.pop(naming.shorten(key, _KEY_LIMIT), None)

    def _config(self, key: str, entry: Entry) -> dict[str, Any] | None:
        file, content, variable = entry.take("file"), entry.take("content"), entry.take("environment")
        name, labels = entry.take("name"), metadata(entry.take("labels") or {}, entry, "labels")
        if entry.take("external"):
            found = self._object_name(str(name or key), entry)
            entry.report.required(entry.where("external"), _FOREIGN, f"ConfigMap {found} (key {key})")
            return {"configMap": found, "key": key}
        self._note_name(key, name, entry)
        fields: dict[str, Any] = {"labels": labels} if labels else {}
        if content is not None:
            fields["content"] = str(content)
        elif file is not None:
            fields |= embedded_files.content_of(self._read(Path(file), entry))
        elif variable and variable in self._variables:
            entry.note("environment")
            fields["content"] = self._variables[variable]
        if not accepts(_CONFIG, fields):
            message = f"the variable '{variable}' is not set here{_SHELL}" if variable else "its content is not valid"
            raise ApplicationError(f"{entry.path}: {message}")
        if file is not None:
            entry.note("file")
        return fields

    def _read(self, file: Path, entry: Entry) -> bytes:
        """The content of a file below the allowed folder; Docker Compose has resolved its path."""
        self._locate(file, entry)
        try:
            return content(self._root, file, file.name, embedded_files.CONTENT_LIMIT).data
        except ApplicationError as error:
            raise ApplicationError(f"{entry.path}: {error}") from None

    def _locate(self, file: Path, entry: Entry) -> None:
        try:
            located(self._root, file, str(file))
        except ApplicationError as error:
            raise ApplicationError(f"{entry.path}: {error}") from None

    def _secret(self, key: str, entry: Entry) -> dict[str, Any]:
        file, variable, name = entry.take("file"), entry.take("environment"), entry.take("name")
        if entry.take("external"):
            found = self._object_name(str(name or key), entry)
            entry.report.required(entry.where("external"), _FOREIGN, f"Secret {found} (key {key})")
            return {"secret": found, "key": key}
        self._note_name(key, name, entry)
        secret = naming.member(self._stack, key)
        if file:
            self._locate(Path(file), entry)
        if self._with_secrets and (file or (variable and variable in self._variables)):
            data = self._read(Path(file), entry) if file else self._variables[variable].encode()
            self.manifests.append(_manifest(secret, {DATA_KEY: data}))
            message = f"its content is in the Secret '{secret}', which was written with the stack."
            entry.report.resolved(entry.path, message)
        elif file or variable:
            entry.report.required(entry.path, _CREATE, f"{secret} (key {DATA_KEY})")
        return {"secret": secret}

    def users(self, users: Users, report: Report) -> dict[str, Any]:
        """Basic authentication for users in a Traefik label: they go into a Secret, never into the stack."""
        secret = naming.member(self._stack, f"{users.name}-basicauth")
        if self._with_secrets and users.lines:
            manifest = _manifest(secret, {AUTHENTICATION_KEY: "\n".join([*users.lines, ""]).encode()})
            self.manifests += [manifest] if manifest not in self.manifests else []
            message = (
                f"the users are in the Secret '{secret}', which was written with the stack; they may call all routes."
            )
            report.resolved(users.path, message)
        else:
            message = (
                f"the Secret '{secret}' has the users (key {AUTHENTICATION_KEY}); without it all calls are refused."
            )
            report.approximate(users.path, message)
            what = _CREATE if users.lines else "Create the Secrets of users from their files"
            report.required(users.path, what, f"{secret} (key {AUTHENTICATION_KEY})")
        realm = {"realm": users.realm} if accepts(_REALM, {"secret": secret, "realm": users.realm}) else {}
        return {"secret": secret, **realm}

    def credentials(self, service: Entry, variables: dict[str, str]) -> tuple[dict[str, str], dict[str, Any]]:
        """A service's variables without credentials, and the credentials as keys of a Secret if requested, else they
        are only reported. One with a placeholder is kept, as a Secret's content is not expanded."""
        secret = naming.member(self._stack, f"{service.location[-1]}-environment")
        moved: dict[str, str] = {}
        for name in credentials.found(variables):
            place, value = service.where("environment", name), variables[name]
            if not self._with_secrets or _PLACEHOLDER in value:
                service.report.approximate(
                    place, credentials.TOLD, "Import with --secrets, which puts it into a Secret."
                )
                continue
            moved[name] = value
            message = f"it looks like a credential, and is in the Secret '{secret}' that was written with the stack."
            service.report.resolved(place, message)
        if moved:
            content = {_key(name): value.encode() for name, value in moved.items()}
            self.manifests.append(_manifest(secret, content))
        kept = {name: value for name, value in variables.items() if name not in moved}
        return kept, {name: {"secret": secret, "key": _key(name)} for name in moved}

    def _note_name(self, key: str, name: Any, entry: Entry) -> None:
        if name and name != f"{self._project}_{key}":
            entry.note("name")

    def _object_name(self, written: str, entry: Entry) -> str:
        name = naming.shorten(naming.sanitize(written), 253)
        if name != written:
            message = f"'{written}' is not a valid object name; '{name}' is used."
            entry.report.approximate(entry.where("name"), message, "Create it with that name.")
        return name


def _key(variable: str) -> str:
    """The key of a Secret for a variable, without characters that are invalid in keys."""
    return variable if _SECRET_KEY.fullmatch(variable) else f"variable-{naming.digest(variable)}"


def _manifest(name: str, content: Mapping[str, bytes]) -> dict[str, Any]:
    data = {key: base64.b64encode(each).decode() for key, each in content.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": "Opaque", "data": data}


def references(service: Entry, fields: dict[str, Any]) -> None:
    """The mounts of a service's configs and secrets, with Docker's paths and mode."""
    for kind, folder in (("configs", "/"), ("secrets", "/run/secrets/")):
        result: dict[str, Any] = fields.get(kind, {})
        for entry in service.items(kind):
            source = naming.shorten(str(entry.take("source")), _KEY_LIMIT)
            target = str(entry.take("target") or source)
            target = target if target.startswith("/") else folder + target
            mount: dict[str, Any] = {"source": source, "target": target}
            mode = entry.take("mode")
            if mode is not None:
                mount["mode"] = int(mode, 8) if isinstance(mode, str) and mode.isdigit() else mode
            for owner in ("uid", "gid"):
                number = entry.parsed(owner, whole, "the number of a user or group")
                mount |= {owner: number} if number is not None else {}
            if not accepts(_MOUNT, mount):
                entry.report.rejected(entry.path, "this is not a valid mount of a file; it is left out.")
                continue
            result[naming.shorten(source if source not in result else f"{source}-{len(result)}", _KEY_LIMIT)] = mount
        service.put(Service, fields, kind, result, kind)
