"""What cannot be changed in place, and the writes that are no apply, against a real API server."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.cluster.apply_result import ApplyOptions
from ailtire_operator.cluster.errors import Conflict, Invalid, NotFound, NotGone, WouldLoseData
from ailtire_operator.cluster.events import latest_warning
from ailtire_operator.cluster.kinds import Ref
from ailtire_operator.cluster.managed_fields import extra_paths
from cluster.cluster_layer import View, child, config_map, deployment, service, stateful_set, viewing, volume_claim
from cluster.cluster_layer_proxy import nothing, through
from lab import ControlPlane

pytestmark = pytest.mark.usefixtures("definitions")


async def test_a_service_gets_and_loses_its_address(control_plane: ControlPlane, namespace: str) -> None:
    async with viewing(control_plane, namespace) as view:
        uid = await view.stack()
        ref = Ref("Service", namespace, "web")
        uids: set[str] = set()
        for wish, headless in (({}, False), ({"clusterIP": "None"}, True), ({}, False)):
            manifest = service(namespace, uid, **wish)
            applied = await view.applier.apply(manifest, uid)
            assert applied.error is None
            assert applied.verb == ("replace" if uids else "create")
            assert view.record(ref).summary["headless"] is headless
            assert view.applier.in_sync(manifest)
            uids.add(view.record(ref).uid)
        assert len(uids) == 3


async def test_another_selector_is_another_deployment(control_plane: ControlPlane, namespace: str) -> None:
    async with viewing(control_plane, namespace) as view:
        uid = await view.stack()
        await view.applier.apply(deployment(namespace, uid), uid)
        old = view.record(Ref("Deployment", namespace, "web")).uid
        manifest = deployment(namespace, uid, selector={"matchLabels": {"app": "web", "tier": "x"}})
        manifest["spec"]["template"]["metadata"]["labels"]["tier"] = "x"
        applied = await view.applier.apply(manifest, uid)
        assert (applied.verb, applied.error) == ("replace", None)
        assert view.record(applied.ref).uid != old
        assert view.applier.in_sync(manifest)


async def test_a_stateful_set_is_replaced_but_for_its_volumes(control_plane: ControlPlane, namespace: str) -> None:
    async with viewing(control_plane, namespace) as view:
        uid = await view.stack()
        await view.applier.apply(stateful_set(namespace, uid), uid)
        ref = Ref("StatefulSet", namespace, "db")
        first = view.record(ref).uid
        grown = await view.applier.apply(stateful_set(namespace, uid, size="2Gi"), uid)
        assert grown.verb == "refused"
        assert isinstance(grown.error, WouldLoseData)
        assert "would change from 1Gi" in str(grown.error)
        assert view.record(ref).uid == first
        moved = await view.applier.apply(stateful_set(namespace, uid, serviceName="other"), uid)
        assert (moved.verb, moved.error) == ("replace", None)
        assert view.record(ref).uid != first
        scaled = await view.applier.apply(stateful_set(namespace, uid, serviceName="other", replicas=2), uid)
        assert scaled.verb == "update"


async def test_an_object_that_does_not_go_is_waited_for_by_nobody(control_plane: ControlPlane, namespace: str) -> None:
    async with viewing(control_plane, namespace) as view:
        uid = await view.stack()
        ref = Ref("Service", namespace, "web")
        await view.applier.apply(service(namespace, uid), uid)
        await view.disturb(ref, {"metadata": {"finalizers": ["example.com/hold"]}})
        stuck = await view.applier.apply(service(namespace, uid, clusterIP="None"), uid)
        assert isinstance(stuck.error, NotGone)
        assert str(stuck.error) == "waits for Service web to go: finalizer example.com/hold"
        await _release(view, ref)
        applied = await view.applier.apply(service(namespace, uid, clusterIP="None"), uid)
        assert (applied.verb, applied.error) == ("create", None)


async def _release(view: View, ref: Ref) -> None:
    body = {"metadata": {"finalizers": None}}
    await view.connection.request("PATCH", ref.path, body=body, content_type="application/merge-patch+json")
    await view.until(lambda: view.store.get(ref) is None)


async def test_deleting_means_this_object_and_no_other(control_plane: ControlPlane, namespace: str) -> None:
    async with viewing(control_plane, namespace) as view:
        uid = await view.stack()
        manifest = config_map(namespace, uid)
        ref = Ref.of(manifest)
        await view.applier.apply(manifest, uid)
        wrong = await view.applier.delete(replace(view.record(ref), uid="some-older-uid"), uid)
        assert (wrong.verb, wrong.error) == ("none", None)
        assert (await view.live(ref))["metadata"]["uid"] == view.record(ref).uid
        record = view.record(ref)
        right = await view.applier.delete(record, uid)
        assert (right.verb, right.error, right.record) == ("delete", None, None)
        with pytest.raises(NotFound):
            await view.live(ref)
        again = await view.applier.delete(record, uid)
        assert (again.verb, again.error) == ("none", None)


async def test_a_404_to_a_deletion_is_not_believed_while_the_object_is_there(
    control_plane: ControlPlane, namespace: str
) -> None:
    """Nothing would tell of the object any more, and it would stay until somebody lists again."""
    async with through(control_plane, namespace) as (proxy, view, _):
        uid = await view.stack()
        ref = Ref.of(manifest := config_map(namespace, uid))
        await view.applier.apply(manifest, uid)
        proxy.instead = (lambda request: request.method == "DELETE", 404, '{"kind": "Status", "code": 404}')
        refused = await view.applier.delete(view.record(ref), uid)
        assert isinstance(refused.error, NotFound)
        assert view.store.get(ref) is not None
        proxy.instead = (nothing, 200, "")
        assert (await view.applier.delete(view.record(ref), uid)).verb == "delete"


async def test_an_event_that_is_refused_is_logged_and_no_error(
    control_plane: ControlPlane, namespace: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with through(control_plane, namespace) as (proxy, view, _):
        uid = await view.stack()
        proxy.instead = (lambda request: request.method == "POST", 403, '{"kind": "Status", "message": "a quota"}')
        await view.applier.event(Ref(naming.KIND, namespace, "shop"), uid, reason="Ready", message="all is ready")
    assert "the Event Ready: a quota" in caplog.text


@pytest.mark.parametrize("make", [service, deployment, volume_claim, stateful_set, child])
async def test_every_kind_of_answer_to_a_deletion(control_plane: ControlPlane, namespace: str, make: Any) -> None:
    async with viewing(control_plane, namespace) as view:
        uid = await view.stack()
        applied = await view.applier.apply(make(namespace, uid), uid)
        assert applied.record is not None
        deleted = await view.applier.delete(applied.record, uid)
        assert (deleted.verb, deleted.error) == ("delete", None)
        await view.until(lambda: view.store.get(applied.ref) is None)  # a claim is held for a moment
        await asyncio.sleep(0.2)
        assert view.store.get(applied.ref) is None, "the watch does not bring it back"


async def test_an_autoscaler_takes_over_the_replicas(control_plane: ControlPlane, namespace: str) -> None:
    async with viewing(control_plane, namespace) as view:
        uid = await view.stack()
        ref = Ref("Deployment", namespace, "web")
        await view.applier.apply(deployment(namespace, uid), uid)
        scale = {"spec": {"replicas": 4}}
        await view.connection.request(
            "PATCH", f"{ref.path}/scale", body=scale, content_type="application/merge-patch+json"
        )
        await view.until(lambda: view.record(ref).summary["specReplicas"] == 4)
        manifest = deployment(namespace, uid)
        del manifest["spec"]["replicas"]
        assert (await view.applier.apply(manifest, uid)).error is None
        assert (await view.live(ref))["spec"]["replicas"] == 4
        assert view.applier.in_sync(manifest)
        back = deployment(namespace, uid, replicas=2)
        assert (await view.applier.apply(back, uid)).error is None
        assert (await view.live(ref))["spec"]["replicas"] == 2, "and it comes back to us"


async def test_what_an_autoscaler_is_to_scale_does_not_stay_at_zero(
    control_plane: ControlPlane, namespace: str
) -> None:
    """Whoever has scaled it: Kubernetes' autoscaler takes zero for a wish to leave it alone."""
    async with viewing(control_plane, namespace) as view:
        uid = await view.stack()
        manifest = deployment(namespace, uid)
        del manifest["spec"]["replicas"]
        ref = Ref.of(manifest)
        await view.applier.apply(manifest, uid, ApplyOptions(autoscaled=True))
        await view.disturb(ref, {"spec": {"replicas": 0}})
        assert (await view.applier.apply(manifest, uid, ApplyOptions(autoscaled=True))).verb == "update"
        assert (await view.live(ref))["spec"]["replicas"] == 1
        assert (await view.applier.apply(manifest, uid, ApplyOptions(autoscaled=True))).verb == "none"


async def test_extra_keys_in_a_child_are_removed(control_plane: ControlPlane, namespace: str) -> None:
    async with viewing(control_plane, namespace) as view:
        uid = await view.stack()
        manifest = child(namespace, uid)
        ref = Ref.of(manifest)
        await view.applier.apply(manifest, uid)
        change = {"spec": {"services": {"api": {"replicas": None, "labels": {"x": "y"}}, "evil": {"image": "evil:1"}}}}
        await view.disturb(ref, change)
        assert view.applier.in_sync(manifest), "nothing of ours has changed"
        record = view.record(ref)
        pointers = extra_paths(manifest["spec"], record.summary["spec"])
        assert "/services/evil" in pointers
        await view.applier.remove_extra(record, uid, pointers)
        assert view.record(ref).summary["spec"] == manifest["spec"]
        assert view.applier.in_sync(manifest)
        before = len(view.writes)
        await view.applier.remove_extra(record, uid, [])
        assert len(view.writes) == before
        with pytest.raises(Conflict, match="has changed"):
            await view.applier.remove_extra(replace(record, uid="another-uid"), uid, ["/services/api"])
        with pytest.raises(Conflict, match="has changed"):
            await view.applier.remove_extra(record, uid, ["/services/evil"])
        with pytest.raises(Invalid, match="image"):
            await view.applier.remove_extra(record, uid, ["/services/api/image"])


async def test_a_status_is_written_to_the_right_object_only(control_plane: ControlPlane, namespace: str) -> None:
    async with viewing(control_plane, namespace) as view:
        uid = await view.stack()
        ref = Ref(naming.KIND, namespace, "shop")
        await view.applier.write_status(ref, uid, {"observedGeneration": 1})
        assert view.record(ref).summary["status"] == {"observedGeneration": 1}
        generation = view.record(ref).generation
        await view.connection.request(
            "PATCH", ref.path, body={"spec": {"suspend": True}}, content_type="application/merge-patch+json"
        )
        await view.applier.write_status(ref, uid, {"observedGeneration": 2})
        live = await view.live(ref)
        assert live["status"] == {"observedGeneration": 2}
        assert live["metadata"]["generation"] == generation + 1
        await view.connection.request("DELETE", ref.path)
        again = await view.stack()
        with pytest.raises(Conflict):
            await view.applier.write_status(ref, uid, {"observedGeneration": 3})
        assert (await view.live(ref))["status"] == {"observedGeneration": -1}, "as of a new stack"
        await view.connection.request("DELETE", ref.path)
        with pytest.raises(NotFound):
            await view.applier.write_status(ref, again, {"observedGeneration": 4})


async def test_events_are_told_and_heard(control_plane: ControlPlane, namespace: str) -> None:
    async with viewing(control_plane, namespace) as view:
        uid = await view.stack()
        ref = Ref(naming.KIND, namespace, "shop")
        assert await latest_warning(view.connection, ref, uid) is None
        await view.applier.event(ref, uid, reason="Fine", message="all is well")
        assert await latest_warning(view.connection, ref, uid) is None
        await view.applier.event(ref, uid, reason="Blocked", message="service db 0/1", warning=True)
        assert await latest_warning(view.connection, ref, uid) == ("Blocked", "service db 0/1")
        told = control_plane.kubectl("describe", "ailtirestack", "shop", "-n", namespace)
        assert "service db 0/1" in told
