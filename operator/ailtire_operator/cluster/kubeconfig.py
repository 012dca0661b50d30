"""A kubeconfig file as most are: one file, and a user with a token, a client certificate or neither.

The Kubernetes client reads every kind, and takes longer to be imported than a command to be answered. So what is plain
is read here, and everything else, whatever is wrong with it included, is left to the client: ``read`` returns None.
"""

import base64
import os
import ssl
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from ailtire_operator.cluster import kubeconfig_types

_USER: Final = frozenset({"token", "client-certificate", "client-certificate-data", "client-key", "client-key-data"})
_CLUSTER: Final = frozenset(
    {"server", "certificate-authority", "certificate-authority-data", "insecure-skip-tls-verify", "tls-server-name"}
)
_CONTEXT: Final = frozenset({"cluster", "user", "namespace"})
_PROXIES: Final = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
_DEFAULT_NAMESPACE: Final = "default"
_UNUSABLE: Final = (ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError, yaml.YAMLError)
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Plain:
    """What such a file says of one context."""

    host: str
    namespace: str
    tls: ssl.SSLContext | None
    server_name: str | None
    token: str | None


def read(paths: str, context: str | None) -> Plain | None:
    """The context of the file, or its current one; None for whatever is more than plain.

    Raises ClusterError where a field of a file is of a wrong type, as kubectl refuses it: the client would take it.
    """
    files = {path: _content(path) for path in (Path(each).expanduser() for each in paths.split(os.pathsep) if each)}
    for path, content in files.items():
        if content is not None:
            kubeconfig_types.check(str(path), content)
    if os.pathsep in paths or any(name in os.environ for name in _PROXIES):
        return None
    ((path, content),) = files.items()
    try:
        return _plain(content, context, path.parent)
    except _UNUSABLE:
        return None  # the client says what is wrong


def _content(path: Path) -> Any:
    """A file as data; None for one that cannot be read, of which the client says why."""
    try:
        return yaml.load(path.read_text(), Loader=_Loader)
    except _UNUSABLE:
        return None


def _plain(config: Mapping[str, Any], name: str | None, folder: Path) -> Plain | None:
    context = _named(config["contexts"], name or config["current-context"], "context")
    cluster = _named(config["clusters"], context["cluster"], "cluster")
    user = _named(config["users"], context["user"], "user")
    if not (context.keys() <= _CONTEXT and cluster.keys() <= _CLUSTER and user.keys() <= _USER):
        return None
    server = str(cluster["server"]).rstrip("/")
    secure = server.startswith("https://")
    if not secure and not server.startswith("http://"):
        return None
    token = user.get("token")
    return Plain(
        host=server,
        namespace=str(context.get("namespace") or _DEFAULT_NAMESPACE),
        tls=_tls(cluster, user, folder) if secure else None,
        server_name=cluster.get("tls-server-name"),
        token=f"Bearer {token}" if token else None,
    )


def _named(entries: Sequence[Mapping[str, Any]], name: str, kind: str) -> Mapping[str, Any]:
    """The one entry of this name. Raises ValueError where there are several."""
    (found,) = (each[kind] for each in entries if each["name"] == name)
    return found or {}


def _tls(cluster: Mapping[str, Any], user: Mapping[str, Any], folder: Path) -> ssl.SSLContext:
    authority = _material(cluster, "certificate-authority", folder)
    tls = ssl.create_default_context(cadata=authority.decode() if authority else None)
    certificate, key = _material(user, "client-certificate", folder), _material(user, "client-key", folder)
    if certificate:
        _load_chain(tls, certificate, key)
    if cluster.get("insecure-skip-tls-verify"):
        tls.check_hostname = False
        tls.verify_mode = ssl.CERT_NONE
    return tls


def _material(entry: Mapping[str, Any], name: str, folder: Path) -> bytes | None:
    """PEM, from the file itself or from one that it names, as seen from its folder."""
    if data := entry.get(f"{name}-data"):
        return base64.b64decode(data, validate=True)
    return (folder / entry[name]).read_bytes() if entry.get(name) else None


def _load_chain(tls: ssl.SSLContext, certificate: bytes, key: bytes | None) -> None:
    """OpenSSL takes files only: one that nobody else may read, for as long as that takes."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(certificate + b"\n" + (key or b""))
        file.flush()
        tls.load_cert_chain(file.name)
