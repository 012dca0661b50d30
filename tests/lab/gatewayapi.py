"""Gateway API's HTTPRoute, as far as the API server has to know it: no controller serves it here."""

from typing import Any

from lab.controlplane import ControlPlane
from lab.waiting import eventually

NAME = "httproutes.gateway.networking.k8s.io"
_APPROVED = "https://github.com/kubernetes-sigs/gateway-api/pull/1"


def route_definition() -> dict[str, Any]:
    """The CustomResourceDefinition, with a schema that takes anything."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    plural, group = NAME.split(".", 1)
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": NAME, "annotations": {"api-approved.kubernetes.io": _APPROVED}},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": plural, "kind": "HTTPRoute"},
            "versions": [version],
        },
    }


def install_routes(plane: ControlPlane) -> None:
    """Create it, and wait until it is served."""
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    plane.api.create(path, route_definition())
    routes = "/apis/gateway.networking.k8s.io/v1/httproutes"
    eventually(lambda: plane.api.serves(routes), 30, "serving HTTPRoutes")
