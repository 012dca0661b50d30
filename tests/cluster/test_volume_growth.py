"""Volumes that grow on a real API server, whose admission decides what a StorageClass lets grow."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ailtire_operator.cli.failures import Exit
from cluster.program import Cli
from lab import CommandError
from support.kube.trees import Trees, service

Json = dict[str, Any]


def spec(size: str, own: bool, replicas: int = 2) -> Json:
    mounts = {"rows": {"source": "rows", "target": "/rows"}}
    member = service(volumes=mounts, deploy={"replicas": replicas})
    return {"services": {"db": member}, "data": {"rows": {"size": size, "perReplica": own}}}


def sizes(trees: Trees) -> dict[str, str]:
    return {
        each["metadata"]["name"]: each["spec"]["resources"]["requests"]["storage"]
        for each in trees.all_of("PersistentVolumeClaim")
    }


def stalled(trees: Trees, reason: str) -> str:
    """What the stack says for this reason; empty while it says nothing."""
    found = trees.condition("shop", "Stalled")
    return str(found["message"]) if found.get("reason") == reason else ""


@contextmanager
def no_expansion(trees: Trees, claim: str) -> Iterator[None]:
    """The StorageClass lets no volume grow meanwhile, and the API server knows it."""

    def allows() -> bool:
        patch = json.dumps({"spec": {"resources": {"requests": {"storage": "900Gi"}}}})
        try:
            trees.kubectl("patch", "pvc", claim, "--type=merge", "-p", patch, "--dry-run=server")
        except CommandError:
            return False
        return True

    def allow(word: bool) -> None:
        patch = json.dumps({"allowVolumeExpansion": word})
        trees.plane.kubectl("patch", "storageclass", "standard", "--type=merge", "-p", patch)

    allow(False)
    try:
        trees.until("no expansion", lambda: not allows())
        yield
    finally:
        allow(True)
        trees.until("expansion", allows)


def test_the_claims_of_all_replicas_grow_and_the_stateful_set_stays(trees: Trees) -> None:
    trees.apply("shop", spec("1Gi", own=True))
    trees.until_ready("shop")
    trees.settle()
    before = trees.must("StatefulSet", "shop-db")
    pods = {each["metadata"]["uid"] for each in trees.all_of("Pod")}
    cli = Cli(trees.plane, trees.namespace)
    compared = cli("diff", "-", stdin=json.dumps(trees.manifest("shop", spec("2Gi", own=True))))
    assert compared.code in (Exit.DONE, Exit.NO)
    assert "rows-shop-db-0 would change its size from 1Gi to 2Gi" in compared.out + compared.err

    trees.apply("shop", spec("2Gi", own=True))
    trees.until("larger claims", lambda: sizes(trees) == {"rows-shop-db-0": "2Gi", "rows-shop-db-1": "2Gi"})
    trees.until_ready("shop")
    trees.settle()
    after = trees.must("StatefulSet", "shop-db")
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["spec"] == before["spec"]
    assert {each["metadata"]["uid"] for each in trees.all_of("Pod")} == pods

    trees.apply("shop", spec("2Gi", own=True, replicas=3))
    trees.until("the claim of a later replica", lambda: sizes(trees).get("rows-shop-db-2") == "2Gi")
    trees.until_ready("shop")

    trees.apply("shop", spec("1Gi", own=True, replicas=3))
    trees.until_ready("shop")
    trees.until("the notice", lambda: "does not become smaller" in json.dumps(trees.status("shop")))
    assert set(sizes(trees).values()) == {"2Gi"}


def test_a_claim_of_the_stack_grows_and_never_shrinks(trees: Trees) -> None:
    trees.apply("shop", spec("1Gi", own=False, replicas=1))
    trees.until_ready("shop")
    uid = trees.must("PersistentVolumeClaim", "shop--rows--data")["metadata"]["uid"]
    trees.apply("shop", spec("3Gi", own=False, replicas=1))
    trees.until("a larger claim", lambda: sizes(trees) == {"shop--rows--data": "3Gi"})
    trees.until_ready("shop")
    # The lab has no resizer: the capacity is still 1Gi, as where an expansion has failed.
    trees.apply("shop", spec("2Gi", own=False, replicas=1))
    trees.until("the expansion taken back", lambda: sizes(trees) == {"shop--rows--data": "2Gi"})
    trees.apply("shop", spec("1Gi", own=False, replicas=1))
    said = trees.until("the refusal", lambda: stalled(trees, "NotReplaced"))
    assert "has 2Gi, and no volume becomes smaller: set its size to 2Gi or more" in said
    trees.apply("shop", spec("2Gi", own=False, replicas=1))
    trees.until_ready("shop")
    assert trees.must("PersistentVolumeClaim", "shop--rows--data")["metadata"]["uid"] == uid


def test_a_template_of_a_stateful_set_never_shrinks(trees: Trees) -> None:
    trees.apply("shop", spec("2Gi", own=True))
    trees.until_ready("shop")
    trees.apply("shop", spec("1Gi", own=True))
    said = trees.until("the refusal", lambda: stalled(trees, "NotReplaced") or _of_the_service(trees))
    assert "has 2Gi, and no volume becomes smaller" in said
    assert set(sizes(trees).values()) == {"2Gi"}


def _of_the_service(trees: Trees) -> str:
    found = trees.status("shop")["services"]["db"]
    return str(found.get("message", "")) if found.get("reason") == "NotReplaced" else ""


def test_where_the_class_lets_nothing_grow_the_path_and_the_way_out_are_told(trees: Trees) -> None:
    for own, name in ((False, "shop--rows--data"), (True, "rows-shop-db-0")):
        trees.apply("shop", spec("1Gi", own=own, replicas=1))
        trees.until("the claim", lambda name=name: sizes(trees).get(name) == "1Gi")  # type: ignore[misc]
        trees.until_ready("shop")
        with no_expansion(trees, name):
            trees.apply("shop", spec("2Gi", own=own, replicas=1))
            said = trees.until("the refusal", lambda: stalled(trees, "NotExpanded"))
            assert (
                f"spec.data.rows.size: PersistentVolumeClaim {name} keeps 1Gi. Set allowVolumeExpansion: true" in said
            )
            assert sizes(trees)[name] == "1Gi"
        trees.apply("shop", spec("3Gi", own=own, replicas=1))
        trees.until("the claim larger", lambda name=name: sizes(trees).get(name) == "3Gi")  # type: ignore[misc]
        trees.until_ready("shop")
