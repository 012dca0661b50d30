"""An author without a right gets nothing by a stack: every kind that a stack makes, by every way in."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.cluster.author_policies import VERBS
from ailtire_operator.cluster.kinds import ASKED_KINDS, DECLARED_KINDS, HTTP_ROUTE, OWNED_KINDS, STACK, Kind
from ailtire_operator.model.limits import ACCOUNT_LIMIT
from lab import ControlPlane, eventually, manifests
from lab.api import Api, Refused
from lab.gatewayapi import route_definition
from support.kube.trees import Trees, service

Json = dict[str, Any]
NAMESPACE = "authors"
RIGHTS = [(kind, verb) for kind in (*ASKED_KINDS, *DECLARED_KINDS) for verb in VERBS]
ROUTED: Json = {
    "services": {"web": service(interface={"/": {"port": 8080}})},
    "edge": {"kind": "HTTPRoute", "parentRef": {"name": "corp", "namespace": "infra"}},
}
DECLARED: Json = {"additionalKinds": ["HTTPRoute"]}
PLACE = {"root": "shop", "parent": "shop", "parentKey": "kid", "depth": 1, "appName": "shop"}


def lacking(kind: Kind, verb: str) -> str:
    """A user who has every right that a stack asks for but one."""
    return f"without-{verb}-{kind.plural}"


def roles() -> Iterator[Json]:
    """Each right as a role of its own, for all users but the one who lacks it; stacks for all."""
    users = [lacking(kind, verb) for kind, verb in RIGHTS]
    yield from _role("stacks", [STACK], ["get", "create", "patch", "update"], [*users, "nobody"])
    for kind, verb in RIGHTS:
        yield from _role(
            f"{verb}-{kind.plural}", [kind], [verb], [each for each in users if each != lacking(kind, verb)]
        )


def _role(name: str, kinds: list[Kind], verbs: list[str], users: list[str]) -> Iterator[Json]:
    api, metadata = "rbac.authorization.k8s.io/v1", {"name": name, "namespace": NAMESPACE}
    rules = [{"apiGroups": [kind.group], "resources": [kind.plural], "verbs": verbs} for kind in kinds]
    yield {"apiVersion": api, "kind": "Role", "metadata": metadata, "rules": rules}
    subjects = [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": each} for each in users]
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
    yield {"apiVersion": api, "kind": "RoleBinding", "metadata": metadata, "roleRef": reference, "subjects": subjects}


@pytest.fixture(scope="module")
def plane(control_plane: ControlPlane) -> Iterator[ControlPlane]:
    manifests.install(control_plane)
    control_plane.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(route_definition()))
    control_plane.kubectl("wait", "--for=condition=Established", f"crd/{HTTP_ROUTE.plural}.{HTTP_ROUTE.group}")
    control_plane.kubectl("create", "namespace", NAMESPACE)
    control_plane.kubectl(
        "create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": [*roles()]})
    )
    control_plane.kubectl("create", "-f", "-", stdin=json.dumps(stack("held", {"services": {}})))
    control_plane.kubectl("create", "-f", "-", stdin=json.dumps(stack("model", {"services": {}, "templateOnly": True})))
    control_plane.kubectl("create", "-f", "-", stdin=json.dumps(stack("routed", ROUTED)))
    # The last binding is known once its own user is told of the right that it lacks, and of no other.
    for kind, verb in RIGHTS:
        eventually(partial(_is_known, control_plane, kind, verb), what=f"the bindings of {kind.plural}")
    yield control_plane
    control_plane.kubectl("delete", "namespace", NAMESPACE, "--wait=false")
    # Tests that come later on this control plane count on a cluster without the Gateway API.
    control_plane.kubectl("delete", "crd", f"{HTTP_ROUTE.plural}.{HTTP_ROUTE.group}")


def _is_known(plane: ControlPlane, kind: Kind, verb: str) -> bool:
    return by_stack(user(plane, kind, verb), ROUTED) == told(kind, verb)


def user(plane: ControlPlane, kind: Kind, verb: str) -> Api:
    return replace(plane.api, acting_as=lacking(kind, verb))


def stack(name: str, spec: Json, **metadata: Any) -> Json:
    named = {"name": name, "namespace": NAMESPACE, **metadata}
    return {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": named, "spec": spec}


def by_stack(api: Api, spec: Json, **metadata: Any) -> str:
    """What a user is told who creates a stack; empty where nothing stands in the way. Nothing is stored."""
    return _said(lambda: api.create(f"{STACK.path(NAMESPACE)}?dryRun=All", stack("shop", spec, **metadata)))


def by_update(api: Api, name: str, spec: Json) -> str:
    return _said(lambda: api.merge(f"{STACK.path(NAMESPACE, name)}?dryRun=All", {"spec": spec}))


def by_request(api: Api, name: str) -> str:
    """What a user is told who asks a stack to take over what has lost its owner."""
    annotations = {naming.ANNOTATION_ADOPT: "true"}
    return _said(
        lambda: api.merge(f"{STACK.path(NAMESPACE, name)}?dryRun=All", {"metadata": {"annotations": annotations}})
    )


def _said(call: Any) -> str:
    try:
        call()
    except Refused as refused:
        return str(json.loads(str(refused).partition(": ")[2])["message"]).rpartition("denied request: ")[2]
    return ""


def told(kind: Kind, verb: str) -> str:
    return (
        f"a stack is made of objects that its author must be allowed to {verb}: {lacking(kind, verb)} may not {verb} "
        f"{kind.plural} in namespace {NAMESPACE}"
    )


def ways(api: Api, owner: Json) -> Iterator[tuple[str, str]]:
    """Each way to get an object by a stack, with what a user is told who tries it."""
    child = {"services": {"kid": {"type": "stack", "stack": ROUTED}}}
    yield "root", by_stack(api, ROUTED)
    yield "inline child", by_stack(api, {**child, **DECLARED})
    yield "template", by_stack(api, {**ROUTED, "templateOnly": True})
    yield "a template's inline child", by_stack(api, {**child, **DECLARED, "templateOnly": True})
    yield (
        "reference",
        by_stack(api, {"services": {"kid": {"type": "stack", "stackRef": {"name": "model"}}}, **DECLARED}),
    )
    yield "update", by_update(api, "held", ROUTED)
    yield "update that adds a child", by_update(api, "held", {**child, **DECLARED})
    yield "update of a template", by_update(api, "model", ROUTED)
    yield "request for an adoption", by_request(api, "routed")
    named = {**ROUTED, "data": {"rows": {"adopt": True, "retain": True, "claim": "theirs"}}}
    yield "claim that is named", by_stack(api, named)
    below = {"services": {"kid": {"type": "stack", "stack": named}}}
    yield "claim that an inline child names", by_stack(api, {**below, **DECLARED})
    yield "claim that a template names", by_stack(api, {**named, "templateOnly": True})
    workload = {**ROUTED, "services": {"web": {**ROUTED["services"]["web"], "adopt": True}}}
    yield "Deployment that is named", by_stack(api, workload)
    yield "update that names a Deployment", by_update(api, "held", workload)
    below = {"services": {"kid": {"type": "stack", "stack": workload}}}
    yield "Deployment that an inline child names", by_stack(api, {**below, **DECLARED})
    yield "Deployment that a template names", by_stack(api, {**workload, "templateOnly": True})
    yield "owner in the metadata", by_stack(api, ROUTED, ownerReferences=[owner])


def test_every_kind_is_asked_for_or_said_to_be_the_operators_own() -> None:
    assert {each.kind for each in OWNED_KINDS} - {kind.kind for kind, _ in RIGHTS} == {
        "AiltireStack", "ControllerRevision", "EndpointSlice",
    }  # fmt: skip


def test_who_lacks_one_right_gets_nothing_by_any_way(plane: ControlPlane) -> None:
    held = plane.api.get(STACK.path(NAMESPACE, "held"))
    owner = {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "name": "held", "uid": held["metadata"]["uid"]}
    for kind, verb in RIGHTS:
        api = user(plane, kind, verb)
        for way, said in ways(api, owner):
            assert said == told(kind, verb), f"{kind.kind}: {verb}: {way}"


def test_who_lacks_a_right_does_not_have_it_directly_either(plane: ControlPlane) -> None:
    for kind, verb in RIGHTS:
        body = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": "x"}}
        if verb == "create":
            with pytest.raises(Refused, match="403"):
                user(plane, kind, verb).create(f"{kind.path(NAMESPACE)}?dryRun=All", body)


def test_a_kind_that_is_not_asked_for_takes_no_right(plane: ControlPlane) -> None:
    plain = {"services": {"web": service()}}
    for verb in VERBS:
        assert by_stack(user(plane, HTTP_ROUTE, verb), plain) == ""


def test_who_changes_a_child_needs_the_right_to_what_its_place_passes_on(
    plane: ControlPlane, request: pytest.FixtureRequest
) -> None:
    child = stack("shop-kid", {"services": {}, "place": {**PLACE, "additionalKinds": ["HTTPRoute"]}})
    operator = replace(plane.api, acting_as=f"system:serviceaccount:{naming.OPERATOR_NAMESPACE}:{naming.OPERATOR_NAME}")
    operator.create(STACK.path(NAMESPACE), child)
    request.addfinalizer(lambda: plane.kubectl("delete", "ats", "shop-kid", "-n", NAMESPACE))
    assert by_update(user(plane, HTTP_ROUTE, "create"), "shop-kid", {"appName": "x"}) == told(HTTP_ROUTE, "create")


def test_who_declares_an_account_for_pods_may_create_tokens_of_it(plane: ControlPlane) -> None:
    """The longest list that the schema lets through, twice, is what the policy can spend at most."""
    names = [f"account-{index}" for index in range(ACCOUNT_LIMIT)]
    author, other = user(plane, HTTP_ROUTE, "create"), user(plane, HTTP_ROUTE, "patch")
    rules = [{"apiGroups": [""], "resources": ["serviceaccounts/token"], "resourceNames": names, "verbs": ["create"]}]
    role, binding = _role("tokens", [], [], [lacking(HTTP_ROUTE, "create")])
    for each in ({**role, "rules": rules}, binding):
        plane.kubectl("create", "-f", "-", stdin=json.dumps(each))
    plain: Json = {"services": {"web": service(serviceAccountName=names[0])}}

    def told(api: Api, declared: list[str], **more: Any) -> str:
        return by_stack(api, {**plain, "serviceAccounts": declared, **more})

    eventually(lambda: told(author, names) == "", what="the author's right")
    assert told(author, [*names[1:], "foreign"]).startswith(f"spec.serviceAccounts[{ACCOUNT_LIMIT - 1}]: ")
    for index in range(ACCOUNT_LIMIT):
        said = f"spec.serviceAccounts[{index}]: {lacking(HTTP_ROUTE, 'create')} may not create tokens of the service "
        said += f"account foreign in namespace {NAMESPACE}"
        declared = [*names[:index], "foreign", *names[index + 1 :]]
        assert told(author, declared) == told(author, declared, templateOnly=True) == said
        assert by_update(author, "held", {"serviceAccounts": declared}) == said
    assert "may not create tokens of the service account account-0" in told(other, names[:1])
    assert by_stack(other, plain) == "", "the operator refuses what nobody declared"

    placed = {"services": {}, "serviceAccounts": names, "place": {**PLACE, "serviceAccounts": names}}
    operator = replace(plane.api, acting_as=f"system:serviceaccount:{naming.OPERATOR_NAMESPACE}:{naming.OPERATOR_NAME}")
    operator.create(STACK.path(NAMESPACE), stack("accounts-kid", placed))
    try:
        assert by_update(author, "accounts-kid", {"appName": "x"}) == ""
        said = by_update(other, "accounts-kid", {"appName": "x", "serviceAccounts": []})
        assert said.startswith("spec.place.serviceAccounts[0]: ")
    finally:
        plane.kubectl("delete", "ats", "accounts-kid", "-n", NAMESPACE)


@pytest.mark.parametrize("template", [False, True])
def test_an_httproute_that_nobody_declared_is_never_made(trees: Trees, template: bool) -> None:
    """Its author has every right but the one to HTTPRoutes: the policies let the root pass, the operator does not."""
    trees.plane.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(route_definition()))
    trees.plane.kubectl("wait", "--for=condition=Established", f"crd/{HTTP_ROUTE.plural}.{HTTP_ROUTE.group}")
    trees.kubectl("create", "rolebinding", "edit", "--clusterrole=edit", "--user=editor")
    member: Json = {"type": "stack", "stack": ROUTED}
    if template:
        below = {"services": {"low": {"type": "stack", "stack": ROUTED}}, "templateOnly": True, **DECLARED}
        trees.apply("model", below)
        member = {"type": "stack", "stackRef": {"name": "model"}}
    spec = {"services": {"kid": member, "web": service()}}
    author = replace(trees.plane.api, acting_as="editor")

    def create() -> bool:
        with suppress(Refused):
            author.create(STACK.path(trees.namespace), trees.manifest("hr", spec))
            return True
        return False

    eventually(create, what="the author's rights")
    blocked = "hr-kid" if template else "hr"
    trees.kubectl("wait", "ats", blocked, "--for=condition=Stalled", "--timeout=120s")
    status = json.loads(trees.kubectl("get", "ats", blocked, "-o", "json"))["status"]
    (stalled,) = [each for each in status["conditions"] if each["type"] == "Stalled"]
    assert stalled["reason"] == "InvalidSpec"
    assert "edge.kind: not every author may create an HTTPRoute" in stalled["message"]
    eventually(lambda: "deployment" in trees.kubectl("get", "deployments", "hr-web", "-o", "name"), what="the rest")
    assert trees.kubectl("get", "httproutes", "-o", "name") == ""
