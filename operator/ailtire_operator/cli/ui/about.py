"""``GET /api/about``: which cluster, which user, which part of it, and what the page may do."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ailtire_operator import __version__
from ailtire_operator.cli.options import Target
from ailtire_operator.cluster.connection import Connection
from ailtire_operator.cluster.errors import ClusterError

_REVIEWS = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


@dataclass(frozen=True, slots=True)
class About:
    """What does not change while the server runs."""

    context: str
    """The kubeconfig's; empty where there is none, as in a pod."""
    cluster: str
    """The API server's address."""
    user: str
    """Empty where the API server does not say it: before Kubernetes 1.28."""
    namespace: str | None
    """None for all."""
    root: str | None
    """``NAMESPACE/NAME`` of the stack that was named."""
    allow_actions: bool

    def to_json(self, *, metrics: bool) -> dict[str, Any]:
        """The answer. ``metrics``: whether processor and memory are shown."""
        return {
            "version": __version__,
            "context": self.context,
            "cluster": self.cluster,
            "user": self.user,
            "namespace": self.namespace,
            "root": self.root,
            "allowActions": self.allow_actions,
            "metrics": metrics,
        }


async def user_of(connection: Connection) -> str:
    """The user as whom the API server sees these requests, as ``kubectl auth whoami`` has it."""
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview", "metadata": {}}
    try:
        answer = await connection.request("POST", _REVIEWS, body=review)
    except ClusterError:
        return ""
    return str(((answer.get("status") or {}).get("userInfo") or {}).get("username") or "")


def context_of(target: Target) -> str:
    """The name of the context that is used."""
    from ailtire_operator.compose.yaml_data import documents

    given = target.kubeconfig or os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")
    if target.context:
        return target.context
    for path in filter(None, given.split(os.pathsep)):
        try:
            names = [data.get("current-context") for _, data in documents(Path(path).expanduser().read_text())]
        except (AttributeError, OSError, ValueError):
            continue
        if names and names[0]:
            return str(names[0])
    return ""
