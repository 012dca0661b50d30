"""The knowledge model for operator-chaos: which objects the operator owns, when all is well, how long a repair takes.

It is made of what the operator renders of an example, and of the manifests that install it, so that it cannot say
anything else than they do.
"""

import contextlib
import io
from collections.abc import Iterator
from typing import Any, Final

import yaml

from ailtire_operator import naming
from ailtire_operator.cli import app
from ailtire_operator.cluster.kinds import CONFIG_MAP, DEPLOYMENT, LEASE, STACK
from lab.manifests import NAMESPACE as OPERATOR_NAMESPACE
from lab.paths import ROOT

Object = dict[str, Any]

EXAMPLE: Final = ROOT / "examples" / "02-tree" / "stack.yaml"
NAMESPACE: Final = "library"
"""Where the example runs: the model names it."""
TREE_ROOT: Final = "library"
STACKS: Final = (TREE_ROOT, "library-lending", "library-lending-fines")
"""A component each: a root, its child, its grandchild."""
RIGHTS: Final = "rights"
"""The component of what the operator works by, without its pods."""
RECOVERY_SECONDS: Final = 10
"""Within which all has to be as it was, while the fault is still there."""
_RIGHTS_KINDS: Final = ("ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")
_RIGHTS_FILES: Final = ("roles-operator.yaml", "service-account.yaml")


def knowledge() -> Object:
    """The model, as operator-chaos reads it."""
    return {
        "operator": {"name": naming.OPERATOR_NAME, "namespace": OPERATOR_NAMESPACE},
        "components": [*(_of_stack(name, list(_rendered())) for name in STACKS), _of_rights()],
        "recovery": {"reconcileTimeout": f"{RECOVERY_SECONDS}s", "maxReconcileCycles": 5},
    }


def ready(stack: str = TREE_ROOT) -> Object:
    """The check that a stack is Ready, with everything below it."""
    return {
        "type": "conditionTrue",
        "apiVersion": naming.API_VERSION,
        "kind": STACK.kind,
        "name": stack,
        "namespace": NAMESPACE,
        "conditionType": "Ready",
    }


def _of_stack(name: str, manifests: list[Object]) -> Object:
    own = [each for each in manifests if each["metadata"]["labels"][naming.LABEL_STACK] == name]
    return {
        "name": name,
        "controller": naming.OPERATOR_NAME,
        "managedResources": [_managed(each) for each in own if each["kind"] != CONFIG_MAP.kind],
        "steadyState": {"checks": [ready(name)], "timeout": "60s"},
    }


def _managed(manifest: Object) -> Object:
    """One object; ConfigMaps are left out, as their names are made of settings of the cluster too."""
    found = {
        "apiVersion": manifest["apiVersion"],
        "kind": manifest["kind"],
        "name": manifest["metadata"]["name"],
        "namespace": NAMESPACE,
        "labels": manifest["metadata"]["labels"],
        "ownerRef": STACK.kind,
    }
    if manifest["kind"] == DEPLOYMENT.kind:
        found["expectedSpec"] = {"replicas": manifest["spec"]["replicas"]}
    return found


def _of_rights() -> Object:
    """What gives the operator its rights; the Lease is its own."""
    base = ROOT / "manifests" / "base"
    found = [each for name in _RIGHTS_FILES for each in yaml.safe_load_all((base / name).read_text()) if each]
    resources = [
        {
            "apiVersion": each["apiVersion"],
            "kind": each["kind"],
            "name": each["metadata"]["name"],
            **({"namespace": OPERATOR_NAMESPACE} if not each["kind"].startswith("Cluster") else {}),
        }
        for each in found
        if each["kind"] in _RIGHTS_KINDS
    ]
    lease = {
        "apiVersion": LEASE.api_version,
        "kind": LEASE.kind,
        "name": naming.LEASE_NAME,
        "namespace": OPERATOR_NAMESPACE,
    }
    return {
        "name": RIGHTS,
        "controller": naming.OPERATOR_NAME,
        "managedResources": [*resources, lease],
        "steadyState": {"checks": [ready()], "timeout": "60s"},
    }


def _rendered() -> Iterator[Object]:
    """What the operator makes of the example, on all levels."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()) as errors:
        code = app.run(["render", "--stacks", "-n", NAMESPACE, str(EXAMPLE)])
    if code:
        raise ValueError(errors.getvalue())
    yield from (each for each in yaml.safe_load_all(out.getvalue()) if each)
