"""The requests that the lab and its tests send to an API server: by connections that are kept, as most of them poll."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import urllib3

from lab.errors import LabError

_SECONDS = 60.0
"""An answer takes milliseconds, but for a machine that has much else to do."""
_NOT_YET = frozenset({404, 429})
"""What the API server answers, besides errors of its own, for a kind that it does not serve yet."""


class Refused(LabError):
    """The API server answered with an error."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"the API server answered {code}: {text}")
        self.code = code


class Unreachable(LabError):
    """Nobody answers, or not in time."""


@dataclass(frozen=True)
class Api:
    """One user's way to the API server."""

    url: str
    token: str
    ca: Path
    acting_as: str = ""
    """Somebody else, as whom the user sends: the API server then asks for that one's rights."""

    def get(self, path: str, timeout: float = _SECONDS) -> Any:
        """Read a path."""
        return self._send("GET", path, None, timeout)

    def find(self, path: str) -> Any:
        """Read a path; None where nothing is there."""
        try:
            return self.get(path)
        except Refused as error:
            if error.code != 404:
                raise
        return None

    def serves(self, path: str) -> bool:
        """Say whether a path can be read: a kind that was just defined is not known yet, or its storage is prepared.

        Whoever may not read it (401, 403), or asks for nothing that there could be, is refused: waiting heals nothing.
        """
        try:
            self.get(path)
        except Refused as error:
            if error.code < 500 and error.code not in _NOT_YET:
                raise
            return False
        return True

    def create(self, path: str, body: object) -> Any:
        """Create an object in a collection."""
        return self._send("POST", path, body, _SECONDS)

    def merge(self, path: str, patch: object) -> Any:
        """Change an object by a merge patch."""
        return self._send("PATCH", path, patch, _SECONDS, "application/merge-patch+json")

    def apply(self, path: str, manifest: object, manager: str = "kubectl") -> Any:
        """Write an object by server-side apply, by force."""
        options = f"?fieldManager={manager}&force=true&fieldValidation=Strict"
        return self._send("PATCH", path + options, manifest, _SECONDS, "application/apply-patch+yaml")

    def delete(self, path: str) -> None:
        """Delete an object or a collection. What the answer lists may nest deeper than can be read."""
        self._answer("DELETE", path, None, _SECONDS)

    def remove(self, path: str) -> None:
        """Delete an object that may be gone already."""
        try:
            self.delete(path)
        except Refused as error:
            if error.code != 404:
                raise

    def ready(self) -> bool:
        """Say whether the API server takes requests."""
        try:
            self._send("GET", "/readyz", None, 2.0)
        except LabError:
            return False
        return True

    def _send(
        self, method: str, path: str, body: object, timeout: float, content_type: str = "application/json"
    ) -> Any:
        text = self._answer(method, path, body, timeout, content_type)
        return json.loads(text) if text.startswith(("{", "[")) else text

    def _answer(
        self, method: str, path: str, body: object, timeout: float, content_type: str = "application/json"
    ) -> str:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": content_type}
        if self.acting_as:
            headers["Impersonate-User"] = self.acting_as
        data = None if body is None else json.dumps(body).encode()
        try:
            answer = _connections(self.ca.read_text()).request(
                method, f"{self.url}{path}", body=data, headers=headers, timeout=timeout, retries=False
            )
        except (OSError, urllib3.exceptions.HTTPError) as error:  # it makes its certificate itself, at its start
            raise Unreachable(f"{method} {self.url}{path}: {error}") from error
        text = answer.data.decode(errors="replace")
        if answer.status >= 300:
            raise Refused(answer.status, text)
        return text


@lru_cache(maxsize=8)
def _connections(authority: str) -> urllib3.PoolManager:
    """Connections that trust one control plane's own certificate, and never ask a proxy about this machine."""
    return urllib3.PoolManager(maxsize=8, ca_cert_data=authority)
