"""Experiments for operator-chaos: each fault of its kinds that concerns an object that this operator owns.

Left out are faults of what the operator has not: webhooks, Secrets of its own, a client of operator-chaos' library. And
two that it does not repair, on purpose: CrashLoopInject sets a field that the operator does not (``command``), and
fields of others it leaves alone; OwnerRefOrphan takes away the operator's label with the owner, and what has neither is
nobody's.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import (
    DEPLOYMENT,
    DISRUPTION_BUDGET,
    LEASE,
    NETWORK_POLICY,
    SERVICE,
    STACK,
    Kind,
)
from chaos.knowledge import NAMESPACE, RECOVERY_SECONDS, RIGHTS, STACKS, Object, ready
from lab.manifests import NAMESPACE as OPERATOR_NAMESPACE

API_VERSION: Final = "chaos.operatorchaos.io/v1alpha1"
ROOT_STACK, CHILD, GRANDCHILD = STACKS
LABEL: Final = naming.LABEL_SERVICE


@dataclass(frozen=True)
class Experiment:
    """One fault, and what it is to lead to."""

    name: str
    tier: int
    """1 for what may happen at any time, to 5 for what destroys."""
    injection: str
    component: str
    resource: str
    """As ``Kind/name``."""
    says: str
    parameters: dict[str, str] = field(default_factory=dict)
    namespace: str = NAMESPACE
    cluster_wide: bool = False

    def to_yaml(self) -> Object:
        """The ChaosExperiment."""
        blast: dict[str, Any] = {"maxPodsAffected": 1, "allowDangerous": True}
        if not self.cluster_wide:
            blast["allowedNamespaces"] = [self.namespace]
        injection = {
            "type": self.injection,
            "dangerLevel": "high",
            "parameters": dict(sorted(self.parameters.items())),
            "ttl": f"{6 * RECOVERY_SECONDS}s",
        }
        target = {"operator": naming.OPERATOR_NAME, "component": self.component, "resource": self.resource}
        return {
            "apiVersion": API_VERSION,
            "kind": "ChaosExperiment",
            "metadata": {"name": self.name},
            "spec": {
                "tier": self.tier,
                "target": target,
                "steadyState": {"checks": [ready()], "timeout": "60s"},
                "injection": injection,
                "hypothesis": {"description": self.says, "recoveryTimeout": f"{RECOVERY_SECONDS}s"},
                "blastRadius": blast,
            },
        }


def experiments() -> Iterator[Experiment]:
    """All of them, the mildest first."""
    yield from _of_pods()
    yield from _of_objects()
    yield from _of_definitions()
    yield from _of_the_cluster()


def _of_pods() -> Iterator[Experiment]:
    for stack, key in ((ROOT_STACK, "web"), (GRANDCHILD, "cashier")):
        deployment = f"{stack}-{key}"
        selector = {"labelSelector": f"{naming.LABEL_STACK}={stack},{LABEL}={key}"}
        says = "Another pod takes its place, and the tree is Ready again."
        yield _of(f"pod-kill-{key}", 1, "PodKill", stack, DEPLOYMENT, deployment, says, selector)
    selector = {"labelSelector": f"{naming.LABEL_STACK}={ROOT_STACK},{LABEL}=web"}
    says = "The policy that isolates the pods is nobody's: it is left alone, and nothing else changes."
    yield _of("network-partition", 2, "NetworkPartition", ROOT_STACK, DEPLOYMENT, "library-web", says, selector)
    says = "A budget of somebody else is left alone."
    yield _of("pdb-block", 2, "PDBBlock", ROOT_STACK, DEPLOYMENT, "library-web", says, selector)


def _of_objects() -> Iterator[Experiment]:
    says = "The count is put back to what the definition says."
    yield _of("deployment-scale-zero", 3, "DeploymentScaleZero", CHILD, DEPLOYMENT, "library-lending-desk", says, {})
    says = "The image is put back; no pod of the definition before ends."
    yield _of("image-corrupt", 3, "ImageCorrupt", GRANDCHILD, DEPLOYMENT, "library-lending-fines-cashier", says, {})
    for action in ("overwrite", "delete"):
        stomped = {"labelKey": naming.LABEL_STACK, "action": action}
        says = "The label is put back."
        yield _about(f"label-{action}", "LabelStomping", ROOT_STACK, DEPLOYMENT, "library-web", says, stomped)
    for kind, stack, name in (
        (SERVICE, ROOT_STACK, "library-web"),
        (DEPLOYMENT, ROOT_STACK, "library--gateway"),
        (NETWORK_POLICY, CHILD, "library-lending--siblings--members"),
        (DISRUPTION_BUDGET, ROOT_STACK, "library--gateway"),
        (STACK, CHILD, "library-lending-fines"),
    ):
        says = f"The {kind.kind} is made again as it was, with all that it owns."
        yield _about(f"deletion-{kind.kind.lower()}", "ResourceDeletion", stack, kind, name, says, {})
    says = "Once deleted it waits for its finalizer; until then it serves as it is."
    yield _about("finalizer-block", "FinalizerBlock", ROOT_STACK, SERVICE, "library-web", says, {})


def _of_definitions() -> Iterator[Experiment]:
    says = "A child's definition is its parent's alone: it is put back."
    for path, value in (("spec.environment", '"elsewhere"'), ("spec.stopped", "true")):
        changed = {"path": path, "value": value}
        name = f"child-{path.rpartition('.')[2]}"
        yield _about(name, "CRDMutation", ROOT_STACK, STACK, CHILD, says, changed)


def _of_the_cluster() -> Iterator[Experiment]:
    quota = {"quotaName": "none-at-all", "pods": "0", "services": "0"}
    says = "What runs goes on, and nothing is deleted for a quota."
    resource = "ResourceQuota/none-at-all"
    yield Experiment("quota-exhaustion", 5, "QuotaExhaustion", ROOT_STACK, resource, says, quota)
    binding = {"bindingName": naming.OPERATOR_NAME, "bindingType": "ClusterRoleBinding"}
    says = "Without its rights the operator changes nothing, and what runs goes on."
    resource = f"ClusterRoleBinding/{naming.OPERATOR_NAME}"
    yield Experiment("rbac-revoke", 4, "RBACRevoke", ROOT_STACK, resource, says, binding, cluster_wide=True)
    says = "A replica takes the lease again, and the tree is Ready throughout."
    lease = {"name": naming.LEASE_NAME}
    resource = f"{LEASE.kind}/{naming.LEASE_NAME}"
    yield Experiment(
        "leader-election", 2, "LeaderElectionDisrupt", RIGHTS, resource, says, lease, namespace=OPERATOR_NAMESPACE
    )


def _of(
    name: str, tier: int, injection: str, stack: str, kind: Kind, target: str, says: str, parameters: dict[str, str]
) -> Experiment:
    named = parameters if "labelSelector" in parameters else {"name": target, **parameters}
    return Experiment(name, tier, injection, stack, f"{kind.kind}/{target}", says, named)


def _about(
    name: str, injection: str, stack: str, kind: Kind, target: str, says: str, parameters: dict[str, str]
) -> Experiment:
    """A fault whose parameters name any object."""
    about = {"apiVersion": kind.api_version, "kind": kind.kind, **parameters}
    return _of(name, 3, injection, stack, kind, target, says, about)
