"""Which image really runs: overrides first, then the registry's prefix."""

import re

from ailtire_operator.plan.scope import Scope

_TAG = re.compile(r"(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?(@[a-z0-9]+:[0-9a-f]+)?$")


def without_tag(image: str) -> str:
    """``registry:5000/shop_web:1.4@sha256:...`` without its tag and digest."""
    head, slash, tail = image.rpartition("/")
    return head + slash + _TAG.sub("", tail)


def names_registry(image: str) -> bool:
    """Whether the image's first part is a registry: it has a dot or a port, or is localhost (Docker's own rule)."""
    first, slash, _ = image.partition("/")
    return bool(slash) and ("." in first or ":" in first or first == "localhost")


def overridden(scope: Scope, image: str) -> str:
    """What ``spec.images`` says in place of an image, or the image."""
    return scope.images.get(image) or scope.images.get(without_tag(image)) or image


def resolve(scope: Scope, image: str) -> str:
    """The reference to run for an image as a service writes it."""
    chosen = overridden(scope, image)
    if scope.image_registry and not names_registry(chosen):
        return f"{scope.image_registry.rstrip('/')}/{chosen}"
    return chosen
