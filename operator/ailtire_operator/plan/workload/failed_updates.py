"""What runs in place of an update that has failed, and what is kept for that case.

An update counts as the one that failed while its pod template is the same, or the stack's generation is. The first
holds through every edit of something else. The second holds through an upgrade of the operator, or new settings of it,
which may render the same definition to another template: that is no reason to try it once more. Whoever finds one of
the two changed writes it down anew, so only an edit that coincides with an upgrade tries an old update again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ailtire_operator import naming
from ailtire_operator.model.rollout import RollbackConfig, UpdateConfig
from ailtire_operator.model.service import Service
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.types import Action, FailedUpdate, Manifest
from ailtire_operator.plan.values import manifest

_LABELS = (
    naming.LABEL_MANAGED_BY,
    naming.LABEL_PART_OF,
    naming.LABEL_ROOT,
    naming.LABEL_STACK,
    naming.LABEL_SERVICE,
)


@dataclass(frozen=True, slots=True)
class Hold:
    """An update that is not to go on."""

    action: Action
    failed: FailedUpdate

    def template(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """The pod template that runs: a roll-out that stays where it is keeps its own."""
        return dict(self.failed.last_good) if self.action == "rollback" else wanted


def hold(scope: Scope, key: str, service: Service, kind: str, template_hash: str) -> Hold | None:
    """What to do about the service's update, if it has failed already."""
    action = on_failure(service, kind)
    failed = scope.observed.failed_updates.get(naming.sanitize(key))
    if action is None or failed is None:
        return None
    same = failed.template_hash == template_hash or failed.generation == scope.stack.generation
    return Hold(action, failed) if same else None


def on_failure(service: Service, kind: str) -> Action | None:
    """What the service says about an update that fails; None is Kubernetes' own way, and that of Jobs."""
    update = service.deploy.update_config if service.deploy and kind != "Job" else None
    action = update.failure_action if update else None
    return action if action in ("rollback", "pause") else None


def config(service: Service, held: Hold | None) -> UpdateConfig | RollbackConfig | None:
    """How the service rolls: forward, or back to what ran before."""
    deploy = service.deploy
    if deploy is None:
        return None
    back = deploy.rollback_config if held is not None and held.action == "rollback" else None
    return back or deploy.update_config


def template_of(kept: Mapping[str, Any]) -> Mapping[str, Any]:
    """The pod template in a last good definition."""
    template: Mapping[str, Any] = kept["data"]["spec"]["template"]
    return template


def last_good(stack: str, key: str, workload: Manifest, template_hash: str, revision: int) -> Manifest:
    """A definition that has rolled out in full, as it is kept: the pod template as it was rendered, and nothing else.

    Image, environment, names of hashed ConfigMaps: going back gives exactly what ran. How many run, and how a change
    rolls through them, is the current definition's affair.
    """
    labels = {name: value for name, value in workload["metadata"]["labels"].items() if name in _LABELS}
    template: Mapping[str, Any] = workload["spec"]["template"]
    return manifest(
        "apps/v1",
        "ControllerRevision",
        naming.last_good(stack, key, template_hash),
        {**labels, naming.LABEL_LAST_GOOD: "true"},
        annotations={naming.ANNOTATION_TEMPLATE: template_hash},
        revision=revision,
        data={"spec": {"template": template}},
    )
