"""Apply against a real API server: only what differs, and nothing that is not ours."""

import asyncio
from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.cluster.errors import Denied, Invalid, NotFound, NotLeader
from ailtire_operator.cluster.kinds import Ref
from cluster.cluster_layer import SECONDS, config_map, deployment, every_kind, service, viewing
from lab import Audit, ControlPlane

pytestmark = pytest.mark.usefixtures("definitions")


async def test_a_second_time_sends_nothing(control_plane: ControlPlane, namespace: str, audit: Audit) -> None:
    async with viewing(control_plane, namespace) as view:
        uid = await view.stack()
        manifests = every_kind(namespace, uid)
        for manifest in manifests:
            assert not view.applier.in_sync(manifest)
            applied = await view.applier.apply(manifest, uid)
            assert (applied.verb, applied.changed, applied.error) == ("create", True, None), applied
            assert applied.record is view.store.get(applied.ref)
            assert view.applier.in_sync(manifest), f"{applied.ref} comes back in another form"
            assert not view.applier.overridden(applied.ref)
        assert len(view.writes) == len(manifests)
        await asyncio.sleep(1)  # for the controllers of the cluster to write what they write
        mark = audit.mark()
        for manifest in manifests:
            applied = await view.applier.apply(manifest, uid)
            assert (applied.verb, applied.changed, applied.error) == ("none", False, None), applied
            assert view.applier.in_sync(manifest)
        ours = [one for one in audit.requests(mark) if one.agent == naming.OPERATOR_NAME and one.verb != "watch"]
        assert ours == []


async def test_a_restart_sends_nothing(control_plane: ControlPlane, namespace: str) -> None:
    async with viewing(control_plane, namespace) as view:
        uid = await view.stack()
        for manifest in every_kind(namespace, uid):
            await view.applier.apply(manifest, uid)
    async with viewing(control_plane, namespace) as view:
        for manifest in every_kind(namespace, uid):
            applied = await view.applier.apply(manifest, uid)
            assert applied.verb == "none", applied
        assert view.writes == []


DRIFTS: list[tuple[str, dict[str, Any]]] = [
    ("Service web", {"spec": {"selector": {"app": "other"}}}),
    ("Service web", {"metadata": {"labels": {naming.LABEL_ROOT: "other"}}}),
    ("EndpointSlice zone-0", {"endpoints": [{"addresses": ["10.9.9.9"]}]}),
    ("ConfigMap conf", {"data": {"a": "c"}}),
    ("ConfigMap conf", {"data": {"a": None}}),
    ("Deployment web", {"spec": {"replicas": 0}}),
    ("Deployment web", {"spec": {"template": {"spec": {"dnsConfig": {"searches": ["a", "b"]}}}}}),
    ("StatefulSet db", {"spec": {"template": {"spec": {"enableServiceLinks": True}}}}),
    ("NetworkPolicy members", {"spec": {"ingress": [{}]}}),
    ("Ingress edge", {"spec": {"rules": [{"host": "evil.example"}]}}),
    ("HorizontalPodAutoscaler web", {"spec": {"maxReplicas": 50}}),
    ("PodDisruptionBudget web", {"spec": {"minAvailable": 0}}),
    ("AiltireStack shop-orders", {"spec": {"services": {"api": {"image": "api:2"}}}}),
]


async def test_drift_is_seen_and_undone(control_plane: ControlPlane, namespace: str) -> None:
    async with viewing(control_plane, namespace) as view:
        uid = await view.stack()
        manifests = {str(Ref.of(manifest)): manifest for manifest in every_kind(namespace, uid)}
        for manifest in manifests.values():
            await view.applier.apply(manifest, uid)
        for name, change in DRIFTS:
            manifest = manifests[name]
            await view.disturb(Ref.of(manifest), change)
            assert not view.applier.in_sync(manifest), (name, change)
            applied = await view.applier.apply(manifest, uid)
            assert (applied.verb, applied.error) == ("update", None), (name, applied)
            assert view.applier.in_sync(manifest), name


async def test_additions_of_others_stay(control_plane: ControlPlane, namespace: str) -> None:
    async with viewing(control_plane, namespace) as view:
        uid = await view.stack()
        manifest = deployment(namespace, uid)
        ref = Ref.of(manifest)
        await view.applier.apply(manifest, uid)
        restart = {"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"}
        change = {"spec": {"template": {"metadata": {"annotations": restart}}, "minReadySeconds": 3}}
        await view.disturb(ref, {**change, "metadata": {"labels": {"team": "blue"}}})
        assert view.applier.in_sync(manifest)
        manifest["spec"]["replicas"] = 0
        assert (await view.applier.apply(manifest, uid)).verb == "update"
        live = await view.live(ref)
        assert live["spec"]["template"]["metadata"]["annotations"] == restart
        assert live["metadata"]["labels"]["team"] == "blue"


async def test_what_we_no_longer_name_disappears(control_plane: ControlPlane, namespace: str) -> None:
    async with viewing(control_plane, namespace) as view:
        uid = await view.stack()
        manifest = config_map(namespace, uid)
        await view.applier.apply(manifest, uid)
        del manifest["data"]["a"]
        assert (await view.applier.apply(manifest, uid)).verb == "update"
        assert (await view.live(Ref.of(manifest)))["data"] == {"empty": ""}


async def test_a_wiped_list_of_managers_is_made_good(control_plane: ControlPlane, namespace: str) -> None:
    """The API server then takes everything for somebody's: what we no longer name would stay for ever."""
    async with viewing(control_plane, namespace) as view:
        uid = await view.stack()
        manifest = config_map(namespace, uid)
        ref = Ref.of(manifest)
        await view.applier.apply(manifest, uid)
        await view.disturb(ref, {"metadata": {"managedFields": [{}]}})
        assert not view.applier.in_sync(manifest)
        assert (await view.applier.apply(manifest, uid)).error is None
        assert view.applier.in_sync(manifest)
        assert [entry["manager"] for entry in (await view.live(ref))["metadata"]["managedFields"]] == [
            naming.FIELD_MANAGER
        ]
        del manifest["data"]["a"]
        assert (await view.applier.apply(manifest, uid)).error is None
        assert (await view.live(ref))["data"] == {"empty": ""}


async def test_what_the_cluster_insists_on_is_not_sent_again(control_plane: ControlPlane, namespace: str) -> None:
    async with viewing(control_plane, namespace) as view:
        uid = await view.stack()
        manifest = deployment(namespace, uid)
        limits = manifest["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]
        limits["cpu"] = "0.5"  # the server writes 500m
        for verb in ("create", "none", "none"):
            assert (await view.applier.apply(manifest, uid)).verb == verb
        ref = Ref.of(manifest)
        assert view.applier.in_sync(manifest)
        assert view.applier.overridden(ref)
        await view.disturb(ref, {"spec": {"replicas": 0}})
        assert not view.applier.in_sync(manifest), "drift is still drift"
        assert (await view.applier.apply(manifest, uid)).verb == "update"
        limits["cpu"] = "500m"
        assert (await view.applier.apply(manifest, uid)).error is None
        assert not view.applier.overridden(ref)


async def test_a_fight_is_given_up_for_a_while(control_plane: ControlPlane, namespace: str) -> None:
    async with viewing(control_plane, namespace) as view:
        uid = await view.stack()
        manifest = config_map(namespace, uid)
        await view.applier.apply(manifest, uid)
        for _ in range(10):
            await view.disturb(Ref.of(manifest), {"data": {"a": "theirs"}})
            assert (await view.applier.apply(manifest, uid)).verb == "update"
        await view.disturb(Ref.of(manifest), {"data": {"a": "theirs"}})
        applied = await view.applier.apply(manifest, uid)
        assert applied.verb == "none"
        assert "changed by somebody else" in str(applied.error)


async def test_refusals_say_why(control_plane: ControlPlane, namespace: str) -> None:
    async with viewing(control_plane, namespace) as view:
        uid = await view.stack()
        unknown = deployment(namespace, uid, colour="blue")
        applied = await view.applier.apply(unknown, uid)
        assert isinstance(applied.error, Invalid)
        assert str(applied.error) == ".spec.colour: field not declared in schema"
        negative = await view.applier.apply(deployment(namespace, uid, replicas=-1), uid)
        assert isinstance(negative.error, Invalid)
        assert negative.error.causes[0][0] == "spec.replicas"
        nowhere = await view.applier.apply(config_map("no-such-namespace", uid), uid)
        assert isinstance(nowhere.error, NotFound)
        quota = {"metadata": {"name": "none"}, "spec": {"hard": {"services": "0"}}}
        await view.connection.request("POST", f"/api/v1/namespaces/{namespace}/resourcequotas", body=quota)
        async with asyncio.timeout(SECONDS):
            while not isinstance((full := await view.applier.apply(service(namespace, uid), uid)).error, Denied):
                assert full.record is not None
                await view.applier.delete(full.record, uid)
        assert "exceeded quota: none" in str(full.error)


async def test_what_is_being_deleted_is_left_alone(control_plane: ControlPlane, namespace: str) -> None:
    async with viewing(control_plane, namespace) as view:
        uid = await view.stack()
        manifest = config_map(namespace, uid)
        ref = Ref.of(manifest)
        await view.applier.apply(manifest, uid)
        await view.disturb(ref, {"metadata": {"finalizers": ["example.com/hold"]}})
        deleted = await view.applier.delete(view.record(ref), uid)
        assert deleted.error is None
        assert view.record(ref).deleting
        manifest["data"]["a"] = "new"
        applied = await view.applier.apply(manifest, uid)
        assert str(applied.error) == "waits for ConfigMap conf to go: finalizer example.com/hold"
        body = {"metadata": {"finalizers": None}}
        await view.connection.request("PATCH", ref.path, body=body, content_type="application/merge-patch+json")
        await view.until(lambda: view.store.get(ref) is None)
        assert (await view.applier.apply(manifest, uid)).verb == "create"


async def test_without_the_lease_nothing_is_written(control_plane: ControlPlane, namespace: str, audit: Audit) -> None:
    async with viewing(control_plane, namespace) as view:
        uid = await view.stack()
        manifest = config_map(namespace, uid)
        await view.applier.apply(manifest, uid)
        ref = Ref.of(manifest)
        view.leading = False
        mark = audit.mark()
        manifest["data"]["a"] = "new"
        stack = Ref(naming.KIND, namespace, "shop")
        for write in (
            view.applier.apply(manifest, uid),
            view.applier.delete(view.record(ref), uid),
            view.applier.write_status(stack, uid, {}),
            view.applier.remove_extra(view.record(ref), uid, ["/services/web/image"]),
            view.applier.annotate(view.record(ref), uid, "a", "b"),
            view.applier.event(stack, uid, reason="Test", message="none"),
        ):
            with pytest.raises(NotLeader):
                await write
        assert [one for one in audit.writes(mark) if one.agent == naming.OPERATOR_NAME] == []
