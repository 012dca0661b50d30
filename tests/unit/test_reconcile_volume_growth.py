"""A larger size expands the claims of replicas, and what does not grow says where and what to do."""

from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.cluster.errors import Conflict, Denied
from ailtire_operator.cluster.kinds import Ref
from ailtire_operator.cluster.store import Record
from support.fake_cluster.records import NAMESPACE, put
from support.fake_cluster.world import World

Json = dict[str, Any]
CLAIM = "PersistentVolumeClaim"
SET = "shop-db"
LACKS = 'User "system:serviceaccount:shop:tenant" cannot patch resource "persistentvolumeclaims"'


def spec(size: str, own: bool = True, **more: Any) -> Json:
    member = {"image": "db:1", "user": "1000", "volumes": {"v": {"source": "my_rows", "target": "/v"}}, **more}
    return {"services": {"db": member}, "data": {"my_rows": {"size": size, "perReplica": own}}}


def claim(
    world: World,
    name: str,
    size: str = "1Gi",
    *,
    capacity: str = "",
    phase: str = "Bound",
    owner: str = "",
    **labels: str,
) -> Record:
    marks = {naming.LABEL_ROOT: "shop", naming.LABEL_STACK: "shop", naming.LABEL_VOLUME: "my-rows", **labels}
    references = [{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "x", "uid": owner, "controller": True}]
    return put(
        world.store,
        CLAIM,
        name,
        uid=f"uid-of-{name}",
        labels=marks,
        references=references if owner else None,
        spec={"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}},
        status={"phase": phase, "capacity": {"storage": capacity or size}},
    )


def made(size: str = "1Gi") -> tuple[World, Record]:
    """A stack with its StatefulSet, whose live claim template has this size."""
    world = World()
    record = world.write(spec(size))
    assert not world.execute(record).problems
    return world, record


def template_size(world: World) -> str:
    manifest = world.cluster.manifests[Ref("StatefulSet", NAMESPACE, SET)]
    (template,) = manifest["spec"]["volumeClaimTemplates"]
    return str(template["spec"]["resources"]["requests"]["storage"])


def expanded(world: World) -> list[str]:
    return sorted(each for each in world.cluster.journal if each.startswith("expand"))


@pytest.mark.parametrize("owned", [True, False])
def test_every_claim_grows_and_the_stateful_set_stays(owned: bool) -> None:
    world, _ = made()
    uid = world.store.get(Ref("StatefulSet", NAMESPACE, SET)).uid  # type: ignore[union-attr]
    for ordinal in (0, 1, 12):
        claim(world, f"my-rows-{SET}-{ordinal}", owner=uid if owned else "")
    result = world.execute(world.write(spec("2Gi")))
    assert not result.problems
    assert expanded(world) == [f"expand {CLAIM} my-rows-{SET}-{ordinal} to 2Gi" for ordinal in (0, 1, 12)]
    assert [each for each in world.cluster.journal if "StatefulSet" in each] == []
    assert template_size(world) == "1Gi"


def test_the_stateful_set_is_updated_with_what_else_changes_and_later_claims_grow_too() -> None:
    world, _ = made()
    world.execute(world.write(spec("2Gi", image="db:2")))
    assert f"apply StatefulSet {SET}" in world.cluster.journal
    assert template_size(world) == "1Gi"
    record = world.store.get(Ref(naming.KIND, NAMESPACE, "shop"))
    assert record is not None
    claim(world, f"my-rows-{SET}-3")
    world.execute(record)
    assert expanded(world) == [f"expand {CLAIM} my-rows-{SET}-3 to 2Gi"]
    world.execute(record)
    assert world.cluster.journal == [], "once"


@pytest.mark.parametrize(
    "other",
    [
        {"name": f"my-rows-{SET}-x"},
        {"name": f"my-rows-{SET}"},
        {"name": f"other-{SET}-0"},
        {"name": "my-rows-shop-web-0"},
        {"name": f"my-rows-{SET}-0", "phase": "Pending"},
        {"name": f"my-rows-{SET}-0", "owner": "another-set"},
        {"name": f"my-rows-{SET}-0", naming.LABEL_ROOT: "other"},
        {"name": f"my-rows-{SET}-0", naming.LABEL_STACK: "other"},
        {"name": f"my-rows-{SET}-0", naming.LABEL_MANAGED_BY: "somebody"},
        {"name": f"my-rows-{SET}-0", "size": "2048Mi"},
    ],
)
def test_no_other_claim_is_touched(other: Json) -> None:
    world, _ = made()
    claim(world, **other)
    assert not world.execute(world.write(spec("2Gi"))).problems
    assert expanded(world) == []


def test_what_the_cluster_does_not_expand_says_where_and_what_to_do_and_is_not_asked_again_in_vain() -> None:
    world, _ = made()
    name = f"my-rows-{SET}-0"
    claim(world, name)
    world.cluster.refuses = {f"expand {CLAIM} {name}": Denied("only dynamically provisioned pvc can be resized")}
    record = world.write(spec("2Gi"))
    for retry in (True, False, False):
        problem = world.execute(record, retry_refused=retry).problems[Ref(CLAIM, NAMESPACE, name)]
        assert problem.reason == "NotExpanded"
        assert problem.message.startswith(f"spec.data.my_rows.size: {CLAIM} {name} keeps 1Gi. Set allowVolumeExpansion")
        assert problem.message.endswith("only dynamically provisioned pvc can be resized")
        assert expanded(world) == ([f"expand {CLAIM} {name} in vain"] if retry else [])
    assert len(world.execute(world.write(spec("3Gi")), retry_refused=False).problems) == 1
    assert expanded(world) == [f"expand {CLAIM} {name} in vain"], "another size is another question"
    world.cluster.refuses.clear()
    assert not world.execute(record, retry_refused=True).problems


@pytest.mark.parametrize(("error", "reason"), [(Denied(LACKS), "Forbidden"), (Conflict("changed"), "Progressing")])
def test_a_missing_right_and_what_passes_are_told_as_elsewhere(error: Any, reason: str) -> None:
    world, _ = made()
    name = f"my-rows-{SET}-0"
    claim(world, name)
    world.cluster.refuses = {f"expand {CLAIM} {name}": error}
    problem = world.execute(world.write(spec("2Gi"))).problems[Ref(CLAIM, NAMESPACE, name)]
    assert (problem.reason, problem.message) == (reason, str(error))


def test_a_claim_of_the_stack_that_does_not_grow_says_the_same() -> None:
    world = World()
    world.execute(world.write(spec("1Gi", own=False)))
    name = "shop--my-rows--data"
    live = world.store.get(Ref(CLAIM, NAMESPACE, name))
    assert live is not None
    world.cluster.refuses = {f"apply {CLAIM} {name}": Denied("no")}
    problem = world.execute(world.write(spec("2Gi", own=False))).problems[live.ref]
    assert problem.reason == "NotExpanded"
    assert problem.message.startswith(f"spec.data.my_rows.size: {CLAIM} {name} keeps 1Gi. ")


def test_a_size_below_that_of_the_replicas_is_told_once_with_the_largest() -> None:
    world, _ = made()
    claim(world, f"my-rows-{SET}-0", "2Gi")
    claim(world, f"my-rows-{SET}-1", "10Gi")
    claim(world, f"my-rows-{SET}-2", "1Gi")
    result = world.execute(world.write(spec("1Gi")))
    (notice,) = [each for each in result.notices if each.path == "spec.data.my_rows.size"]
    assert notice.classification == "rejected"
    assert notice.message == f"a volume does not become smaller: {CLAIM} my-rows-{SET}-1 keeps 10Gi."
    assert expanded(world) == []


def test_an_expansion_that_is_not_made_yet_may_be_taken_back() -> None:
    """As after one that the storage cannot make: Kubernetes lets a claim ask for less, as long as it is more."""
    world, _ = made()
    claim(world, f"my-rows-{SET}-0", "100Ti", capacity="1Gi")
    claim(world, f"my-rows-{SET}-1", "100Ti", capacity="2Gi")
    result = world.execute(world.write(spec("2Gi")))
    assert expanded(world) == [f"expand {CLAIM} my-rows-{SET}-0 to 2Gi"]
    assert [each.path for each in result.notices] == ["spec.data.my_rows.size"]
