"""Which claims and Deployments of a plan the definition lets the operator take over: those that it names."""

from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.cluster import author_policies
from ailtire_operator.cluster.kinds import ASKED_KINDS, DEPLOYMENT, VOLUME_CLAIM, Kind
from ailtire_operator.model.loading import parse_spec
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.plan.adoption import adopted_claims, adopted_deployments
from ailtire_operator.plan.types import Plan
from ailtire_operator.reconcile.pruning import owned
from support.definitions.stacks import find, plan_of

Json = dict[str, Any]

ADOPT: Json = {"adopt": True, "retain": True}


def plan_with(data: Json, source: str = "rows") -> Plan:
    mounts = {"v": {"source": source, "target": "/rows"}}
    return plan_of({"services": {"web": {"image": "web:1", "user": "1000", "volumes": mounts}}, "data": data})


@pytest.mark.parametrize(("claim", "name"), [({}, "shop--rows--data"), ({"claim": "theirs"}, "theirs")])
def test_a_volume_names_its_claim_and_mounts_it(claim: Json, name: str) -> None:
    made = plan_with({"rows": {**ADOPT, **claim}, "other": {"retain": True}})
    assert {key: str(path) for key, path in adopted_claims(made).items()} == {name: "spec.data.rows"}
    manifest = find(made, VOLUME_CLAIM.kind, name)
    assert manifest["metadata"]["labels"][naming.LABEL_VOLUME] == "rows"
    pod = find(made, "Deployment", "shop-web")["spec"]["template"]["spec"]
    assert pod["volumes"] == [{"name": "v", "persistentVolumeClaim": {"claimName": name}}]
    assert not [each for each in made.notices if each.path.startswith("spec.data")], "all its fields have an effect"


@pytest.mark.parametrize("claim", [{}, {"claim": "theirs"}])
def test_what_is_taken_over_is_retained_and_gets_no_owner(claim: Json) -> None:
    made = plan_with({"rows": {**ADOPT, **claim}})
    for name in adopted_claims(made):
        metadata = owned(find(made, VOLUME_CLAIM.kind, name), made.stack)["metadata"]
        assert metadata["labels"][naming.LABEL_RETAIN] == "true"
        assert "ownerReferences" not in metadata


def test_it_changes_no_object_of_the_plan() -> None:
    assert plan_with({"rows": ADOPT}).objects == plan_with({"rows": {"retain": True}}).objects
    assert adopted_claims(plan_with({"rows": {"retain": True}})) == {}


def test_a_claim_of_one_node_is_mounted_by_one_pod_at_a_time() -> None:
    """The operator knows who may mount a claim of the stack, and knows nothing of one of others."""
    strategy = find(plan_with({"rows": {**ADOPT, "claim": "theirs"}}), "Deployment", "shop-web")["spec"]["strategy"]
    assert strategy == find(plan_with({"rows": {}}), "Deployment", "shop-web")["spec"]["strategy"]
    assert strategy != find(plan_with({"rows": {"claim": "theirs"}}), "Deployment", "shop-web")["spec"]["strategy"]


@pytest.mark.parametrize(
    "more",
    [
        {"retain": False},
        {"nfs": {"server": "nfs.example", "path": "/x"}, "retain": True},
        {"perReplica": True, "retain": True},
        {},
    ],
)
def test_without_retain_or_without_one_claim_it_is_refused(more: Json) -> None:
    with pytest.raises(InvalidStack, match=r"spec\.data\.rows: .*say retain: true, and neither nfs nor perReplica"):
        parse_spec({"data": {"rows": {"adopt": True, **more}}})
    assert parse_spec({"data": {"rows": {**more, "adopt": False}}})


def test_two_volumes_with_one_claim_are_refused() -> None:
    with pytest.raises(InvalidStack, match="another volume of the stack has the claim 'theirs' already"):
        plan_with({"rows": {**ADOPT, "claim": "theirs"}, "too": {**ADOPT, "claim": "theirs"}})
    with pytest.raises(InvalidStack, match="another volume of the stack has the claim 'shop--rows--data' already"):
        plan_with({"rows": {}, "too": {**ADOPT, "claim": "shop--rows--data"}})
    assert plan_with({"rows": {**ADOPT, "claim": "theirs"}, "too": {"claim": "theirs"}})


@pytest.mark.parametrize("kind", [VOLUME_CLAIM, DEPLOYMENT], ids=str)
@pytest.mark.parametrize("verb", ["patch", "delete"])
def test_every_author_is_asked_for_the_rights_to_what_may_be_taken_over(verb: str, kind: Kind) -> None:
    """Why no declaration at the root is needed: whoever writes a stack or a template may change and delete them all."""
    assert kind in ASKED_KINDS
    (policy,) = [
        each
        for each in author_policies.policies()
        if each["metadata"]["name"] == f"ailtire-author-{verb}" and not each["kind"].endswith("Binding")
    ]
    asked = {each["expression"] for each in policy["spec"]["validations"]}
    assert author_policies.check(kind, verb) in asked


WEB: Json = {"image": "web:1", "user": "1000"}


def services(**members: Json) -> Plan:
    return plan_of({"services": {"db": WEB, **members}})


def test_a_service_names_its_deployment() -> None:
    made = services(web={**WEB, "adopt": True, "ports": {"http": {"port": 80}}})
    assert {key: str(path) for key, path in adopted_deployments(made).items()} == {"shop-web": "spec.services.web"}
    assert find(made, "Deployment", "shop-web")
    assert not [each for each in made.notices if "adopt" in str(each.path)], "it has an effect"


def test_a_name_changes_no_object_of_the_plan_and_a_deployment_is_owned_as_any_other() -> None:
    asking, plain = services(web={**WEB, "adopt": True}), services(web={**WEB, "adopt": False})
    assert asking.objects == plain.objects
    assert adopted_deployments(plain) == {}
    assert owned(find(asking, "Deployment", "shop-web"), asking.stack)["metadata"]["ownerReferences"]


def test_a_stopped_service_names_its_deployment_too() -> None:
    assert list(adopted_deployments(services(web={**WEB, "adopt": True, "stopped": True}))) == ["shop-web"]


NO_DEPLOYMENT: dict[str, Json] = {
    "DaemonSet": {"deploy": {"mode": "global"}},
    "Job": {"deploy": {"mode": "replicatedJob"}},
    "StatefulSet": {"volumes": {"v": {"source": "own", "target": "/v"}}},
}


@pytest.mark.parametrize("kind", NO_DEPLOYMENT)
def test_a_service_that_is_no_deployment_takes_nothing_over(kind: str) -> None:
    spec = {"services": {"web": {**WEB, "adopt": True, **NO_DEPLOYMENT[kind]}}, "data": {"own": {"perReplica": True}}}
    with pytest.raises(InvalidStack) as caught:
        plan_of(spec)
    said = f"spec.services.web.adopt: only a Deployment is taken over, and the service is a {kind}; remove it"
    assert said in str(caught.value)
    spec["services"]["web"]["adopt"] = False
    assert adopted_deployments(plan_of(spec)) == {}


def test_a_child_stack_takes_nothing_over() -> None:
    member = {"type": "stack", "stack": {"services": {"web": WEB}}}
    with pytest.raises(InvalidStack, match=r"spec\.services\.kid: .*a stack has no Deployment to adopt"):
        parse_spec({"services": {"kid": {**member, "adopt": True}}})
    assert parse_spec({"services": {"kid": {**member, "adopt": False}}})
