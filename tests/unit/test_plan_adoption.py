"""Which objects of a plan the definition lets the operator take over: those that it names, and no others."""

from typing import Any

import pytest

from ailtire_operator.cluster import author_policies
from ailtire_operator.cluster.kinds import ASKED_KINDS
from ailtire_operator.cluster.ownership import ADOPTABLE
from ailtire_operator.model.loading import parse_spec
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.plan.adoption import named
from support.definitions.stacks import plan_of

Json = dict[str, Any]
VOLUME: Json = {"v": {"source": "rows", "target": "/rows"}}


def web(**more: Any) -> Json:
    return {"image": "web:1", "user": "1000", "ports": {"http": {"port": 80}}, **more}


KINDS: dict[str, Json] = {
    "Deployment": {},
    "DaemonSet": {"deploy": {"mode": "global"}},
    "StatefulSet": {"volumes": {"v": {"source": "own", "target": "/v"}}},
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_service_names_its_workload_and_its_service(kind: str) -> None:
    services = {"web": web(adopt=True, **KINDS[kind]), "db": web(**KINDS[kind])}
    made = plan_of({"services": services, "data": {"own": {"perReplica": True}}})
    assert named(made) == {(kind, "shop-web"), ("Service", "shop-web")}


def test_a_volume_names_its_claim() -> None:
    made = plan_of({"services": {"web": web(volumes=VOLUME)}, "data": {"rows": {"adopt": True}, "other": {}}})
    (claim,) = named(made)
    assert claim in {(each["kind"], each["metadata"]["name"]) for each in made.objects}
    assert claim[0] == "PersistentVolumeClaim"


def test_all_that_is_named_is_of_a_kind_that_may_be_taken_over() -> None:
    """An autoscaler, a budget, published ports, a gateway and routes are the operator's own in any case."""
    more = {
        "interface": {"/": {"port": 80}},
        "policies": {"scaling": {"min": 2, "max": 4}},
        "ports": {"http": {"port": 80, "published": 8080}},
    }
    made = plan_of({"services": {"web": web(adopt=True, **more)}, "edge": {"hosts": ["shop.example"]}})
    assert named(made) == {("Deployment", "shop-web"), ("Service", "shop-web")}
    assert {kind for kind, _ in named(made)} <= ADOPTABLE


def test_it_changes_no_object_of_the_plan() -> None:
    plain = {"services": {"web": web(volumes=VOLUME)}, "data": {"rows": {}}}
    asking = {"services": {"web": web(volumes=VOLUME, adopt=True)}, "data": {"rows": {"adopt": True}}}
    assert plan_of(plain).objects == plan_of(asking).objects
    assert named(plan_of(plain)) == frozenset()


def test_a_job_is_not_taken_over() -> None:
    with pytest.raises(InvalidStack, match=r"spec\.services\.web\.adopt: the service is a Job"):
        plan_of({"services": {"web": web(adopt=True, deploy={"mode": "replicatedJob"})}})


def test_the_claims_of_replicas_are_not_taken_over() -> None:
    with pytest.raises(InvalidStack, match="adopt is for a volume with one claim"):
        parse_spec({"data": {"rows": {"adopt": True, "perReplica": True}}})
    assert parse_spec({"data": {"rows": {"adopt": False, "perReplica": True}}})


@pytest.mark.parametrize("elsewhere", [{"claim": "theirs"}, {"nfs": {"server": "nfs.example", "path": "/x"}}])
def test_it_has_no_effect_on_a_volume_of_others(elsewhere: Json) -> None:
    data = {"rows": {"adopt": True, **elsewhere}}
    made = plan_of({"services": {"web": web(volumes=VOLUME)}, "data": data, "securityProfile": "baseline"})
    assert "spec.data.rows.adopt" in {notice.path for notice in made.notices}
    planned = {(each["kind"], each["metadata"]["name"]) for each in made.objects}
    assert named(made).isdisjoint(planned)


def test_it_has_no_effect_on_a_member_that_is_a_stack() -> None:
    member = {"type": "stack", "stack": {"services": {"web": web()}}, "adopt": True}
    made = plan_of({"services": {"kid": member}})
    assert "spec.services.kid.adopt" in {notice.path for notice in made.notices}
    assert named(made) == frozenset()


def test_every_author_is_asked_for_the_rights_to_what_may_be_taken_over() -> None:
    """Why no declaration at the root is needed: whoever writes a stack or a template may change and delete it all."""
    for verb in ("patch", "delete"):
        (policy,) = [
            each
            for each in author_policies.policies()
            if each["metadata"]["name"] == f"ailtire-author-{verb}" and not each["kind"].endswith("Binding")
        ]
        asked = {each["expression"] for each in policy["spec"]["validations"]}
        for kind in ASKED_KINDS:
            if kind.kind in ADOPTABLE:
                assert author_policies.check(kind, verb) in asked
    assert {kind.kind for kind in ASKED_KINDS} >= ADOPTABLE
