"""What the page answers about the shop, on a real API server: each view, each action with its dry run, and refusals.

The handlers answer behind an application of the test's own: who may ask them at all is tested elsewhere.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from ailtire_operator import naming
from ailtire_operator.cli.live import Live
from ailtire_operator.cli.ui.routing import ALLOW_ACTIONS, Route
from ailtire_operator.cli.ui.views import ROUTES
from ailtire_operator.cluster.connection import Connection
from cluster.program import Cli, kubeconfig_of
from lab import ControlPlane
from lab.paths import ROOT
from support.kube.rights import account as own_account
from support.kube.rights import until_may
from support.kube.trees import Manifest, Trees, child, service, tree

HOST = "shop.example"
STACKS = f"{naming.PLURAL}.{naming.GROUP}"


class Page:
    """Asks the handlers, each through the routes of the table."""

    def __init__(self, client: TestClient[web.Request, web.Application], namespace: str) -> None:
        self._client = client
        self._namespace = namespace

    async def __call__(self, stack: str, view: str = "", **query: str) -> Any:
        """An answer that is one; else the test fails with the error."""
        status, found = await self.status(stack, view, **query)
        assert status == 200, found
        return found

    async def status(self, stack: str, view: str = "", **query: str) -> tuple[int, Any]:
        """Status and body."""
        async with self._client.get(self._path(stack, view), params=query) as answer:
            return answer.status, await answer.json()

    async def act(self, stack: str, *, dry_run: bool = False, **wish: Any) -> tuple[int, Any]:
        """Status and body of an action."""
        path = self._path(stack, "actions")
        async with self._client.post(path, json=wish, params={"dryRun": "true"} if dry_run else {}) as answer:
            return answer.status, await answer.json()

    async def events(self, stack: str, **query: str) -> list[tuple[str, Any]]:
        """All events of a stream that ends."""
        async with self._client.get(self._path(stack, "logs"), params=query) as answer:
            assert answer.status == 200, await answer.text()
            blocks = (await answer.text()).split("\n\n")
        pairs = [each.split("\n") for each in blocks if each and not each.startswith(":")]
        return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in pairs]

    def _path(self, stack: str, view: str) -> str:
        return "/".join(filter(None, (f"/api/stacks/{self._namespace}/{stack}", view)))


@web.middleware
async def _named(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """What a handler raises, by its name."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        return web.json_response({"raised": type(error).__name__, "error": error.reason}, status=error.status)
    except Exception as error:
        return web.json_response({"raised": type(error).__name__, "error": str(error)}, status=400)


@asynccontextmanager
async def page(kubeconfig: str | Path, namespace: str, *, allow: bool = True) -> AsyncIterator[Page]:
    async with await Connection.open(kubeconfig=str(kubeconfig)) as connection:
        app = web.Application(middlewares=[_named])
        app[ALLOW_ACTIONS] = allow

        def add(route: Route) -> None:
            async def handle(request: web.Request) -> web.StreamResponse:
                return await route.handler(Live(connection, request.match_info["namespace"]), request)

            app.router.add_route(route.method, route.path, handle)

        for each in ROUTES:
            add(each)
        async with TestClient(TestServer(app)) as client:
            yield Page(client, namespace)


def apply_shop(trees: Trees) -> None:
    for name in ("payments.yaml", "stack.yaml"):
        for each in yaml.safe_load_all((ROOT / "examples" / "shop" / name).read_text()):
            trees.apply_object({**each, "metadata": {**each["metadata"], "namespace": trees.namespace}})
    trees.until_ready("shop")


async def test_each_view_answers_for_the_shop(trees: Trees, control_plane: ControlPlane, cli: Cli) -> None:
    apply_shop(trees)
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "web-session", "namespace": trees.namespace}}
    trees.kubectl("apply", "-f", "-", stdin=json.dumps({**secret, "stringData": {"session-key": "hunter2"}}))
    async with page(control_plane.kubeconfig, trees.namespace) as ask:
        await _detail(ask, trees)
        await _definition(ask)
        await _events_and_logs(ask, cli)
        await _routes(ask)
        await _reach(ask, cli)
        await _timeline(ask, cli)
        everything = json.dumps([await ask("shop", each) for each in ("", "yaml", "events", "routes", "timeline")])
    assert "hunter2" not in everything


async def _detail(ask: Page, trees: Trees) -> None:
    found = await ask("shop")
    assert found["stack"].items() >= {
        "id": f"{trees.namespace}/shop", "name": "shop", "state": "ready", "ready": True, "parent": None, "depth": 0,
    }.items()  # fmt: skip
    assert found["notes"] == []
    assert {each["type"] for each in found["conditions"]} >= {"Ready"}
    web_ = next(each for each in found["services"] if each["key"] == "web")
    assert (web_["image"], web_["ready"], len(web_["pods"])) == ("docker.io/traefik/whoami:v1.10.4", 2, 2)
    assert web_["imageSince"] == trees.must("Deployment", "shop-web")["metadata"]["creationTimestamp"]
    assert {each["name"] for each in web_["environment"] if each["ailtire"]} >= {"AILTIRE_STACKNAME", "AILTIRE_PARENT"}
    session = next(each for each in web_["environment"] if each["name"] == "SESSION_KEY")
    assert session["from"] == "Secret web-session, key session-key, if it is there"
    assert web_["networks"] == ["siblings of shop"]
    assert {"path": "/web", "port": 3000, "url": f"http://{HOST}/web"} in web_["interfaces"]
    owned = {(each["kind"], each["name"]): each["managers"] for each in found["owners"]}
    assert "ailtire-operator" in owned["Deployment", "shop-web"]
    assert ("AiltireStack", "shop-orders") in owned
    assert ("Deployment", "shop-orders-api") not in owned, "it is that of the stack below"
    below = await ask("shop-catalog-pricing")
    assert (below["stack"]["parent"], below["stack"]["depth"]) == (f"{trees.namespace}/shop-catalog", 2)
    assert next(each for each in below["services"] if each["key"] == "engine")["networks"] == [
        "siblings of shop/catalog", "siblings of shop/catalog/pricing",
    ]  # fmt: skip


async def _definition(ask: Page) -> None:
    for name in ("shop", "shop-orders"):
        found = await ask(name, "yaml")
        assert (found["notes"], found["difference"]) == ([], "")
        written = yaml.safe_load(found["written"])
        assert (written["metadata"]["name"], "status" in written) == (name, False)
        rendered, live = ({(each["kind"], each["metadata"]["name"]) for each in yaml.safe_load_all(found[each_])}
                          for each_ in ("rendered", "live"))  # fmt: skip
        assert rendered == live
        assert ("Service", name) in rendered
    with_template = await ask("payments", "yaml")
    assert yaml.safe_load(with_template["written"])["spec"]["templateOnly"] is True


async def _events_and_logs(ask: Page, cli: Cli) -> None:
    told = [json.loads(each) for each in cli("events", "shop", "-o", "json").out.splitlines()]
    found = await ask("shop", "events")
    assert {(each["path"], each["reason"]) for each in found} >= {(each["path"], each["reason"]) for each in told}
    assert {each["path"] for each in await ask("shop-orders", "events", service="api")} <= {"shop/orders/api"}
    # A simulated node has no kubelet to ask, so that each log is a note.
    sent = await ask.events("shop", service="web", tail="5")
    assert [name for name, _ in sent] == ["note", "note", "end"]
    assert all("shop/web" in each["text"] for name, each in sent if name == "note")


async def _routes(ask: Page) -> None:
    table = {each["path"]: each for each in await ask("shop", "routes")}
    assert table["/orders/api"].items() >= {
        "host": HOST, "stack": "shop/orders", "service": "api", "port": 3000, "state": "ready", "ready": True,
    }.items()  # fmt: skip
    of_status = {each["path"] for each in await ask("shop-orders", "routes")}
    assert of_status == {"/orders/api", "/orders/shipping/labels", "/orders/shipping/tracking"}
    found = await ask("shop", "way", host=HOST, path="/orders/shipping/labels/7")
    assert [each["stack"] for each in found["hops"]] == ["shop", "shop/orders", "shop/orders/shipping"]
    assert [(each["state"], each["ready"]) for each in found["hops"]] == [("ready", 2)] * 3
    assert (found["service"]["path"], found["service"]["state"]) == ("shop/orders/shipping/labels", "ready")
    assert found["message"] == "shop/orders/shipping/labels answers"
    assert (await ask("shop", "way", host="other.example"))["answer"] == "none"


async def _reach(ask: Page, cli: Cli) -> None:
    found = await ask("shop-orders", "reach")
    told = json.loads(cli("reach", "--matrix", "shop/orders", "-o", "json").out)
    assert found["reaches"] == [[each["from"], each["to"], each["ports"]] for each in told["reach"]]
    segments = {each["network"]: each["members"] for each in found["segments"]}
    assert segments["ledger of shop/orders"] == ["shop/orders/api", "shop/orders/db"]
    template = await ask("payments", "reach")
    assert template == {"members": [], "segments": [], "reaches": []}, "nothing of it runs, and the stack is there"


async def _timeline(ask: Page, cli: Cli) -> None:
    found = await ask("shop", "timeline", limit="1000")
    definitions = [each for each in found if each["kind"] == "definition"]
    assert [(each["revision"], each["title"]) for each in definitions] == [(1, "revision 1 (current) is Ready")]
    assert [each["time"] for each in found] == sorted((each["time"] for each in found), reverse=True)
    assert len(await ask("shop", "timeline", limit="1")) == 1
    assert await ask("shop", "revisions") == json.loads(cli("history", "shop", "-o", "json").out)
    one = await ask("shop-orders", "revisions/1")
    assert (one["number"], one["against"]) == (1, None)
    assert {each["metadata"]["name"] for each in yaml.safe_load_all(one["definition"])} == {"shop", "payments"}


def definition(trees: Trees) -> Manifest:
    """The resource but for its status, which the operator may write at any time, and what comes with that."""
    found = trees.must(naming.KIND, "shop")
    managers = [each for each in found["metadata"]["managedFields"] if not each.get("subresource")]
    metadata = {**found["metadata"], "managedFields": managers, "resourceVersion": ""}
    return {**found, "metadata": metadata, "status": None}


async def test_an_action_is_tried_without_a_write_and_then_made(trees: Trees, control_plane: ControlPlane) -> None:
    def spec(version: int, **more: Any) -> Manifest:
        return {"services": {"web": service(f"docker.io/library/web:{version}", **more), "quiet": service()}}

    for version in (1, 2):
        trees.apply("shop", spec(version))
        trees.until_ready("shop")
    async with page(control_plane.kubeconfig, trees.namespace) as ask:
        for wish, sentence in (
            ({"action": "restart", "service": "web"}, "shop/web would restart as of"),
            ({"action": "scale", "service": "web", "replicas": 3}, "shop/web would go from 1 to 3"),
            ({"action": "stop", "service": "quiet"}, "shop/quiet would stop"),
            ({"action": "rollback", "revision": 1}, "would go back to revision 1"),
        ):
            before = definition(trees)
            status, said = await ask.act("shop", dry_run=True, **wish)
            assert (status, said["done"]) == (200, False), said
            assert sentence in said["sentence"]
            assert said["lines"], "what differs is shown before each action"
            assert definition(trees) == before
        assert said["lines"] == ["web image 2 -> 1"], "what a rollback changes, in the words of the verb"
        _, tried = await ask.act("shop", dry_run=True, action="stop")
        assert any(each.startswith("+") and "stopped: true" in each for each in tried["lines"])
        assert (await ask.act("shop", action="scale", service="web", replicas=3))[1]["done"]
        assert trees.must(naming.KIND, "shop")["spec"]["services"]["web"]["deploy"] == {"replicas": 3}
        _, again = await ask.act("shop", action="scale", service="web", replicas=3)
        assert again["unchanged"] == ["ailtirestack/shop: shop/web has 3 already"]
        assert (await ask.act("shop", action="stop", service="quiet"))[1]["done"]
        assert trees.must(naming.KIND, "shop")["spec"]["services"]["quiet"]["stopped"] is True
        assert (await ask.act("shop", action="start", service="quiet"))[1]["done"]
        assert "stopped" not in trees.must(naming.KIND, "shop")["spec"]["services"]["quiet"]
        assert (await ask.act("shop", action="restart"))[1]["done"]
        assert trees.must(naming.KIND, "shop")["spec"]["restartedAt"]
        _, back = await ask.act("shop", action="rollback", revision=1)
        assert (back["done"], back["sentence"]) == (True, "ailtirestack/shop goes back to revision 1")
        assert trees.must(naming.KIND, "shop")["spec"] == spec(1)
        trees.until_ready("shop")
        compared = await ask("shop", "revisions/2", against="1")
        assert "+      image: docker.io/library/web:2" in compared["difference"]
        kinds = {each["kind"] for each in await ask("shop", "timeline", limit="1000")}
        assert {"definition", "rollout"} <= kinds


@pytest.mark.parametrize(
    ("wish", "raised"),
    [
        ({"action": "scale", "service": "nothing", "replicas": 1}, "Missing"),
        ({"action": "scale", "service": "web", "replicas": -1}, "Failure"),
        ({"action": "rollback", "revision": 7}, "Missing"),
        ({"action": "start", "service": "web/x"}, "Failure"),
        ({"action": "delete"}, "Failure"),
    ],
)
def test_what_cannot_be_done_is_refused(
    trees: Trees, control_plane: ControlPlane, wish: dict[str, Any], raised: str
) -> None:
    trees.apply("shop", {"services": {"web": service()}})

    async def asked() -> tuple[int, Any]:
        async with page(control_plane.kubeconfig, trees.namespace) as ask:
            return await ask.act("shop", **wish)

    generation = trees.must(naming.KIND, "shop")["metadata"]["generation"]
    status, said = asyncio.run(asked())
    assert (status, said["raised"]) == (400, raised), said
    assert trees.must(naming.KIND, "shop")["metadata"]["generation"] == generation


async def test_who_has_less_rights_sees_less_and_changes_nothing(
    trees: Trees, control_plane: ControlPlane, tmp_path: Path
) -> None:
    trees.apply("shop", tree())
    trees.until_ready("shop")
    viewer = kubeconfig_of("view", control_plane, trees.namespace, tmp_path)
    async with page(control_plane.kubeconfig, trees.namespace, allow=False) as ask:
        status, said = await ask.act("shop", dry_run=True, action="restart")
        assert (status, said["error"]) == (403, "nothing is changed from this page: start it with --allow-actions")
    async with page(viewer, trees.namespace) as ask:
        assert (await ask("shop"))["stack"]["ready"]
        shown = await ask("shop", "yaml")
        assert (shown["notes"], shown["difference"]) == ([], ""), "who may only read sees it all the same"
        status, said = await ask.act("shop", dry_run=True, action="restart")
        assert (status, said["raised"]) == (400, "Denied")
        assert 'cannot patch resource "ailtirestacks"' in said["error"]
        assert await ask.status("nothing") == (
            400,
            {"raised": "Missing", "error": f"there is no AiltireStack 'nothing' in the namespace '{trees.namespace}'"},
        )
        trees.kubectl("delete", "rolebinding", "view")
        until_may(control_plane, trees.namespace, own_account(trees.namespace, "view"), "get", STACKS, may=False)
        for view in ("", "events", "yaml", "logs", "routes", "way", "reach", "timeline", "revisions", "revisions/1"):
            status, said = await ask.status("shop", view)
            assert (status, said["raised"]) == (400, "Denied"), view


async def test_who_may_only_see_stacks_is_told_what_is_not_shown(
    trees: Trees, control_plane: ControlPlane, tmp_path: Path
) -> None:
    trees.apply("shop", {"services": {"orders": child({"api": service()}), "web": service()}})
    trees.until_ready("shop")
    trees.kubectl("create", "role", "stacks", "--verb=get,list", "--resource=ailtirestacks.ailtire.io")
    account = kubeconfig_of("view", control_plane, trees.namespace, tmp_path)
    trees.kubectl("delete", "rolebinding", "view")
    trees.kubectl("create", "rolebinding", "stacks", "--role=stacks", f"--serviceaccount={trees.namespace}:view")
    until_may(control_plane, trees.namespace, own_account(trees.namespace, "view"), "list", "pods", may=False)
    until_may(control_plane, trees.namespace, own_account(trees.namespace, "view"), "list", STACKS)
    async with page(account, trees.namespace) as ask:
        found = await ask("shop")
        assert [each["key"] for each in found["services"]] == ["web"]
        assert (found["services"][0]["image"], found["services"][0]["pods"]) == ("docker.io/library/web:1", None)
        assert len(found["notes"]) == 1
        assert all(each in found["notes"][0] for each in ("pods", "deployments", "services"))
        definition = await ask("shop", "yaml")
        assert "may be listed" in definition["notes"][0]
        assert (definition["rendered"], len(definition["notes"])) == ("", 1)
        assert "web:1" in definition["written"]
        assert await ask("shop", "timeline") == []
