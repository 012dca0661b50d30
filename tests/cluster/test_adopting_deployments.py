"""Deployments that somebody else has made and that the definition names (``adopt: true``), on a real API server."""

import json
from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.cli.failures import Exit
from cluster.program import Cli
from lab import ControlPlane, Operator
from lab.paths import ROOT
from support.kube.operators import relieved
from support.kube.rights import account, until_may
from support.kube.trees import Trees, child, service, targets
from support.kube.whole_tree import pods

Json = dict[str, Any]

KIND = "Deployment"
WEB = "shop-web"
IMAGE = "docker.io/library/web:1"
BAD = "lab.invalid/missing:2"


def spec(image: str = IMAGE, **fields: Any) -> Json:
    """A stack whose one service takes over what has its name."""
    return {"services": {"web": service(image, **{"adopt": True, **fields})}}


def selector(stack: str = "shop", key: str = "web") -> dict[str, str]:
    return {
        naming.LABEL_STACK: stack,
        naming.LABEL_COMPONENT: naming.COMPONENT_SERVICE,
        naming.LABEL_SERVICE: key,
    }


def create(trees: Trees, obj: Json) -> Json:
    """By ``kubectl create``, as somebody else does; its pods run."""
    obj["metadata"]["namespace"] = trees.namespace
    trees.kubectl("create", "-f", "-", stdin=json.dumps(obj))
    name = obj["metadata"]["name"]
    trees.until("its pods", lambda: live(trees, name)["status"]["readyReplicas"] == obj["spec"]["replicas"])
    return live(trees, name)


def create_workload(trees: Trees, stack: str = "shop", key: str = "web", **changes: Any) -> Json:
    """A Deployment with the planned selector, that no definition has made."""
    labels = changes.pop("labels", {"app": "theirs"})
    matches = changes.pop("matches", selector(stack, key))
    container = {
        "name": key,
        "image": IMAGE,
        "env": changes.pop("env", [{"name": "THEIRS", "value": "x"}]),
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    secure = {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}}
    template = {
        "metadata": {"labels": {"app": "theirs", **matches}},
        "spec": {"securityContext": secure, "containers": [container]},
    }
    metadata = {"name": f"{stack}-{key}", "labels": labels, **changes.pop("metadata", {})}
    content = {"replicas": 2, "selector": {"matchLabels": matches}, "template": template, **changes}
    return create(trees, {"apiVersion": "apps/v1", "kind": KIND, "metadata": metadata, "spec": content})


def live(trees: Trees, name: str = WEB) -> Json:
    return trees.must(KIND, name)


def diff(trees: Trees, cli: Cli, wanted: Json) -> tuple[int, str]:
    """The exit code of ``diff`` and all that it says, in one line."""
    done = cli("diff", "-", stdin=json.dumps(trees.manifest("shop", wanted)))
    return done.code, " ".join(f"{done.out} {done.err}".split())


def refused(trees: Trees) -> str:
    """Wait until the stack says that an object is in the way; all that its status says."""
    trees.until("Conflicting", lambda: trees.condition("shop", "Conflicting").get("reason") == "ForeignObject")
    trees.until("Stalled", lambda: trees.condition("shop", "Stalled").get("status") == "True")
    return json.dumps(trees.status("shop"))


def is_untouched(trees: Trees, before: Json) -> bool:
    now = live(trees, before["metadata"]["name"])
    metadata = ("uid", "labels", "ownerReferences", "generation")
    return now["spec"] == before["spec"] and all(
        now["metadata"].get(key) == before["metadata"].get(key) for key in metadata
    )


def is_taken(trees: Trees, before: Json, stack: str = "shop") -> bool:
    """Whether it is the same object and the stack's, with its own labels beside ours."""
    now = live(trees, before["metadata"]["name"])["metadata"]
    (owner,) = now.get("ownerReferences") or [{}]
    labels = now["labels"]
    mine = owner.get("name") == stack and owner.get("controller") is True and labels[naming.LABEL_STACK] == stack
    return mine and now["uid"] == before["metadata"]["uid"] and labels.get("app") == "theirs"


def until_taken(trees: Trees, before: Json) -> None:
    trees.until("taken over", lambda: is_taken(trees, before))
    trees.until_ready("shop")
    trees.settle()


def workload_writes(trees: Trees, mark: Any) -> list[str]:
    return [each for each in targets(trees.writes(mark)) if "deployments" in each]


def until_gone(trees: Trees) -> None:
    trees.delete(naming.SINGULAR, "shop")
    trees.until("the stack gone", lambda: trees.get(naming.KIND, "shop") is None)
    # The garbage collector learns of a new kind only when it asks for all kinds, every half minute.
    trees.until("its objects gone", lambda: WEB not in trees.names(KIND))


def test_a_deployment_is_taken_over_with_what_others_have_set_and_its_pods_are_replaced(
    trees: Trees, cli: Cli, control_plane: ControlPlane, operator: Operator
) -> None:
    before = create_workload(trees)
    own = pods(trees)
    trees.apply("shop", spec(adopt=False))
    assert "was not made by this stack" in refused(trees)
    assert is_untouched(trees, before), "without the field it is left as it is"

    code, said = diff(trees, cli, spec())
    assert code == Exit.NO
    assert f"{KIND} {WEB} exists already, written by" in said
    assert "kubectl-create, and has no owner: it would be taken over, and its pods are replaced for" in said
    assert f"{KIND} {WEB} keeps what others have set in its pods: containers[web].env[THEIRS]" in said
    assert "labels[app]" in said
    assert "- replicas: 2" in said
    assert "+ replicas: 1" in said
    assert is_untouched(trees, before), "it was a dry run"

    trees.apply("shop", spec())
    until_taken(trees, before)
    trees.until("the pods before gone", lambda: not pods(trees) & own)
    now = live(trees)["spec"]
    assert now["replicas"] == 1
    assert {"name": "THEIRS", "value": "x"} in now["template"]["spec"]["containers"][0]["env"]
    assert now["template"]["metadata"]["labels"]["app"] == "theirs"
    assert now["template"]["spec"]["automountServiceAccountToken"] is False
    events = [each["message"] for each in trees.all_of("Event") if each["reason"] == "Adopted"]
    assert any(f"{KIND} {WEB}" in each for each in events), events
    (rollout,) = trees.status("shop")["rollouts"]
    assert (rollout["name"], rollout["service"]) == (WEB, "web")

    version = live(trees)["metadata"]["generation"]
    mark = trees.audit.mark()
    with relieved(control_plane, operator, "adopted-deployment"):
        trees.settle()
    trees.apply("shop", spec(adopt=False))
    trees.until_ready("shop")
    trees.settle()
    assert workload_writes(trees, mark) == [], "neither a restart nor the field's removal writes it"
    assert live(trees)["metadata"]["generation"] == version
    until_gone(trees)


def as_made_by_others(obj: Json) -> Json:
    """A Deployment of a stack, as somebody writes it to a file."""
    spec = json.loads(json.dumps(obj["spec"]))
    metadata = {"name": obj["metadata"]["name"], "labels": {"app": "theirs"}}
    return {"apiVersion": "apps/v1", "kind": KIND, "metadata": metadata, "spec": spec}


def test_where_the_template_is_the_planned_one_no_pod_is_replaced(trees: Trees, cli: Cli) -> None:
    trees.apply("bakery", {"services": {"oven": service()}})  # by which diff knows the operator's settings
    trees.apply("shop", spec())
    trees.until_ready("shop", "bakery")
    planned = live(trees)
    until_gone(trees)
    before = create(trees, as_made_by_others(planned))
    trees.until("pods of the one before gone", lambda: len(pods(trees)) == 2)
    own = pods(trees)
    code, said = diff(trees, cli, spec())
    assert code == Exit.NO
    assert "and has no owner: it would be taken over, and no pod is replaced for it" in said
    assert "keeps what others have set" not in said
    trees.apply("shop", spec())
    until_taken(trees, before)
    assert pods(trees) == own
    assert trees.status("shop").get("rollouts", []) == []


BLOCKED: Json = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": WEB}, "spec": {"ports": [{"port": 80}]}}
REFUSED: dict[str, tuple[Json, Json, str]] = {
    "selector": ({"matches": {"app": "web"}}, {}, "its selector differs at matchLabels.app and cannot be changed"),
    "stack": ({"labels": {naming.LABEL_STACK: "other"}}, {}, "it is or was part of a stack, by its label"),
    "paused": ({}, {}, "it is paused"),
    "not valid together": (
        {"env": [{"name": "LOG", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]},
        {"environment": {"LOG": "info"}},
        "cannot become what is planned",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_become_what_is_planned_is_left_as_it_is_with_all_others(trees: Trees, cli: Cli, case: str) -> None:
    theirs, fields, why = REFUSED[case]
    before = create_workload(trees, **theirs)
    if case == "paused":
        trees.kubectl("rollout", "pause", "deployment", WEB)
        before = live(trees)
    good = create_workload(trees, key="db")
    asking = {"services": {**spec(**fields)["services"], "db": service(adopt=True)}}
    code, said = diff(trees, cli, asking)
    assert code == Exit.TROUBLE
    assert f"{KIND} {WEB}: would not be taken over: spec.services.web.adopt: " in said
    trees.apply("shop", asking)
    told = refused(trees)
    trees.settle()
    assert "spec.services.web.adopt: " in told
    if case != "not valid together":
        assert why in said
    assert why in told
    assert is_untouched(trees, before)
    assert is_untouched(trees, good), "all of them or none"
    trees.delete(naming.SINGULAR, "shop")
    trees.until("the stack gone", lambda: trees.get(naming.KIND, "shop") is None)
    assert is_untouched(trees, before)


@pytest.mark.parametrize("controller", [True, False])
def test_what_another_owner_has_is_left_to_it_until_it_lets_go(trees: Trees, cli: Cli, controller: bool) -> None:
    trees.apply_object(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "mine", "namespace": trees.namespace}}
    )
    uid = trees.must("ConfigMap", "mine")["metadata"]["uid"]
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "mine", "uid": uid, "controller": controller}
    before = create_workload(trees, metadata={"ownerReferences": [reference]})
    code, said = diff(trees, cli, spec())
    assert (code, "it belongs to ConfigMap mine" in said) == (Exit.TROUBLE, True)
    trees.apply("shop", spec())
    assert "it belongs to ConfigMap mine" in refused(trees)
    trees.settle()
    assert is_untouched(trees, before)
    trees.patch("deployment", WEB, {"metadata": {"ownerReferences": None}})
    trees.apply("shop", spec("docker.io/library/web:2"))
    until_taken(trees, before)


def test_a_service_of_others_keeps_it_from_being_taken_over_until_it_is_deleted(trees: Trees, cli: Cli) -> None:
    before = create_workload(trees)
    trees.apply_object({**BLOCKED, "metadata": {"name": WEB, "namespace": trees.namespace}})
    code, said = diff(trees, cli, spec())
    assert (code, f"Service {WEB} exists too, and no Service is taken over; delete it" in said) == (Exit.TROUBLE, True)
    trees.apply("shop", spec())
    assert f"Service {WEB} exists too" in refused(trees)
    trees.settle()
    assert is_untouched(trees, before)
    trees.kubectl("delete", "service", WEB)
    until_taken(trees, before)


def test_a_replica_count_that_is_left_to_an_autoscaler_stays(trees: Trees) -> None:
    before = create_workload(trees, replicas=3)
    reserved = {"resources": {"reservations": {"cpu": "1m"}}}
    trees.apply("shop", spec(policies={"scaling": {"min": 2, "max": 5}}, deploy=reserved))
    trees.until("taken over", lambda: is_taken(trees, before))
    trees.settle()
    assert live(trees)["spec"]["replicas"] == 3


def test_a_deployment_of_which_nobody_manages_a_field_is_taken_over(trees: Trees) -> None:
    before = create_workload(trees)
    trees.patch("deployment", WEB, {"metadata": {"managedFields": [{}]}})
    trees.apply("shop", spec())
    until_taken(trees, before)
    mark = trees.audit.mark()
    trees.apply("shop", spec(adopt=False))
    trees.settle()
    assert workload_writes(trees, mark) == []


def test_where_there_is_none_one_is_made_and_made_again(trees: Trees) -> None:
    trees.apply("shop", spec())
    trees.until_ready("shop")
    uid = live(trees)["metadata"]["uid"]
    trees.delete("deployment", WEB)
    trees.until("made again", lambda: live(trees)["metadata"]["uid"] != uid)
    trees.until_ready("shop")


def test_it_is_deleted_with_the_service_and_where_a_revision_before_it_comes_back(trees: Trees, cli: Cli) -> None:
    trees.apply("shop", {"services": {"db": service()}})
    trees.until_ready("shop")
    before = create_workload(trees)
    trees.apply("shop", {"services": {"db": service(), **spec()["services"]}})
    until_taken(trees, before)
    trees.until("two revisions", lambda: len(json.loads(cli("history", "shop", "-o", "json").out)) == 2)
    done = cli("rollback", "shop", "--to", "1", "--yes")
    assert done.code == Exit.DONE, done.err
    trees.until("deleted", lambda: trees.names(KIND) == {"shop-db"})


def test_a_tree_that_goes_back_by_itself_deletes_it_too(trees: Trees) -> None:
    policy = {"updatePolicy": {"failureAction": "rollback", "progressDeadline": "6s"}}
    trees.apply("shop", {"services": {"db": service()}, **policy})
    trees.until_ready("shop")
    create_workload(trees)
    trees.apply("shop", {"services": {"db": service(), **spec(BAD)["services"]}, **policy})
    trees.until("gone back", lambda: trees.condition("shop", "Stalled").get("reason") == "TreeRolledBack")
    trees.until("deleted", lambda: trees.names(KIND) == {"shop-db"})


def test_a_service_of_a_child_stack_takes_over_what_has_its_name(trees: Trees) -> None:
    before = create_workload(trees, "shop-kid")
    trees.apply("shop", {"services": {"kid": child(spec()["services"])}})
    trees.until_ready("shop", "shop-kid")
    assert is_taken(trees, before, "shop-kid")
    trees.apply("shop", {"services": {}})
    trees.until("deleted with the child", lambda: trees.names(KIND) == set())


def test_an_account_without_the_right_takes_nothing_over(trees: Trees) -> None:
    trees.kubectl("apply", "-k", str(ROOT / "manifests" / "tenant"))
    trees.kubectl("delete", "rolebinding", "tenant-edit")
    tenant = account(trees.namespace, "tenant")
    until_may(trees.plane, trees.namespace, tenant, "patch", "deployments.apps", may=False)
    before = create_workload(trees)
    trees.apply("shop", {**spec(), "reconcileAs": "tenant"})
    trees.until("Forbidden", lambda: trees.condition("shop", "Stalled").get("reason") == "Forbidden")
    trees.settle()
    assert is_untouched(trees, before)
    trees.kubectl("apply", "-k", str(ROOT / "manifests" / "tenant"))
    until_may(trees.plane, trees.namespace, tenant, "patch", "deployments.apps")
    trees.apply("shop", {**spec("docker.io/library/web:2"), "reconcileAs": "tenant"})
    until_taken(trees, before)


def test_what_is_no_deployment_is_refused_with_its_path(trees: Trees, cli: Cli) -> None:
    code, said = diff(trees, cli, spec(deploy={"mode": "replicatedJob"}))
    assert code == Exit.TROUBLE
    assert "spec.services.web.adopt: only a Deployment is taken over, and the service is a Job" in said
    trees.apply("shop", spec(deploy={"mode": "global"}))
    trees.until("refused", lambda: trees.condition("shop", "Stalled").get("reason") == "InvalidSpec")
    assert "spec.services.web.adopt: " in trees.condition("shop", "Stalled")["message"]
    kid = {"services": {"kid": {**child(spec()["services"]), "adopt": True}}}
    with pytest.raises(Exception, match="a stack has no Deployment to adopt"):
        trees.apply("other", kid)
