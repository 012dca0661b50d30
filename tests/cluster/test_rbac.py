"""Who may do what: the operator no more than it does, a person no more than he could do without the operator."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from ailtire_operator import naming
from lab import CommandError, ControlPlane, eventually, manifests
from lab.audit import OPERATOR
from lab.paths import ROOT

OVERLAYS = sorted((ROOT / "manifests" / "overlays").iterdir())
STACK = {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": {"name": "x"}, "spec": {"services": {}}}
PLACE = {"root": "r", "parent": "r", "parentKey": "x", "depth": 1, "appName": "r"}


@pytest.fixture(scope="session")
def plane(control_plane: ControlPlane) -> ControlPlane:
    manifests.install(control_plane)
    return control_plane


def objects(plane: ControlPlane, folder: str) -> list[dict[str, Any]]:
    return [each for each in yaml.safe_load_all(plane.kubectl("kustomize", str(ROOT / folder))) if each]


def dry_run(plane: ControlPlane, namespace: str, user: str, spec: dict[str, Any] | None = None) -> str:
    """Why a user may not create a stack; empty where he may."""
    body = {**STACK, "spec": spec or STACK["spec"]}
    try:
        plane.kubectl("create", "--dry-run=server", "-n", namespace, f"--as={user}", "-f", "-", stdin=json.dumps(body))
    except CommandError as error:
        return str(error)
    return ""


def refused(plane: ControlPlane, namespace: str, user: str, complaint: str) -> bool:
    return complaint in dry_run(plane, namespace, user)


@pytest.fixture
def people(plane: ControlPlane, namespace: str) -> Iterator[dict[str, str]]:
    """Users with Kubernetes' own roles, and one who may write stacks but nothing that stacks are made of."""
    for role in ("view", "edit", "admin"):
        plane.kubectl("create", "rolebinding", role, f"--clusterrole={role}", f"--user={role}-er", "-n", namespace)
    verbs, resource = "--verb=get,create,patch,update", f"--resource={naming.PLURAL}.{naming.GROUP}"
    plane.kubectl("create", "role", "stacks-only", verbs, resource, "-n", namespace)
    plane.kubectl("create", "rolebinding", "stacks-only", "--role=stacks-only", "--user=deputy", "-n", namespace)
    yield {"view": "view-er", "edit": "edit-er", "admin": "admin-er", "deputy": "deputy"}


def test_edit_and_admin_write_stacks_and_view_reads_them(
    plane: ControlPlane, namespace: str, people: dict[str, str]
) -> None:
    def may(person: str, verb: str, *options: str) -> bool:
        who = ("-n", namespace, f"--as={people[person]}", "-q")
        try:
            plane.kubectl("auth", "can-i", verb, naming.PLURAL, *who, *options)
        except CommandError:
            return False
        return True

    eventually(lambda: may("edit", "create") and may("admin", "create") and may("view", "list"), what="aggregation")
    for verb in ("create", "update", "patch", "delete", "deletecollection"):
        assert may("edit", verb)
        assert may("admin", verb)
        assert not may("view", verb), "who may create a stack creates pods"
    for verb in ("get", "list", "watch"):
        assert may("view", verb)
    assert not may("edit", "patch", "--subresource=status")


def test_a_stack_gives_nobody_what_he_may_not_make_himself(
    plane: ControlPlane, namespace: str, people: dict[str, str]
) -> None:
    eventually(lambda: "deputy may not " in dry_run(plane, namespace, people["deputy"]), what="the policies")
    assert f"in namespace {namespace}" in dry_run(plane, namespace, people["deputy"])
    eventually(lambda: dry_run(plane, namespace, people["edit"]) == "", what="the right to create a stack")
    assert dry_run(plane, namespace, people["admin"]) == ""


def test_a_change_of_metadata_alone_needs_no_right_to_deployments(
    plane: ControlPlane, namespace: str, people: dict[str, str]
) -> None:
    """The garbage collector takes owners off, controllers set labels: neither makes a pod."""
    plane.kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(STACK))
    command = ("patch", "ats", "x", "-n", namespace, f"--as={people['deputy']}", "--type=merge", "-p")
    eventually(lambda: "deputy may not " in dry_run(plane, namespace, people["deputy"]))
    assert "patched" in plane.kubectl(*command, '{"metadata": {"labels": {"a": "b"}}}')
    with pytest.raises(CommandError, match="deputy may not "):
        plane.kubectl(*command, '{"spec": {"suspend": true}}')


def test_only_the_operator_gives_a_stack_its_place(plane: ControlPlane, namespace: str) -> None:
    spec = {"services": {}, "place": PLACE}
    plane.kubectl("create", "clusterrolebinding", f"{namespace}-root", "--clusterrole=cluster-admin", "--user=root")
    refused = "spec.place is written by the operator alone"
    eventually(lambda: refused in dry_run(plane, namespace, "root", spec), what="the policy")
    assert dry_run(plane, namespace, OPERATOR, spec) == ""


def test_a_person_may_edit_a_child_but_not_its_place(plane: ControlPlane, namespace: str) -> None:
    child = json.dumps({**STACK, "spec": {"services": {}, "place": PLACE}})
    plane.kubectl("create", "-n", namespace, f"--as={OPERATOR}", "-f", "-", stdin=child)
    patch = ("patch", "ats", "x", "-n", namespace, "--type=merge", "-p")
    assert "patched" in plane.kubectl(*patch, '{"spec": {"suspend": true}}')
    for change in ('{"spec": {"place": {"depth": 2}}}', '{"spec": {"place": null}}'):
        with pytest.raises(CommandError, match=r"spec\.place is written by the operator alone"):
            plane.kubectl(*patch, change)


def test_an_overlay_with_another_namespace_and_prefix_spares_its_own_operator(
    plane: ControlPlane, request: pytest.FixtureRequest
) -> None:
    folder = Path(tempfile.mkdtemp(dir=ROOT / "build"))
    request.addfinalizer(partial(shutil.rmtree, folder))
    overlay = {"namespace": "elsewhere", "namePrefix": "our-", "resources": ["../../manifests/overlays/default"]}
    (folder / "kustomization.yaml").write_text(json.dumps({"kind": "Kustomization", **overlay}))
    made = [each for each in yaml.safe_load_all(plane.kubectl("kustomize", str(folder))) if each]
    (account,) = [each["metadata"] for each in made if each["kind"] == "ServiceAccount"]
    assert (account["namespace"], account["name"]) == ("elsewhere", "our-ailtire-operator")
    policies = {each["metadata"]["name"] for each in made if each["kind"] == "ValidatingAdmissionPolicy"}
    bindings = [each["spec"] for each in made if each["kind"] == "ValidatingAdmissionPolicyBinding"]
    assert {each["policyName"] for each in bindings} == policies
    sparing = [each for each in bindings if "paramRef" in each]
    assert {each["policyName"] for each in bindings if each not in sparing} == {"our-ailtire-deprecated"}
    for each in sparing:
        assert (each["paramRef"]["namespace"], each["paramRef"]["name"]) == ("elsewhere", "our-ailtire-operator")
    subjects = [each["subjects"] for each in made if each["kind"] in ("RoleBinding", "ClusterRoleBinding")]
    assert all((each["namespace"], each["name"]) == ("elsewhere", "our-ailtire-operator") for (each,) in subjects)
    assert "ailtire-system" not in json.dumps(made)


def test_the_overlay_for_some_namespaces_grants_the_operator_nothing_in_the_cluster(plane: ControlPlane) -> None:
    made = objects(plane, "manifests/overlays/namespaced")
    assert [each["metadata"]["name"] for each in made if each["kind"] == "ClusterRoleBinding"] == []
    granted = {each["metadata"]["namespace"] for each in made if each["kind"] == "Role"}
    (deployment,) = [each for each in made if each["kind"] == "Deployment"]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    (watched,) = [each["value"] for each in container["env"] if each["name"] == "AILTIRE_OPERATOR_NAMESPACE"]
    assert granted == {*watched.split(","), naming.OPERATOR_NAMESPACE}


@pytest.mark.parametrize("overlay", OVERLAYS, ids=lambda path: path.name)
def test_every_overlay_is_taken(plane: ControlPlane, overlay: Any) -> None:
    present = set(plane.kubectl("get", "namespaces", "-o", "name").split())
    wanted = {f"namespace/{each['metadata'].get('namespace', 'default')}" for each in objects(plane, str(overlay))}
    missing = sorted(each.removeprefix("namespace/") for each in wanted - present)
    for namespace in missing:
        plane.kubectl("create", "namespace", namespace)
    try:
        plane.kubectl("apply", "--dry-run=server", "--server-side", "--force-conflicts", "-k", str(overlay))
    finally:
        if missing:
            plane.kubectl("delete", "namespace", *missing)


def test_the_lab_has_all_but_the_pods(plane: ControlPlane) -> None:
    default = {(each["kind"], each["metadata"]["name"]) for each in objects(plane, "manifests/overlays/default")}
    lab = {(each["kind"], each["metadata"]["name"]) for each in objects(plane, "manifests/overlays/lab")}
    assert {kind for kind, _ in default - lab} == {"Deployment", "NetworkPolicy", "PodDisruptionBudget"}
    assert lab < default


def test_the_operators_pods_are_admitted_to_their_own_namespace(plane: ControlPlane) -> None:
    """It enforces the standard "restricted"; a pod is tried, as for a Deployment there is only a warning."""
    (deployment,) = [each for each in objects(plane, "manifests/overlays/default") if each["kind"] == "Deployment"]
    template = deployment["spec"]["template"]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {**template["metadata"], "name": "x"},
        "spec": template["spec"],
    }
    plane.kubectl("create", "--dry-run=server", "-n", naming.OPERATOR_NAMESPACE, "-f", "-", stdin=json.dumps(pod))


def test_the_operator_may_read_no_secret_and_nothing_is_granted_by_wildcard(plane: ControlPlane) -> None:
    roles = [each for each in objects(plane, "manifests/overlays/lab") if each["kind"] in ("Role", "ClusterRole")]
    granted = [rule for role in roles for rule in role["rules"]]
    assert all("*" not in [*rule["apiGroups"], *rule["resources"], *rule["verbs"]] for rule in granted)
    resources = {resource for rule in granted for resource in rule["resources"]}
    assert not resources & {"secrets", "pods/exec", "roles", "clusterroles", "serviceaccounts/token"}
    assert not any(resource.endswith("/finalizers") for resource in resources)
    with pytest.raises(CommandError):
        plane.kubectl("auth", "can-i", "get", "secrets", "-A", f"--as={OPERATOR}", "-q")
