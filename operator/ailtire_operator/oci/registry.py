"""Reads from a registry and writes to it: manifests and blobs, each checked by its digest."""

import hashlib
import json
import re
from typing import Any, Final

from ailtire_operator.oci.credentials import login
from ailtire_operator.oci.errors import RegistryError
from ailtire_operator.oci.reference import Reference
from ailtire_operator.oci.transport import Answer, Transport

MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
MANIFEST_LIMIT: Final = 1024 * 1024
"""Bytes of a manifest or an index."""
_ACCEPTED: Final = ", ".join(
    (
        MANIFEST,
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    )
)
_CODE: Final = re.compile(r"[A-Z_]{1,64}")


def digest_of(data: bytes) -> str:
    """``sha256:…``"""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class Registry:
    """One repository of a registry."""

    def __init__(self, reference: Reference, *, plain: bool = False) -> None:
        """``plain``: it speaks HTTP, which is assumed of this machine's own. Raises RegistryError."""
        self._at = reference
        self._transport = Transport(reference.host, plain or reference.is_local, login(reference.registry))
        self._path = f"/v2/{reference.repository}"

    def manifest(self, wanted: str) -> tuple[bytes, str]:
        """A manifest by tag or digest, and its digest. Raises RegistryError."""
        answer = self._transport.ask(
            "GET",
            f"{self._path}/manifests/{wanted}",
            self._scope("pull"),
            headers={"Accept": _ACCEPTED},
            limit=MANIFEST_LIMIT,
        )
        if answer.status != 200:
            raise self._refused(answer, f"cannot read {self._at}")
        found = digest_of(answer.body)
        if ":" in wanted and found != wanted:
            raise RegistryError(f"{self._at}: what the registry gives has another digest ({found})")
        return answer.body, found

    def blob(self, digest: str, size: int) -> bytes:
        """Content by its digest. Raises RegistryError for other content, or for more of it than ``size``."""
        answer = self._transport.ask("GET", f"{self._path}/blobs/{digest}", self._scope("pull"), limit=size)
        if answer.status != 200:
            raise self._refused(answer, f"cannot read {self._at}")
        if len(answer.body) != size or digest_of(answer.body) != digest:
            raise RegistryError(f"{self._at}: what the registry gives is not what its manifest says")
        return answer.body

    def write_blob(self, data: bytes) -> str:
        """Store content, unless it is there. Raises RegistryError."""
        digest, scope = digest_of(data), self._scope("pull,push")
        if self._transport.ask("HEAD", f"{self._path}/blobs/{digest}", scope).status == 200:
            return digest
        begun = self._transport.ask("POST", f"{self._path}/blobs/uploads/", scope)
        if begun.status != 202 or not begun.headers.get("location"):
            raise self._refused(begun, f"cannot write to {self._at}")
        place = begun.headers["location"]
        place = f"{place}{'&' if '?' in place else '?'}digest={digest}"
        headers = {"Content-Type": "application/octet-stream"}
        answer = self._transport.ask("PUT", place, scope, headers=headers, body=data)
        if answer.status != 201:
            raise self._refused(answer, f"cannot write to {self._at}")
        return digest

    def write_manifest(self, manifest: dict[str, Any]) -> str:
        """Store a manifest under the reference's tag, and return its digest. Raises RegistryError."""
        data = json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()
        headers = {"Content-Type": manifest["mediaType"]}
        address = f"{self._path}/manifests/{self._at.tag or digest_of(data)}"
        answer = self._transport.ask("PUT", address, self._scope("pull,push"), headers=headers, body=data)
        if answer.status != 201:
            raise self._refused(answer, f"cannot write {self._at}")
        return digest_of(data)

    def _scope(self, actions: str) -> str:
        return f"repository:{self._at.repository}:{actions}"

    def _refused(self, answer: Answer, what: str) -> RegistryError:
        """With the registry's own code: a word of a fixed form, as its texts may be anything."""
        try:
            code = str(json.loads(answer.body)["errors"][0]["code"])
        except (ValueError, KeyError, IndexError, TypeError, RecursionError):
            code = ""
        said = f" ({code})" if _CODE.fullmatch(code) else ""
        return RegistryError(f"{what}: {self._at.registry} answers {answer.status}{said}")
