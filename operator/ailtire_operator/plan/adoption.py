"""Which claims and Deployments of a plan are taken over where somebody else has made them: those that are named.

``adopt: true`` needs no declaration at the root: the admission policies ask whoever writes a stack or a template for
the right to change and to delete every claim and every Deployment of the namespace, and what ``reconcileAs`` names
writes by its own rights.
"""

from collections.abc import Mapping

from ailtire_operator import naming
from ailtire_operator.model.field_path import SPEC, FieldPath, path_of
from ailtire_operator.model.service import Service
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.types import Plan

_KIND = "Deployment"


def adopted_claims(made: Plan) -> Mapping[str, FieldPath]:
    """By name of a PersistentVolumeClaim that the stack takes over: the path of the volume that names it."""
    return {
        data.claim or naming.volume(made.stack.name, key): path_of(SPEC, "data", key)
        for key, data in made.stack.spec.data.items()
        if data.adopt
    }


def adopted_deployments(made: Plan) -> Mapping[str, FieldPath]:
    """By name of a Deployment that the stack takes over if it exists: the path of the service that names it."""
    members = made.stack.spec.plain
    return {
        each.name: path_of(SPEC, "services", key)
        for key, each in made.services.items()
        if each.kind == _KIND and members[key].adopt
    }


def check(scope: Scope, key: str, service: Service, kind: str) -> None:
    """Refuse a service that names something to take over and is no Deployment."""
    if service.adopt and kind != _KIND:
        scope.refuse(
            scope.path(key, "adopt"), f"only a Deployment is taken over, and the service is a {kind}; remove it"
        )
