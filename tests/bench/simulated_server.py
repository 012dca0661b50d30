"""The simulated API server of tests/orders behind a real port, so that a whole operator process can run against it.

It is cheap and always the same, which is what a measurement of the operator's own memory and processor time needs. What
a real server answers is not decided here: the tests that want that start one.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final
from zlib import crc32

import orjson
from aiohttp import web

from ailtire_operator.cluster.kinds import POD, STACK, Ref
from ailtire_operator.cluster.list_watch import LIST_OF_METADATA
from ailtire_operator.model.unobserved import written
from orders.answers import Answer
from orders.api_server import ApiServer, Commit, Request, address_of
from orders.connection import Watch

_BOOKMARK_SECONDS: Final = 20.0
_POD_IMAGE_ID: Final = "docker.io/library/image@sha256:" + "0" * 64
Object = dict[str, Any]


class SimulatedServer:
    """Objects over HTTP, and controllers that make every Deployment ready."""

    def __init__(self) -> None:
        started = time.monotonic()
        self.objects = ApiServer(lambda: time.monotonic() - started)
        self.objects.listeners.append(self._committed)
        self.writes: Counter[str] = Counter()
        """What was written by whoever asked, by method and kind."""
        self.status_writes: Counter[str] = Counter()
        """How often the status of a stack was written, by name."""
        self.first_status: dict[str, float] = {}
        """Seconds from a stack's creation to its first status, by name."""
        self._born: dict[str, float] = {}
        self._watches: dict[Watch, asyncio.Event] = {}
        self._deployments: asyncio.Queue[Ref] = asyncio.Queue()
        self._runner: web.AppRunner | None = None
        self._controllers: asyncio.Task[None] | None = None

    async def start(self) -> str:
        """Listen on a port of the loopback address; the URL."""
        app = web.Application(client_max_size=2**26)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._controllers = asyncio.create_task(self._control())
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}"

    async def stop(self) -> None:
        """End all watches, and stop listening."""
        if self._controllers is not None:
            self._controllers.cancel()
        for watch, news in list(self._watches.items()):
            watch.ended = True
            news.set()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.path.split("/")[1] == "version":
            return _json(Answer(200, {"major": "1", "minor": "35", "gitVersion": "v1.35.0"}))
        if "watch" in request.query:
            return await self._watch(request)
        asked = Request(
            "operator",
            request.method,
            request.path,
            dict(request.query),
            await request.read(),
            request.headers.get("Content-Type", ""),
        )
        answer = self.objects.handle(asked)
        if asked.is_write and answer.code < 400 and "dryRun" not in asked.params:
            where = address_of(request.path)
            kind = "" if where is None else f"{where.kind.kind} {where.subresource}".strip()
            self.writes[f"{request.method} {kind}"] += 1
            if where is not None and where.kind == STACK and where.subresource == "status":
                self.status_writes[where.name] += 1
        if request.method != "GET":
            return _json(answer)
        page = _page(answer, request.query)
        return _json(_metadata(page) if LIST_OF_METADATA in request.headers.get("Accept", "") else page)

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        where = address_of(request.path)
        assert where is not None, request.path
        watch = Watch("operator", where.kind, where.namespace, dict(request.query))
        news = self._watches[watch] = asyncio.Event()
        for commit in self.objects.history:
            if commit.version > int(request.query["resourceVersion"]):
                watch.hear(commit)
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        try:
            while not watch.ended:
                while watch.backlog and not watch.ended:
                    what, obj = watch.backlog.popleft()
                    await response.write(orjson.dumps({"type": what, "object": obj}) + b"\n")
                news.clear()
                try:
                    async with asyncio.timeout(_BOOKMARK_SECONDS):
                        await news.wait()
                except TimeoutError:
                    await response.write(self._bookmark(where.kind.kind))
        except ConnectionResetError:
            pass  # the operator has ended
        finally:
            del self._watches[watch]
        return response

    def _bookmark(self, kind: str) -> bytes:
        obj = {"kind": kind, "metadata": {"resourceVersion": str(self.objects.version)}}
        return orjson.dumps({"type": "BOOKMARK", "object": obj}) + b"\n"

    def _committed(self, commit: Commit) -> None:
        for watch, news in self._watches.items():
            watch.hear(commit)
            if watch.backlog:
                news.set()
        if commit.ref.kind == "Deployment" and commit.actor == "operator" and commit.new is not None:
            self._deployments.put_nowait(commit.ref)
        if commit.ref.kind == "AiltireStack" and commit.new is not None:
            now = time.monotonic()
            born = self._born.setdefault(commit.ref.name, now)
            if written(commit.new.get("status")):
                self.first_status.setdefault(commit.ref.name, now - born)

    async def _control(self) -> None:
        """Give every Deployment its pods, and both the statuses that Kubernetes gives them, step by step."""
        while True:
            ref = await self._deployments.get()
            live = self.objects.objects.get(ref)
            if live is None:
                continue
            wanted = live["spec"].get("replicas", 1)
            self._write_status(ref, _workload_status(live, wanted, 0))
            pods = list(self._pods(live, wanted))
            for each in pods:
                self._write_status(each, _pod_status(each, ready=False))
                await asyncio.sleep(0)
            for each in pods:
                self._write_status(each, _pod_status(each, ready=True))
            self._write_status(ref, _workload_status(live, wanted, wanted))
            await asyncio.sleep(0)

    def _pods(self, deployment: Object, wanted: int) -> Iterator[Ref]:
        """The Deployment's pods as they are made of its template as it is now; those before go."""
        metadata, template = deployment["metadata"], deployment["spec"]["template"]
        replica_set = f"{metadata['name']}-{metadata['generation']}"
        owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": replica_set, "uid": f"uid-{replica_set}"}
        for number in range(wanted):
            before = Ref(POD.kind, metadata["namespace"], f"{metadata['name']}-{metadata['generation'] - 1}-{number}")
            if before in self.objects.objects:
                self.objects.remove("controllers", before)
            pod = {
                "name": f"{replica_set}-{number}",
                "namespace": metadata["namespace"],
                "labels": {**(template["metadata"].get("labels") or {}), "pod-template-hash": replica_set[-10:]},
                "ownerReferences": [{**owner, "controller": True, "blockOwnerDeletion": True}],
            }
            spec = template["spec"]
            made = {"apiVersion": "v1", "kind": POD.kind, "metadata": pod, "spec": spec}
            yield Ref.of(self.objects.create("controllers", made))

    def _write_status(self, ref: Ref, status: Object) -> None:
        live = self.objects.objects.get(ref)
        if live is not None:
            self.objects.write("controllers", {**live, "status": status})


def _json(answer: Answer) -> web.Response:
    return web.Response(status=answer.code, body=orjson.dumps(answer.body), content_type="application/json")


def _page(answer: Answer, query: Any) -> Answer:
    """One page of a list, as it was asked for."""
    if answer.code != 200 or "items" not in answer.body:
        return answer
    start, limit = int(query.get("continue", 0)), int(query.get("limit", 0))
    items = answer.body["items"]
    if not limit or len(items) - start <= limit:
        return Answer(200, {**answer.body, "items": items[start:]})
    metadata = {**answer.body["metadata"], "continue": str(start + limit)}
    return Answer(200, {**answer.body, "metadata": metadata, "items": items[start : start + limit]})


def _metadata(page: Answer) -> Answer:
    """The same with nothing but the metadata of each object, the list of its fields included."""
    items = [{"metadata": each["metadata"]} for each in page.body.get("items", ())]
    return Answer(page.code, {**page.body, "items": items}) if page.code == 200 else page


def _condition(name: str, status: str, reason: str, message: str = "") -> Object:
    times = {"lastTransitionTime": "2026-01-01T00:00:00Z", "lastUpdateTime": "2026-01-01T00:00:00Z"}
    return {"type": name, "status": status, "reason": reason, "message": message, **times}


def _workload_status(deployment: Object, wanted: int, ready: int) -> Object:
    metadata = deployment["metadata"]
    done = ready == wanted
    words = f'ReplicaSet "{metadata["name"]}-{metadata["generation"]}" has successfully progressed.'
    return {
        "observedGeneration": metadata["generation"],
        "replicas": wanted,
        "updatedReplicas": wanted,
        "readyReplicas": ready,
        "availableReplicas": ready,
        "conditions": [
            _condition("Available", str(done), "MinimumReplicasAvailable", "Deployment has minimum availability."),
            _condition("Progressing", "True", "NewReplicaSetAvailable" if done else "ReplicaSetUpdated", words),
        ],
    }


def _pod_status(ref: Ref, *, ready: bool) -> Object:
    number = crc32(ref.name.encode())
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    state = (
        {"running": {"startedAt": "2026-01-01T00:00:00Z"}} if ready else {"waiting": {"reason": "ContainerCreating"}}
    )
    conditions = ("Ready", "ContainersReady", "PodScheduled", "Initialized", "PodReadyToStartContainers")
    return {
        "phase": "Running" if ready else "Pending",
        "podIP": address,
        "podIPs": [{"ip": address}] if ready else [],
        "conditions": [_condition(each, str(ready or each == "PodScheduled"), "") for each in conditions],
        "containerStatuses": [
            {
                "name": "main",
                "image": "image:1",
                "imageID": _POD_IMAGE_ID,
                "ready": ready,
                "restartCount": 0,
                "state": state,
            }
        ],
    }
