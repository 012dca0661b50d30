"""The image of a stack's gateway, which also fills its volumes."""

from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.workload import images


def of(scope: Scope) -> str:
    """The reference to run."""
    image = scope.spec.gateway.image if scope.spec.gateway else None
    return images.resolve(scope, image) if image else scope.settings.gateway_image
