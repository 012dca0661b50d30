"""Admission webhooks that stand between the operator and what it writes: they hang, are late, are gone, add a field."""

import base64
import json
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from ailtire_operator.cluster.kinds import DEPLOYMENT, SERVICE
from faults.journal import Entry
from faults.lane import Lane
from faults.plans.admission import BY_OPERATOR, in_namespace, writes_of
from faults.plans.plan import Plan
from faults.replica import REQUEST_TIMEOUT
from faults.state import INJECTED
from lab import ControlPlane

_CONFIGURATIONS: Final = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
_KINDS: Final = (DEPLOYMENT, SERVICE)
_LONGER: Final = REQUEST_TIMEOUT + 1.0
"""Seconds after which the operator has given a request up."""
_PATIENCE: Final = 10
"""Seconds that the API server waits for a webhook that is only late."""

Answers = Callable[[dict[str, Any]], dict[str, Any]]
"""From the request of a review to its response."""


def of_webhooks() -> Iterator[Plan]:
    """What a webhook may do to the operator's writes of Deployments and Services, for some seconds."""
    yield _plan("a webhook that hangs", _late, timeout=1)
    yield _plan("a webhook that answers late", _late, timeout=_PATIENCE)
    yield _plan("a webhook that is not there", None, timeout=1)
    yield _plan("a webhook that adds an annotation", _adds, timeout=_PATIENCE)


def _plan(name: str, answers: Answers | None, timeout: int) -> Plan:
    webhook = _Webhook(answers, timeout)
    return Plan(
        "admission", name, "Deployments and Services", before=webhook.install, heal=webhook.remove, fired=webhook.fired
    )


def _late(review: dict[str, Any]) -> dict[str, Any]:
    """The operator has given the request up; where the API server waits for so long, it is carried out all the same."""
    time.sleep(_LONGER)
    return _allowed(review)


def _adds(review: dict[str, Any]) -> dict[str, Any]:
    annotations = {**(review["object"]["metadata"].get("annotations") or {}), INJECTED: "true"}
    patch = json.dumps([{"op": "add", "path": "/metadata/annotations", "value": annotations}])
    return {**_allowed(review), "patchType": "JSONPatch", "patch": base64.b64encode(patch.encode()).decode()}


def _allowed(review: dict[str, Any]) -> dict[str, Any]:
    return {"uid": review["uid"], "allowed": True}


@dataclass
class _Webhook:
    """One webhook; each lane that meets it has a server and a configuration of its own."""

    answers: Answers | None
    """None: nothing listens where it should be."""
    timeout: int
    """Seconds that the API server waits for it."""
    _servers: dict[str, ThreadingHTTPServer] = field(default_factory=dict)
    _calls: Counter[str] = field(default_factory=Counter)
    """How often each namespace's server was asked."""

    def install(self, lane: Lane) -> None:
        """Start the server, and have the API server ask it."""
        self._calls[lane.namespace] = 0
        server = self._server(lane)
        self._servers[lane.namespace] = server
        if self.answers is None:
            server.server_close()
        else:
            threading.Thread(target=server.serve_forever, daemon=True).start()
        lane.plane.api.create(_CONFIGURATIONS, _configuration(lane, server.server_port, self.timeout))

    def remove(self, lane: Lane) -> None:
        """The API server asks nobody any more."""
        lane.plane.api.delete(f"{_CONFIGURATIONS}/{_name(lane)}")
        server = self._servers.pop(lane.namespace)
        if self.answers is not None:
            server.shutdown()
            server.server_close()

    def fired(self, entries: Sequence[Entry]) -> bool:
        """Whether it was asked for a write of the operator, or a write has failed for it."""
        writes = [entry for entry in entries if entry.writes and entry.kind in {kind.kind for kind in _KINDS}]
        if self.answers is None:
            return any(entry.status == 500 for entry in writes)
        return any(self._calls[entry.namespace] for entry in writes)

    def _server(self, lane: Lane) -> ThreadingHTTPServer:
        count = self._calls
        namespace, answers = lane.namespace, self.answers

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                count[namespace] += 1
                response = answers(review["request"]) if answers else {}
                body = json.dumps({**{key: review[key] for key in ("apiVersion", "kind")}, "response": response})
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, format: str, *arguments: object) -> None:
                del format, arguments

            def log_error(self, format: str, *arguments: object) -> None:
                del format, arguments

        server = _Server(("127.0.0.1", 0), Handler)
        server.socket = _tls(lane.plane).wrap_socket(server.socket, server_side=True)
        return server


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """The API server hangs up on a webhook that is late: nothing to say of that."""
        del request, client_address


def _tls(plane: ControlPlane) -> ssl.SSLContext:
    """The API server's own certificate is one for loopback, and known as it is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(plane.ca, plane.ca.with_suffix(".key"))
    return context


def _name(lane: Lane) -> str:
    return f"webhook-{lane.namespace}"


def _configuration(lane: Lane, port: int, timeout: int) -> dict[str, Any]:
    webhook = {
        "name": "operator.example.com",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "failurePolicy": "Fail",
        "timeoutSeconds": timeout,
        "clientConfig": {
            "url": f"https://127.0.0.1:{port}/",
            "caBundle": base64.b64encode(lane.plane.ca.read_bytes()).decode(),
        },
        "namespaceSelector": in_namespace(lane),
        "matchConditions": [{"name": "operator", "expression": BY_OPERATOR}],
        "rules": [writes_of(kind) for kind in _KINDS],
    }
    return {"metadata": {"name": _name(lane)}, "webhooks": [webhook]}
