"""The service account of a pod: what the kubelet puts into it, read without the Kubernetes client.

The operator runs with it, and the client would be 10 MiB for as long as the process runs.
"""

import os
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ailtire_operator.cluster.errors import ClusterError, Unavailable

HOST: Final = "KUBERNETES_SERVICE_HOST"
_PORT: Final = "KUBERNETES_SERVICE_PORT"
FOLDER: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_DEFAULT_NAMESPACE: Final = "default"
_FRESH_SECONDS: Final = 60.0
"""After so long the token is read anew: the kubelet replaces it, and the one before is valid for some minutes more."""


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """Where the API server is, and who the pod is."""

    host: str
    namespace: str
    tls: ssl.SSLContext
    token: "Token"


@dataclass(slots=True)
class Token:
    """A file that somebody replaces from time to time."""

    path: Path
    clock: Callable[[], float] = time.monotonic
    _value: str = ""
    _read: float = field(default=0.0)

    async def header(self) -> str:
        """The Authorization header. Raises Unavailable where the token cannot be read: it may be there again soon."""
        if not self._value or self.clock() - self._read >= _FRESH_SECONDS:
            try:
                self._value, self._read = _content(self.path), self.clock()
            except (OSError, ValueError) as error:
                raise Unavailable(f"the operator's token cannot be read: {error}") from error
        return f"Bearer {self._value}"


def read(folder: Path = FOLDER) -> ServiceAccount:
    """The service account of this pod. Raises ClusterError where a part of it is absent."""
    try:
        host, port = (os.environ.get(each, "") for each in (HOST, _PORT))
        if not host or not port:
            raise ValueError(f"{HOST} and {_PORT} are not both set")
        _content(folder / "token")
        authority = _content(folder / "ca.crt")
        namespace = folder / "namespace"
        return ServiceAccount(
            host=f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}",
            namespace=namespace.read_text().strip() if namespace.exists() else _DEFAULT_NAMESPACE,
            tls=ssl.create_default_context(cadata=authority),
            token=Token(folder / "token"),
        )
    except (OSError, ValueError) as error:
        raise ClusterError(f"no usable configuration for the cluster: {error}") from error


def _content(path: Path) -> str:
    """A file's text. Raises OSError, and ValueError where it is empty."""
    content = path.read_text().strip()
    if not content:
        raise ValueError(f"{path} is empty")
    return content
