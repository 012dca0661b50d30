"""Which objects of a plan are taken over where somebody else has made them: those that the definition names.

``adopt: true`` needs no declaration at the root: the admission policies ask whoever writes a stack or a template for
the right to change and to delete every Deployment, StatefulSet, DaemonSet, Service and claim of the namespace, and what
``reconcileAs`` names writes by its own rights.
"""

from ailtire_operator import naming
from ailtire_operator.model.service import Service
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.types import Plan


def check(scope: Scope, key: str, service: Service, kind: str) -> None:
    """Refuse to take over a Job."""
    if service.adopt and kind == "Job":
        message = "the service is a Job, and the pod template of a Job cannot be changed, so none is taken over"
        scope.refuse(scope.path(key, "adopt"), f"{message}; remove adopt, and the Job that exists")


def named(made: Plan) -> frozenset[tuple[str, str]]:
    """Kind and name of the objects that the definition of this stack lets the operator take over."""
    name, spec = made.stack.name, made.stack.spec
    asking = [each for key, each in made.services.items() if spec.services[key].adopt]
    claims = [key for key, data in spec.data.items() if data.adopt]
    return frozenset(
        [
            *((each.kind, each.name) for each in asking),
            *(("Service", naming.member(name, each.key)) for each in asking),
            *(("PersistentVolumeClaim", naming.volume(name, key)) for key in claims),
        ]
    )
