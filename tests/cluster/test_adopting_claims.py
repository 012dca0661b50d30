"""Claims that somebody else has made and that the definition names (``adopt: true``), on a real API server."""

import json
from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.cli.failures import Exit
from ailtire_operator.cluster.kinds import VOLUME_CLAIM
from cluster.program import Cli
from lab import ControlPlane, Operator
from lab.paths import ROOT
from support.kube.operators import relieved
from support.kube.rights import account, until_may
from support.kube.trees import Trees, child, service, targets
from support.kube.whole_tree import pods

Json = dict[str, Any]

CLAIM = naming.volume("shop", "rows")
ADOPT: Json = {"adopt": True, "retain": True}
BAD = "lab.invalid/missing:2"


def spec(image: str = "docker.io/library/web:1", **data: Json) -> Json:
    """A stack whose one service mounts all volumes."""
    mounts = {key: {"source": key, "target": f"/{key}"} for key in data}
    return {"services": {"web": service(image, volumes=mounts)}, "data": data}


def create_claim(trees: Trees, name: str = CLAIM, wanted: Json | None = None, **metadata: Any) -> Json:
    """By ``kubectl create``, as somebody else does."""
    content = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, **(wanted or {})}
    named = {"name": name, "namespace": trees.namespace, "labels": {"app": "theirs"}, **metadata}
    obj = {"apiVersion": "v1", "kind": VOLUME_CLAIM.kind, "metadata": named, "spec": content}
    trees.kubectl("create", "-f", "-", stdin=json.dumps(obj))
    return trees.must(VOLUME_CLAIM.kind, name)


def claim(trees: Trees, name: str = CLAIM) -> Json:
    return trees.must(VOLUME_CLAIM.kind, name)


def diff(trees: Trees, cli: Cli, wanted: Json, name: str = "shop") -> tuple[int, str]:
    """The exit code of ``diff`` and all that it says, in one line."""
    done = cli("diff", "-", stdin=json.dumps(trees.manifest(name, wanted)))
    return done.code, " ".join(f"{done.out} {done.err}".split())


def refused(trees: Trees, stack: str = "shop") -> str:
    """Wait until the stack says that an object is in the way; what it says of it."""
    trees.until("Conflicting", lambda: trees.condition(stack, "Conflicting").get("reason") == "ForeignObject")
    trees.until("Stalled", lambda: trees.condition(stack, "Stalled").get("status") == "True")
    return str(trees.condition(stack, "Stalled")["message"])


def is_untouched(trees: Trees, before: Json) -> bool:
    """Kubernetes' controllers write statuses, finalizers and annotations meanwhile, and bind claims."""
    now = claim(trees, before["metadata"]["name"])
    metadata = ("uid", "labels", "ownerReferences", "deletionTimestamp")
    same = all(now["metadata"].get(key) == before["metadata"].get(key) for key in metadata)
    return same and now["spec"] == {**before["spec"], **_bound(now["spec"])}


def is_taken(trees: Trees, before: Json, stack: str = "shop") -> bool:
    """Whether the same claim is a retained one of the stack, with its own labels beside ours and without an owner."""
    now = claim(trees, before["metadata"]["name"])["metadata"]
    labels = now.get("labels") or {}
    marked = labels.get(naming.LABEL_STACK) == stack and labels.get(naming.LABEL_RETAIN) == "true"
    same = now["uid"] == before["metadata"]["uid"] and labels.get("app") == "theirs"
    return marked and same and not now.get("ownerReferences") and "deletionTimestamp" not in now


def until_gone(trees: Trees, stack: str = "shop") -> None:
    """Delete a stack, and wait for all that goes with it."""
    trees.delete(naming.SINGULAR, stack)
    trees.until("the stack gone", lambda: trees.get(naming.KIND, stack) is None)
    # The garbage collector learns of a new kind only when it asks for all kinds, every half minute.
    trees.until("all else gone", lambda: {kind for kind, _ in trees.owned()} <= {VOLUME_CLAIM.kind})


def test_a_claim_is_taken_over_with_its_data_and_outlives_its_stack(trees: Trees, cli: Cli) -> None:
    before = create_claim(trees)
    trees.apply("shop", spec(rows={"retain": True}))
    assert CLAIM in refused(trees)
    assert is_untouched(trees, before), "without the field it is left as it is"

    wanted = spec(rows=ADOPT)
    code, said = diff(trees, cli, wanted)
    assert code == Exit.NO
    assert f"{VOLUME_CLAIM.kind} {CLAIM} exists already, written by" in said
    assert "kubectl-create, and has no owner: it would be taken over, and no pod is replaced for it" in said
    assert is_untouched(trees, before), "it was a dry run"

    trees.apply("shop", wanted)
    trees.until_ready("shop")
    trees.settle()
    assert is_taken(trees, before)
    for label, value in claim(trees)["metadata"]["labels"].items():
        assert label == "app" or f"{label}: {value}" in said or f'{label}: "{value}"' in said, "the dry run said it"
    now = claim(trees)["spec"]
    assert now == {**before["spec"], **_bound(now)}
    (volume,) = trees.must("Deployment", "shop-web")["spec"]["template"]["spec"]["volumes"]
    assert volume["persistentVolumeClaim"]["claimName"] == CLAIM
    events = [each["message"] for each in trees.all_of("Event") if each["reason"] == "Adopted"]
    assert any(CLAIM in each for each in events), events

    mark = trees.audit.mark()
    trees.apply("shop", spec(rows={"retain": True}))
    trees.until_ready("shop")
    trees.settle()
    assert not [each for each in targets(trees.writes(mark)) if "persistentvolumeclaims" in each]
    until_gone(trees)
    assert is_taken(trees, before)


def _bound(now: Json) -> Json:
    """What the controller of volumes adds to the specification at a time of its own."""
    return {"volumeName": now["volumeName"]} if "volumeName" in now else {}


def test_a_claim_of_any_name_that_is_mounted_already_is_taken_over_without_a_roll(trees: Trees, cli: Cli) -> None:
    before = create_claim(trees, "theirs")
    trees.apply("shop", spec(rows={"claim": "theirs"}))
    trees.until_ready("shop")
    own = pods(trees)
    wanted = spec(rows={**ADOPT, "claim": "theirs"})
    _, said = diff(trees, cli, wanted)
    assert "kubectl-create, and has no owner: it would be taken over, and no pod is replaced for it" in said
    trees.apply("shop", wanted)
    trees.until("taken over", lambda: is_taken(trees, before))
    trees.until_ready("shop")
    trees.settle()
    assert pods(trees) == own
    trees.apply("shop", spec())
    trees.until_ready("shop")
    trees.settle()
    assert is_taken(trees, before), "edited away, it stays"
    trees.apply("shop", spec(more={**ADOPT, "claim": "theirs"}))
    trees.until_ready("shop")
    assert is_taken(trees, before)
    assert claim(trees, "theirs")["metadata"]["labels"][naming.LABEL_VOLUME] == "more"


def test_pods_of_others_that_mount_it_are_named(trees: Trees, cli: Cli) -> None:
    before = create_claim(trees, "theirs")
    trees.apply("bakery", spec(rows={"claim": "theirs"}))
    trees.until_ready("bakery")
    _, said = diff(trees, cli, spec(rows={**ADOPT, "claim": "theirs"}))
    assert (
        f"theirs is mounted by pods of others, which are to be stopped: {trees.all_of('Pod')[0]['metadata']['name']}"
        in said
    )
    assert is_untouched(trees, before)


def test_another_volume_of_a_service_rolls_its_pods_and_diff_says_so(trees: Trees, cli: Cli) -> None:
    before = create_claim(trees, "theirs")
    trees.apply("shop", spec(rows={}))
    trees.until_ready("shop")
    own = pods(trees)
    wanted = spec(rows={**ADOPT, "claim": "theirs"})
    _, said = diff(trees, cli, wanted)
    assert "claimName: theirs" in said, "of the Deployment's pods"
    trees.apply("shop", wanted)
    trees.until_ready("shop")
    trees.settle()
    trees.until("the pods before gone", lambda: not pods(trees) & own)
    assert is_taken(trees, before)


REFUSED: dict[str, tuple[Json, Json, str]] = {
    "larger": ({"resources": {"requests": {"storage": "2Gi"}}}, {}, "set its size to 2Gi or more"),
    "smaller, and cannot grow": (
        {"resources": {"requests": {"storage": "512Mi"}}, "storageClassName": "none"},
        {},
        "spec is immutable",
    ),
    "mode": ({"accessModes": ["ReadWriteMany"]}, {}, "its accessModes is ReadWriteMany, which cannot change"),
    "label": ({}, {"labels": {"app": "theirs", naming.LABEL_STACK: "other"}}, "it is or was part of a stack"),
    "managed": (
        {},
        {"labels": {"app": "theirs", naming.LABEL_ROOT: "shop", naming.LABEL_RETAIN: "true"}},
        "once no stack has it, remove its labels",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_become_what_is_planned_is_left_as_it_is(trees: Trees, cli: Cli, case: str) -> None:
    wanted, metadata, why = REFUSED[case]
    before, good = create_claim(trees, wanted=wanted, **metadata), create_claim(trees, "good")
    asking = spec(rows=ADOPT, good={**ADOPT, "claim": "good"})
    code, said = diff(trees, cli, asking)
    assert code == Exit.TROUBLE
    trees.apply("shop", asking)
    told = refused(trees)
    trees.settle()
    assert "spec.data.rows.adopt: " in said
    assert "spec.data." in told
    assert why in said
    conditions = " ".join(each["message"] for each in trees.status("shop")["conditions"])
    assert CLAIM in conditions
    assert is_untouched(trees, before)
    assert is_untouched(trees, good), "all of them or none"
    assert trees.get("Deployment", "shop-web") is None, "and nothing mounts them"
    until_gone(trees)
    assert is_untouched(trees, before)
    assert is_untouched(trees, good)


def test_one_that_may_grow_gets_the_size_of_the_definition(trees: Trees, cli: Cli) -> None:
    before = create_claim(trees, wanted={"resources": {"requests": {"storage": "512Mi"}}})
    trees.until("bound", lambda: "volumeName" in claim(trees)["spec"])
    _, said = diff(trees, cli, spec(rows=ADOPT))
    assert "- storage: 512Mi + storage: 1Gi" in said
    trees.apply("shop", spec(rows=ADOPT))
    trees.until("taken over", lambda: is_taken(trees, before))
    assert claim(trees)["spec"]["resources"]["requests"] == {"storage": "1Gi"}


def test_a_claim_of_which_nobody_manages_a_field_is_taken_over(trees: Trees) -> None:
    before = create_claim(trees)
    trees.patch("persistentvolumeclaim", CLAIM, {"metadata": {"managedFields": [{}]}})
    trees.apply("shop", spec(rows=ADOPT))
    trees.until_ready("shop")
    trees.settle()
    assert is_taken(trees, before)


def test_what_another_stack_has_left_is_taken_over_once_its_labels_are_removed(trees: Trees) -> None:
    trees.apply("bakery", spec(rows={"retain": True}))
    trees.until_ready("bakery")
    left = naming.volume("bakery", "rows")
    trees.patch("persistentvolumeclaim", left, {"metadata": {"labels": {"app": "theirs"}}})
    before = claim(trees, left)
    until_gone(trees, "bakery")
    trees.apply("shop", spec(rows={**ADOPT, "claim": left}))
    assert "it is or was part of a stack" in refused(trees)
    ours = (naming.LABEL_MANAGED_BY, *(f"{naming.GROUP}/{each}" for each in ("root", "stack", "volume", "retain")))
    trees.kubectl("label", "pvc", left, *(f"{each}-" for each in ours))
    trees.apply("shop", spec("docker.io/library/web:2", rows={**ADOPT, "claim": left}))
    trees.until_ready("shop")
    assert is_taken(trees, before)


@pytest.mark.parametrize("controller", [True, False])
def test_what_another_owner_has_is_left_to_it_until_it_lets_go(trees: Trees, cli: Cli, controller: bool) -> None:
    mine = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "mine", "namespace": trees.namespace}}
    trees.apply_object(mine)
    uid = trees.must("ConfigMap", "mine")["metadata"]["uid"]
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "mine", "uid": uid, "controller": controller}
    before = create_claim(trees, ownerReferences=[reference])
    code, said = diff(trees, cli, spec(rows=ADOPT))
    assert (code, "it belongs to ConfigMap mine" in said) == (Exit.TROUBLE, True)
    trees.apply("shop", spec(rows=ADOPT))
    assert "it belongs to ConfigMap mine" in refused(trees)
    trees.settle()
    assert is_untouched(trees, before)
    trees.patch("persistentvolumeclaim", CLAIM, {"metadata": {"ownerReferences": None}})
    trees.apply("shop", spec("docker.io/library/web:2", rows=ADOPT))
    trees.until_ready("shop")
    assert is_taken(trees, before)


def test_where_a_claim_is_missing_none_is_made_and_none_is_taken_over(trees: Trees, cli: Cli) -> None:
    before = create_claim(trees)
    wanted = spec(rows=ADOPT, more={**ADOPT, "claim": "theirs"})
    code, said = diff(trees, cli, wanted)
    assert (code, "there is no PersistentVolumeClaim theirs to take over" in said) == (Exit.TROUBLE, True)
    trees.apply("shop", wanted)
    assert "spec.data." in refused(trees)
    trees.settle()
    assert trees.names(VOLUME_CLAIM.kind) == {CLAIM}
    assert is_untouched(trees, before)
    second = create_claim(trees, "theirs")
    trees.apply("shop", spec("docker.io/library/web:2", **wanted["data"]))
    trees.until_ready("shop")
    assert is_taken(trees, before)
    assert is_taken(trees, second)


def test_a_refused_takeover_leaves_what_runs(trees: Trees) -> None:
    trees.apply("shop", spec(rows={}))
    trees.until_ready("shop")
    own = pods(trees)
    create_claim(trees, "theirs", {"accessModes": ["ReadWriteMany"]})
    trees.apply("shop", spec("docker.io/library/web:2", rows={**ADOPT, "claim": "theirs"}))
    assert "spec.data.rows.adopt" in refused(trees)
    trees.settle()
    assert pods(trees) == own
    assert CLAIM in trees.names(VOLUME_CLAIM.kind), "not even the volume that the definition no longer has is deleted"


def test_a_tree_that_goes_back_keeps_what_was_taken_over_after(
    trees: Trees, control_plane: ControlPlane, operator: Operator
) -> None:
    policy = {"updatePolicy": {"failureAction": "rollback", "progressDeadline": "6s"}}
    trees.apply("shop", {**spec(), **policy})
    trees.until_ready("shop")
    before, named = create_claim(trees), create_claim(trees, "theirs")
    trees.apply("shop", {**spec(BAD, rows=ADOPT, more={**ADOPT, "claim": "theirs"}), **policy})
    trees.until("gone back", lambda: trees.condition("shop", "Stalled").get("reason") == "TreeRolledBack")
    trees.settle()
    assert "volumes" not in trees.must("Deployment", "shop-web")["spec"]["template"]["spec"]
    assert is_taken(trees, before)
    assert is_taken(trees, named)
    mark = trees.audit.mark()
    with relieved(control_plane, operator, "adopted"):
        trees.settle()
    assert targets(trees.writes(mark)) == []
    until_gone(trees)
    assert is_taken(trees, before)
    assert is_taken(trees, named)


def test_the_verb_that_goes_back_keeps_it_too(trees: Trees, cli: Cli) -> None:
    trees.apply("shop", spec())
    trees.until_ready("shop")
    before = create_claim(trees)
    trees.apply("shop", spec(rows=ADOPT))
    trees.until_ready("shop")
    trees.until("two revisions", lambda: len(json.loads(cli("history", "shop", "-o", "json").out)) == 2)
    done = cli("rollback", "shop", "--to", "1", "--yes")
    assert done.code == Exit.DONE, done.err
    trees.until("gone back", lambda: not trees.must(naming.KIND, "shop")["spec"].get("data"))
    trees.until_ready("shop")
    trees.settle()
    assert is_taken(trees, before)


def test_a_claim_that_is_retained_no_longer_is_not_made_the_stacks_own(trees: Trees) -> None:
    before = create_claim(trees)
    trees.apply("shop", spec(rows=ADOPT))
    trees.until_ready("shop")
    trees.apply("shop", spec(rows={}))
    refused(trees)
    trees.settle()
    assert is_taken(trees, before)
    until_gone(trees)
    assert is_taken(trees, before)


def test_of_two_stacks_that_name_one_claim_one_has_it_and_the_other_says_so(trees: Trees) -> None:
    before = create_claim(trees, "theirs")
    wanted = spec(rows={**ADOPT, "claim": "theirs"})
    trees.apply("shop", wanted)
    trees.apply("bakery", wanted)
    trees.until("one has it", lambda: trees.is_ready("shop") or trees.is_ready("bakery"))
    winner, other = ("shop", "bakery") if trees.is_ready("shop") else ("bakery", "shop")
    refused(trees, other)
    trees.settle()
    assert is_taken(trees, before, winner)
    assert trees.get("Deployment", f"{other}-web") is None
    trees.delete(naming.SINGULAR, other)
    trees.until("the other gone", lambda: trees.get(naming.KIND, other) is None)
    until_gone(trees, winner)
    assert is_taken(trees, before, winner)


def test_a_volume_of_a_child_stack_takes_over_what_has_its_name(trees: Trees) -> None:
    name = naming.volume("shop-kid", "rows")
    before = create_claim(trees, name)
    inner = spec(rows=ADOPT)
    kid = child(inner["services"])
    kid["stack"]["data"] = inner["data"]
    trees.apply("shop", {"services": {"kid": kid}})
    trees.until_ready("shop", "shop-kid")
    assert is_taken(trees, before, "shop-kid")
    trees.apply("shop", {"services": {}})
    trees.until("the child gone", lambda: trees.get(naming.KIND, "shop-kid") is None)
    trees.settle()
    assert is_taken(trees, before, "shop-kid")


def test_an_account_without_the_right_takes_nothing_over(trees: Trees) -> None:
    trees.kubectl("apply", "-k", str(ROOT / "manifests" / "tenant"))
    trees.kubectl("delete", "rolebinding", "tenant-edit")
    tenant = account(trees.namespace, "tenant")
    until_may(trees.plane, trees.namespace, tenant, "patch", "persistentvolumeclaims", may=False)
    before = create_claim(trees)
    trees.apply("shop", {**spec(rows=ADOPT), "reconcileAs": "tenant"})
    trees.until("Forbidden", lambda: trees.condition("shop", "Stalled").get("reason") == "Forbidden")
    assert is_untouched(trees, before)
    trees.kubectl("apply", "-k", str(ROOT / "manifests" / "tenant"))
    trees.apply("shop", {**spec("docker.io/library/web:2", rows=ADOPT), "reconcileAs": "tenant"})
    trees.until_ready("shop")
    assert is_taken(trees, before)


def test_what_is_wrong_with_the_definition_is_refused_by_the_api_server(trees: Trees, cli: Cli) -> None:
    for data in ({"adopt": True}, {**ADOPT, "perReplica": True}, {**ADOPT, "nfs": {"server": "n", "path": "/x"}}):
        done = cli("diff", "-", stdin=json.dumps(trees.manifest("shop", spec(rows=data))))
        assert done.code == Exit.TROUBLE
        with pytest.raises(Exception, match="say retain: true, and neither nfs nor perReplica"):
            trees.apply("shop", spec(rows=data))
