"""An operator for some namespaces: no right anywhere else, and none missing there, by its audit log."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import DEPLOYMENT
from ailtire_operator.model.unobserved import UNOBSERVED
from cluster.test_rights import used
from lab import Audit, ControlPlane, Operator, eventually, sessions
from lab.audit import OPERATOR
from lab.paths import ROOT
from support.definitions.stacks import full_spec

MINE = ("one", "two")
ELSEWHERE = "three"


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    with sessions.started(ControlPlane(sessions.new_home("namespaced"), nodes=1)) as plane:
        yield plane


def grant(plane: ControlPlane) -> None:
    """Take the operator's rights over the cluster away, and give it those of manifests/namespace instead."""
    for kind in ("clusterrolebinding", "clusterrole"):
        plane.kubectl("delete", kind, naming.OPERATOR_NAME)
    for namespace in MINE:
        made = plane.kubectl("kustomize", str(ROOT / "manifests" / "namespace"))
        plane.kubectl("apply", "-n", namespace, "-f", "-", stdin=made)


def granted() -> set[tuple[str, str]]:
    role = next(yaml.safe_load_all((ROOT / "manifests" / "namespace" / "roles.yaml").read_text()))
    return {
        (verb, ".".join(filter(None, (resource.partition("/")[0], group))) + "".join(resource.partition("/")[1:]))
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def _deployments(plane: ControlPlane, namespace: str) -> list[Any]:
    """What there is; a process for each look would take as long as the operator."""
    items: list[Any] = plane.api.get(DEPLOYMENT.path(namespace))["items"]
    return items


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_it_works_in_its_namespaces_and_asks_for_nothing_in_others(plane: ControlPlane) -> None:
    audit = Audit(plane)
    operator = Operator(plane, env={"AILTIRE_OPERATOR_NAMESPACE": ",".join(MINE)})
    operator.install()
    for namespace in (*MINE, ELSEWHERE):
        plane.kubectl("create", "namespace", namespace)
    grant(plane)
    mark = audit.mark()
    operator.start()
    head = {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": {"name": "shop"}}
    for namespace in (*MINE, ELSEWHERE):
        body = json.dumps({**head, "spec": full_spec()})
        plane.kubectl("apply", "--server-side", "-n", namespace, "-f", "-", stdin=body)
    for namespace in MINE:
        plane.kubectl("wait", "ats/shop", "-n", namespace, "--for=condition=Ready", "--timeout=170s")
    small = json.dumps({**head, "spec": {"services": {}}})
    plane.kubectl("apply", "--server-side", "--force-conflicts", "-n", MINE[0], "-f", "-", stdin=small)
    eventually(lambda: _deployments(plane, MINE[0]) == [], what="the end of all")
    assert _deployments(plane, MINE[1]) != []
    assert plane.kubectl("get", "ats/shop", "-n", ELSEWHERE, "-o", "jsonpath={.status}") == json.dumps(
        dict(UNOBSERVED), separators=(",", ":")
    )
    # A namespace that goes away stops none of the others.
    plane.kubectl("delete", "namespace", MINE[0], timeout=300)
    plane.kubectl("apply", "--server-side", "--force-conflicts", "-n", MINE[1], "-f", "-", stdin=small)
    eventually(lambda: _deployments(plane, MINE[1]) == [], what="the end of all")
    operator.stop()
    requests = [each for each in audit.requests(mark) if each.user == OPERATOR and each.resource]
    before = [each for each in requests if each.namespace != MINE[0]]
    assert [str(each) for each in before if each.code == 403] == []
    assert {each.namespace for each in requests} == {*MINE, naming.OPERATOR_NAMESPACE}
    leases = {"leases.coordination.k8s.io"}
    assert {right for right in used(requests) if right[1] not in leases} - granted() == set()
