"""Which image really runs in a stack."""

from ailtire_operator.model import images
from ailtire_operator.plan.scope import Scope


def overridden(scope: Scope, image: str) -> str:
    """What ``spec.images`` says in place of an image, or the image."""
    return images.overridden(image, scope.images)


def resolve(scope: Scope, image: str) -> str:
    """The reference to run for an image as a service writes it."""
    return images.resolve(image, scope.images, scope.image_registry)
