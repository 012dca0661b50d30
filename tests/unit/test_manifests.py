"""The manifests name what the code names: a test on a cluster would find it late, or not at all."""

import re
from pathlib import Path
from typing import Any, get_args

import yaml

from ailtire_operator import naming
from ailtire_operator.cluster import author_policies, warn_policies
from ailtire_operator.cluster.kinds import ASKED_KINDS, DECLARED_KINDS, OPERATORS_OWN_KINDS, OWNED_KINDS
from ailtire_operator.model.place import AdditionalKind
from ailtire_operator.model.settings import Settings
from lab.paths import ROOT

MANIFESTS = ROOT / "manifests"
BASE = MANIFESTS / "base"
POLICIES = sorted(BASE.glob("policy-*.yaml"))
KUSTOMIZED = [path for path in MANIFESTS.rglob("*.yaml") if "helm" not in path.relative_to(MANIFESTS).parts]
"""All but the chart, whose templates are no YAML: it has these files' objects, which tests/packages compares."""


WARNING = "ailtire-deprecated"
"""The policy that refuses nothing."""
OF_THE_OPERATOR = "ailtire-pods"
"""The one that says what the operator may not do."""


def documents(path: Path) -> list[dict[str, Any]]:
    return [each for each in yaml.safe_load_all(path.read_text()) if each]


def test_every_policy_spares_the_account_that_its_binding_names_and_no_other() -> None:
    """But for the one that is about the operator itself, and about nobody else."""
    found = [each for path in POLICIES for each in documents(path) if each["metadata"]["name"] != WARNING]
    rules = {each["metadata"]["name"]: each["spec"] for each in found if not each["kind"].endswith("Binding")}
    bindings = [each["spec"] for each in found if each["kind"].endswith("Binding")]
    assert {each["policyName"] for each in bindings} == set(rules)
    account = "'system:serviceaccount:' + params.metadata.namespace + ':' + params.metadata.name"
    named = {"name": naming.OPERATOR_NAME, "namespace": naming.OPERATOR_NAMESPACE}
    for binding in bindings:
        name, policy = binding["policyName"], rules[binding["policyName"]]
        sign = "==" if name == OF_THE_OPERATOR else "!="
        assert policy["matchConditions"][0]["expression"] == f"request.userInfo.username {sign} {account}"
        assert policy["paramKind"] == {"apiVersion": "v1", "kind": "ServiceAccount"}
        # Without the account nobody writes a stack. What only warns denies nothing, whatever happens to it.
        failing, absent, action = ("Ignore", "Allow", "Warn") if "-warn-" in name else ("Fail", "Deny", "Deny")
        assert policy["failurePolicy"] == failing
        assert binding["paramRef"] == {**named, "parameterNotFoundAction": absent}
        assert binding["validationActions"] == [action]


def test_the_policy_that_warns_refuses_nobody_anything() -> None:
    policy, binding = documents(BASE / "policy-deprecated.yaml")
    assert policy["metadata"]["name"] == binding["metadata"]["name"] == binding["spec"]["policyName"] == WARNING
    assert (policy["spec"]["failurePolicy"], binding["spec"]["validationActions"]) == ("Ignore", ["Warn"])


def test_the_policies_are_those_that_the_code_generates() -> None:
    assert (BASE / "policy-author.yaml").read_text() == author_policies.text(), "run `make policies`"
    assert (BASE / "policy-warn.yaml").read_text() == warn_policies.text(), "run `make policies`"


def test_every_kind_has_one_answer_to_who_needs_the_right_to_it() -> None:
    """What is additional is the same to the model, which knows no cluster, and to the policies."""
    assert [kind.kind for kind in DECLARED_KINDS] == list(get_args(AdditionalKind))
    sorted_out = [*ASKED_KINDS, *DECLARED_KINDS, *OPERATORS_OWN_KINDS]
    assert sorted(kind.kind for kind in sorted_out) == sorted(kind.kind for kind in OWNED_KINDS)


def test_the_lease_may_be_written_under_its_name_alone() -> None:
    roles = [each for each in documents(BASE / "roles-operator.yaml") if each["kind"] == "Role"]
    named, creating = roles[0]["rules"]
    assert roles[0]["metadata"]["namespace"] == Settings().lease_namespace
    assert named["resourceNames"] == [naming.LEASE_NAME]
    assert creating["verbs"] == ["create"]


def test_the_rights_in_one_namespace_are_those_in_all_but_for_nodes() -> None:
    """That those are the rights that it uses, the audit log of another test says."""
    everywhere = documents(BASE / "roles-operator.yaml")[0]["rules"]
    role, binding = documents(MANIFESTS / "namespace" / "roles.yaml")
    assert role["rules"] == [rule for rule in everywhere if rule["resources"] != ["nodes"]]
    assert len(role["rules"]) == len(everywhere) - 1
    assert (role["kind"], binding["kind"], binding["roleRef"]["kind"]) == ("Role", "RoleBinding", "Role")
    subject = {"kind": "ServiceAccount", "name": naming.OPERATOR_NAME, "namespace": naming.OPERATOR_NAMESPACE}
    assert binding["subjects"] == [subject]


def test_who_lets_the_operator_watch_secrets_grants_that_and_nothing_else() -> None:
    role, binding = documents(MANIFESTS / "secret-metadata" / "roles.yaml")
    assert role["rules"] == [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["list", "watch"]}]
    subject = {"kind": "ServiceAccount", "name": naming.OPERATOR_NAME, "namespace": naming.OPERATOR_NAMESPACE}
    assert (binding["roleRef"]["name"], binding["subjects"]) == (role["metadata"]["name"], [subject])
    (component,) = documents(MANIFESTS / "secret-metadata" / "kustomization.yaml")
    (patch,) = [yaml.safe_load(each["patch"]) for each in component["patches"]]
    (variable,) = patch["spec"]["template"]["spec"]["containers"][0]["env"]
    assert variable["name"].lower().removeprefix("ailtire_operator_") in Settings.model_fields
    everywhere = [path for path in KUSTOMIZED if path.parent.name != "secret-metadata"]
    rules = [rule for path in everywhere for each in documents(path) for rule in each.get("rules") or ()]
    assert not any("secrets" in rule["resources"] for rule in rules)


def test_the_right_to_act_as_an_account_names_it_and_holds_in_its_namespace() -> None:
    objects = documents(MANIFESTS / "tenant" / "account.yaml")
    (role,) = [each for each in objects if each["kind"] == "Role"]
    (account,) = [each["metadata"]["name"] for each in objects if each["kind"] == "ServiceAccount"]
    right = {"apiGroups": [""], "resources": ["serviceaccounts"], "resourceNames": [account], "verbs": ["impersonate"]}
    assert role["rules"] == [right]
    everything = [each for path in KUSTOMIZED for each in documents(path)]
    rules = [rule for each in everything if each.get("kind") == "ClusterRole" for rule in each["rules"]]
    assert rules
    assert not any("impersonate" in rule["verbs"] for rule in rules)


def test_the_probes_ask_where_the_operator_answers() -> None:
    (deployment,) = documents(BASE / "deployment.yaml")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["ports"] == [{"name": "http", "containerPort": Settings().metrics_port}]
    assert container["args"][-2:] == ["-m", "ailtire_operator.handlers"]
    (policy,) = documents(BASE / "network-policy.yaml")
    assert policy["spec"]["ingress"][0]["ports"][0]["port"] == Settings().metrics_port


def test_the_image_starts_what_the_deployment_starts() -> None:
    command = re.search(r"^CMD (\[.*\])$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    (container,) = documents(BASE / "deployment.yaml")[0]["spec"]["template"]["spec"]["containers"]
    assert command is not None
    assert yaml.safe_load(command[1]) == container["args"]


def test_every_file_is_part_of_a_kustomization() -> None:
    for folder in [BASE, MANIFESTS / "monitoring", MANIFESTS / "monitoring" / "pod-monitor"]:
        kustomization = documents(folder / "kustomization.yaml")[0]
        named = {each for each in kustomization["resources"] if each.endswith(".yaml")}
        generators = kustomization.get("configMapGenerator", ())
        generated = {name for each in generators for name in each["files"] if name.endswith(".yaml")}
        generated |= set(kustomization.get("configurations", ()))
        assert {path.name for path in folder.glob("*.yaml")} == named | generated | {"kustomization.yaml"}
