"""Waits until Kubernetes' garbage collector knows the kinds of a control plane that was just furnished."""

import uuid

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import CONFIG_MAP, STACK
from lab import ControlPlane, eventually

_NAMESPACE = "default"
_SECONDS = 120.0


def until_stacks_are_collected(plane: ControlPlane) -> None:
    """Wait until what a deleted stack owned goes with it.

    The garbage collector asks for new kinds every thirty seconds only. Until then it says "unable to get REST mapping"
    of every owner of a new kind, and leaves what it owned where it is.
    """
    name = f"collected-{uuid.uuid4().hex[:8]}"
    owner = {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": {"name": name}}
    template = {"templateOnly": True, "services": {"web": {"image": "docker.io/library/web:1"}}}
    uid = plane.api.create(STACK.path(_NAMESPACE), {**owner, "spec": template})["metadata"]["uid"]
    reference = {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "name": name, "uid": uid}
    plane.api.create(CONFIG_MAP.path(_NAMESPACE), {"metadata": {"name": name, "ownerReferences": [reference]}})
    plane.api.delete(STACK.path(_NAMESPACE, name))
    path = CONFIG_MAP.path(_NAMESPACE, name)
    eventually(lambda: plane.api.find(path) is None, _SECONDS, "the collection of what a deleted stack owned")
