"""The API server of the kind cluster, asked as its administrator over connections that are kept."""

import base64
import ssl
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

import aiohttp
import yaml

_APPLY = "application/apply-patch+yaml"
_MERGE = "application/merge-patch+json"
_NOT_FOUND = 404


class ApiServer:
    """Requests to it, for as long as the block lasts."""

    def __init__(self, kubeconfig: Path) -> None:
        read = yaml.safe_load(kubeconfig.read_text())
        cluster, user = read["clusters"][0]["cluster"], read["users"][0]["user"]
        self._url: str = cluster["server"]
        self._context = _context(cluster, user)

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=self._context, limit=16))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        await self._session.close()

    async def apply(self, path: str, manifest: dict[str, Any]) -> None:
        """Write an object by server-side apply."""
        await self._send("PATCH", f"{path}?fieldManager=bench&force=true", manifest, _APPLY)

    async def annotate(self, path: str, name: str, value: str) -> None:
        """Write one annotation of an object."""
        await self._send("PATCH", path, {"metadata": {"annotations": {name: value}}}, _MERGE)

    async def get(self, path: str) -> dict[str, Any] | None:
        """An object, or None where there is none."""
        return await self._send("GET", path)

    async def delete(self, path: str) -> None:
        """Delete an object; one that is not there counts as deleted."""
        await self._send("DELETE", path)

    async def _send(
        self, method: str, path: str, body: dict[str, Any] | None = None, kind: str = "application/json"
    ) -> dict[str, Any] | None:
        headers = {"Content-Type": kind}
        async with self._session.request(method, f"{self._url}{path}", json=body, headers=headers) as answer:
            if answer.status == _NOT_FOUND:
                return None
            if answer.status >= 300:
                raise RuntimeError(f"{method} {path}: {answer.status} {await answer.text()}")
            made: dict[str, Any] = await answer.json()
            return made


def _context(cluster: dict[str, str], user: dict[str, str]) -> ssl.SSLContext:
    authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
    context = ssl.create_default_context(cadata=authority)
    with TemporaryDirectory() as folder:
        files = {}
        for name in ("client-certificate-data", "client-key-data"):
            files[name] = Path(folder) / name
            files[name].write_bytes(base64.b64decode(user[name]))
        context.load_cert_chain(files["client-certificate-data"], files["client-key-data"])
    return context
