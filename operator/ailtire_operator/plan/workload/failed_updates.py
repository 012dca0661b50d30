"""Plans rollback and pause: what runs after a failed update, and the last good definition that is kept for it.

An update counts as the failed one as long as its pod template or the stack's generation is the same. The template
stays the same when other members change. The generation stays the same when an upgrade or new settings of the
operator render the definition to another template, which is no reason to retry it. When one of the two has changed,
both are recorded again, so only an edit at the time of an upgrade retries an old update.
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
    """A failed update that is rolled back or paused."""

    action: Action
    failed: FailedUpdate

    def template(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """The pod template to run: the last good one, or for a pause the wanted one."""
        return dict(self.failed.last_good) if self.action == "rollback" else wanted


def hold(scope: Scope, key: str, service: Service, kind: str, template_hash: str) -> Hold | None:
    """The hold of the service's update; None unless it has failed and an action is configured."""
    action = on_failure(service, kind)
    failed = scope.observed.failed_updates.get(naming.sanitize(key))
    if action is None or failed is None:
        return None
    same = failed.template_hash == template_hash or failed.generation == scope.stack.generation
    return Hold(action, failed) if same else None


def on_failure(service: Service, kind: str) -> Action | None:
    """The service's action for a failed update; None for Kubernetes' default, and for Jobs."""
    update = service.deploy.update_config if service.deploy and kind != "Job" else None
    action = update.failure_action if update else None
    return action if action in ("rollback", "pause") else None


def config(service: Service, held: Hold | None) -> UpdateConfig | RollbackConfig | None:
    """The settings of the roll-out: of the update, or of the rollback."""
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
    """The ControllerRevision of a definition that has rolled out in full: the rendered pod template only.

    It includes image, environment and names of hashed ConfigMaps, so that a rollback runs exactly the same. Replicas
    and the update strategy come from the current definition.
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
