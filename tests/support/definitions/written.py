"""AiltireStacks as the API server answers them, with who has written which field."""

from typing import Any

Resource = dict[str, Any]
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def resource(name: str, spec: Resource, **more: Any) -> Resource:
    """A stack as it is read, with more metadata."""
    metadata = {"name": name, "uid": f"uid-{name}", "generation": 1}
    kind = {"apiVersion": "ailtire.io/v1alpha1", "kind": "AiltireStack"}
    return {**kind, "metadata": {**metadata, **more}, "spec": spec}


def owner(manager: str, fields: Resource, operation: str = "Apply") -> Resource:
    """An entry of managedFields; ``fields`` are nested names, of which an empty one is a leaf."""
    return {"manager": manager, "operation": operation, "fieldsV1": _marked(fields)}


def _marked(fields: Resource) -> Resource:
    return {f"f:{key}": _marked(below) for key, below in fields.items()}


def child(services: Resource, **more: Any) -> Resource:
    """An inline child stack, with more fields of its definition."""
    return {"type": "stack", "stack": {"services": services, **more}}
