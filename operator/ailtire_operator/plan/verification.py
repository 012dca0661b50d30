"""Plans ``spec.verify``: a Job that checks the stack once its definition has been rolled out.

Its name has a hash of what it checks: its own pod, the pod templates of the stack's services, and the definitions of
all stacks below without what changes no pod there: replica counts, routes, the edge, the order of starts. So a new
definition is a new Job, and neither scaling nor a route runs it again. Stacks below are taken by their definitions and
not by their pods, which they plan by themselves; they are Ready before this Job is made.
"""

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.model.field_path import path_of
from ailtire_operator.model.loading import sound_levels
from ailtire_operator.model.service import Service
from ailtire_operator.model.stack import StackSpec
from ailtire_operator.model.values import whole_seconds
from ailtire_operator.model.verification import Verification
from ailtire_operator.plan.network import zones
from ailtire_operator.plan.network.membership import NetworkId, Networks
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.types import Manifest, ServicePlan
from ailtire_operator.plan.values import compact, literal, manifest
from ailtire_operator.plan.workload import environment, images, pod, security

_KEY: Final = "verify"
_RESOURCES: Final = {"requests": {"cpu": "25m", "memory": "32Mi"}}
"""Small, but not zero: a pod without requests gets no share of a busy node."""
_OF_NO_POD: Final = frozenset(
    {
        "additionalKinds", "edge", "exposure", "gateway", "interface", "place", "reconcileAs", "revisionHistoryLimit",
        "serviceAccounts", "stopped", "suspend", "template", "templateOnly", "updatePolicy", "verify",
    }
)  # fmt: skip
"""Fields of a stack that change no pod of its services."""
_OF_NO_POD_OF_A_SERVICE: Final = frozenset({"dependsOn", "interface", "policies", "stack", "stackRef", "stopped"})
_OF_NO_POD_IN_DEPLOY: Final = frozenset({"endpointMode", "labels", "replicas", "rollbackConfig", "updateConfig"})


def plan_verification(
    scope: Scope, networks: Networks, services: Mapping[str, ServicePlan]
) -> tuple[ServicePlan, Manifest] | None:
    """The plan of the Job and the Job; None for a stack without a check."""
    wanted = scope.spec.verify
    if wanted is None:
        return None
    template = _template(scope, networks, wanted)
    checked = [template, {key: each.template_hash for key, each in services.items()}, _below(scope)]
    name = naming.verification(scope.name, json.dumps(checked, sort_keys=True))
    spec = {
        "activeDeadlineSeconds": whole_seconds(wanted.timeout),
        "backoffLimit": 0,
        "completionMode": "NonIndexed",
        "completions": 1,
        "parallelism": 1,
        # A drained or lost node says nothing about the stack: the pod is made once more.
        "podFailurePolicy": {
            "rules": [{"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}]
        },
        "template": template,
    }
    if stopped := _is_stopped(scope):
        spec["suspend"] = True
    labels = scope.labels() | {naming.LABEL_COMPONENT: naming.COMPONENT_VERIFICATION}
    made = ServicePlan(_KEY, "Job", name, None, completions=1, stopped=stopped)
    return made, manifest("batch/v1", "Job", name, labels, spec=spec)


def _is_stopped(scope: Scope) -> bool:
    """Whether anything that the check might need is stopped: then it waits until that is started again."""
    return scope.stopped or any(
        level.spec.stopped or any(service.stopped for service in level.spec.services.values())
        for level in sound_levels(scope.name, scope.spec, scope.observed.templates)
    )


def _template(scope: Scope, networks: Networks, wanted: Verification) -> dict[str, Any]:
    joined = list(dict.fromkeys([networks.own, *_declared(networks)]))
    selector = scope.verification_selector()
    labels = scope.pod_labels(selector) | zones.network_labels(joined)
    if zones.is_internal(networks, joined):
        labels[naming.LABEL_EGRESS] = zones.INTERNAL
    runs = Service(image=wanted.image, user=wanted.user)
    basics = pod.pod_basics(scope, selector)
    del basics["topologySpreadConstraints"]
    container = compact(
        name=_KEY,
        image=images.resolve(scope, wanted.image),
        command=[literal(word) for word in wanted.entrypoint or []],
        args=[literal(word) for word in wanted.command],
        env=environment.for_verification(scope, _KEY, wanted.environment),
        resources=deepcopy(_RESOURCES),
        securityContext=security.container(scope, _KEY, runs),
        # The last lines of its log are read from the pod's status: no right to read logs is needed for it.
        terminationMessagePolicy="FallbackToLogsOnError",
    )
    spec = {
        **basics,
        **zones.resolver(scope, joined, path_of(scope.base, "verify")),
        "restartPolicy": "Never",
        "securityContext": security.pod(scope, _KEY, runs, mounts=False),
        "containers": [container],
    }
    return {"metadata": {"labels": labels}, "spec": compact(**spec)}


def _declared(networks: Networks) -> list[NetworkId]:
    return [networks.by_key[key] for key in sorted(networks.by_key)]


def _below(scope: Scope) -> dict[str, Any]:
    """What decides about the pods of all stacks below, by the stack's name; empty for a stack without children."""
    if not scope.spec.children:
        return {}
    inherited = compact(
        images=scope.images,
        imageRegistry=scope.image_registry,
        imagePullSecrets=scope.image_pull_secrets,
        environment=scope.environment,
        env=scope.env,
        securityProfile=scope.security_profile,
        restartedAt=scope.restarted_at,
        members=_members(scope.spec),
    )
    levels = sound_levels(scope.name, scope.spec, scope.observed.templates)
    return {"": inherited, **{level.name: _definition(level.spec) for level in levels if level.key}}


def _definition(spec: StackSpec) -> dict[str, Any]:
    written = {name: value for name, value in spec.to_json().items() if name not in _OF_NO_POD}
    return written | {"services": {key: _member(each) for key, each in (written.get("services") or {}).items()}}


def _members(spec: StackSpec) -> dict[str, Any]:
    """What a stack says of its children beside their definitions."""
    return {key: _member(service.to_json()) for key, service in spec.children.items()}


def _member(written: Mapping[str, Any]) -> dict[str, Any]:
    member = {name: value for name, value in written.items() if name not in _OF_NO_POD_OF_A_SERVICE}
    if deploy := member.pop("deploy", None):
        rest = {name: value for name, value in deploy.items() if name not in _OF_NO_POD_IN_DEPLOY}
        member |= {"deploy": rest} if rest else {}
    return member
