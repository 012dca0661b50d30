"""Events that are lost on watches that live on, and labels that are lost while nobody watches: both are found."""

import pytest

from ailtire_operator import naming
from ailtire_operator.cluster import kinds
from ailtire_operator.cluster.kinds import Ref
from ailtire_operator.cluster.resync import Resync
from cluster.cluster_layer import MERGE_PATCH, View, child, config_map, every_kind, viewing
from cluster.cluster_layer_proxy import through
from lab import ControlPlane, Operator
from support.kube.trees import Trees, service, targets

pytestmark = pytest.mark.usefixtures("definitions")


def recheck(view: View, *, grace: float = 0.05) -> Resync:
    return Resync(view.connection, view.store, [view.namespace], grace=grace)


async def test_an_event_that_was_lost_is_found(control_plane: ControlPlane, namespace: str) -> None:
    async with through(control_plane, namespace) as (proxy, view, others):
        uid = await others.stack()
        for name in ("changed", "deleted", "anew", "untouched"):
            assert (await others.applier.apply(config_map(namespace, uid, name), uid)).error is None
        refs = {name: Ref("ConfigMap", namespace, name) for name in ("changed", "deleted", "anew", "untouched", "new")}
        await view.until(lambda: sum(view.store.get(ref) is not None for ref in refs.values()) == 4)
        before = {name: view.store.get(ref) for name, ref in refs.items()}
        proxy.lose_event = lambda line: b'"ConfigMap"' in line and b'"marker"' not in line
        edit = {"metadata": {"annotations": {"a": "b"}}, "data": {"a": "x"}}
        await others.connection.request("PATCH", refs["changed"].path, body=edit, content_type=MERGE_PATCH)
        for name in ("deleted", "anew"):
            await others.connection.request("DELETE", refs[name].path)
        for name in ("new", "anew"):
            await others.connection.request(
                "POST", kinds.CONFIG_MAP.path(namespace), body=config_map(namespace, uid, name)
            )
        marker = config_map(namespace, uid, "marker")
        await others.connection.request("POST", kinds.CONFIG_MAP.path(namespace), body=marker)
        await view.until(lambda: view.store.get(Ref.of(marker)) is not None)
        assert {name: view.store.get(ref) for name, ref in refs.items()} == before, "the watch tells nothing of them"

        proxy.seen.clear()
        assert await recheck(view).compare(kinds.CONFIG_MAP, namespace) == 4
        asked = [line for line in proxy.seen if "watch=1" not in line]
        assert len(asked) == 1 + 4, "a list, and whatever differs"
        for name, ref in refs.items():
            live = view.store.get(ref)
            if name == "deleted":
                assert live is None
                continue
            wanted = await others.live(ref)
            assert live is not None
            assert (live.uid, live.resource_version) == (
                wanted["metadata"]["uid"],
                wanted["metadata"]["resourceVersion"],
            )
        assert view.store.get(refs["untouched"]) is before["untouched"]


async def test_a_store_that_is_right_is_left_alone(control_plane: ControlPlane, namespace: str) -> None:
    async with through(control_plane, namespace) as (proxy, view, _):
        uid = await view.stack()
        for manifest in every_kind(namespace, uid):
            assert (await view.applier.apply(manifest, uid)).error is None
        proxy.seen.clear()
        served = [kind for kind in kinds.WATCHED_KINDS if not kind.optional]
        for kind in served:
            assert await recheck(view, grace=5.0).compare(kind, namespace) == 0, kind.plural
        assert all(line.startswith("GET ") for line in proxy.seen)


async def test_what_a_stack_owns_is_found_without_its_label(control_plane: ControlPlane, namespace: str) -> None:
    async with viewing(control_plane, namespace) as view:
        uid = await view.stack()
        path = kinds.CONFIG_MAP.path(namespace)
        for name, owner in (("ours", uid), ("of-another", "another-uid")):
            body = config_map(namespace, owner, name)
            del body["metadata"]["labels"]
            await view.connection.request("POST", path, body=body)
        await view.connection.request("POST", path, body={"metadata": {"name": "of-nobody"}})
        await view.connection.request("POST", kinds.STACK.path(namespace), body=child(namespace, uid))
        view.store.listed("ConfigMap", namespace, set(), str(10**9))
        assert await recheck(view).search(kinds.CONFIG_MAP, namespace) == 1, "though a list did not have it"
        assert {each.ref.name for each in view.store.of_kind("ConfigMap")} == {"ours"}
        assert await recheck(view).search(kinds.CONFIG_MAP, namespace) == 0


@pytest.mark.parametrize("planned", [False, True], ids=["removed", "wanted"])
def test_a_label_that_was_taken_away_while_the_operator_was_down(
    trees: Trees, operator: Operator, planned: bool
) -> None:
    both = {"services": {"web": service(), "old": service()}}
    trees.apply("shop", both)
    trees.until_ready("shop")
    before = trees.must("Deployment", "shop-old")["metadata"]["uid"]
    operator.stop()
    trees.kubectl("label", "deployment", "shop-old", f"{naming.LABEL_MANAGED_BY}-")
    trees.apply("shop", both if planned else {"services": {"web": service()}})
    operator.start()
    if planned:
        trees.until(
            "labelled", lambda: naming.LABEL_MANAGED_BY in trees.must("Deployment", "shop-old")["metadata"]["labels"]
        )
        assert trees.must("Deployment", "shop-old")["metadata"]["uid"] == before
    else:
        trees.until("pruned", lambda: trees.get("Deployment", "shop-old") is None)
    trees.until_ready("shop")
    trees.settle()
    mark = trees.audit.mark()
    trees.settle()
    assert targets(trees.writes(mark)) == []
