"""A service that ends, as a Job. A Job's template cannot change: a new definition is a new Job under a new name."""

import json
from typing import Any

from ailtire_operator import naming
from ailtire_operator.model.service import Service
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.types import Manifest
from ailtire_operator.plan.values import manifest
from ailtire_operator.plan.workload.node_fit import fits
from ailtire_operator.plan.workload.workload_kind import restart_policy

_FOR_EVER = 2147483647
"""The most failures that Kubernetes counts to; Swarm starts again without end."""


def job(
    scope: Scope,
    key: str,
    service: Service,
    template: dict[str, Any],
    labels: dict[str, str],
    annotations: dict[str, str],
) -> Manifest:
    """The Job. Its name says what it runs, so that what has ended is not run again and old ones are pruned."""
    everywhere = service.deploy is not None and service.deploy.mode == "globalJob"
    policy = restart_policy(service)
    never = policy.condition == "none"
    count = None if everywhere else (service.deploy.replicas if service.deploy else 1)
    template["spec"]["restartPolicy"] = "Never" if never else "OnFailure"
    attempts = _FOR_EVER if policy.max_attempts is None else policy.max_attempts
    # The count of nodes is no part of the definition: a node more must not run the job again on all of them.
    name = naming.job(scope.name, key, json.dumps([template, count], sort_keys=True))
    if count is None:
        count = _nodes(scope, key, name, template["spec"])
    spec = {
        "completionMode": "Indexed" if everywhere else "NonIndexed",
        "completions": count,
        "parallelism": count,
        "backoffLimit": 0 if never else attempts,
        "template": template,
    }
    return manifest("batch/v1", "Job", name, labels, annotations=annotations, spec=spec)


def _nodes(scope: Scope, key: str, name: str, pod: dict[str, Any]) -> int:
    """As often as there are nodes that take the pod; a Job that is there already keeps the number it was made with."""
    path = scope.path(key, "deploy", "mode")
    message = (
        "a Job says how often it runs and not where, so it runs as often as there are nodes that take it, on different "
        "ones while its pods run at the same time; a node that joins later gets none."
    )
    scope.report(path, "approximate", message)
    if scope.observed.nodes is None:
        message = "how many nodes there are may not be asked here, so a new job runs once."
        scope.report(path, "approximate", message, "Let the operator list nodes.")
    made_with = scope.observed.completions.get(name)
    return made_with or max(1, sum(fits(node, pod) for node in scope.observed.nodes or ()))
