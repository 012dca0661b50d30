"""Which requests a policy or a webhook of the tests is asked about."""

from typing import Any, Final

from ailtire_operator.cluster.kinds import Kind
from faults.lane import Lane

BY_OPERATOR: Final = "request.userInfo.username.endsWith(':ailtire-operator')"
"""An expression: whether the operator has sent the request."""


def writes_of(kind: Kind) -> dict[str, Any]:
    """The rule for what is created and changed of a kind."""
    return {
        "apiGroups": [kind.group],
        "apiVersions": [kind.version],
        "operations": ["CREATE", "UPDATE"],
        "resources": [kind.plural],
    }


def in_namespace(lane: Lane) -> dict[str, Any]:
    """The selector of the namespace in which a lane's tree is."""
    return {"matchLabels": {"kubernetes.io/metadata.name": lane.namespace}}
