"""examples/10-delivery in a folder of a test's own: its script, run as a pipeline runs it, and what it notified."""

import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import yaml

from lab.paths import ROOT, tool

EXAMPLE = ROOT / "examples" / "10-delivery"
STEPS = ("test", "build", "push", "check", "diff", "deploy", "reproduce", "notify")


@dataclass(frozen=True)
class Step:
    """How one call of the script ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Delivery:
    """A copy of the example, and what its script finds in its environment."""

    folder: Path
    environment: Mapping[str, str]

    def __call__(self, *steps: str, seconds: float = 300, **variables: str) -> Step:
        """Run steps of the script."""
        command = ["/bin/sh", str(self.folder / "delivery.sh"), *steps]
        given = {**self.environment, **variables}
        done = subprocess.run(command, env=given, capture_output=True, text=True, check=False, timeout=seconds)
        return Step(done.returncode, done.stdout, done.stderr)

    def report(self, name: str) -> str:
        """What a step has written."""
        return (self.folder / "reports" / name).read_text()

    def waited(self) -> dict[str, Any]:
        """What ``deploy`` has written of its end."""
        found: dict[str, Any] = json.loads(self.report("wait.json"))
        return found

    def images(self, overlay: str = "dev") -> dict[str, str]:
        """What an overlay says runs there."""
        text = (self.folder / "overlays" / overlay / "images.yaml").read_text()
        found: dict[str, str] = yaml.safe_load(text)["spec"]["images"]
        return found

    def pin(self, name: str, image: str, overlay: str = "dev") -> None:
        """Write an image into an overlay, as the script does."""
        file = self.folder / "overlays" / overlay / "images.yaml"
        file.write_text(re.sub(rf"(?m)^    {name}: \S+", f"    {name}: {image}", file.read_text()))

    def edit(self, change: Mapping[str, Any], overlay: str = "dev") -> None:
        """Add to what is an overlay's own, key by key."""
        file = self.folder / "overlays" / overlay / "stack.yaml"
        document = yaml.safe_load(file.read_text())
        document["spec"] |= change
        file.write_text(yaml.safe_dump(document))


def delivery(folder: Path, kubeconfig: Path, kubectl: Path, namespace: str, overlay: str = "dev") -> Delivery:
    """A copy of the example, of which one overlay is deployed into the namespace of a test."""
    copy = folder / "delivery"
    shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    file = copy / "overlays" / overlay / "kustomization.yaml"
    file.write_text(file.read_text().replace(f"namespace: portal-{overlay}", f"namespace: {namespace}"))
    programs = folder / "programs"
    programs.mkdir()
    (programs / "kubectl").symlink_to(kubectl)
    (programs / "kubectl-ailtire").symlink_to(tool("kubectl-ailtire"))
    environment = {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "KUBECONFIG": str(kubeconfig),
        "ENVIRONMENT": overlay,
        "NAMESPACE": namespace,
        "VERSION": "1",
    }
    return Delivery(copy, environment)


@contextmanager
def listening() -> Iterator[tuple[str, list[str]]]:
    """A URL that takes notifications, and the texts that came."""
    told: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.append(json.loads(body)["text"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
