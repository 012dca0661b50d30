"""A kubelet that answers for logs alone: the simulated nodes run no container that could write one."""

import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import parse_qs, urlsplit

from lab import ControlPlane

_POLL_SECONDS: Final = 0.1


class Kubelet:
    """The logs of all containers of a control plane's nodes, by the beginning of their pods' names."""

    def __init__(self) -> None:
        self._lines: defaultdict[str, list[str]] = defaultdict(list)
        self.ended = False

    def write(self, pod: str, text: str) -> None:
        """Append a line to the logs of all pods whose names begin so."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        self._lines[pod].append(f"{now} {text}")

    def lines(self, pod: str) -> list[str]:
        """All lines of a pod so far, with the time in front of each."""
        return [line for start, lines in list(self._lines.items()) if pod.startswith(start) for line in lines]


@contextmanager
def answering(plane: ControlPlane) -> Iterator[Kubelet]:
    """Answer for all nodes of a control plane, for as long as the block lasts."""
    kubelet = Kubelet()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(kubelet))
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(plane.ca, plane.ca.with_suffix(".key"))  # the API server does not ask who a kubelet is
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    # The API server would prefer a host name, which nobody resolves.
    addresses = [{"type": "InternalIP", "address": "127.0.0.1"}]
    endpoint = {"kubeletEndpoint": {"Port": server.server_address[1]}}
    for node in plane.api.get("/api/v1/nodes")["items"]:
        patch = {"status": {"addresses": addresses, "daemonEndpoints": endpoint}}
        plane.api.merge(f"/api/v1/nodes/{node['metadata']['name']}/status", patch)
    try:
        yield kubelet
    finally:
        kubelet.ended = True
        server.shutdown()
        server.server_close()


def _handler(kubelet: Kubelet) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            _, asked, _namespace, pod, _container = parts.path.split("/", 4)
            if asked != "containerLogs":
                self.send_error(404)
                return
            query = parse_qs(parts.query)
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
            self.end_headers()
            self._tell(pod, int(query.get("tailLines", ["-1"])[0]), "timestamps" in query, "follow" in query)

        def _tell(self, pod: str, tail: int, stamps: bool, follow: bool) -> None:
            lines = kubelet.lines(pod)
            told = max(0, len(lines) - tail) if tail >= 0 else 0
            while True:
                for line in lines[told:]:
                    self.wfile.write((line if stamps else line.partition(" ")[2]).encode() + b"\n")
                told = len(lines)
                self.wfile.flush()
                if not follow or kubelet.ended:
                    return
                time.sleep(_POLL_SECONDS)
                lines = kubelet.lines(pod)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
