"""An Ailtire application as its users run it: imported, its images replaced for the whole tree by a kustomize overlay,
and asked at every route that its services.js files declare.
"""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pytest
import yaml

from e2e.conftest import Lab
from e2e.routing import await_route, call
from e2e.test_cli import run
from kindlab import kube
from lab.paths import ROOT

pytestmark = pytest.mark.usefixtures("operator")
SOURCES = ROOT / "examples" / "09-application"
Json = dict[str, Any]


class Declared(NamedTuple):
    """An interface entry of a plain service: where it is written, and what has to come of it."""

    stack: str
    service: str
    prefix: str
    port: int
    asked: str
    seen: str


ROUTES = [
    Declared("market", "web", "/web", 3000, "/web/a%20b", "/web/a%20b"),
    Declared("market", "web", "/web/socket.io", 3000, "/web/socket.io/", "/web/socket.io/"),
    Declared("market", "doc", "/doc", 8088, "/doc/a", "/doc/a"),
    Declared("market-catalog", "web", "/items", 3000, "/catalog/items/a", "/a"),
    Declared("market-catalog", "web", "/items/socket.io", 3000, "/catalog/items/socket.io/", "/socket.io/"),
    Declared("market-catalog", "search", "/search", 4000, "/catalog/search/a", "/search/a"),
    Declared("market-catalog", "search", "/search-admin", 8081, "/catalog/search-admin/a", "/search-admin/a"),
    Declared("market-catalog-pricing", "rules", "/prices", 3000, "/catalog/prices/a", "/prices/a"),
    Declared(
        "market-catalog-pricing", "rules", "/prices/socket.io", 3000,
        "/catalog/prices/socket.io/", "/prices/socket.io/",
    ),
    Declared("market-orders", "api", "/api", 3000, "/orders/api/a", "/v1/a"),
    Declared("market-orders", "live", "/socket.io", 3000, "/orders/socket.io/", "/socket.io/"),
]  # fmt: skip
NOWHERE = ("/", "/catalog/", "/catalog/socket.io", "/orders/v1", "/items", "/searching")


def overlay(folder: Path, namespace: str, host: str, image: str) -> Path:
    """An overlay over the import, as an environment has one: all that it says about images stands at the root."""
    imported = run(namespace, "import", str(SOURCES), "--env", "dev")
    assert imported.returncode == 0, imported.stderr
    resource = yaml.safe_load(imported.stdout)
    search = {"services": {"search": {"environment": {"PROBE_PORTS": "4000,8081"}}}}
    patch = {
        **{key: resource[key] for key in ("apiVersion", "kind", "metadata")},
        "spec": {
            "securityProfile": "restricted",
            "images": dict.fromkeys(sorted(images(resource["spec"])), image),
            "edge": {"className": "traefik", "hosts": [host]},
            "services": {"doc": {"environment": {"PROBE_PORTS": "8088"}}, "catalog": {"stack": search}},
        },
    }
    written = {
        "base/stack.yaml": imported.stdout,
        "base/kustomization.yaml": yaml.safe_dump({"resources": ["stack.yaml"]}),
        "overlay/stack.yaml": yaml.safe_dump(patch),
        "overlay/kustomization.yaml": yaml.safe_dump(
            {"namespace": namespace, "resources": ["../base"], "patches": [{"path": "stack.yaml"}]}
        ),
    }
    for name, text in written.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder / "overlay"


def images(spec: Json) -> Iterator[str]:
    """Every image that a tree of inline stacks names."""
    for service in spec["services"].values():
        if "stack" in service:
            yield from images(service["stack"])
        else:
            yield service["image"]


def declared(namespace: str) -> set[tuple[str, str, str, int]]:
    """The routes to plain services, of all stacks, as their status has them."""
    stacks = json.loads(kube.kubectl("get", "ailtirestacks", "-n", namespace, "-o", "json"))["items"]
    return {
        (stack["metadata"]["name"], route["service"], route["path"], route["port"])
        for stack in stacks
        for route in stack["status"]["routes"]
        if stack["spec"]["services"][route["service"]].get("type") != "stack"
    }


async def whoami(address: str, host: str, path: str) -> Json:
    """What a WebSocket's far end tells about itself and about the request that opened it."""
    url = f"http://{address}{path}?EIO=4&transport=websocket"
    async with aiohttp.ClientSession() as session, session.ws_connect(url, headers={"Host": host}) as ws:
        await ws.send_str("whoami")
        answer: Json = await ws.receive_json(timeout=60)
        return answer


def test_every_declared_route_answers_from_the_service_that_declares_it(
    lab: Lab, namespace: str, tmp_path: Path
) -> None:
    host = f"{namespace}.example"
    kube.kubectl("apply", "--server-side", "-k", str(overlay(tmp_path, namespace, host, lab.images.probe)))
    waited = run(namespace, "wait", "market", "--timeout", "150s")
    assert waited.returncode == 0, waited.stderr
    assert declared(namespace) == {each[:4] for each in ROUTES}, "the table has all of them"
    for each in ROUTES:
        # Ready is what the pods say; the nodes' proxies learn of new addresses a moment later, each for itself.
        await_route(lab.ingress, host, each.asked)
    for each in ROUTES:
        status, answer = call(lab.ingress, host, f"{each.asked}?q=1")
        assert status == 200, (each, answer)
        said = (answer["stack"], answer["name"], int(answer["port"]), answer["path"], answer["query"])
        assert said == (each.stack, each.service, each.port, each.seen, "q=1")
    assert {path: call(lab.ingress, host, path)[0] for path in NOWHERE} == dict.fromkeys(NOWHERE, 404)
    sockets = [each for each in ROUTES if "socket.io" in each.prefix]
    for each in sockets:
        told = asyncio.run(whoami(lab.ingress, host, each.asked))
        assert (told["name"], told["path"]) == (each.service, each.seen)
        assert told["query"] == "EIO=4&transport=websocket"
