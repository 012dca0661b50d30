"""Logins of ``docker login``, read from Docker's own configuration."""

import base64
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ailtire_operator.oci.errors import RegistryError

_SIZE_LIMIT: Final = 1024 * 1024
_HELPER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_HELPER_SECONDS: Final = 30
_DOCKER_HUB: Final = "https://index.docker.io/v1/"
_TOKEN_USER: Final = "<token>"
"""The user of a login that is a token; such a token is exchanged otherwise than a password."""


@dataclass(frozen=True, slots=True, repr=False)
class Login:
    """A user and a password."""

    user: str
    password: str

    @property
    def basic(self) -> str:
        """The value of the header Authorization."""
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


def login(registry: str) -> Login | None:
    """The login for a registry; None where there is none. Raises RegistryError for one that cannot be used."""
    config = _config()
    names = [_DOCKER_HUB] if registry == "docker.io" else [registry, f"https://{registry}", f"https://{registry}/v1/"]
    helpers, auths = _map(config, "credHelpers"), _map(config, "auths")
    helper = next((helpers[name] for name in names if name in helpers), config.get("credsStore"))
    if helper and (registry in helpers or any(name in auths for name in names)):
        return _of_helper(helper, next((name for name in names if name in auths), names[0]))
    entry = next((auths[name] for name in names if name in auths), None)
    return _of_entry(entry, registry) if isinstance(entry, dict) else None


def _config() -> Mapping[str, Any]:
    """What is in Docker's configuration; nothing where there is none. Raises RegistryError for a broken one."""
    path = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker") / "config.json"
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(_SIZE_LIMIT))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise RegistryError(f"{path} cannot be read: {error}") from None
    return found if isinstance(found, dict) else {}


def _map(config: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = config.get(key)
    return value if isinstance(value, dict) else {}


def _of_entry(entry: Mapping[str, Any], registry: str) -> Login | None:
    if entry.get("identitytoken"):
        raise RegistryError(f"the login for {registry} is an identity token, which is not supported: log in again")
    if isinstance(entry.get("username"), str) and isinstance(entry.get("password"), str):
        return Login(entry["username"], entry["password"])
    try:
        user, colon, password = base64.b64decode(str(entry.get("auth") or ""), validate=True).decode().partition(":")
    except ValueError:
        raise RegistryError(f"the login for {registry} in Docker's configuration is broken: log in again") from None
    return Login(user, password.rstrip("\0")) if colon else None


def _of_helper(name: Any, server: str) -> Login | None:
    """From the program that the user's own configuration names, by Docker's protocol for such helpers."""
    if not isinstance(name, str) or not _HELPER.fullmatch(name):
        raise RegistryError("Docker's configuration names a credential helper by no possible name")
    program = shutil.which(f"docker-credential-{name}")
    if program is None:
        raise RegistryError(f"Docker's configuration names docker-credential-{name}, which is not on the PATH")
    try:
        done = subprocess.run(
            [program, "get"], input=server.encode(), capture_output=True, timeout=_HELPER_SECONDS, check=False
        )
        found = json.loads(done.stdout[:_SIZE_LIMIT]) if done.returncode == 0 else {}
    except (OSError, subprocess.SubprocessError, ValueError):
        raise RegistryError(f"docker-credential-{name} gives no login for {server}") from None
    user, secret = (found.get("Username"), found.get("Secret")) if isinstance(found, dict) else (None, None)
    if not isinstance(user, str) or not isinstance(secret, str) or not user:
        return None
    if user == _TOKEN_USER:
        raise RegistryError(f"the login for {server} is an identity token, which is not supported: log in again")
    return Login(user, secret)
