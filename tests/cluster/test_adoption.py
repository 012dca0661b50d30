"""What has lost its owner: it is named and left as it is, and on request it is taken over with all its pods."""

import json
from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import CONTROLLER_REVISION, KINDS
from cluster.program import Cli
from support.kube.trees import Trees, content, service, targets
from support.kube.whole_tree import Pods, Templates, owners, pods, run, spec, templates

REQUEST = f"{naming.ANNOTATION_ADOPT}=true"
COMMAND = f"kubectl annotate ailtirestack shop {REQUEST}"


def ready_tree(trees: Trees) -> tuple[Pods, Templates]:
    run(trees)
    return pods(trees), templates(trees)


def ask(trees: Trees) -> None:
    trees.kubectl("annotate", naming.SINGULAR, "shop", REQUEST)


def orphaned(trees: Trees, stack: str) -> str:
    """Wait until a stack says that objects have lost their owner; what its condition says."""
    trees.until(f"{stack} says so", lambda: trees.condition(stack, "Conflicting").get("reason") == "OrphanedObject")
    message = str(trees.condition(stack, "Conflicting")["message"])
    assert COMMAND in message
    assert trees.condition(stack, "Stalled")["reason"] == "Conflicting"
    assert trees.condition(stack)["status"] == "False"
    return message


def differences(cli: Cli, definition: dict[str, Any]) -> str:
    """What `diff` says of a definition."""
    manifest = {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": {"name": "shop"}, "spec": definition}
    done = cli("diff", "-", stdin=json.dumps(manifest))
    return done.out + done.err


@pytest.mark.parametrize("lost", ["child", "root", "by hand"])
def test_a_tree_takes_over_what_has_lost_its_owner(trees: Trees, cli: Cli, lost: str) -> None:
    before = ready_tree(trees)
    owned = owners(trees)
    if lost == "child":
        trees.orphan("shop-cpl")
        told = "shop-cpl"
    elif lost == "root":
        trees.orphan("shop")
        trees.until("the root gone", lambda: trees.get(naming.KIND, "shop") is None)
        trees.until("the child says so", lambda: COMMAND in trees.condition("shop-cpl", "Stalled").get("message", ""))
        trees.apply("shop", spec())
        told = "shop"
    else:
        for kind, name in (("deployment", "shop-web"), ("service", "shop-web"), ("ailtirestack", "shop-cpl")):
            trees.patch(kind, name, {"metadata": {"ownerReferences": None}})
        told = "shop"
    message = orphaned(trees, told)
    trees.settle()
    assert "shop" in message
    if lost == "by hand":
        told = "Deployment shop-web exists already and has no owner: it would be left as it is"
        assert told in differences(cli, spec())
    assert (pods(trees), templates(trees)) == before, "nothing is changed without a request"
    ask(trees)
    trees.until_ready("shop", "shop-cpl", "shop-cpl-dm")
    trees.settle()
    assert (pods(trees), templates(trees)) == before, "no pod is made anew"
    assert owners(trees) == owned
    for name in ("shop", "shop-cpl", "shop-cpl-dm"):
        assert trees.condition(name, "Conflicting") == {}
    events = [each["message"] for each in trees.all_of("Event") if each["reason"] == "Adopted"]
    assert any("Deployment shop" in each for each in events), events
    mark = trees.audit.mark()
    trees.kubectl("annotate", naming.SINGULAR, "shop", f"{naming.ANNOTATION_ADOPT}-")
    trees.settle()
    assert targets(trees.writes(mark)) == [], "the request may be taken back, and nothing is left to do"
    trees.apply("shop", {"services": {"web": service()}})
    trees.until("what is not planned goes", lambda: "shop-cpl" not in trees.names(naming.KIND))
    trees.until("with all below it", lambda: not {each for each in trees.owned() if each[1].startswith("shop-cpl")})


def test_what_belongs_to_somebody_else_is_not_taken_over(trees: Trees) -> None:
    """In the way of everything, with all labels of the tree but with an owner that is there, or without the labels."""
    ready_tree(trees)
    kept = trees.owned()
    trees.orphan("shop")
    trees.until("the root gone", lambda: trees.get(naming.KIND, "shop") is None)
    trees.until("all orphans", lambda: "shop" not in owners(trees).values())
    trees.apply_object(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "mine", "namespace": trees.namespace}}
    )
    mine = trees.must("ConfigMap", "mine")["metadata"]["uid"]
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "mine", "uid": mine}
    of_root = [
        key for key, each in kept.items() if each["metadata"]["labels"].get(naming.LABEL_STACK) == "shop" and each
    ]
    of_root = [(kind, name) for kind, name in of_root if kind != naming.KIND]
    half = of_root[::2]
    for kind, name in of_root:
        change = {"ownerReferences": [reference]} if (kind, name) in half else {"labels": {naming.LABEL_ROOT: "x"}}
        trees.patch(kind, name, {"metadata": change})
    trees.settle()
    before = {key: content(each, key[0]) for key, each in trees.owned().items() if key in of_root}
    mark = trees.audit.mark()
    trees.apply_object({**trees.manifest("shop", spec()), "metadata": _asking(trees)})
    told = trees.until("Conflicting", lambda: trees.condition("shop", "Conflicting"))
    assert told["reason"] == "ForeignObject"
    trees.settle()
    after = {key: content(each, key[0]) for key, each in trees.owned().items() if key in of_root}
    assert after == before
    written = {(each.resource.partition(".")[0], each.name) for each in trees.writes(mark) if each.code < 300}
    assert written & {(KINDS[kind].plural, name) for kind, name in of_root} == set()
    trees.patch("ailtirestack", "shop", {"metadata": {"annotations": None}})


def _asking(trees: Trees) -> dict[str, Any]:
    return {"name": "shop", "namespace": trees.namespace, "annotations": {naming.ANNOTATION_ADOPT: "true"}}


def test_a_volume_that_was_taken_over_and_is_retained_then_outlives_its_stack(trees: Trees) -> None:
    def definition(**data: Any) -> dict[str, Any]:
        return {"services": {"db": service(volumes={"d": {"source": "d", "target": "/d"}})}, "data": {"d": data}}

    trees.apply("shop", definition())
    trees.until_ready("shop")
    (claim,) = trees.names("PersistentVolumeClaim")
    uid = trees.must("PersistentVolumeClaim", claim)["metadata"]["uid"]
    trees.patch("persistentvolumeclaim", claim, {"metadata": {"ownerReferences": None}})
    orphaned(trees, "shop")
    ask(trees)
    trees.until_ready("shop")
    assert trees.must("PersistentVolumeClaim", claim)["metadata"]["ownerReferences"]
    trees.apply("shop", definition(retain=True))
    trees.until_ready("shop")
    assert "ownerReferences" not in trees.must("PersistentVolumeClaim", claim)["metadata"]
    trees.delete("ailtirestack", "shop")
    # The garbage collector learns of a new kind only when it asks for all kinds, every half minute.
    trees.until("all else gone", lambda: [*trees.owned()] == [("PersistentVolumeClaim", claim)])
    left = trees.must("PersistentVolumeClaim", claim)["metadata"]
    assert (left["uid"], left.get("deletionTimestamp")) == (uid, None)


def test_an_update_that_failed_stays_failed_when_its_stack_is_made_again(trees: Trees) -> None:
    """What a service goes back to is taken over before anything is planned: else the failed update rolled once more."""
    back = {"updateConfig": {"failureAction": "rollback", "monitor": "2s"}}

    def web(image: str) -> dict[str, Any]:
        return {"services": {"web": service(image, deploy={**back, "replicas": 2})}}

    trees.apply("shop", web("docker.io/library/web:1"))
    trees.until_ready("shop")
    trees.until("kept", trees.last_good)
    bad = web("lab.invalid/missing:2")
    trees.apply("shop", bad)
    trees.until("rolled back", lambda: trees.condition("shop", "Stalled").get("reason") == "RolledBack")
    trees.until("two pods", lambda: len(pods(trees)) == 2)
    trees.settle()
    before = pods(trees), templates(trees)
    trees.orphan("shop")
    trees.until("the root gone", lambda: trees.get(naming.KIND, "shop") is None)
    trees.apply_object({**trees.manifest("shop", bad), "metadata": _asking(trees)})
    trees.until("still rolled back", lambda: trees.condition("shop", "Stalled").get("reason") == "RolledBack")
    trees.settle()
    assert (pods(trees), templates(trees)) == before
    assert set(owners(trees).values()) == {"shop"}


def test_a_copy_of_a_last_good_definition_hinders_no_adoption(trees: Trees) -> None:
    """It has all labels and no owner, and the API server refuses each change of it, as its author wrote its data."""
    trees.apply("shop", {"services": {"web": service(deploy={"updateConfig": {"failureAction": "rollback"}})}})
    trees.until_ready("shop")
    trees.until("kept", trees.last_good)
    (kept,) = [
        each
        for each in trees.all_of(CONTROLLER_REVISION.kind)
        if {naming.LABEL_LAST_GOOD, naming.LABEL_SERVICE} <= each["metadata"]["labels"].keys()
    ]
    fields = {key: kept["metadata"][key] for key in ("labels", "annotations")}
    copy = {**kept, "metadata": {"name": kept["metadata"]["name"] + "-copy", **fields}}
    before = trees.plane.api.create(CONTROLLER_REVISION.path(trees.namespace), copy)
    trees.patch("deployment", "shop-web", {"metadata": {"ownerReferences": None}})
    orphaned(trees, "shop")
    ask(trees)
    trees.until_ready("shop")
    trees.settle()
    assert trees.must("Deployment", "shop-web")["metadata"]["ownerReferences"]
    assert trees.must(CONTROLLER_REVISION.kind, copy["metadata"]["name"]) == before
