"""Waits until the API server's authorizer knows of a right that was given or taken away: it follows them by a watch."""

from typing import Any

from lab import ControlPlane, eventually

_REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"


def account(namespace: str, name: str) -> str:
    """The user name of a service account."""
    return f"system:serviceaccount:{namespace}:{name}"


def until_may(
    plane: ControlPlane, namespace: str, user: str, verb: str, resource: str, *, may: bool = True, name: str = ""
) -> None:
    """Wait until a user may do something in a namespace, or may no more; ``resource`` is such as ``roles.rbac.…``."""
    plural, _, group = resource.partition(".")
    asked = {"namespace": namespace, "verb": verb, "group": group, "resource": plural, "name": name}
    groups = ["system:authenticated"]
    if user.startswith("system:serviceaccount:"):
        groups += ["system:serviceaccounts", f"system:serviceaccounts:{user.split(':')[2]}"]
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {"user": user, "groups": groups, "resourceAttributes": asked},
    }

    def is_known() -> bool:
        answer: dict[str, Any] = plane.api.create(_REVIEWS, review)
        return bool(answer["status"]["allowed"]) is may

    eventually(is_known, what=f"{user} {'may' if may else 'may not'} {verb} {resource} in {namespace}")
