"""The few requests that the lab itself sends to its API server, with nothing but the standard library."""

import json
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.errors import LabError


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

    def get(self, path: str, timeout: float = 10.0) -> Any:
        """Read a path."""
        return self._send("GET", path, None, timeout)

    def create(self, path: str, body: object) -> Any:
        """Create an object in a collection."""
        return self._send("POST", path, body, 10.0)

    def merge(self, path: str, patch: object) -> Any:
        """Change an object by a merge patch."""
        return self._send("PATCH", path, patch, 10.0, "application/merge-patch+json")

    def delete(self, path: str) -> Any:
        """Delete an object or a collection."""
        return self._send("DELETE", path, None, 30.0)

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
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": content_type}
        if self.acting_as:
            headers["Impersonate-User"] = self.acting_as
        request = urllib.request.Request(f"{self.url}{path}", data, headers, method=method)
        try:
            with self._opener().open(request, timeout=timeout) as answer:
                text = answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                raise Refused(error.code, error.read().decode(errors="replace")) from None
        except OSError as error:
            raise Unreachable(f"{method} {self.url}{path}: {error}") from error
        return json.loads(text) if text.startswith(("{", "[")) else text

    def _opener(self) -> urllib.request.OpenerDirector:
        """Trust the control plane's own certificate, and never ask a proxy about this machine."""
        trust = ssl.create_default_context(cafile=str(self.ca))
        return urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust))
