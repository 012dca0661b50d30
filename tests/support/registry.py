"""A registry that runs in this process and does what a test tells it: for what no honest registry does."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Request:
    """What was asked."""

    method: str
    path: str
    headers: dict[str, str]
    """With names in lower case."""


@dataclass
class Response:
    """What is answered."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass
class Scripted:
    """A server at work, and what it was asked."""

    host: str
    asked: list[Request]


@contextmanager
def scripted(answer: Callable[[Request], Response]) -> Iterator[Scripted]:
    """Answers each request by the function, on a free port of this machine."""
    asked: list[Request] = []

    class Handler(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = Request(self.command, self.path, {key.lower(): each for key, each in self.headers.items()})
            asked.append(request)
            response = answer(request)
            self.send_response(response.status)
            for name, value in {"Content-Length": str(len(response.body)), **response.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(response.body)

        do_GET = do_HEAD = do_POST = do_PUT = _handle  # noqa: N815  # names of the standard library

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield Scripted(f"127.0.0.1:{server.server_port}", asked)
        finally:
            server.shutdown()
            thread.join()
