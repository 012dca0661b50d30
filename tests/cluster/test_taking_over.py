"""Objects that somebody else has made and that the definition names (``adopt: true``), on a real API server."""

import copy
import json
from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.cli.failures import Exit
from cluster.program import Cli
from support.kube.trees import Trees, child, service, targets
from support.kube.whole_tree import pods

Json = dict[str, Any]
CLAIM = naming.volume("shop", "rows")
PORTS: Json = {"ports": {"http": {"port": 80}}}


def spec(**more: Any) -> Json:
    return {"services": {"web": service(**PORTS, **more)}}


def definition(trees: Trees, wanted: Json) -> str:
    return json.dumps(trees.manifest("shop", wanted))


def made_by_others(trees: Trees, kind: str = "Deployment", wanted: Json | None = None, name: str = "shop-web") -> Json:
    """What the operator makes of a definition, as somebody else would write it; the stack is gone again."""
    trees.apply("shop", wanted or spec())
    trees.until_ready("shop")
    found = trees.must(kind, name)
    trees.delete("ailtirestack", "shop", "--cascade=foreground")
    trees.until("the stack gone", lambda: trees.get(naming.KIND, "shop") is None)
    trees.until("and all of it", lambda: not trees.all_of("Pod") and trees.get(kind, name) is None)
    metadata = {"name": name, "namespace": trees.namespace, "labels": {"app": "web"}}
    return {"apiVersion": found["apiVersion"], "kind": kind, "metadata": metadata, "spec": found["spec"]}


def create(trees: Trees, obj: Json) -> Json:
    """By ``kubectl create``, so that its manager holds every field."""
    trees.kubectl("create", "-f", "-", stdin=json.dumps(obj))
    return trees.must(obj["kind"], obj["metadata"]["name"])


def running(trees: Trees, count: int = 1) -> set[tuple[str, str]]:
    trees.until("its pods", lambda: len(pods(trees)) == count)
    trees.settle()
    return pods(trees)


def owner(obj: Json) -> str:
    references = obj["metadata"].get("ownerReferences") or []
    return " ".join(each["name"] for each in references)


def refused(trees: Trees, stack: str = "shop") -> str:
    """Wait until the stack says that an object is in the way; what it says of it."""
    trees.until("Conflicting", lambda: trees.condition(stack, "Conflicting").get("reason") == "ForeignObject")
    trees.until("Stalled", lambda: trees.condition(stack, "Stalled").get("status") == "True")
    return str(trees.condition(stack, "Stalled")["message"])


def is_untouched(trees: Trees, before: Json) -> bool:
    """Kubernetes' controllers write statuses meanwhile."""
    now = trees.must(before["kind"], before["metadata"]["name"])
    metadata = ("uid", "generation", "labels", "ownerReferences")
    same = all(now["metadata"].get(key) == before["metadata"].get(key) for key in metadata)
    return same and now["spec"] == before["spec"]


def test_a_deployment_with_the_planned_template_is_taken_over_without_a_roll(trees: Trees, cli: Cli) -> None:
    before = create(trees, made_by_others(trees))
    own = running(trees)
    asking = spec(adopt=True)
    trees.apply("shop", spec())
    assert "shop-web" in refused(trees)
    assert is_untouched(trees, before), "without the field it is left as it is"

    # With no workload of the operator's in the namespace, nothing shows its settings.
    (nameserver,) = before["spec"]["template"]["spec"]["dnsConfig"]["nameservers"]
    foretold = cli("diff", "-", stdin=definition(trees, asking), AILTIRE_OPERATOR_NAMESERVERS=nameserver)
    assert foretold.code == Exit.NO, foretold.err
    said = " ".join(foretold.err.split())
    assert "Deployment shop-web exists already, written by kubectl-create" in said
    assert "it would be taken over, and its pods stay" in said

    trees.apply("shop", asking)
    trees.until_ready("shop")
    trees.settle()
    after = trees.must("Deployment", "shop-web")
    assert owner(after) == "shop"
    assert [after["metadata"][key] for key in ("uid", "generation")] == [
        before["metadata"][key] for key in ("uid", "generation")
    ]
    assert (after["spec"], pods(trees)) == (before["spec"], own)
    assert after["metadata"]["labels"]["app"] == "web", "labels of others stay"
    events = [each["message"] for each in trees.all_of("Event") if each["reason"] == "Adopted"]
    assert any("Deployment shop-web" in each for each in events), events
    assert "rollouts" not in trees.status("shop")

    mark = trees.audit.mark()
    trees.apply("shop", spec())
    trees.until_ready("shop")
    trees.settle()
    assert not [each for each in targets(trees.writes(mark)) if "deployments" in each], "nothing is left to take back"
    trees.delete("ailtirestack", "shop")
    trees.until("it goes with the stack", lambda: trees.get("Deployment", "shop-web") is None)


def test_another_template_rolls_once_and_nothing_of_it_is_left(trees: Trees, cli: Cli) -> None:
    """Another strategy, of which parts exclude each other, a variable, a second container and a volume of others."""
    wanted = spec(adopt=True, volumes={"scratch": {"target": "/scratch"}})
    planned = made_by_others(trees, wanted=wanted)
    other = copy.deepcopy(planned)
    pod = other["spec"]["template"]["spec"]
    pod["containers"][0] |= {"env": [{"name": "LEFT", "value": "over"}], "image": "docker.io/library/web:0"}
    pod["containers"].append({**copy.deepcopy(pod["containers"][0]), "name": "second"})
    pod |= {"serviceAccountName": "default", "serviceAccount": "default", "automountServiceAccountToken": True}
    pod["volumes"][0] = {"name": pod["volumes"][0]["name"], "projected": {"sources": []}}
    other["spec"] |= {"paused": False, "minReadySeconds": 1, "strategy": {"type": "Recreate"}}
    before = create(trees, other)
    own = running(trees)

    foretold = cli("diff", "-", stdin=definition(trees, wanted))
    assert "it would be taken over and its pods replaced, for containers[" in " ".join(foretold.err.split())
    assert "LEFT" in foretold.out

    trees.apply("shop", wanted)
    trees.until_ready("shop")
    trees.settle()
    after = trees.must("Deployment", "shop-web")
    assert after["spec"] == planned["spec"]
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["metadata"]["generation"] == before["metadata"]["generation"] + 1, "one change, and one roll"
    assert not pods(trees) & own
    assert len(pods(trees)) == 1
    trees.apply("shop", spec(environment={"A": "1"}))
    trees.until("a variable", lambda: "A" in variables(trees))
    trees.apply("shop", spec())
    trees.until("goes again", lambda: "A" not in variables(trees))


def variables(trees: Trees) -> set[str]:
    (container,) = trees.must("Deployment", "shop-web")["spec"]["template"]["spec"]["containers"]
    return {each["name"] for each in container.get("env") or ()}


def test_a_variable_of_a_restored_workload_goes_with_the_definition(trees: Trees) -> None:
    """What ``kubectl create`` has restored is held by its manager, from which the annotation takes it over as well."""
    with_variable = spec(environment={"A": "1"})
    obj = made_by_others(trees, wanted=with_variable)
    obj["metadata"]["labels"] = {
        naming.LABEL_MANAGED_BY: naming.OPERATOR_NAME,
        naming.LABEL_ROOT: "shop",
        naming.LABEL_STACK: "shop",
        naming.LABEL_SERVICE: "web",
    }
    before = create(trees, obj)
    root = trees.manifest("shop", with_variable)
    root["metadata"]["annotations"] = {naming.ANNOTATION_ADOPT: "true"}
    trees.apply_object(root)
    trees.until_ready("shop")
    trees.settle()
    after = trees.must("Deployment", "shop-web")
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["metadata"]["generation"] == before["metadata"]["generation"]
    trees.apply_object({**root, "spec": spec()})
    trees.until("it goes", lambda: "A" not in variables(trees))


def test_another_selector_is_refused_and_the_remedy_keeps_the_pods(trees: Trees, cli: Cli) -> None:
    obj = made_by_others(trees)
    obj["spec"]["selector"] = {"matchLabels": {"app": "web"}}
    obj["spec"]["template"]["metadata"]["labels"] = {"app": "web"}
    before = create(trees, obj)
    own = running(trees)
    asking = spec(adopt=True)
    foretold = cli("diff", "-", stdin=definition(trees, asking))
    assert foretold.code == Exit.TROUBLE, foretold.err
    trees.apply("shop", asking)
    for said in (refused(trees), " ".join(foretold.err.split())):
        assert "its selector changes (now app=web)" in said
        assert "kubectl delete deployments shop-web --cascade=orphan" in said
    trees.settle()
    assert is_untouched(trees, before)
    assert pods(trees) == own
    trees.kubectl("delete", "deployments", "shop-web", "--cascade=orphan")
    trees.until_ready("shop")
    assert own < pods(trees)


@pytest.mark.parametrize("controller", [True, False])
def test_what_another_owner_has_is_refused(trees: Trees, controller: bool) -> None:
    obj = made_by_others(trees)
    mine = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "mine", "namespace": trees.namespace}}
    trees.apply_object(mine)
    uid = trees.must("ConfigMap", "mine")["metadata"]["uid"]
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "mine", "uid": uid, "controller": controller}
    obj["metadata"]["ownerReferences"] = [reference]
    before = create(trees, obj)
    trees.apply("shop", spec(adopt=True))
    assert "belongs to ConfigMap mine" in refused(trees)
    trees.settle()
    assert is_untouched(trees, before)


def test_a_service_is_taken_over_with_its_address(trees: Trees) -> None:
    obj = made_by_others(trees, "Service")
    address = ("clusterIP", "clusterIPs")
    obj["spec"] = {key: value for key, value in obj["spec"].items() if key not in address}
    obj["spec"]["ports"].append({"name": "left", "port": 81, "protocol": "TCP", "targetPort": 81})
    obj["spec"] |= {"type": "NodePort", "externalIPs": ["192.0.2.1"], "sessionAffinity": "ClientIP"}
    before = create(trees, obj)
    trees.apply("shop", spec(adopt=True))
    trees.until_ready("shop")
    trees.settle()
    after = trees.must("Service", "shop-web")
    assert owner(after) == "shop"
    assert [after["spec"][key] for key in address] == [before["spec"][key] for key in address]
    assert [each["port"] for each in after["spec"]["ports"]] == [80]
    assert (after["spec"]["type"], after["spec"]["sessionAffinity"]) == ("ClusterIP", "None")
    assert "externalIPs" not in after["spec"]


def rows(**more: Any) -> Json:
    mounts = {"rows": {"source": "rows", "target": "/rows"}}
    return {**spec(volumes=mounts), "data": {"rows": {"size": "1Gi", **more}}}


def claim(trees: Trees, **more: Any) -> Json:
    metadata = {"name": CLAIM, "namespace": trees.namespace}
    wanted = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, **more}
    return create(trees, {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": wanted})


@pytest.mark.parametrize("retain", [False, True])
def test_a_claim_is_taken_over_with_its_volume_and_mounted(trees: Trees, cli: Cli, retain: bool) -> None:
    before = claim(trees, volumeName="disk-of-others")
    trees.apply("shop", rows(retain=retain))
    refused(trees)
    assert is_untouched(trees, before)
    wanted = rows(retain=retain, adopt=True)
    assert "it would be taken over" in cli("diff", "-", stdin=definition(trees, wanted)).err
    trees.apply("shop", wanted)
    trees.until("taken over", lambda: trees.condition("shop", "Conflicting") == {})
    trees.until("its pods", lambda: trees.get("Deployment", "shop-web"))
    trees.settle()
    after = trees.must("PersistentVolumeClaim", CLAIM)
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["spec"] == before["spec"]
    assert owner(after) == ("" if retain else "shop")
    (volume,) = trees.must("Deployment", "shop-web")["spec"]["template"]["spec"]["volumes"]
    assert volume["persistentVolumeClaim"]["claimName"] == CLAIM
    trees.delete("ailtirestack", "shop")
    trees.until("the stack gone", lambda: trees.get("Deployment", "shop-web") is None)
    if not retain:
        trees.until("the claim too", lambda: _is_leaving(trees))
    else:
        trees.settle()
        assert not _is_leaving(trees)


def _is_leaving(trees: Trees) -> bool:
    found = trees.get("PersistentVolumeClaim", CLAIM)
    return found is None or "deletionTimestamp" in found["metadata"]


@pytest.mark.parametrize(
    ("live", "said"),
    [
        ({"accessModes": ["ReadWriteMany"]}, "cannot be taken over"),
        ({"resources": {"requests": {"storage": "2Gi"}}}, "cannot be taken over"),
    ],
)
def test_a_claim_that_cannot_become_what_is_planned_is_never_owned(trees: Trees, live: Json, said: str) -> None:
    """One that were owned would be deleted with the stack."""
    before = claim(trees, **live)
    trees.apply("shop", rows(adopt=True))
    assert said in refused(trees)
    trees.settle()
    assert is_untouched(trees, before)


def test_a_service_of_a_child_stack_takes_over_what_has_its_name(trees: Trees) -> None:
    def tree(**more: Any) -> Json:
        return {"services": {"kid": child({"web": service(**PORTS, **more)})}}

    obj = made_by_others(trees, wanted=tree(), name="shop-kid-web")
    before = create(trees, obj)
    trees.apply("shop", tree())
    refused(trees, "shop-kid")
    trees.apply("shop", tree(adopt=True))
    trees.until_ready("shop", "shop-kid")
    after = trees.must("Deployment", "shop-kid-web")
    assert owner(after) == "shop-kid"
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["metadata"]["generation"] == before["metadata"]["generation"]
