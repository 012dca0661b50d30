"""What `make up MODE=kind` does after the cluster is up, with kubectl played: the requests are real, on loopback."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from kindlab import application, cluster, engine, kube, operating
from lab.errors import LabError
from lab.report import silent


@pytest.fixture
def edge(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[int]]:
    """An ingress controller that answers with these codes in turn, the last one for ever."""
    codes = [200]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(codes.pop(0) if len(codes) > 1 else codes[0])
            self.end_headers()
            self.wfile.write(f"{self.headers['Host']} asked for {self.path}".encode())

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setattr(kube, "host_port", lambda _port: server.server_port)
    monkeypatch.setattr(kube, "kubectl", lambda *_arguments, **_options: "shop.example")
    monkeypatch.setattr(kube, "ailtire", lambda *_arguments, **_options: "✓ shop")
    monkeypatch.setattr(cluster, "up", lambda _tell, _images: None)
    monkeypatch.setattr(operating, "install", lambda _tell: None)
    monkeypatch.setattr(engine, "pulls", lambda: True)
    monkeypatch.setattr(application, "kubectl_path", lambda: tmp_path / "kubectl")
    monkeypatch.setattr(application, "ROOT", tmp_path)
    monkeypatch.setattr(application, "_EXAMPLE", tmp_path / "examples" / "shop")
    monkeypatch.setattr(application, "_ENVIRONMENT", tmp_path / "env")
    yield codes
    server.shutdown()
    server.server_close()
    thread.join()


def test_it_ends_with_the_answer_of_the_application(edge: list[int], capsys: pytest.CaptureFixture[str]) -> None:
    edge[:] = [404, 503, 200]
    application.up(silent)
    *_, command, answer = capsys.readouterr().out.splitlines()
    assert command.startswith("  curl -H 'Host: shop.example' http://127.0.0.1:")
    assert answer == "shop.example asked for /catalog/pricing/hello"


def test_an_application_that_does_not_answer_is_an_error(edge: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "_ROUTE_SECONDS", 0.1)
    edge[:] = [404]
    with pytest.raises(LabError, match=r"/catalog/pricing/hello \(Host: shop.example\) has no good answer: .*404"):
        application.up(silent)
