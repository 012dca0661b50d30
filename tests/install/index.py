"""A made-up registry on loopback: whatever is locked, and a newer release of each; it remembers what was asked for."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any


@dataclass
class Index:
    """The pages and files of a registry, as pip asks for them."""

    folder: Path
    url: str = ""
    asked: list[str] = field(default_factory=list)
    """The paths that were asked for since the last look."""

    def files_of(self, name: str) -> list[Path]:
        """Return the files of a distribution."""
        return sorted(self.folder.glob(f"{name.replace('-', '_').replace('.', '_')}-[0-9]*"))

    def page(self, name: str) -> bytes:
        """Return the page of a distribution, as PEP 503 has it."""
        links = [f'<a href="/files/{file.name}#sha256={digest(file)}">{file.name}</a>' for file in self.files_of(name)]
        return "\n".join(["<!DOCTYPE html>", "<html><body>", *links, "</body></html>"]).encode()

    def answer(self, path: str) -> bytes | None:
        """Return what is at a path; nothing where there is nothing."""
        self.asked.append(path)
        match path.strip("/").split("/"):
            case ["simple", name] if self.files_of(name):
                return self.page(name)
            case ["files", name] if (self.folder / name).exists():
                return (self.folder / name).read_bytes()
        return None


@contextmanager
def served(folder: Path) -> Iterator[Index]:
    """Serve a folder of wheels for as long as the block lasts."""
    index = Index(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = index.answer(self.path.partition("?")[0])
            self.send_response(200 if found is not None else 404)
            self.send_header(
                "Content-Type", "text/html" if self.path.startswith("/simple") else "application/octet-stream"
            )
            self.send_header("Content-Length", str(len(found or b"")))
            self.end_headers()
            self.wfile.write(found or b"")

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing: what was asked for is remembered."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    index.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield index
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def digest(file: Path) -> str:
    """Return the hash by which a lock names a file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()
