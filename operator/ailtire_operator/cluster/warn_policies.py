"""Generates policies that warn of changes that are put back: ``python -m ailtire_operator.cluster.warn_policies``.

They deny nothing. A workload is scaled through another resource, which says neither its labels nor its owner, so that
only the Event afterwards reports that. The result is committed; ``make verify`` checks that it is current.
"""

import sys
from collections.abc import Iterable
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cluster.author_policies import ACCOUNT, API, NOT_THE_OPERATOR, as_yaml
from ailtire_operator.cluster.kinds import (
    AUTOSCALER,
    DAEMON_SET,
    DEPLOYMENT,
    DISRUPTION_BUDGET,
    HTTP_ROUTE,
    INGRESS,
    JOB,
    NETWORK_POLICY,
    SERVICE,
    STACK,
    STATEFUL_SET,
    Kind,
)

Json = dict[str, Any]

WARNED_KINDS: Final = (
    SERVICE,
    DEPLOYMENT,
    STATEFUL_SET,
    DAEMON_SET,
    JOB,
    NETWORK_POLICY,
    INGRESS,
    AUTOSCALER,
    DISRUPTION_BUDGET,
    HTTP_ROUTE,
)
"""What people edit of a stack beside its children. All of these have a spec."""

_HEAD: Final = """\
# Generated from the kinds that a stack is made of by `make policies`; edit ailtire_operator/cluster instead.
#
# Who changes a child stack, or an object that a stack is made of, gets a warning that the operator puts it back, and
# which stack to change instead. Nothing is denied, neither where one of these fails nor without the operator's account.
"""
_BY_ITS_MANAGER: Final = {
    "name": "not-the-operator-by-another-account",
    "expression": "!has(request.options.fieldManager) || "
    f"!request.options.fieldManager.startsWith('{naming.FIELD_MANAGER}')",
}
_A_PERSON: Final = {
    "name": "none-of-kubernetes-own",
    "expression": "!request.userInfo.username.startsWith('system:serviceaccount:kube-system:') && "
    "!request.userInfo.username.startsWith('system:kube-') && !request.userInfo.username.startsWith('system:node:')",
}
_A_CHILD: Final = {"name": "a-child", "expression": "has(oldObject.spec.place)"}
_CONTROLLER: Final = f"each.kind == '{naming.KIND}' && has(each.controller) && each.controller"
_OF_A_STACK: Final = {
    "name": "made-from-a-stack",
    "expression": "has(oldObject.metadata.ownerReferences) && "
    f"oldObject.metadata.ownerReferences.exists(each, {_CONTROLLER})",
}
_OUR_LABELS: Final = (
    "(!has(oldObject.metadata.labels) || oldObject.metadata.labels.all(key, "
    f"!key.startsWith('{naming.GROUP}/') || (has(object.metadata.labels) && key in object.metadata.labels && "
    "object.metadata.labels[key] == oldObject.metadata.labels[key])))"
)
_AS_BEFORE: Final = f"object.spec == oldObject.spec && {_OUR_LABELS}"
_PARENT: Final = "oldObject.spec.place.parent"
_KEY: Final = "oldObject.spec.place.parentKey"
_CHILD_SAYS: Final = (
    f"'this is the child ' + {_KEY} + ' of {naming.SINGULAR} ' + {_PARENT} + ', and the operator puts back what is "
    f"changed here: change spec.services.' + {_KEY} + ' of ' + {_PARENT} + ', or the template that it refers to'"
)
_OWNER: Final = f"oldObject.metadata.ownerReferences.filter(each, {_CONTROLLER})[0].name"
_OBJECT_SAYS: Final = (
    f"'this is made from {naming.SINGULAR} ' + {_OWNER} + ', and the operator puts back what that defines: change '"
    f" + {_OWNER} + ' instead'"
)


def policies() -> list[Json]:
    """Both policies and their bindings."""
    managed = {"matchLabels": {naming.LABEL_MANAGED_BY: naming.OPERATOR_NAME}}
    return [
        *_policy("warn-child", [STACK], _A_CHILD, _CHILD_SAYS, {}),
        *_policy("warn-object", WARNED_KINDS, _OF_A_STACK, _OBJECT_SAYS, {"objectSelector": managed}),
    ]


def _policy(name: str, kinds: Iterable[Kind], condition: Json, said: str, selected: Json) -> list[Json]:
    """A policy over the changing of these kinds, and its binding."""
    policy = {
        "failurePolicy": "Ignore",
        "paramKind": {"apiVersion": "v1", "kind": "ServiceAccount"},
        "matchConstraints": {"resourceRules": [_rule(kind) for kind in kinds], **selected},
        "matchConditions": [NOT_THE_OPERATOR, _BY_ITS_MANAGER, _A_PERSON, condition],
        "validations": [{"expression": _AS_BEFORE, "messageExpression": said}],
    }
    account = {**ACCOUNT, "parameterNotFoundAction": "Allow"}
    binding = {"policyName": f"ailtire-{name}", "paramRef": account, "validationActions": ["Warn"]}
    metadata = {"name": f"ailtire-{name}"}
    return [
        {"apiVersion": API, "kind": "ValidatingAdmissionPolicy", "metadata": metadata, "spec": policy},
        {"apiVersion": API, "kind": "ValidatingAdmissionPolicyBinding", "metadata": metadata, "spec": binding},
    ]


def _rule(kind: Kind) -> Json:
    return {
        "apiGroups": [kind.group],
        "apiVersions": ["*"],
        "operations": ["UPDATE"],
        "resources": [kind.plural],
        "scope": "Namespaced",
    }


def text() -> str:
    """The policies as YAML."""
    return as_yaml(_HEAD, policies())


if __name__ == "__main__":
    sys.stdout.write(text())
