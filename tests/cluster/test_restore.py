"""A namespace that is exported and made again in another cluster: its tree takes over what it finds there."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
import yaml

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import CONTROLLER_REVISION, ENDPOINT_SLICE, JOB, KINDS, OWNED_KINDS, STACK
from lab import Audit, CommandError, ControlPlane, Operator, forking, sessions
from lab.paths import ROOT
from support.kube.trees import Trees
from support.kube.whole_tree import owners, pods, run, spec, templates

Json = dict[str, Any]
LEFT_OUT = (STACK, ENDPOINT_SLICE, JOB)
"""Kinds that a restore leaves to the operator, but for the root."""
RESTORED = [kind for kind in OWNED_KINDS if not kind.optional and kind not in LEFT_OUT]
MANUAL = (ROOT / "docs" / "operations.md").read_text()
SECTION = MANUAL.partition("## Backup and restore\n")[2].partition("\n## ")[0]


@pytest.fixture(scope="module")
def second_plane() -> Iterator[ControlPlane]:
    with sessions.started(ControlPlane(sessions.new_home("restored"))) as plane:
        yield plane


@pytest.fixture
def restored(second_plane: ControlPlane, namespace: str) -> Iterator[Trees]:
    """A namespace of the same name in a cluster that has never seen the tree, with an operator."""
    operator = Operator(second_plane, launch=forking.spawn)
    operator.install()
    operator.start()
    second_plane.kubectl("create", "namespace", namespace)
    yield Trees(second_plane, Audit(second_plane), namespace)
    operator.stop()


def exported(trees: Trees) -> tuple[Json, list[Json]]:
    """The root, and all else of the tree with its volumes, as `kubectl get -o yaml` gives them."""
    root = yaml.safe_load(trees.kubectl("get", naming.SINGULAR, "shop", "-o", "yaml"))
    kinds = ",".join(f"{kind.plural}.{kind.group}" if kind.group else kind.plural for kind in RESTORED)
    found = yaml.safe_load(trees.kubectl("get", kinds, "-l", naming.MANAGED_SELECTOR, "-o", "yaml"))["items"]
    volumes = yaml.safe_load(trees.kubectl("get", "persistentvolumes", "-o", "yaml"))["items"]
    mine = [each for each in volumes if each["spec"]["claimRef"]["namespace"] == trees.namespace]
    assert {each["kind"] for each in found} == {kind.kind for kind in RESTORED}
    kept = naming.LABEL_LAST_GOOD
    ours = [each for each in found if each["kind"] != CONTROLLER_REVISION.kind or kept in each["metadata"]["labels"]]
    return clean(root), [clean(each) for each in (*mine, *ours)]


def clean(obj: Json) -> Json:
    """Without what the manual says to leave out."""
    lists = re.findall(r"del\(([^)]*)\)", SECTION)
    fields = [path for each in lists for path in re.findall(r'(?:\.[A-Za-z]+|\["[^"]+"\])+', each)]
    assert {".status", ".metadata.ownerReferences", ".metadata.uid", ".spec.clusterIP"} <= set(fields)
    headless = obj.get("spec", {}).get("clusterIP") == "None"
    for path in fields:
        *way, last = [plain or quoted for plain, quoted in re.findall(r'\.([A-Za-z]+)|\["([^"]+)"\]', path)]
        node = obj
        for step in way:
            node = node.get(step) or {}
        if not (headless and last.startswith("clusterIP")):
            node.pop(last, None)
    return obj


def create(trees: Trees, objects: Iterable[Json]) -> None:
    trees.kubectl("create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": [*objects]}))


def claims(trees: Trees) -> dict[str, tuple[str, str]]:
    """Uid and volume of every claim."""
    found = trees.all_of("PersistentVolumeClaim")
    return {each["metadata"]["name"]: (each["metadata"]["uid"], each["spec"]["volumeName"]) for each in found}


def until_bound(trees: Trees) -> None:
    trees.until(
        "the claims bound",
        lambda: all(each["status"].get("phase") == "Bound" for each in trees.all_of("PersistentVolumeClaim")),
    )


def deletions(trees: Trees, mark: int) -> list[str]:
    return [f"{each.resource} {each.name}" for each in trees.writes(mark) if each.verb == "delete"]


def until_taken_over(trees: Trees) -> None:
    trees.until_ready("shop", "shop-cpl", "shop-cpl-dm")
    trees.settle()
    assert "nobody" not in owners(trees).values()


def test_a_restored_tree_is_ready_with_the_pods_and_claims_that_it_finds(trees: Trees, restored: Trees) -> None:
    run(trees)
    root, objects = exported(trees)
    create(restored, objects)
    until_bound(restored)
    restored.until("what was restored runs", lambda: all(map(is_there, serving(restored))))
    before = pods(restored), templates(restored), claims(restored)
    assert {name: volume for name, (_, volume) in before[2].items()} == {
        name: volume for name, (_, volume) in claims(trees).items()
    }, "on the volumes of before"
    mark = restored.audit.mark()
    root["metadata"].setdefault("annotations", {})[naming.ANNOTATION_ADOPT] = "true"
    create(restored, [root])
    until_taken_over(restored)
    assert before[0] <= pods(restored), "no pod is made anew"
    now = templates(restored)
    assert {name: now[name] for name in before[1]} == before[1]
    assert claims(restored) == before[2]
    assert deletions(restored, mark) == []
    assert without_jobs(restored) == without_jobs(trees)


def without_jobs(trees: Trees) -> dict[str, str]:
    """Every object of the tree with its owner, but for Jobs, which are left out of a restore."""
    return {name: owner for name, owner in owners(trees).items() if not name.startswith("Job ")}


def serving(trees: Trees) -> list[Json]:
    """The Deployments and StatefulSets of the tree."""
    return [*trees.all_of("Deployment"), *trees.all_of("StatefulSet")]


def is_there(workload: Json) -> bool:
    return bool(workload.get("status", {}).get("readyReplicas", 0) == workload["spec"].get("replicas", 1))


def test_a_root_that_comes_before_the_rest_says_what_it_finds_and_takes_it_over_on_request(
    trees: Trees, restored: Trees
) -> None:
    """Claims and files first, then the root, which makes the rest itself: the order of tools that know no stacks.

    A StatefulSet whose claims are there it does not make: they might be retained ones. It is restored, then taken over.
    """
    run(trees)
    root, objects = exported(trees)
    early = ("PersistentVolume", "PersistentVolumeClaim", "ConfigMap")
    create(restored, [each for each in objects if each["kind"] in early])
    until_bound(restored)
    before, mark = claims(restored), restored.audit.mark()
    create(restored, [root])
    restored.until(
        "the leaf says so",
        lambda: restored.condition("shop-cpl-dm", "Conflicting").get("reason") == "OrphanedObject",
    )
    assert "PersistentVolumeClaim shop-cpl-dm--d--data" in restored.condition("shop-cpl-dm", "Conflicting")["message"]
    restored.kubectl("annotate", naming.SINGULAR, "shop", f"{naming.ANNOTATION_ADOPT}=true")
    restored.until(
        "the claims of replicas",
        lambda: "own-shop-cpl-dm-db-0" in restored.condition("shop-cpl-dm", "Conflicting").get("message", ""),
    )
    create(restored, [each for each in objects if each["kind"] == "StatefulSet"])
    until_taken_over(restored)
    assert claims(restored) == before
    assert deletions(restored, mark) == []


def test_what_only_the_operator_may_write_is_refused_from_a_restore(trees: Trees, restored: Trees) -> None:
    """The manual says to leave it out; whoever does not is told, and nothing is lost."""
    trees.apply("shop", spec())
    trees.until("a child", lambda: trees.get(naming.KIND, "shop-cpl"))
    child = clean(trees.must(naming.KIND, "shop-cpl"))
    with pytest.raises(CommandError, match=r"spec\.place is written by the operator alone"):
        create(restored, [child])


def test_the_manual_names_every_kind() -> None:
    said = set(re.findall(r"[a-z]+", SECTION.partition("kinds=")[2].partition("\n\n")[0]))
    assert {kind.plural for kind in RESTORED} <= said
    assert all(KINDS[kind.kind].kind in SECTION or kind.kind == STACK.kind for kind in (ENDPOINT_SLICE, JOB))
