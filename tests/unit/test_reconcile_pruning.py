"""What is done about the difference between a plan and what is there."""

from dataclasses import replace
from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.cluster.apply_result import ApplyResult
from ailtire_operator.cluster.changes import lets_go_of_replicas
from ailtire_operator.cluster.errors import (
    ClusterError,
    Conflict,
    Denied,
    Invalid,
    NotFound,
    Unavailable,
    WouldLoseData,
    from_status,
)
from ailtire_operator.cluster.kinds import Ref
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Observed, Plan
from ailtire_operator.reconcile.apply_errors import COLLECTED_SECONDS, attribute, problem_of, problems
from ailtire_operator.reconcile.pruning import PruneGate, in_the_way, owned, to_prune
from ailtire_operator.status.conditions import UNDER_WAY
from support.definitions.stacks import SETTINGS
from support.definitions.stacks import stack as typed
from support.fake_cluster.records import child as child_record
from support.fake_cluster.records import put, stack

WEB = {"image": "web:1", "user": "1000"}
WHOLE = PruneGate(whole=True, failed=0)


def planned(spec: dict[str, Any]) -> tuple[Plan, set[Ref]]:
    made = plan(typed(spec, namespace="prod", uid="AiltireStack/shop"), SETTINGS, Observed())
    return made, {Ref.of(owned(each, made.stack)) for each in made.objects}


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def shop(store: Store) -> Record:
    return stack(store, "shop")


def pruned(spec: dict[str, Any], store: Store, outcomes: PruneGate = WHOLE, settled: bool = True) -> set[str]:
    made, refs = planned(spec)
    present = store.owned_by("prod", "AiltireStack/shop")
    return {str(each.ref) for each in to_prune(made, refs, present, outcomes, settled=settled)}


def making_room(spec: dict[str, Any], store: Store) -> set[str]:
    made, refs = planned(spec)
    return {str(each.ref) for each in in_the_way(made, refs, store.owned_by("prod", "AiltireStack/shop"))}


def test_objects_go_with_their_stack_but_what_is_retained_does_not() -> None:
    spec = {
        "services": {"db": {**WEB, "volumes": {"a": {"source": "keep", "target": "/a"}}}},
        "data": {"keep": {"retain": True}, "drop": {}},
    }
    made, _ = planned(spec)
    objects = [owned(each, made.stack)["metadata"] for each in made.objects]
    owners = {each["name"]: each.get("ownerReferences") for each in objects}
    assert owners.pop("shop--keep--data") is None
    for references in owners.values():
        (reference,) = references
        assert (reference["uid"], reference["controller"]) == ("AiltireStack/shop", True)
        assert reference["blockOwnerDeletion"] is False


def test_what_is_no_longer_planned_goes(store: Store, shop: Record) -> None:
    put(store, "Deployment", "shop-web", owner=shop)
    put(store, "Deployment", "shop-old", owner=shop)
    put(store, "Deployment", "foreign")
    put(store, "Deployment", "going", owner=shop, deleting=True)
    assert pruned({"services": {"web": WEB}}, store) == {"Deployment shop-old"}


def test_nothing_goes_while_the_plan_is_not_whole_or_an_apply_failed(store: Store, shop: Record) -> None:
    put(store, "Deployment", "shop-old", owner=shop)
    assert pruned({"services": {"web": WEB}}, store, PruneGate(whole=False, failed=0)) == set()
    assert pruned({"services": {"web": WEB}}, store, PruneGate(whole=True, failed=1)) == set()


def test_a_retained_volume_stays_even_if_it_is_still_owned(store: Store, shop: Record) -> None:
    put(store, "PersistentVolumeClaim", "shop--a--data", owner=shop, labels={naming.LABEL_RETAIN: "true"})
    put(store, "PersistentVolumeClaim", "shop--b--data", owner=shop)
    assert pruned({"services": {"web": WEB}}, store) == {"PersistentVolumeClaim shop--b--data"}


def test_what_a_service_may_go_back_to_stays_with_all_that_it_needs(store: Store, shop: Record) -> None:
    volumes = [{"name": "a", "configMap": {"name": "page"}}, {"name": "b", "persistentVolumeClaim": {"claimName": "d"}}]
    data = {"spec": {"template": {"spec": {"containers": [{"image": "web:1"}], "volumes": volumes}}}}
    put(store, "ControllerRevision", "kept", owner=shop, labels={naming.LABEL_SERVICE: "web"}, data=data)
    for kind, name in (("ConfigMap", "page"), ("ConfigMap", "other"), ("PersistentVolumeClaim", "d")):
        put(store, kind, name, owner=shop)
    rolled = {**WEB, "deploy": {"updateConfig": {"failureAction": "rollback"}}}
    assert pruned({"services": {"web": rolled}}, store) == {"ConfigMap other"}
    everything = {"ConfigMap other", "ConfigMap page", "PersistentVolumeClaim d", "ControllerRevision kept"}
    assert pruned({"services": {"web": WEB}}, store) == everything
    assert pruned({"services": {}}, store) == everything


def test_old_configurations_stay_until_the_stack_has_rolled_out(store: Store, shop: Record) -> None:
    put(store, "ConfigMap", "shop--gateway-old", owner=shop)
    assert pruned({"services": {"web": WEB}}, store, settled=False) == set()
    assert pruned({"services": {"web": WEB}}, store) == {"ConfigMap shop--gateway-old"}


def test_what_ran_under_a_key_goes_on_while_its_template_is_missing(store: Store, shop: Record) -> None:
    child_record(store, shop, "a", labels={naming.LABEL_SERVICE: "a"})
    put(store, "Deployment", "shop-b", owner=shop, labels={naming.LABEL_SERVICE: "b"})
    spec = {"services": {key: {"type": "stack", "stackRef": {"name": "none"}} for key in "ab"}}
    assert pruned(spec, store) == set()
    assert making_room(spec, store) == set()


def test_what_ran_under_a_key_goes_on_while_its_definition_is_wrong(store: Store, shop: Record) -> None:
    put(store, "Deployment", "shop-a", owner=shop, labels={naming.LABEL_SERVICE: "a"})
    spec = {"services": {"a": {"type": "stack", "stack": {"services": {"x": {}}}}}}
    assert pruned(spec, store) == set()
    assert making_room(spec, store) == set()


def test_a_plain_service_makes_room_for_a_stack_and_back(store: Store, shop: Record) -> None:
    put(store, "Deployment", "shop-a", owner=shop, labels={naming.LABEL_SERVICE: "a"})
    put(store, "Service", "shop-a", owner=shop, labels={naming.LABEL_SERVICE: "a"})
    put(store, "Deployment", "shop-web", owner=shop, labels={naming.LABEL_SERVICE: "web"})
    nested = {"services": {"web": WEB, "a": {"type": "stack", "stack": {"services": {"x": WEB}}}}}
    assert making_room(nested, store) == {"Deployment shop-a", "Service shop-a"}
    other = Store()
    root = stack(other, "shop")
    child_record(other, root, "a", labels={naming.LABEL_SERVICE: "a"})
    assert making_room({"services": {"a": {**WEB, "ports": {"p": {"port": 1}}}}}, other) == {"AiltireStack shop-a"}
    assert making_room(nested, other) == set()


def test_a_deployment_makes_room_for_a_stateful_set_and_back(store: Store, shop: Record) -> None:
    labels = {naming.LABEL_SERVICE: "db"}
    put(store, "Deployment", "shop-db", owner=shop, labels=labels)
    spec = {
        "services": {"db": {**WEB, "volumes": {"d": {"source": "d", "target": "/d"}}}},
        "data": {"d": {"perReplica": True}},
    }
    assert making_room(spec, store) == {"Deployment shop-db"}
    other = Store()
    put(other, "StatefulSet", "shop-db", owner=stack(other, "shop"), labels=labels)
    assert making_room({"services": {"db": WEB}}, other) == {"StatefulSet shop-db"}
    assert making_room(spec, other) == set()


def test_replicas_are_handed_over_once(store: Store, shop: Record) -> None:
    live = put(store, "Deployment", "shop-web", owner=shop, spec={"replicas": 5})
    without: dict[str, Any] = {"kind": "Deployment", "spec": {}}
    assert lets_go_of_replicas(without, live, autoscaled=False) == 5
    assert lets_go_of_replicas(without, live, autoscaled=True) is None
    assert lets_go_of_replicas({"kind": "Deployment", "spec": {"replicas": 3}}, live, autoscaled=False) is None
    none = put(Store(), "Deployment", "shop-web", spec={"replicas": 0})
    assert lets_go_of_replicas(without, none, autoscaled=False) is None, "the default is what it starts from"
    assert lets_go_of_replicas(without, none, autoscaled=True) == 1, "an autoscaler scales nothing from zero"


def applied(error: ClusterError | None, record: Record | None = None, verb: Any = "none") -> ApplyResult:
    return ApplyResult(Ref("Service", "prod", "shop-a"), False, record, error, verb)


@pytest.mark.parametrize(
    ("error", "verb", "reason", "transient"),
    [
        (Conflict("exists already"), "foreign", "Conflicting", False),
        (Conflict("changed"), "none", "Progressing", True),
        (NotFound("no namespace"), "none", "Progressing", True),
        (Unavailable("later"), "none", "Progressing", True),
        (Denied("exceeded quota: q"), "none", "QuotaExceeded", False),
        (Denied("admission webhook denied the request"), "none", "RefusedByAdmission", False),
        (Denied("may not"), "none", "Denied", False),
        (Invalid("x", causes=[("spec.a", "wrong")]), "none", "Refused", False),
        (WouldLoseData("volume d would be added"), "refused", "NotReplaced", False),
        (from_status(405, {"message": "the server does not allow this method"}), "none", "Refused", False),
        (from_status(410, {}), "none", "Refused", False),
    ],
)
def test_errors_are_told_apart(error: ClusterError, verb: str, reason: str, transient: bool) -> None:
    found = problem_of(applied(error, verb=verb))
    assert found is not None
    assert (found.reason, found.transient) == (reason, transient)
    assert problem_of(applied(None)) is None
    assert found.transient or found.reason not in UNDER_WAY, "what makes a stack Stalled is not under way"


def test_a_name_that_is_about_to_be_free_is_no_conflict(store: Store, shop: Record) -> None:
    child = child_record(store, shop, "a")
    tree = {naming.LABEL_ROOT: "shop"}

    def reason(holder: Record, stack: Record = shop, age: float = 0.0) -> str:
        taken = replace(applied(Conflict("taken"), holder, "foreign"), age=age)
        (found,) = problems([taken], stack, store).values()
        return found.reason

    held = put(store, "Service", "shop-a", owner=child, labels=tree)
    assert reason(held) == "Conflicting"  # the child lives: two stacks want one name
    store.remove(child.ref, child.uid)
    assert reason(held) == "Progressing"  # it is gone: the garbage collector comes for its Service
    assert reason(held, age=COLLECTED_SECONDS) == "Conflicting"  # it has not come: nobody knows whether it will
    nobodys = put(store, "Service", "shop-a", uid="1", labels=tree)
    assert reason(nobodys) == "Conflicting"  # what has no owner is collected by nobody
    foreign = put(store, "Service", "shop-b", labels=tree | {naming.LABEL_ROOT: "other"})
    assert reason(foreign) == "Conflicting"
    old = put(store, "Service", "shop-a", uid="2", owner=shop, labels=tree)
    assert reason(old, child) == "Progressing"  # the parent's old Service stands where the child's gateway will
    assert reason(put(store, "Service", "shop-a-b", owner=shop, labels=tree), child) == "Conflicting"


def test_problems_are_blamed_on_what_they_are_for() -> None:
    made, _ = planned(
        {"services": {"web": {**WEB, "interface": {"/": {"port": 1}}}, "a": {"type": "stack", "stack": {}}}}
    )
    manifests = {Ref.of(each): each for each in (owned(each, made.stack) for each in made.objects)}
    found = {ref: problem for ref in manifests if (problem := problem_of(applied(Unavailable(str(ref)))))}
    blame = attribute(found, manifests)
    assert set(blame.services) == {"", "web"}
    assert set(blame.children) == {"shop-a"}
    assert {ref.kind for ref in blame.others} == {"Service", "NetworkPolicy"}
    assert attribute(found, {}).others.keys() == {ref for ref in found if ref.kind != "AiltireStack"}
