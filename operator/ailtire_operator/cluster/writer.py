"""The one door through which everything is written: fenced at the moment of sending, limited in number, counted."""

import copy
from collections.abc import Callable
from typing import Any, Final, Self

from ailtire_operator import naming
from ailtire_operator.cluster.connection import APPLY, JSON_PATCH, Account, Connection
from ailtire_operator.cluster.errors import Conflict, Invalid, NotLeader
from ailtire_operator.cluster.kinds import (
    CONFIG_MAP,
    DAEMON_SET,
    DEPLOYMENT,
    EVENT,
    JOB,
    KINDS,
    NETWORK_POLICY,
    OPERATORS_OWN_KINDS,
    SERVICE,
    STACK,
    STATEFUL_SET,
    VOLUME_CLAIM,
    Manifest,
    Ref,
    kind_of,
    namespace_of,
)
from ailtire_operator.cluster.store import Store
from ailtire_operator.cluster.throttle import Throttle

WRITE_TIMEOUT: Final = 6.0
"""Seconds. Together with the lease's fence (8 s) less than the lease: a write has ended before another may lead."""

_OWN: Final = frozenset(kind.kind for kind in (*OPERATORS_OWN_KINDS, EVENT))
_FIRST: Final = frozenset({STACK.kind, SERVICE.kind, NETWORK_POLICY.kind, CONFIG_MAP.kind, VOLUME_CLAIM.kind})
_LAST: Final = frozenset({DEPLOYMENT.kind, STATEFUL_SET.kind, DAEMON_SET.kind, JOB.kind})


class Writer:
    """The kinds of writes there are. What comes back is put into the store at once, as its watch may be slow."""

    def __init__(
        self,
        connection: Connection,
        store: Store,
        *,
        fence: Callable[[], bool],
        on_write: Callable[[str, str], None],
        concurrency: int,
    ) -> None:
        self._connection = connection
        self._store = store
        self._fence = fence
        self._on_write = on_write
        self._throttle = Throttle(concurrency)
        self._account: Account | None = None

    def acting_as(self, account: Account | None) -> Self:
        """The same writer, which writes by the rights of this account; what is the operator's own stays so."""
        other = copy.copy(self)
        other._account = account
        return other

    def check_fence(self) -> None:
        """Raise NotLeader unless this process may write."""
        if not self._fence():
            raise NotLeader("this process does not hold the lease")

    async def apply(
        self, body: Manifest, verb: str, *, subresource: str | None = None, manager: str = naming.FIELD_MANAGER
    ) -> dict[str, Any]:
        """Server-side apply; by force, so the body has to say which object it means (uid or resourceVersion)."""
        ref = Ref.of(body)
        path = kind_of(body).path(ref.namespace, ref.name, subresource)
        params = {"fieldManager": manager, "force": "true", "fieldValidation": "Strict"}
        answer = await self._send("PATCH", path, ref.kind, verb, params=params, body=body, content_type=APPLY)
        self._store.put(answer)
        return answer

    async def edit(self, ref: Ref, uid: str, patch: list[dict[str, Any]]) -> dict[str, Any]:
        """Change the object of this uid by a JSON patch, for what server-side apply has no words for."""
        test = {"op": "test", "path": "/metadata/uid", "value": uid}
        options: dict[str, Any] = {"params": {"fieldManager": naming.FIELD_MANAGER}, "content_type": JSON_PATCH}
        try:
            answer = await self._send("PATCH", ref.path, ref.kind, "update", body=[test, *patch], **options)
        except Invalid as error:
            if error.causes:
                raise
            # A test or a path that fails is a 422 without a word of explanation.
            raise Conflict(f"{ref} has changed since it was read", status=409) from error
        self._store.put(answer)
        return answer

    async def delete(self, ref: Ref, uid: str) -> None:
        """Delete the object of this uid; what it owns goes with it."""
        body = {"preconditions": {"uid": uid}, "propagationPolicy": "Background"}
        answer = await self._send("DELETE", ref.path, ref.kind, "delete", body=body)
        if "deletionTimestamp" in answer.get("metadata", {}):
            self._store.put(answer)  # a finalizer holds it; otherwise a Status or the last state is answered
        else:
            self._store.remove(ref, uid)

    async def create(self, body: Manifest) -> None:
        """Create an object of which no record is kept."""
        kind = KINDS[body["kind"]]
        await self._send("POST", kind.path(body["metadata"]["namespace"]), kind.kind, "create", body=body)

    async def _send(self, method: str, path: str, kind: str, verb: str, **options: Any) -> dict[str, Any]:
        async with self._throttle.turn(namespace_of(path), _rank(kind, verb)):
            answer = await self._connection.request(
                method,
                path,
                account=None if kind in _OWN else self._account,
                guard=self.check_fence,
                timeout=WRITE_TIMEOUT,
                **options,
            )
        self._on_write(kind, verb)
        return answer


def _rank(kind: str, verb: str) -> int:
    """Who goes first where many writes of one namespace wait.

    Statuses: with its status a reconcile ends, and makes room for the next. Then child stacks, Services, and what no
    pod may run without: the rest of the tree waits for them. New workloads last: each sets off some ten writes of
    Kubernetes' own controllers, which would slow down all that is still to come.
    """
    if verb == "status":
        return 0
    if verb == "create" and kind in _FIRST:
        return 1
    return 3 if verb == "create" and kind in _LAST else 2
