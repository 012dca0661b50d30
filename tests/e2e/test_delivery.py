"""examples/10-delivery with real containers, under load: a first release, a new one, other counts, a bad release.

Its images are built, pushed to a registry and pulled by digest. While the releases come, requests do; none is lost.
"""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from e2e import figures
from e2e.conftest import Lab
from e2e.loading import load, nothing_lost
from e2e.routing import await_route, call
from e2e.tree import await_gone
from kindlab import engine, images, kube, registry
from kindlab.places import KUBECONFIG
from lab.client import kubectl_path
from support.delivery import EXAMPLE, Delivery, delivery

pytestmark = pytest.mark.usefixtures("operator")
SETTLING_SECONDS = 3
EVERY_REPLICA_SECONDS = 180
"""Until the proxy of a gateway's node knows every replica that is ready."""
CRASH = 'raise SystemExit("no database: connection refused")\n'


@dataclass
class Seen:
    """Which release answered when, in seconds of one clock."""

    answers: list[tuple[float, str]] = field(default_factory=list)

    def releases(self) -> set[str]:
        return {release for _, release in self.answers}

    def side_by_side(self, old: str, new: str) -> float:
        """Seconds from the first answer of the new release to the last one of the old."""
        return max(at for at, release in self.answers if release == old) - min(
            at for at, release in self.answers if release == new
        )


@contextmanager
def watching(lab: Lab, host: str) -> Iterator[Seen]:
    """Ask ten times a second who answers, for as long as the block lasts."""
    seen, ended = Seen(), threading.Event()

    def ask() -> None:
        while not ended.wait(0.1):
            status, answer = call(lab.ingress, host, "/web/about")
            seen.answers.append((time.monotonic(), answer["release"] if status == 200 else f"status {status}"))

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()


@pytest.fixture(scope="module")
def base(lab: Lab) -> str:
    """What the image is built on, with the layer of its packages in the builder's cache."""
    found = images.base()
    images.docker_build(EXAMPLE / "app", "ailtire-lab/portal:base", f"--build-arg=BASE={found}")
    registry.image()
    return found


@pytest.fixture
def portal(lab: Lab, base: str, namespace: str, tmp_path: Path) -> Iterator[Delivery]:
    """The example, for this cluster: its host, its images, and a deadline that a test can wait for."""
    with registry.running() as address:
        made = delivery(tmp_path, KUBECONFIG, kubectl_path(), namespace)
        more = {"IMAGE": f"{address}/portal", "BASE": base, "TIMEOUT": "80s", **engine.build_environment()}
        made.edit(
            {
                "edge": {"className": "traefik", "hosts": [f"{namespace}.example"]},
                "updatePolicy": {"failureAction": "rollback", "progressDeadline": "15s"},
            }
        )
        made.pin("portal_nginx", f"docker.io/{lab.images.nginx}")
        made.pin("portal_redis", f"docker.io/{lab.images.redis}")
        yield Delivery(made.folder, {**made.environment, **more})


def release(portal: Delivery, version: str, *steps: str) -> int:
    """Deliver a version; the exit code of its deployment."""
    done = portal(*(steps or ("build", "push")), VERSION=version)
    assert done.code == 0, done.err
    with figures.seconds(f"a pipeline's deployment of release {version}, by the exit code of wait"):
        return portal("deploy", VERSION=version).code


def scale(portal: Delivery, namespace: str, count: int) -> None:
    with figures.seconds(f"a pipeline's service of two replicas, scaled to {count} under load"):
        kube.ailtire("scale", f"portal/web={count}", "-n", namespace, "--wait", "--timeout", "150s")


async def next_event(socket: aiohttp.ClientWebSocketResponse) -> str:
    """The next message that is no question whether the client is there, which is answered."""
    while (message := await socket.receive_str(timeout=60)) == "2":
        await socket.send_str("3")
    return message


async def news(session: aiohttp.ClientSession, lab: Lab, waiting: list[asyncio.Task[str]]) -> list[str]:
    """What each client hears first. A replica listens to Redis from its first client on, and may miss what is early."""
    for _ in range(10):
        announced = await session.post(f"http://{lab.ingress}/admin/announcements", json={"text": "closed on Monday"})
        assert announced.status == 202
        _, left = await asyncio.wait(waiting, timeout=2)
        if not left:
            break
    return [await each for each in waiting]


async def hears(lab: Lab, host: str) -> tuple[set[str], list[str]]:
    """Which replicas socket.io's clients are connected to, and what each of them hears of one announcement."""
    url = f"http://{lab.ingress}/web/socket.io/?EIO=4&transport=websocket"
    replicas: set[str] = set()
    async with aiohttp.ClientSession(headers={"Host": host}) as session:
        sockets: list[aiohttp.ClientWebSocketResponse] = []
        deadline = time.monotonic() + EVERY_REPLICA_SECONDS
        while len(replicas) < 2 or len(sockets) < 3:
            assert time.monotonic() < deadline, f"one replica alone answers: {replicas}"
            socket = await session.ws_connect(url)
            assert (await socket.receive_str(timeout=60)).startswith("0{"), "Engine.IO opens"
            await socket.send_str("40")
            assert (await socket.receive_str(timeout=60)).startswith("40{"), "Socket.IO connects"
            name, about = json.loads((await socket.receive_str(timeout=60)).removeprefix("42"))
            assert name == "hello"
            if about["host"] in replicas and len(replicas) == 1 and len(sockets) == 2:
                await socket.close()
                await asyncio.sleep(0.1)
                continue
            replicas.add(about["host"])
            sockets.append(socket)
        heard = await news(session, lab, [asyncio.create_task(next_event(socket)) for socket in sockets])
        for socket in sockets:
            await socket.close()
    return replicas, heard


def test_releases_come_and_a_bad_one_goes_and_no_request_is_lost(lab: Lab, portal: Delivery, namespace: str) -> None:
    host = f"{namespace}.example"
    assert release(portal, "1", "test", "build", "push", "check") == 0
    for path in ("/web/about", "/", "/doc/", "/admin/ready"):
        await_route(lab.ingress, host, path)
    for path, said in (("/", "<h1>Portal</h1>"), ("/doc/", "<h1>Documentation</h1>")):
        assert said in str(call(lab.ingress, host, path)[1])
    replicas, heard = asyncio.run(hears(lab, host))
    assert len(replicas) == 2
    assert set(heard) == {'42["news",{"text":"closed on Monday"}]'}, "each, whichever replica it is connected to"

    with watching(lab, host) as seen, load(f"http://{host}/web/x", lab.ingress, 100) as running:
        assert release(portal, "2") == 0
        scale(portal, namespace, 4)
        scale(portal, namespace, 2)
        web = portal.folder / "app" / "portal" / "web.py"
        web.write_text(web.read_text().replace("\nsio = ", f"\n{CRASH}sio = "))
        assert release(portal, "3") == 6
        await_gone(namespace)
        time.sleep(SETTLING_SECONDS)
    print(running)
    assert portal.waited()["outcome"] == "rolled back"
    assert "no database: connection refused" in portal.waited()["log"]["lines"]
    nothing_lost(running, 500)
    assert seen.releases() == {"1", "2"}, "the bad one never answered"
    assert seen.answers[-1][1] == "2"
    figures.tell(f"a pipeline's old and new release side by side under load: {seen.side_by_side('1', '2'):.1f} s")
    figures.tell(f"a pipeline's releases under load: {running.http['sent']} requests, {running.http['lost']} lost")

    bad = portal.images()["portal_app"]
    assert portal("reproduce", FROM=namespace).code == 0
    good = portal.images()["portal_app"]
    assert good != bad
    assert "@sha256:" in good
    assert portal("deploy").code == 0
    image = "jsonpath={.spec.template.spec.containers[0].image}"
    assert kube.kubectl("get", "deployment/portal-web", "-n", namespace, "-o", image) == good
