"""Resolves images: overrides and registry prefixes of the tree."""

from ailtire_operator.model import images
from ailtire_operator.plan.scope import Scope


def resolve(scope: Scope, image: str) -> str:
    """The reference to run for an image as a service writes it."""
    return images.resolve(image, scope.images, scope.image_registry)
