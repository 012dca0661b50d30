"""Plans a service that ends as a Job. A Job's template is immutable: a new definition gets a new Job and name."""

import json
from typing import Any

from ailtire_operator import naming
from ailtire_operator.model.service import Service
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.types import Manifest
from ailtire_operator.plan.values import manifest
from ailtire_operator.plan.workload.node_fit import fits
from ailtire_operator.plan.workload.workload_kind import restart_policy

_UNLIMITED = 2147483647
"""Kubernetes' maximum of retries; Swarm retries without limit."""


def job(
    scope: Scope,
    key: str,
    service: Service,
    template: dict[str, Any],
    labels: dict[str, str],
    annotations: dict[str, str],
) -> Manifest:
    """The Job. Its name has a hash of its content: a finished one is not run again, and old ones are pruned."""
    everywhere = service.deploy is not None and service.deploy.mode == "globalJob"
    policy = restart_policy(service)
    never = policy.condition == "none"
    count = None if everywhere else (service.deploy.replicas if service.deploy else 1)
    template["spec"]["restartPolicy"] = "Never" if never else "OnFailure"
    attempts = _UNLIMITED if policy.max_attempts is None else policy.max_attempts
    # Not hashed: a new node must not run the job again on all others.
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
    """The number of nodes that fit the pod; an existing Job keeps its number."""
    path = scope.path(key, "deploy", "mode")
    message = (
        "a Job has a number of runs and no nodes, so it runs once for each node that fits, on different nodes while "
        "its pods run at the same time; a node that joins later gets none."
    )
    scope.report(path, "approximate", message)
    if scope.observed.nodes is None:
        message = "the operator may not list nodes, so a new job runs once."
        scope.report(path, "approximate", message, "Allow the operator to list nodes.")
    made_with = scope.observed.completions.get(name)
    return made_with or max(1, sum(fits(node, pod) for node in scope.observed.nodes or ()))
