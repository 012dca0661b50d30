"""GET requests with what Python brings along, for the answer to TAB.

The client of all other commands takes longer to be imported than such an answer may take.
"""

import time
from contextlib import closing
from http.client import HTTPConnection, HTTPSConnection
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from ailtire_operator.cluster.kubeconfig import Plain
from ailtire_operator.model.nesting import loads

_CHUNK: Final = 1 << 16


class LightClient:
    """One API server, until a point of time."""

    def __init__(self, login: Plain, deadline: float) -> None:
        self._login = login
        self._deadline = deadline
        where = urlsplit(login.host)
        host = where.hostname or ""
        self._prefix = where.path.rstrip("/")
        self._connection = (
            HTTPSConnection(host, where.port, timeout=self._left(), context=login.tls)
            if where.scheme == "https"
            else HTTPConnection(host, where.port, timeout=self._left())
        )

    def get(self, path: str, params: dict[str, Any], accept: str) -> dict[str, Any]:
        """The answer's object. Raises OSError, ValueError or HTTPException where there is none, or not in time."""
        query = f"?{urlencode(params)}" if params else ""
        headers = {"Accept": accept} | ({"Authorization": self._login.token} if self._login.token else {})
        self._connection.request("GET", f"{self._prefix}{path}{query}", headers=headers)
        with closing(self._connection.getresponse()) as answer:
            if answer.status != 200:
                raise OSError(f"status {answer.status}")
            parts = []
            while part := answer.read1(_CHUNK):
                parts.append(part)
                left = self._left()
                if self._connection.sock is not None:  # a server that closes the connection leaves none
                    self._connection.sock.settimeout(left)
        found = loads(b"".join(parts))
        if not isinstance(found, dict):
            raise ValueError("no object")
        return found

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left
