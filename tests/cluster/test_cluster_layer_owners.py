"""Whose an object is, against a real API server: what is not ours is never touched, and what is ours is found again."""

import asyncio
import json

import pytest

from ailtire_operator import naming
from ailtire_operator.cluster import kinds
from ailtire_operator.cluster.errors import Orphaned
from ailtire_operator.cluster.kinds import Ref
from cluster.cluster_layer import INTRUDER, child, config_map, owned_by, service, viewing, volume_claim
from lab import ControlPlane

pytestmark = pytest.mark.usefixtures("definitions")


async def test_an_object_whose_owner_was_removed_is_ours_no_more(control_plane: ControlPlane, namespace: str) -> None:
    async with viewing(control_plane, namespace) as view:
        uid = await view.stack()
        manifest = child(namespace, uid)
        await view.applier.apply(manifest, uid)
        await view.disturb(Ref.of(manifest), {"metadata": {"ownerReferences": None}})
        applied = await view.applier.apply(manifest, uid)
        assert applied.verb == "foreign"
        assert isinstance(applied.error, Orphaned)
        again = await view.take_over(manifest, uid)
        assert (again.verb, again.error, again.adopted) == ("update", None, True)
        assert view.applier.in_sync(manifest)


async def test_foreign_objects_stay_as_they_are(control_plane: ControlPlane, namespace: str) -> None:
    async with viewing(control_plane, namespace) as view:
        uid, rival = await view.stack(), await view.stack("rival")
        for manifest, owner, words in (
            (owned_by("rival", service(namespace, rival, "a")), rival, "belongs to AiltireStack rival"),
            (service(namespace, uid, "b"), None, "has no owner; to take it over: " + naming.adoption_command("shop")),
            (service(namespace, uid, "c"), "unlabelled", "was not made by this stack but by " + INTRUDER),
        ):
            made = {**manifest, "metadata": dict(manifest["metadata"])}
            if owner is None or owner == "unlabelled":
                made["metadata"].pop("ownerReferences")
            if owner == "unlabelled":
                made["metadata"].pop("labels")
            params = {"fieldManager": INTRUDER}
            await view.connection.request("POST", kinds.SERVICE.path(namespace), params=params, body=made)
            ref = Ref.of(manifest)
            before = await view.live(ref)
            wish = service(namespace, uid, ref.name, sessionAffinity="ClientIP")
            for _ in range(2):
                applied = await view.applier.apply(wish, uid)
                assert (applied.verb, applied.changed) == ("foreign", False)
                assert str(applied.error) == f"{ref} exists already and {words}"
                assert isinstance(applied.error, Orphaned) == (owner is None)
            assert json.dumps(await view.live(ref)) == json.dumps(before)
        assert view.writes == []


async def test_two_owners_race_for_a_name(control_plane: ControlPlane, namespace: str) -> None:
    async with viewing(control_plane, namespace, follow=False) as one, viewing(control_plane, namespace) as two:
        for attempt in range(10):
            mine, other = await one.stack(f"mine{attempt}"), await two.stack(f"other{attempt}")
            my_wish = owned_by(f"mine{attempt}", config_map(namespace, mine, f"conf{attempt}"))
            other_wish = owned_by(f"other{attempt}", config_map(namespace, other, f"conf{attempt}"))
            results = await asyncio.gather(one.applier.apply(my_wish, mine), two.applier.apply(other_wish, other))
            assert sorted(result.verb for result in results) == ["create", "foreign"]
            winner = mine if results[0].verb == "create" else other
            live = await one.live(results[0].ref)
            assert [owner["uid"] for owner in live["metadata"]["ownerReferences"]] == [winner]


async def test_two_operators_write_for_the_same_owner(control_plane: ControlPlane, namespace: str) -> None:
    async with viewing(control_plane, namespace, follow=False) as one, viewing(control_plane, namespace) as two:
        uid = await one.stack()
        for attempt in range(10):
            manifest = config_map(namespace, uid, f"conf{attempt}")
            results = await asyncio.gather(one.applier.apply(manifest, uid), two.applier.apply(manifest, uid))
            assert [result.error for result in results] == [None, None]
            assert "create" in {result.verb for result in results} <= {"create", "none"}
            live = await one.live(Ref.of(manifest))
            assert len(live["metadata"]["managedFields"]) == 1


async def test_an_object_that_was_made_anew_behind_our_back(control_plane: ControlPlane, namespace: str) -> None:
    async with viewing(control_plane, namespace, follow=False) as view:
        uid = await view.stack()
        manifest = config_map(namespace, uid)
        first = await view.applier.apply(manifest, uid)
        manifest["data"]["a"] = "changed"
        await view.connection.request("DELETE", first.ref.path)
        second = await view.applier.apply(manifest, uid)
        assert (second.verb, second.error) == ("create", None), "it was gone, though the store still had it"
        await view.connection.request("DELETE", first.ref.path)
        intruder = {"metadata": {"name": "conf"}, "data": {"theirs": "x"}}
        made = await view.connection.request("POST", kinds.CONFIG_MAP.path(namespace), body=intruder)
        manifest["data"]["a"] = "changed again"
        third = await view.applier.apply(manifest, uid)
        assert third.verb == "foreign", third
        assert await view.live(first.ref) == made


async def test_a_lost_label_is_put_back(control_plane: ControlPlane, namespace: str) -> None:
    """Without its label an object leaves our watch as if it were deleted."""
    async with viewing(control_plane, namespace) as view:
        uid = await view.stack()
        manifest = service(namespace, uid)
        ref = Ref.of(manifest)
        await view.applier.apply(manifest, uid)
        body = {"metadata": {"labels": {naming.LABEL_MANAGED_BY: None}}}
        await view.connection.request("PATCH", ref.path, body=body, content_type="application/merge-patch+json")
        await view.until(lambda: view.store.get(ref) is None)
        applied = await view.applier.apply(manifest, uid)
        assert (applied.verb, applied.error) == ("update", None)
        assert view.applier.in_sync(manifest)
        await view.until(lambda: view.store.get(ref) is not None)


async def test_a_retained_volume_is_taken_over_to_be_retained_and_not_otherwise(
    control_plane: ControlPlane, namespace: str
) -> None:
    async with viewing(control_plane, namespace) as view:
        uid = await view.stack()
        manifest = volume_claim(namespace, uid)
        del manifest["metadata"]["ownerReferences"]
        manifest["metadata"]["labels"] = {**manifest["metadata"]["labels"], naming.LABEL_RETAIN: "true"}
        assert (await view.applier.apply(manifest, uid)).verb == "create"
        again = await view.stack("again")
        before = await view.live(Ref.of(manifest))
        refused = await view.applier.apply(volume_claim(namespace, again), again)
        assert refused.verb == "foreign"
        assert "say retain: true" in str(refused.error)
        after = await view.live(Ref.of(manifest))
        # The controller of volumes may write annotations and a volume's name in between.
        for part in ("labels", "ownerReferences"):
            assert after["metadata"].get(part) == before["metadata"].get(part)
        assert {**after["spec"], "volumeName": ""} == {**before["spec"], "volumeName": ""}
        manifest["metadata"]["annotations"] = {"example.com/note": "new"}
        assert (await view.applier.apply(manifest, again)).verb == "update"


@pytest.mark.parametrize("marked", [False, True], ids=["retained now", "retained before"])
async def test_a_volume_that_was_taken_over_is_let_go_of_when_it_is_retained(
    control_plane: ControlPlane, namespace: str, *, marked: bool
) -> None:
    """The owner that a patch has set survives an apply without one, and the volume would go with its stack."""
    async with viewing(control_plane, namespace) as view:
        uid = await view.stack()
        owned, kept = volume_claim(namespace, uid), volume_claim(namespace, uid)
        ref, owner = Ref.of(owned), owned["metadata"]["ownerReferences"]
        del kept["metadata"]["ownerReferences"]
        kept["metadata"]["labels"] = {**kept["metadata"]["labels"], naming.LABEL_RETAIN: "true"}
        if marked:
            await view.applier.apply(kept, uid)
            await view.disturb(ref, {"metadata": {"ownerReferences": owner}})
        else:
            await view.applier.apply(owned, uid)
            await view.disturb(ref, {"metadata": {"ownerReferences": None}})
            assert (await view.take_over(owned, uid)).adopted
            assert (await view.live(ref))["metadata"]["ownerReferences"] == owner
        applied = await view.applier.apply(kept, uid)
        assert (applied.verb, applied.error) == ("update", None)
        assert "ownerReferences" not in (await view.live(ref))["metadata"]
        writes = len(view.writes)
        assert (await view.applier.apply(kept, uid)).verb == "none"
        assert len(view.writes) == writes
