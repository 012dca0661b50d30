"""Which objects of somebody else may become a stack's, and that it is by one write of exactly what was read."""

from collections.abc import Callable
from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.cluster.applier import Applier
from ailtire_operator.cluster.apply_result import ApplyOptions
from ailtire_operator.cluster.errors import Conflict, Foreign, Invalid, NotFound, Orphaned
from ailtire_operator.cluster.kinds import DEPLOYMENT, OWNED_KINDS, VOLUME_CLAIM, Ref
from ailtire_operator.cluster.ownership import is_orphan
from ailtire_operator.cluster.store import Store
from ailtire_operator.cluster.taking_over import taking, writers
from support.fake_cluster.records import put, reference_to, stack

Json = dict[str, Any]

REF = Ref(VOLUME_CLAIM.kind, "prod", "theirs")
OURS = {
    naming.LABEL_MANAGED_BY: naming.OPERATOR_NAME,
    naming.LABEL_ROOT: "shop",
    naming.LABEL_STACK: "shop",
    naming.LABEL_VOLUME: "rows",
    naming.LABEL_RETAIN: "true",
}
SPEC: Json = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}


def claim(ref: Ref = REF, *, spec: Json | None = None, **metadata: Any) -> Json:
    """A claim of somebody else, as the API server gives it."""
    found = ref.address(uid="u", resourceVersion="7")
    found["metadata"] |= {"labels": {"app": "theirs", naming.LABEL_MANAGED_BY: "Helm"}, **metadata}
    return {**found, "spec": {**SPEC, "volumeName": "disk", **(spec or {})}}


def planned(ref: Ref = REF, *, spec: Json | None = None, **metadata: Any) -> Json:
    manifest = ref.address()
    manifest["metadata"] |= {"labels": OURS, **metadata}
    return {**manifest, "spec": {**SPEC, **(spec or {})}}


class Server:
    """An API server with one claim, which takes what is not refused."""

    def __init__(self, obj: Json | None, *, refuses: Exception | None = None, creates: bool = True) -> None:
        self.live = obj
        self.creates = creates
        self.refuses = refuses
        self.sent: list[tuple[Json, Json]] = []

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        params: Json | None = None,
        guard: Callable[[], None] = lambda: None,
        **_: Any,
    ) -> Json:
        if method == "GET" and path.endswith("/ailtirestacks/shop"):
            return {**stack_of("shop"), "kind": naming.KIND}
        if self.live is None or not path.endswith("/theirs"):
            raise NotFound("gone", status=404)
        if method == "GET":
            return self.live
        guard()
        if not self.creates and body["metadata"].get("resourceVersion") == "1":
            raise Conflict("it exists already", status=409)
        self.sent.append((params or {}, body))
        if self.refuses is not None:
            raise self.refuses
        metadata = {
            **self.live["metadata"],
            "labels": body["metadata"]["labels"],
            "resourceVersion": str(int(self.live["metadata"]["resourceVersion"]) + 1),
        }
        metadata |= {key: body["metadata"][key] for key in ("ownerReferences",) if key in body["metadata"]}
        spec = {**self.live["spec"], **body["spec"]} if self.live["kind"] == DEPLOYMENT.kind else self.live["spec"]
        answer = {**self.live, "metadata": metadata, "spec": spec}
        if "dryRun" not in (params or {}):
            self.live = answer
        return answer


def stack_of(name: str) -> Json:
    metadata = {"name": name, "namespace": "prod", "uid": f"{naming.KIND}/{name}", "resourceVersion": "9"}
    return {"apiVersion": naming.API_VERSION, "metadata": metadata, "spec": {}}


def applier(server: Server, store: Store) -> Applier:
    return Applier(server, store, fence=lambda: True)  # type: ignore[arg-type]


def test_the_write_names_the_version_that_was_read_and_gives_no_owner() -> None:
    body = taking(planned(), claim())
    assert (body["metadata"]["uid"], body["metadata"]["resourceVersion"]) == ("u", "7")
    assert "ownerReferences" not in body["metadata"]
    assert body["metadata"]["labels"] == OURS
    assert body["spec"] == SPEC, "fields of others are not named"


MARKS = [naming.LABEL_ROOT, naming.LABEL_STACK, naming.LABEL_SERVICE, naming.LABEL_VOLUME, naming.LABEL_RETAIN]
CLAIMS_REFUSED: dict[str, tuple[Json, str]] = {
    "goes": (claim(deletionTimestamp="2026-01-01T00:00:00Z"), "it is being deleted"),
    "controller": (claim(ownerReferences=[reference_to("other", "o")]), "belongs to AiltireStack other"),
    "owner": (claim(ownerReferences=[{"kind": "Pod", "name": "p", "uid": "p"}]), "belongs to Pod p"),
    "ours": (claim(labels=OURS), "it is or was part of a stack"),
    "managed": (claim(labels={naming.LABEL_MANAGED_BY: naming.OPERATOR_NAME}), "it is or was part of a stack"),
    **{label: (claim(labels={label: "x"}), f"by its label {label}=x") for label in MARKS},
    "larger": (claim(spec={"resources": {"requests": {"storage": "2Gi"}}}), "set its size to 2Gi or more"),
    "device": (claim(spec={"volumeMode": "Block"}), "its volumeMode is Block"),
    "modes": (claim(spec={"accessModes": ["ReadWriteOnce", "ReadOnlyMany"]}), "it has 2 access modes"),
    "mode": (claim(spec={"accessModes": ["ReadWriteMany"]}), "its accessModes is ReadWriteMany"),
}


def test_another_storage_class_is_refused_where_the_definition_names_one() -> None:
    with pytest.raises(Foreign, match="its storageClassName is slow, which cannot change; set storageClass"):
        taking(planned(spec={"storageClassName": "fast"}), claim(spec={"storageClassName": "slow"}))
    assert taking(planned(), claim(spec={"storageClassName": "slow"}))


@pytest.mark.parametrize(
    "manifest",
    [
        planned(labels={key: value for key, value in OURS.items() if key != naming.LABEL_RETAIN}),
        planned(ownerReferences=[reference_to("shop", "s")]),
        planned(Ref(VOLUME_CLAIM.kind, "prod", "another")),
        planned(Ref(VOLUME_CLAIM.kind, "other", "theirs")),
    ],
)
def test_only_a_claim_that_is_to_be_retained_and_gets_no_owner_is_taken_over(manifest: Json) -> None:
    with pytest.raises(Foreign):
        taking(manifest, claim())


@pytest.mark.parametrize("kind", [each.kind for each in OWNED_KINDS if each not in (VOLUME_CLAIM, DEPLOYMENT)])
def test_no_other_kind_is_ever_taken_over(kind: str) -> None:
    """Also where it is as a Deployment that may be."""
    ref = Ref(kind, "prod", "theirs")
    with pytest.raises(Foreign):
        taking(planned(ref), claim(ref))
    with pytest.raises(Foreign):
        taking(workload(ref), deployment(ref))


WEB = Ref(DEPLOYMENT.kind, "prod", "theirs")
SELECTOR = {
    naming.LABEL_STACK: "shop",
    naming.LABEL_COMPONENT: naming.COMPONENT_SERVICE,
    naming.LABEL_SERVICE: "web",
}
LABELS = {
    naming.LABEL_MANAGED_BY: naming.OPERATOR_NAME,
    naming.LABEL_ROOT: "shop",
    naming.LABEL_STACK: "shop",
    naming.LABEL_SERVICE: "web",
}


def _pods(a: int, *names: str) -> Json:
    return {"spec": {"a": a, "containers": [{"name": name} for name in names or ("web",)]}}


def deployment(ref: Ref = WEB, *, spec: Json | None = None, selector: Json | None = None, **metadata: Any) -> Json:
    """A Deployment of somebody else, as the API server gives it."""
    found = ref.address(uid="u", resourceVersion="7")
    found["metadata"] |= {"labels": {"app": "theirs", naming.LABEL_MANAGED_BY: "Helm"}, **metadata}
    content = {"replicas": 3, "selector": selector or {"matchLabels": SELECTOR}, "template": _pods(1)}
    return {**found, "spec": {**content, **(spec or {})}}


def workload(ref: Ref = WEB, **spec: Any) -> Json:
    manifest = ref.address()
    manifest["metadata"] |= {"labels": LABELS, "ownerReferences": [reference_to("shop", f"{naming.KIND}/shop")]}
    template = {"metadata": {"labels": SELECTOR}, **_pods(2)}
    return {**manifest, "spec": {"selector": {"matchLabels": SELECTOR}, "template": template, **spec}}


def test_a_deployment_is_taken_over_by_one_write_of_the_version_that_was_read_and_gets_its_owner() -> None:
    body = taking(workload(), deployment())
    assert (body["metadata"]["uid"], body["metadata"]["resourceVersion"]) == ("u", "7")
    assert body["metadata"]["ownerReferences"] == workload()["metadata"]["ownerReferences"]
    assert body["spec"] == workload()["spec"], "fields of others are not named"


@pytest.mark.parametrize("labels", [{}, {"app": "theirs"}, LABELS, {naming.LABEL_STACK: "shop"}])
def test_labels_of_nobody_or_of_the_very_service_are_in_nobodys_way(labels: dict[str, str]) -> None:
    assert taking(workload(), deployment(labels=labels))


_BESIDE = "cannot be changed: give the service another name"
WORKLOADS_REFUSED: dict[str, tuple[Json, str]] = {
    "goes": (deployment(deletionTimestamp="2026-01-01T00:00:00Z"), "it is being deleted"),
    "controller": (deployment(ownerReferences=[reference_to("other", "o")]), "belongs to AiltireStack other"),
    "owner": (deployment(ownerReferences=[{"kind": "Pod", "name": "p", "uid": "p"}]), "belongs to Pod p"),
    **{
        f"label {label}": (deployment(labels={**LABELS, label: "x"}), f"by its label {label}=x")
        for label in (naming.LABEL_ROOT, naming.LABEL_STACK, naming.LABEL_SERVICE, naming.LABEL_VOLUME)
    },
    "selector": (
        deployment(selector={"matchLabels": {"app": "web"}}),
        f"its selector differs at matchLabels.app and {_BESIDE}",
    ),
    "wider selector": (
        deployment(selector={"matchLabels": {naming.LABEL_STACK: "shop"}}),
        f'its selector differs at matchLabels["{naming.LABEL_SERVICE}"] and {_BESIDE}',
    ),
    "narrower selector": (
        deployment(selector={"matchLabels": {**SELECTOR, "a": "b"}}),
        f"its selector differs at matchLabels.a and {_BESIDE}",
    ),
    "other value": (
        deployment(selector={"matchLabels": {**SELECTOR, naming.LABEL_SERVICE: "db"}}),
        f'its selector differs at matchLabels["{naming.LABEL_SERVICE}"] and {_BESIDE}',
    ),
    "expressions": (
        deployment(selector={"matchLabels": SELECTOR, "matchExpressions": [{"key": "a", "operator": "Exists"}]}),
        f"its selector differs at matchExpressions and {_BESIDE}",
    ),
    "paused": (deployment(spec={"paused": True}), "it is paused"),
    "other containers": (
        deployment(spec={"template": _pods(1, "proxy", "app")}),
        "its containers are app, proxy, and the service's is web",
    ),
}


def scaled_by(manager: str, subresource: str = "scale") -> Json:
    entry = {"manager": manager, "operation": "Update", "subresource": subresource}
    return deployment(managedFields=[{**entry, "fieldsV1": {"f:spec": {"f:replicas": {}}}}])


def test_who_has_an_autoscaler_of_others_is_left_to_it_unless_the_definition_says_no_number() -> None:
    live = scaled_by("kube-controller-manager")
    with pytest.raises(Foreign, match="kube-controller-manager has set its replicas, as an autoscaler does"):
        taking(workload(replicas=1), live)
    assert taking(workload(), live), "policies.scaling"
    assert taking(workload(replicas=1), scaled_by("kubectl")), "somebody has scaled it by hand"
    assert taking(workload(replicas=1), scaled_by("kube-controller-manager", "status"))


def test_a_container_beside_the_services_own_may_stay() -> None:
    assert taking(workload(), deployment(spec={"template": _pods(1, "web", "proxy")}))


@pytest.mark.parametrize(
    ("manifest", "live", "said"),
    [pytest.param(planned(), *each, id=f"claim: {case}") for case, each in CLAIMS_REFUSED.items()]
    + [pytest.param(workload(), *each, id=f"deployment: {case}") for case, each in WORKLOADS_REFUSED.items()],
)
def test_what_is_somebodys_or_cannot_become_what_is_planned_is_refused(manifest: Json, live: Json, said: str) -> None:
    with pytest.raises(Foreign, match="is not taken over") as caught:
        taking(manifest, live)
    assert said in str(caught.value)


def test_what_the_definition_pauses_itself_may_be_paused() -> None:
    assert taking(workload(paused=True), deployment(spec={"paused": True}))


async def test_a_deployment_is_taken_over_where_the_pass_comes_to_it_and_its_rollout_is_told() -> None:
    store = Store()
    shop = stack(store, "shop")
    server = Server(deployment(), creates=False)
    done = await applier(server, store).apply(workload(), shop.uid, ApplyOptions(take=True))
    assert (done.error, done.adopted, done.verb) == (None, True, "update")
    assert ("a", 1, 2) in [(each.path, each.before, each.after) for each in done.rolled]
    *_, (params, body) = server.sent
    assert body == taking(workload(), deployment())
    assert "dryRun" not in params
    known = store.get(WEB)
    assert known is not None
    assert known.owner_uid == shop.uid


@pytest.mark.parametrize("options", [ApplyOptions(), ApplyOptions(adopt=True)])
async def test_without_a_name_in_the_definition_it_is_left_as_it_is(options: ApplyOptions) -> None:
    store = Store()
    shop = stack(store, "shop")
    server = Server(deployment(), creates=False)
    done = await applier(server, store).apply(workload(), shop.uid, options)
    assert (done.verb, server.sent) == ("foreign", [])


async def test_what_the_stack_has_lost_is_taken_over_by_name_without_the_annotation() -> None:
    store = Store()
    shop = stack(store, "shop")
    lost = deployment(labels=LABELS)
    store.put(lost)
    server = Server(lost, creates=False)
    left = await applier(server, store).apply(workload(), shop.uid)
    assert isinstance(left.error, Orphaned)
    done = await applier(server, store).apply(workload(), shop.uid, ApplyOptions(take=True))
    assert (done.error, done.adopted) == (None, True)


async def test_a_deployment_that_changes_hands_meanwhile_is_left_to_its_owner() -> None:
    store = Store()
    shop = stack(store, "shop")
    store.put(deployment(resourceVersion="8", ownerReferences=[reference_to("other", "o")]))
    server = Server(deployment(), creates=False)
    tried = await applier(server, store).rehearse(workload(), shop.uid)
    assert isinstance(tried.error, Foreign)
    assert server.sent == []


async def test_a_rehearsal_writes_nothing_and_the_takeover_is_the_same_write() -> None:
    store = Store()
    shop = stack(store, "shop")
    server, counted = Server(claim()), list[tuple[str, str]]()
    asking = Applier(server, store, fence=lambda: True, on_write=lambda *each: counted.append(each))  # type: ignore[arg-type]
    tried = await asking.rehearse(planned(), shop.uid)
    assert (tried.obj, tried.error, store.get(REF), counted) == (claim(), None, None, [])
    assert tried.obj is not None
    taken = await asking.take_claim(planned(), shop.uid, tried.obj)
    assert (taken.error, taken.adopted) == (None, True)
    (rehearsed, first), (real, second) = server.sent
    assert first == second == taking(planned(), claim())
    assert rehearsed == {**real, "dryRun": "All"}
    assert counted == [(VOLUME_CLAIM.kind, "update")]
    known = store.get(REF)
    assert known is not None
    assert known.labels[naming.LABEL_RETAIN] == "true"


async def test_what_the_api_server_refuses_is_told_and_not_written() -> None:
    store = Store()
    shop = stack(store, "shop")
    server = Server(claim(), refuses=Invalid("no"))
    tried = await applier(server, store).rehearse(planned(), shop.uid)
    assert isinstance(tried.error, Invalid)
    assert [params.get("dryRun") for params, _ in server.sent] == ["All"]


async def test_what_the_stack_has_already_is_not_taken_over_again() -> None:
    """The answer to the takeover was lost, and the watch is behind."""
    store = Store()
    shop = stack(store, "shop")
    server = Server(claim(labels=OURS))
    tried = await applier(server, store).rehearse(planned(), shop.uid)
    assert (tried.obj, tried.error, server.sent) == (None, None, [])
    assert store.get(REF) is not None


async def test_a_stack_that_has_gone_takes_nothing_over() -> None:
    store = Store()
    put(store, naming.KIND, "gone", uid="gone-uid")
    server = Server(claim())
    with pytest.raises(NotFound):
        await applier(server, store).take_claim(planned(), "gone-uid", claim())
    assert server.sent == []


async def test_what_gets_labels_of_a_stack_meanwhile_is_left_to_it() -> None:
    store = Store()
    shop = stack(store, "shop")
    other = claim(labels={**OURS, naming.LABEL_STACK: "other"}, resourceVersion="8")
    store.put(other)
    server = Server(claim())
    with pytest.raises(Foreign):
        await applier(server, store).take_claim(planned(), shop.uid, claim())
    assert server.sent == []


async def test_labels_that_somebody_takes_away_again_and_again_are_not_set_for_ever() -> None:
    """No watch brings a claim without them: it is told as deleted each time."""
    store = Store()
    shop = stack(store, "shop")
    server = Server(claim())
    asking = applier(server, store)
    for number in range(10):
        server.live = claim(resourceVersion=str(10 * number + 10))
        await asking.take_claim(planned(), shop.uid, server.live)
        store.remove(REF, "u", str(10 * number + 12))
    with pytest.raises(Conflict, match="as often as it is taken over"):
        await asking.take_claim(planned(), shop.uid, claim(resourceVersion="200"))
    assert len(server.sent) == 10


def test_who_has_written_an_object() -> None:
    entries = [{"manager": "b"}, {"manager": "a"}, {"manager": "b"}, {"manager": "c", "subresource": "status"}, {}]
    assert writers({"metadata": {"managedFields": entries}}) == ["a", "b"]
    assert writers({"metadata": {}}) == []


class Deleted(Server):
    """An API server whose claim has been deleted: an apply to the one that was there is a conflict."""

    async def request(self, method: str, path: str, *, body: Any = None, **options: Any) -> Json:
        if method == "PATCH" and body["metadata"].get("uid"):
            raise Conflict("no object with this uid", status=409)
        return await super().request(method, path, body=body, **options)


async def test_one_that_was_deleted_while_the_watch_is_behind_is_not_made_empty() -> None:
    store = Store()
    store.put(claim(labels=OURS))
    server = Deleted(None)
    larger = planned(spec={"resources": {"requests": {"storage": "2Gi"}}})
    done = await applier(server, store).apply(larger, f"{naming.KIND}/shop", ApplyOptions(must_exist=True))
    assert (done.verb, server.sent) == ("foreign", [])
    assert "there is no PersistentVolumeClaim theirs to take over" in str(done.error)


@pytest.mark.parametrize(("volume", "orphan"), [("rows", True), ("disk", False)])
def test_the_claim_of_another_volume_of_the_stack_is_no_orphan_of_this_one(volume: str, orphan: bool) -> None:
    """Such as that of a replica, which a running pod may mount."""
    store = Store()
    live = store.put(claim(labels={**OURS, naming.LABEL_VOLUME: volume}))
    assert live is not None
    assert is_orphan(live, planned(), store) is orphan
