"""A pod has a service account only where everybody above has declared it, and a token only where it is asked for."""

from typing import Any

import pytest

from ailtire_operator.cluster import author_policies
from ailtire_operator.model.limits import ACCOUNT_LIMIT
from ailtire_operator.model.loading import levels, parse_spec
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.model.references import names
from ailtire_operator.plan.types import Plan
from support.definitions.stacks import find, plan_of, pod_spec
from support.definitions.trees import Json, holding, inline, plans_of_tree, reference

NAME = "uploader"
DECLARED: Json = {"serviceAccounts": [NAME]}


def web(**more: Any) -> Json:
    return {"services": {"web": {"image": "web:1", "user": "1000", **more}}}


USES = web(serviceAccountName=NAME)
MORE: dict[str, Json] = {
    "Deployment": {},
    "DaemonSet": {"deploy": {"mode": "global"}},
    "StatefulSet": {"volumes": {"v": {"source": "own", "target": "/v"}}},
    "Job": {"deploy": {"mode": "replicatedJob"}},
}


def accounts(found: dict[str, Plan | str]) -> list[str]:
    """The stacks with a pod that has an account."""
    plans = [each for each in found.values() if isinstance(each, Plan)]
    return sorted(
        made.stack.name
        for made in plans
        if any(each["kind"] == "Deployment" and "serviceAccountName" in pod_spec(each) for each in made.objects)
    )


@pytest.mark.parametrize("kind", MORE)
def test_a_service_of_any_kind_has_its_account_and_a_token_only_where_it_asks_for_one(kind: str) -> None:
    def spec_of(**more: Any) -> Json:
        spec = {**web(**MORE[kind], **more), **DECLARED, "data": {"own": {"perReplica": True}}}
        (made,) = [each for each in plan_of(spec).objects if each["kind"] == kind]
        return pod_spec(made)

    plain, with_account = spec_of(), spec_of(serviceAccountName=NAME)
    assert plain["automountServiceAccountToken"] is False
    assert not {"serviceAccountName", "serviceAccount"} & set(plain)
    assert with_account == {**plain, "serviceAccountName": NAME, "serviceAccount": NAME}
    mounted = spec_of(serviceAccountName=NAME, automountServiceAccountToken=True)
    assert mounted == {**with_account, "automountServiceAccountToken": True}


def test_only_the_pods_of_the_service_have_the_account() -> None:
    members = {
        "web": {"image": "web:1", "user": "1000", "interface": {"/": {}}, "serviceAccountName": NAME},
        "db": {"image": "db:1", "user": "1000"},
    }
    made = plan_of({"services": members, "verify": {"image": "check:1", "user": "1000"}, **DECLARED})
    pods = {(each["kind"], each["metadata"]["name"]): each for each in made.objects if each["kind"] == "Deployment"}
    assert len(pods) == 3
    (check,) = [each for each in made.objects if each["kind"] == "Job"]
    found = [name for (_, name), each in pods.items() if "serviceAccountName" in pod_spec(each)]
    assert found == ["shop-web"]
    assert "serviceAccountName" not in pod_spec(check)


def test_a_declaration_alone_changes_no_pod() -> None:
    without, declared = plan_of(web()), plan_of({**web(), **DECLARED})
    assert find(without, "Deployment", "shop-web") == find(declared, "Deployment", "shop-web")


@pytest.mark.parametrize(
    ("spec", "templates", "name", "path", "where"),
    [
        (holding(kid=inline(USES)), {}, "shop-kid", "spec.services.kid.stack.services.web", "the tree's root"),
        (
            holding(kid=inline(holding(low=inline(USES)))), {}, "shop-kid-low",
            "spec.services.low.stack.services.web", "the tree's root",
        ),
        (
            holding(kid=reference("t")), {"t": {**USES, **DECLARED}}, "shop-kid",
            "spec.services.kid.stackRef(t).services.web", "the tree's root and of the template 't'",
        ),
        (
            holding(kid=reference("t")) | DECLARED, {"t": USES}, "shop-kid",
            "spec.services.kid.stackRef(t).services.web", "the tree's root and of the template 't'",
        ),
        (
            holding(kid=reference("t")) | DECLARED, {"t": holding(low=inline(USES))}, "shop-kid-low",
            "spec.services.low.stack.services.web", "the tree's root and of the template 't'",
        ),
        (
            holding(kid=reference("t")) | DECLARED, {"t": holding(low=reference("u")), "u": {**USES, **DECLARED}},
            "shop-kid-low", "spec.services.low.stackRef(u).services.web",
            "the tree's root and of the template 't' and of the template 'u'",
        ),
        (
            holding(kid=inline(USES)) | {"serviceAccounts": ["other"]}, {}, "shop-kid",
            "spec.services.kid.stack.services.web", "the tree's root",
        ),
    ],
)  # fmt: skip
def test_what_somebody_above_did_not_declare_is_refused_with_its_path_and_the_rest_goes_on(
    spec: Json, templates: dict[str, Json], name: str, path: str, where: str
) -> None:
    spec = {**spec, "services": {**spec["services"], "sister": {"type": "stack", "stack": web()}}}
    found = plans_of_tree(spec, **templates)
    assert accounts(found) == []
    said = found[name]
    assert isinstance(said, str)
    assert said.startswith(f"{path}.serviceAccountName: ")
    assert said.endswith(f"write 'serviceAccounts: [{NAME}]' into the spec of {where}")
    assert isinstance(found["shop-sister"], Plan)
    with pytest.raises(InvalidStack, match="serviceAccountName"):
        list(levels("shop", parse_spec(spec), {key: parse_spec(each) for key, each in templates.items()}))


@pytest.mark.parametrize("declared", [{}, {"serviceAccounts": ["other"]}])
def test_the_roots_own_services_need_the_declaration_too(declared: Json) -> None:
    """The policy reads the declaration alone: services would cost it more than it may spend."""
    with pytest.raises(InvalidStack, match=r"spec\.services\.web\.serviceAccountName: .* the spec of this stack"):
        plan_of({**USES, **declared})
    with pytest.raises(InvalidStack, match=r"spec\.services\.web\.serviceAccountName: "):
        list(levels("shop", parse_spec({**USES, **declared}), {}))


@pytest.mark.parametrize(
    ("spec", "templates", "stacks"),
    [
        ({**USES, **DECLARED}, {}, ["shop"]),
        (holding(kid=inline(USES)) | DECLARED, {}, ["shop-kid"]),
        (holding(kid=inline(holding(low=inline(USES)))) | DECLARED, {}, ["shop-kid-low"]),
        (holding(kid=reference("t")) | DECLARED, {"t": {**USES, **DECLARED}}, ["shop-kid"]),
        (
            holding(kid=reference("t")) | DECLARED,
            {"t": holding(low=inline(USES), also=reference("u")) | DECLARED, "u": {**USES, **DECLARED}},
            ["shop-kid-also", "shop-kid-low"],
        ),
    ],
)
def test_what_everybody_above_declared_is_made(spec: Json, templates: dict[str, Json], stacks: list[str]) -> None:
    assert accounts(plans_of_tree(spec, **templates)) == stacks


def test_a_child_that_somebody_edits_has_no_more_than_its_place_passes_on() -> None:
    place = {"root": "r", "parent": "r", "parentKey": "kid", "depth": 1, "appName": "r", "templates": ["t"]}
    with pytest.raises(InvalidStack, match=r"into the spec of the tree's root 'r' and of the templates 't'"):
        plan_of({**USES, **DECLARED, "place": place})
    assert accounts({"shop": plan_of({**USES, "place": {**place, **DECLARED}})}) == ["shop"]


def test_an_inline_child_declares_nothing_as_nobody_was_asked() -> None:
    found = plans_of_tree({**holding(kid=inline(USES | DECLARED)), **DECLARED})
    assert "spec.services.kid.stack.serviceAccounts: an inline stack cannot have this" in str(found["shop-kid"])


def test_a_token_needs_an_account() -> None:
    with pytest.raises(InvalidStack, match="automountServiceAccountToken needs serviceAccountName"):
        parse_spec(web(automountServiceAccountToken=True))
    assert parse_spec(web(automountServiceAccountToken=False))


def test_a_declaration_that_nothing_needs_is_told() -> None:
    path = "spec.serviceAccounts[0]"

    def told(spec: Json) -> list[str]:
        return [each.message for each in plan_of({**spec, **DECLARED}).notices if each.path == path]

    unused = f"no service has '{NAME}', but its author still needs the permission for it."
    assert told(web()) == told(holding(kid=inline(web()))) == [unused]
    assert told(USES) == told(holding(kid=inline(USES))) == told(holding(kid=reference("missing"))) == []
    place = {"root": "r", "parent": "r", "parentKey": "kid", "depth": 1, "appName": "r"}
    assert told({**web(), "place": place}) == [f"no stack above declares '{NAME}', so no service can have it."]


def test_the_policy_asks_for_every_account_that_a_definition_may_declare() -> None:
    (policy,) = [
        each
        for each in author_policies.policies()
        if each["metadata"]["name"] == "ailtire-author-pod-accounts" and not each["kind"].endswith("Binding")
    ]
    asked = [each["expression"] for each in policy["spec"]["validations"]]
    for holder in ("object.spec", "object.spec.place"):
        for index in range(ACCOUNT_LIMIT):
            name = f"{holder}.serviceAccounts[{index}]"
            (found,) = [each for each in asked if f".name({name}).check(" in each]
            assert f"size({holder}.serviceAccounts) <= {index} || " in found
    assert len(asked) == 2 * ACCOUNT_LIMIT
    with pytest.raises(InvalidStack, match="serviceAccounts"):
        parse_spec({"serviceAccounts": [f"account-{index}" for index in range(ACCOUNT_LIMIT + 1)]})


def test_programs_that_rename_accounts_find_them() -> None:
    spec = {**USES, **DECLARED, "services": {**USES["services"], "kid": {"type": "stack", "stack": USES}}}
    found = {path for kind, path in names(spec) if kind == "ServiceAccount"}
    assert found == {
        ("serviceAccounts",),
        ("services", "web", "serviceAccountName"),
        ("services", "kid", "stack", "services", "web", "serviceAccountName"),
    }
