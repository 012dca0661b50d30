"""Reads the API server's audit log: tests count what was really written, whoever wrote it."""

import json
import time
import uuid
from dataclasses import dataclass
from typing import Any, Self

from lab import appended
from lab.controlplane import ControlPlane
from lab.errors import LabError

OPERATOR = "system:serviceaccount:ailtire-system:ailtire-operator"
"""The operator's name in the audit log."""
ADMINISTRATOR = "lab-admin"
"""That of whoever uses the control plane's own kubeconfig."""
WRITES = frozenset({"create", "update", "patch", "delete", "deletecollection"})
_LEASES = "leases.coordination.k8s.io"
_BARRIER_SECONDS = 120.0


@dataclass(frozen=True)
class Request:
    """One answered request."""

    verb: str
    user: str
    resource: str
    """The plural, with its group where it has one: `deployments.apps`."""
    namespace: str
    name: str
    subresource: str
    code: int
    agent: str
    uri: str
    acting_as: str
    """The account whose rights were asked for in place of the user's; empty where there was none."""

    @classmethod
    def of(cls, event: dict[str, Any]) -> Self:
        """Read an event of the log."""
        target = event.get("objectRef", {})
        return cls(
            verb=event["verb"],
            user=event["user"]["username"],
            resource=".".join(filter(None, (target.get("resource", ""), target.get("apiGroup", "")))),
            namespace=target.get("namespace", ""),
            name=target.get("name", ""),
            subresource=target.get("subresource", ""),
            code=event.get("responseStatus", {}).get("code", 0),
            agent=event.get("userAgent", ""),
            uri=event["requestURI"],
            acting_as=event.get("impersonatedUser", {}).get("username", ""),
        )

    @property
    def writes(self) -> bool:
        """Whether it was meant to change something; who holds a lease, and says so all the time, does not count."""
        return self.verb in WRITES and "dryRun=All" not in self.uri and self.resource != _LEASES

    def __str__(self) -> str:
        """Return it as a line that a failing test can show."""
        resource = "/".join(filter(None, (self.resource, self.subresource)))
        return f"{self.code} {self.verb} {resource} {self.namespace}/{self.name} by {self.user}"


class Audit:
    """The audit log of one control plane, with marks in it."""

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane

    def mark(self) -> int:
        """Return the place in the log behind everything that was answered until now."""
        return self._barrier()

    def requests(self, since: int, until: int | None = None) -> list[Request]:
        """Return every request answered since a mark, and before another one where it is given; oldest first."""
        end = self._barrier() if until is None else until
        log = appended.lines(self._plane.audit_log, since)
        return [Request.of(json.loads(line)) for line, offset in log if offset <= end]

    def writes(self, since: int, *, user: str | None = None, namespace: str | None = None) -> list[Request]:
        """Return the writes since a mark, those of one user or in one namespace where these are given."""
        return [
            request
            for request in self.requests(since)
            if request.writes and user in (None, request.user) and namespace in (None, request.namespace)
        ]

    def quiet(self, *, user: str = OPERATOR, seconds: float = 2.0, timeout: float = 180.0) -> int:
        """Wait until a user has written nothing for some seconds, and return a mark there."""
        deadline = time.monotonic() + timeout
        mark = self.mark()
        while time.monotonic() < deadline:
            time.sleep(seconds)
            if not (late := self.writes(mark, user=user)):
                return mark
            mark = self.mark()
        raise AssertionError(f"{user} still writes after {timeout:.0f} s, the last time: {late[-1]}")

    def _barrier(self) -> int:
        """Return the place behind a request of our own: the log has everything older by then."""
        name, place = uuid.uuid4().hex, appended.end(self._plane.audit_log)
        self._plane.api.get(f"/version?{name}")
        deadline = time.monotonic() + _BARRIER_SECONDS
        while time.monotonic() < deadline:
            for line, offset in appended.lines(self._plane.audit_log, place):
                place = offset
                if name.encode() in line:
                    return place
            time.sleep(0.02)
        raise LabError(f"the API server no longer writes {self._plane.audit_log}")
