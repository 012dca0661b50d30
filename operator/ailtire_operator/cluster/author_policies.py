"""Generates the policies that hold authors to their rights: ``python -m ailtire_operator.cluster.author_policies``.

The operator makes objects by its own rights, so an author needs them too: to create, to change and to delete each kind
that a stack is made of. One policy a verb, as the API server lets one policy ask its authorizer some twenty questions
only. The result is committed; ``make verify`` checks that it is current.
"""

import sys
from typing import Any, Final

import yaml

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import ASKED_KINDS, DECLARED_KINDS, Kind
from ailtire_operator.model.limits import ACCOUNT_LIMIT

Json = dict[str, Any]

VERBS: Final = ("create", "patch", "delete")
"""What the operator does to a stack's objects."""

_HEAD: Final = """\
# Generated from the kinds that a stack is made of by `make policies`; edit ailtire_operator/cluster instead.
#
# An AiltireStack makes the operator create, change and delete objects. Without these policies, who may write stacks
# but not, say, Deployments would get them all the same, by the operator's hand. So an author needs the rights to what
# stacks are made of. A kind that not every author has the right to is asked for where the resource declares it, in its
# own edge or in spec.additionalKinds; the operator makes none below where it is not declared. Where spec.reconcileAs
# names a service account, the operator writes by that one's rights, and the author needs the right to impersonate it.
# A pod has a service account only if spec.serviceAccounts declares it, and then the author needs the right to create
# tokens of it, as a pod gets one.
#
# The operator is exempt: it writes children on behalf of whoever wrote their parent. Its account is the policies'
# parameter, so that kustomize's namespace and prefixes reach it.
"""
API: Final = "admissionregistration.k8s.io/v1"
ACCOUNT: Final = {"name": naming.OPERATOR_NAME, "namespace": naming.OPERATOR_NAMESPACE}
NOT_THE_OPERATOR: Final = {
    "name": "not-the-operator",
    "expression": "request.userInfo.username != "
    "'system:serviceaccount:' + params.metadata.namespace + ':' + params.metadata.name",
}

# Who asks for an adoption makes the operator change objects, whoever wrote the definition.
_ADOPT: Final = f"metadata.annotations['{naming.ANNOTATION_ADOPT}']"
_HAS_ADOPT: Final = f"'{naming.ANNOTATION_ADOPT}' in %s.metadata.annotations"
_ASKS_NOW: Final = f"has(object.metadata.annotations) && {_HAS_ADOPT % 'object'}"
_ASKED: Final = (
    f"has(oldObject.metadata.annotations) && {_HAS_ADOPT % 'oldObject'} && object.{_ADOPT} == oldObject.{_ADOPT}"
)
# The garbage collector and others touch other metadata only, and need no right to Deployments for it.
_CHANGES: Final = {
    "name": "the-definition-changes",
    "expression": f"request.operation == 'CREATE' || object.spec != oldObject.spec || ({_ASKS_NOW} && !({_ASKED}))",
}
_PLACED_AS: Final = "(has(object.spec.place) && has(object.spec.place.reconcileAs))"
_BY_ITS_OWN_RIGHTS: Final = {
    "name": "the-operator-writes-by-its-own-rights",
    "expression": "has(object.spec.place) ? !has(object.spec.place.reconcileAs) : !has(object.spec.reconcileAs)",
}
_BY_AN_ACCOUNT: Final = {
    "name": "an-account-is-named",
    "expression": f"has(object.spec.reconcileAs) || {_PLACED_AS}",
}
_FOR_PODS: Final = {"spec": "object.spec", "spec.place": "object.spec.place"}
"""Where a resource declares accounts of pods: the path, and the expression for what holds the list."""
_ACCOUNTS_OF_PODS: Final = {
    "name": "accounts-of-pods-are-declared",
    "expression": "has(object.spec.serviceAccounts) || "
    "(has(object.spec.place) && has(object.spec.place.serviceAccounts))",
}
_WHO: Final = "request.userInfo.username"
_WHERE: Final = "' in namespace ' + request.namespace"


def policies() -> list[Json]:
    """All policies and their bindings."""
    found = [policy for verb in VERBS for policy in _policy(f"author-{verb}", _rights(verb), _BY_ITS_OWN_RIGHTS)]
    found += _policy("author-account", _accounts(), _BY_AN_ACCOUNT)
    return [*found, *_policy("author-pod-accounts", _accounts_of_pods(), _ACCOUNTS_OF_PODS)]


def check(kind: Kind, verb: str) -> str:
    """The expression that asks whether the author may do this to the kind in the stack's namespace."""
    question = f"authorizer.group('{kind.group}').resource('{kind.plural}').namespace(request.namespace)"
    return f"{question}.check('{verb}').allowed()"


def declares(kind: Kind) -> str:
    """The expression for whether the resource asks for a kind, or passes it on to stacks below."""
    named = f"'{kind.kind}' in object.spec."
    return " || ".join(
        [
            f"(has(object.spec.edge) && has(object.spec.edge.kind) && object.spec.edge.kind == '{kind.kind}')",
            f"(has(object.spec.additionalKinds) && {named}additionalKinds)",
            f"(has(object.spec.place) && has(object.spec.place.additionalKinds) && {named}place.additionalKinds)",
        ]
    )


def _rights(verb: str) -> list[Json]:
    """One right an expression: a single one may spend no more on the authorizer than about two questions cost."""
    asked = [(kind, check(kind, verb)) for kind in ASKED_KINDS]
    asked += [(kind, f"!({declares(kind)}) || {check(kind, verb)}") for kind in DECLARED_KINDS]
    said = f"'a stack is made of objects that its author must be allowed to {verb}: ' + {_WHO}"
    return [
        {
            "expression": expression,
            "messageExpression": f"{said} + ' may not {verb} {kind.plural}' + {_WHERE}",
            "reason": "Forbidden",
        }
        for kind, expression in asked
    ]


def _accounts() -> list[Json]:
    """Who names an account for the operator to write as, may be that account."""
    fields = [("!has(object.spec.reconcileAs)", "reconcileAs"), (f"!{_PLACED_AS}", "place.reconcileAs")]
    account = "authorizer.group('').resource('serviceaccounts').namespace(request.namespace)"
    return [
        {
            "expression": f"{absent} || {account}.name(object.spec.{field}).check('impersonate').allowed()",
            "messageExpression": f"'spec.{field}: ' + {_WHO} + ' may not impersonate the service account ' + "
            f"object.spec.{field} + {_WHERE}",
            "reason": "Forbidden",
        }
        for absent, field in fields
    ]


def _accounts_of_pods() -> list[Json]:
    """Who declares an account for pods may create tokens of it, whoever writes the pods: the API server asks nobody."""
    tokens = "authorizer.group('').resource('serviceaccounts').subresource('token').namespace(request.namespace)"
    validations = []
    for path, holder in _FOR_PODS.items():
        absent = f"!has({holder}.serviceAccounts)"
        if path != "spec":
            absent = f"!has({holder}) || {absent}"
        for index in range(ACCOUNT_LIMIT):  # no loop: an expression may ask about two questions only
            name = f"{holder}.serviceAccounts[{index}]"
            expression = f"{absent} || size({holder}.serviceAccounts) <= {index} || "
            said = f"'{path}.serviceAccounts[{index}]: ' + {_WHO} + ' may not create tokens of the service account '"
            validations.append(
                {
                    "expression": expression + f"{tokens}.name({name}).check('create').allowed()",
                    "messageExpression": f"{said} + {name} + {_WHERE}",
                    "reason": "Forbidden",
                }
            )
    return validations


def _policy(name: str, validations: list[Json], condition: Json) -> list[Json]:
    """A policy over the writing of stacks, and its binding."""
    rule = {
        "apiGroups": [naming.GROUP],
        "apiVersions": ["*"],
        "operations": ["CREATE", "UPDATE"],
        "resources": [naming.PLURAL],
        "scope": "Namespaced",
    }
    policy = {
        "failurePolicy": "Fail",
        "paramKind": {"apiVersion": "v1", "kind": "ServiceAccount"},
        "matchConstraints": {"resourceRules": [rule]},
        "matchConditions": [NOT_THE_OPERATOR, _CHANGES, condition],
        "validations": validations,
    }
    account = {**ACCOUNT, "parameterNotFoundAction": "Deny"}
    binding = {"policyName": f"ailtire-{name}", "paramRef": account, "validationActions": ["Deny"]}
    metadata = {"name": f"ailtire-{name}"}
    return [
        {"apiVersion": API, "kind": "ValidatingAdmissionPolicy", "metadata": metadata, "spec": policy},
        {"apiVersion": API, "kind": "ValidatingAdmissionPolicyBinding", "metadata": metadata, "spec": binding},
    ]


class _Dumper(yaml.SafeDumper):
    """Repeated parts are written out, never as anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def text() -> str:
    """The policies as YAML."""
    return as_yaml(_HEAD, policies())


def as_yaml(head: str, documents: list[Json]) -> str:
    """A file of manifests that begins with a comment."""
    return head + yaml.dump_all(documents, Dumper=_Dumper, sort_keys=False, width=120)


if __name__ == "__main__":
    sys.stdout.write(text())
