"""A real registry, the CNCF's, what others push to it, and an application that is built from its files."""

import json
import subprocess
import tarfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import urllib3
import yaml

from ailtire_operator.oci.reference import parse
from ailtire_operator.oci.registry import MANIFEST, Registry
from lab import binaries
from lab.processes import free_ports
from release.bundles import File, tar_gz
from support.definitions.applications import deploy, services, stack

_IMAGE_CONFIG = "application/vnd.oci.image.config.v1+json"

SHOP: dict[str, Any] = {
    "deploy/deploy.js": deploy("shop", "prod"),
    "deploy/services.js": services(web={"image": "shop_web"}, cache={"image": "redis:7"}, orders=stack("shop_orders")),
    "deploy/build.js": {"web": {"dir": "web", "tag": "shop_web"}},
    "deploy/web/Dockerfile": "FROM scratch\n",
    "api/Orders/deploy/deploy.js": deploy("shop_orders", "prod"),
    "api/Orders/deploy/services.js": services(api={"image": "shop_api:2"}),
    "api/Orders/deploy/build.js": {"api": {"dir": ".", "tag": "shop_api:2"}},
    "api/Orders/deploy/Dockerfile": "FROM scratch\n",
}


@contextmanager
def registry(folder: Path, **auth: Any) -> Iterator[str]:
    """A registry that keeps its content in a folder, and its address."""
    host = f"127.0.0.1:{free_ports(1)[0]}"
    config = {
        "version": "0.1",
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "content")}},
        "http": {"addr": host},
        **auth,
    }
    (folder / "registry.yaml").write_text(yaml.safe_dump(config))
    command = [str(binaries.path("registry")), "serve", str(folder / "registry.yaml")]
    with (folder / "registry.log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            _wait(host, process)
            yield host
        finally:
            process.terminate()
            process.wait(20)


def _wait(host: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib3.PoolManager() as pool:
                pool.request("GET", f"http://{host}/v2/", retries=False, timeout=5)
                return
        except urllib3.exceptions.HTTPError:
            time.sleep(0.1)
    raise AssertionError("the registry has not come up")


def artifact(host: str, name: str, tag: str, files: Mapping[str, File]) -> str:
    """Files as Flux's own program pushes them, and the digest."""
    target = Registry(parse(f"{host}/{name}:{tag}"))
    config = _stored(target, "application/vnd.cncf.flux.config.v1+json", b"{}")
    layer = _stored(target, "application/vnd.cncf.flux.content.v1.tar+gzip", tar_gz(files, 0))
    return _manifest(target, config, layer)


def image(host: str, name: str, tag: str) -> str:
    """An image that something else has pushed, and its digest."""
    target = Registry(parse(f"{host}/team/{name}:{tag}"))
    config = json.dumps({"architecture": "amd64", "os": "linux", "name": name}).encode()
    return _manifest(target, _stored(target, _IMAGE_CONFIG, config))


def program_image(host: str, name: str, program: Path, place: str) -> None:
    """Push an image with nothing in it but a program that needs nothing else, which it starts.

    ``name``: with a tag. ``place``: where in the image the program stands, from its root on.
    """
    stream = BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as layer:
        layer.add(program, place)
    target = Registry(parse(f"{host}/{name}"))
    content = _stored(target, "application/vnd.oci.image.layer.v1.tar", stream.getvalue())
    described = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Entrypoint": [f"/{place}"]},
        "rootfs": {"type": "layers", "diff_ids": [content["digest"]]},
    }
    _manifest(target, _stored(target, _IMAGE_CONFIG, json.dumps(described).encode()), content)


def _stored(target: Registry, media_type: str, data: bytes) -> dict[str, Any]:
    """Store content, and return how a manifest names it."""
    return {"mediaType": media_type, "digest": target.write_blob(data), "size": len(data)}


def _manifest(target: Registry, config: dict[str, Any], *layers: dict[str, Any]) -> str:
    """Store a manifest, and return its digest."""
    made = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": list(layers)}
    return target.write_manifest(made)
