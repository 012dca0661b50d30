"""Following a real API server through a bad network: nothing that happens meanwhile stays unseen."""

import asyncio

import pytest

from ailtire_operator import naming
from ailtire_operator.cluster import discovery, kinds
from ailtire_operator.cluster.errors import Unavailable
from ailtire_operator.cluster.kinds import Ref
from ailtire_operator.cluster.single_object_watch import until_changed
from ailtire_operator.cluster.store import record_of
from ailtire_operator.cluster.watch import Reflector
from cluster.cluster_layer import MERGE_PATCH, SECONDS, config_map, service, viewing
from cluster.cluster_layer_proxy import everything, nothing, through, watches, writes
from lab import ControlPlane
from lab.gatewayapi import route_definition
from lab.sessions import new_home

pytestmark = pytest.mark.usefixtures("definitions")


async def test_a_deletion_while_history_was_lost_is_seen(control_plane: ControlPlane, namespace: str) -> None:
    async with through(control_plane, namespace) as (proxy, view, others):
        uid = await others.stack()
        for name in ("a", "b"):
            applied = await view.applier.apply(config_map(namespace, uid, name), uid)
            assert applied.error is None
        proxy.refuse = watches
        proxy.cut()
        await others.connection.request("DELETE", Ref("ConfigMap", namespace, "a").path)
        proxy.gone, proxy.refuse = watches, nothing
        await view.until(lambda: view.store.get(Ref("ConfigMap", namespace, "a")) is None)
        assert view.store.get(Ref("ConfigMap", namespace, "b")) is not None
        proxy.gone = nothing
        await view.applier.apply(config_map(namespace, uid, "c"), uid)
        await others.connection.request("DELETE", Ref("ConfigMap", namespace, "c").path)
        await view.until(lambda: view.store.get(Ref("ConfigMap", namespace, "c")) is None)


async def test_a_cut_connection_costs_no_list(control_plane: ControlPlane, namespace: str) -> None:
    async with through(control_plane, namespace) as (proxy, view, others):
        uid = await others.stack()
        await view.until(lambda: view.store.by_uid(uid) is not None)
        proxy.seen.clear()
        proxy.cut()
        second = await others.stack("second")
        await view.until(lambda: view.store.by_uid(second) is not None)
        assert [line for line in proxy.seen if "watch=1" not in line] == []


async def test_an_outage_is_told_and_survived(control_plane: ControlPlane, namespace: str) -> None:
    async with through(control_plane, namespace) as (proxy, view, others):
        assert view.watches.failures() == {}
        proxy.refuse = everything
        proxy.cut()
        await view.until(lambda: "AiltireStack" in view.watches.failures())
        uid = await others.stack()
        proxy.refuse = nothing
        await view.until(lambda: view.store.by_uid(uid) is not None)
        await view.until(lambda: view.watches.failures() == {})
        assert max(view.watches.health().values()) < 60


_ERROR = '{{"type": "ERROR", "object": {{"kind": "Status", "code": {code}, "message": "no"}}}}\n'


async def test_no_answer_ends_a_watch_for_good(control_plane: ControlPlane, namespace: str) -> None:
    cases = [
        *((everything, status, "") for status in (503, 403, 404)),
        *((watches, 200, _ERROR.format(code=code)) for code in (500, 404)),
        (watches, 200, "no JSON\n"),
    ]
    async with through(control_plane, namespace) as (proxy, view, others):
        for number, instead in enumerate(cases):
            proxy.seen.clear()
            proxy.instead = instead
            proxy.cut()
            await view.until(lambda: sum("ailtirestacks" in line for line in proxy.seen) >= 2)
            uid = await others.stack(f"late-{number}")
            proxy.instead = (nothing, 200, "")
            await view.until(lambda uid=uid: view.store.by_uid(uid) is not None)  # type: ignore[misc]


async def test_silence_ends_in_a_new_connection(control_plane: ControlPlane, namespace: str) -> None:
    async with viewing(control_plane, namespace, follow=False) as view:
        reflector = Reflector(view.connection, view.store, kinds.CONFIG_MAP, namespace, silence=0.5)
        task = asyncio.create_task(reflector.run())
        try:
            await reflector.synced.wait()
            await view.until(lambda: reflector.error != "")
            assert "does not answer in time" in reflector.error
            uid = await view.stack()
            await view.connection.request(
                "POST", kinds.CONFIG_MAP.path(namespace), body=config_map(namespace, uid, "late")
            )
            await view.until(lambda: view.store.get(Ref("ConfigMap", namespace, "late")) is not None)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_a_lost_answer_is_no_second_object(control_plane: ControlPlane, namespace: str) -> None:
    async with through(control_plane, namespace) as (proxy, view, others):
        uid = await others.stack()
        manifest = service(namespace, uid)
        proxy.lose_answer = writes
        lost = await view.applier.apply(manifest, uid)
        assert isinstance(lost.error, Unavailable)
        assert not lost.changed
        proxy.lose_answer = nothing
        again = await view.applier.apply(manifest, uid)
        assert (again.verb, again.error) == ("none", None), "the watch or a read has told that it is there"
        live = await others.live(Ref.of(manifest))
        assert live["metadata"]["uid"] == view.record(Ref.of(manifest)).uid


async def test_an_add_on_comes_and_goes(control_plane: ControlPlane, namespace: str) -> None:
    async with viewing(control_plane, namespace, follow=False) as view:
        definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        reflector = Reflector(view.connection, view.store, kinds.HTTP_ROUTE, namespace, absent_pause=0.3)
        task = asyncio.create_task(reflector.run())
        try:
            await reflector.synced.wait()
            assert reflector.absent
            made = await view.connection.request("POST", definitions, body=route_definition())
            await view.until(lambda: not reflector.absent)
            labels = {naming.LABEL_MANAGED_BY: naming.OPERATOR_NAME}
            metadata = {"name": "edge", "labels": labels}
            route = {"apiVersion": kinds.HTTP_ROUTE.api_version, "kind": "HTTPRoute", "metadata": metadata}
            parents = [{"parentRef": {"name": "gw"}, "conditions": [{"type": "Accepted", "status": "True"}]}]
            body = {**route, "status": {"parents": parents}}
            await view.connection.request("POST", kinds.HTTP_ROUTE.path(namespace), body=body)
            ref = Ref("HTTPRoute", namespace, "edge")
            await view.until(lambda: view.store.get(ref) is not None)
            parent = {"name": "gw", "conditions": {"Accepted": ("True", "", "")}}
            assert view.record(ref).summary["parents"] == (parent,)
            await view.connection.request("DELETE", f"{definitions}/{made['metadata']['name']}")
            await view.until(lambda: reflector.absent and view.store.get(ref) is None)
            assert reflector.error == ""
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_what_the_cluster_serves(control_plane: ControlPlane, namespace: str) -> None:
    async with viewing(control_plane, namespace, follow=False) as view:
        async with asyncio.timeout(SECONDS):  # another test's definition of routes may not be gone from the list
            while kinds.HTTP_ROUTE in (found := await discovery.served(view.connection, kinds.WATCHED_KINDS)):
                await asyncio.sleep(0.1)
        assert found == frozenset(kinds.WATCHED_KINDS) - {kinds.HTTP_ROUTE}
        version = await view.connection.request("GET", "/version")
        minor = int(version["minor"].rstrip("+"))
        kept = await discovery.pod_fields(view.connection, namespace)
        assert kept == discovery.PodFields(hostname_override=minor >= 35, resource_claims=minor >= 34)


@pytest.mark.slow
async def test_a_cluster_with_other_feature_gates() -> None:
    gates = "ContainerStopSignals=true,HostnameOverride=false"
    plane = ControlPlane(new_home("gates"), nodes=1, feature_gates=gates)
    try:
        await asyncio.to_thread(plane.start)
        async with viewing(plane, "default", follow=False) as view:
            kept = await discovery.pod_fields(view.connection, "default")
            assert kept == discovery.PodFields(stop_signal=True, hostname_override=False, resource_claims=True)
    finally:
        plane.stop()


async def test_pods_tell_why_they_do_not_run(control_plane: ControlPlane, namespace: str) -> None:
    async with viewing(control_plane, namespace) as view:
        labels = {
            naming.LABEL_MANAGED_BY: naming.OPERATOR_NAME,
            naming.LABEL_STACK: "shop",
            naming.LABEL_SERVICE: "web",
        }
        security = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
        container = {"name": "main", "image": "web:1", "securityContext": security}
        profile = {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}}
        spec = {"containers": [container], "securityContext": profile, "nodeSelector": {"no": "such-node"}}
        pod = {"metadata": {"name": "web-0", "labels": labels}, "spec": spec}
        await view.connection.request("POST", kinds.POD.path(namespace), body=pod)
        ref = Ref("Pod", namespace, "web-0")
        await view.until(lambda: (known := view.store.get(ref)) is not None and "unscheduled" in known.summary)
        summary = view.record(ref).summary
        assert summary["unscheduled"][0] == "Unschedulable"
        assert "affinity" in summary["unscheduled"][1]
        assert (summary["stack"], summary["service"], summary["phase"]) == ("shop", "web", "Pending")
        assert summary["ready"] is False


@pytest.mark.parametrize(
    "change",
    [
        {"metadata": {"labels": {naming.LABEL_MANAGED_BY: naming.OPERATOR_NAME}}},
        {"metadata": {"finalizers": None}},
        None,
    ],
    ids=["ours by now", "gone", "deleted"],
)
async def test_one_object_that_no_watch_brings_is_followed(
    control_plane: ControlPlane, namespace: str, change: dict[str, object] | None
) -> None:
    async with viewing(control_plane, namespace, follow=False) as view:
        body = {"metadata": {"name": "conf"}, "data": {"a": "1"}}
        path = kinds.CONFIG_MAP.path(namespace)
        made = await view.connection.request("POST", path, body=body)
        ref = Ref("ConfigMap", namespace, "conf")
        task = asyncio.create_task(until_changed(view.connection, record_of({**made, "kind": "ConfigMap"})))
        for number in range(3):
            edit = {"data": {"a": str(number)}}
            await view.connection.request("PATCH", ref.path, body=edit, content_type=MERGE_PATCH)
        other = await view.connection.request("POST", path, body={"metadata": {"name": "another"}})
        await view.connection.request("DELETE", f"{path}/{other['metadata']['name']}")
        await asyncio.sleep(0.3)
        assert not task.done(), "its content is its owner's affair"
        if change is None:
            await view.connection.request("DELETE", ref.path)
        else:
            if "finalizers" in change["metadata"]:  # type: ignore[operator]
                held = {"metadata": {"finalizers": ["example.com/hold"]}}
                await view.connection.request("PATCH", ref.path, body=held, content_type=MERGE_PATCH)
                await view.connection.request("DELETE", ref.path)
            await view.connection.request("PATCH", ref.path, body=change, content_type=MERGE_PATCH)
        async with asyncio.timeout(SECONDS):
            await task
