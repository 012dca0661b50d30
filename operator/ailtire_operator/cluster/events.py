"""Events: what the operator reports of a stack, and what others report of an object that does not get ready."""

import uuid
from datetime import UTC, datetime
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cluster.connection import Connection
from ailtire_operator.cluster.errors import shorten
from ailtire_operator.cluster.kinds import EVENT, KINDS, Manifest, Ref
from ailtire_operator.cluster.store import version_of

_RECENT: Final = 20


def event_of(ref: Ref, uid: str, *, warning: bool, reason: str, message: str) -> Manifest:
    """A new Event about an object."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "apiVersion": EVENT.api_version,
        "kind": EVENT.kind,
        "metadata": {"name": f"{ref.name[:200]}.{uuid.uuid4().hex[:16]}", "namespace": ref.namespace},
        "involvedObject": {
            "apiVersion": KINDS[ref.kind].api_version,
            "kind": ref.kind,
            "namespace": ref.namespace,
            "name": ref.name,
            "uid": uid,
        },
        "type": "Warning" if warning else "Normal",
        "reason": reason,
        "message": shorten(message),
        "source": {"component": naming.OPERATOR_NAME},
        "reportingComponent": naming.OPERATOR_NAME,
        "reportingInstance": "",
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
    }


async def latest_warning(connection: Connection, ref: Ref, uid: str) -> tuple[str, str] | None:
    """Reason and message of the newest warning about an object: why a StatefulSet or HPA makes no pod at all."""
    fields = f"involvedObject.uid={uid},type=Warning"
    params: dict[str, str | int] = {"fieldSelector": fields, "limit": _RECENT}
    answer = await connection.request("GET", EVENT.path(ref.namespace), params=params)
    newest: dict[str, Any] = max(answer.get("items") or ({},), key=_version)
    return (str(newest.get("reason", "")), shorten(newest.get("message") or "")) if newest else None


def _version(event: dict[str, Any]) -> int:
    """Who wrote last, by the order of the API server: the times in Events are of as many clocks as write them."""
    return version_of((event.get("metadata") or {}).get("resourceVersion", ""))
