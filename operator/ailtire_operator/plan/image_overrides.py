"""Reports entries of ``spec.images`` and ``spec.imageRegistry`` that no image of the tree uses, such as typos."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ailtire_operator.model import images
from ailtire_operator.model.field_path import SPEC, path_of
from ailtire_operator.model.loading import sound_levels
from ailtire_operator.model.stack import StackSpec
from ailtire_operator.plan.scope import Scope


@dataclass(frozen=True, slots=True)
class _Inherited:
    """The overrides in force at one level of the tree."""

    overrides: Mapping[str, str]
    has_registry: bool
    """Whether a level between this one and the stack has a registry of its own."""


def report(scope: Scope) -> None:
    """Report all such values of the stack."""
    outer = scope.spec.place.images if scope.spec.place else {}
    for name in sorted(set(scope.spec.images) & set(outer)):
        message = f"a stack above sets '{outer[name]}', and the outermost value takes precedence."
        scope.report(path_of(SPEC, "images", name), "ignored", message)
    unmatched = set(scope.spec.images) - set(outer)
    if not unmatched and not scope.spec.image_registry:
        return
    unread = bool(scope.spec.children)  # a child whose template does not exist yet may use them
    registry_counts = False
    for image, at in _used(scope):
        unread = False
        unmatched.discard(images.override_of(image, at.overrides) or "")
        runs = images.overridden(image, at.overrides)
        registry_counts = registry_counts or not (at.has_registry or images.parse(runs).names_registry)
    for name in sorted(unmatched):
        message = f"no service, volume or gateway of this stack or below has an image called '{name}'."
        scope.report(path_of(SPEC, "images", name), "ignored", message, "Use the name as it is written there.")
    if scope.spec.image_registry and not registry_counts and not unread:
        message = "every image of this stack and below names a registry, or a stack below has one for it."
        scope.report(path_of(SPEC, "imageRegistry"), "ignored", message, "Remove it.")


def _used(scope: Scope) -> Iterator[tuple[str, _Inherited]]:
    """Every image of the stack and below, with the overrides in force there."""
    known: dict[str, _Inherited] = {}
    for level in sound_levels(scope.name, scope.spec, scope.observed.templates):
        above = known.get(level.parent)
        here = _Inherited(scope.images, has_registry=False)
        if above is not None:
            overrides = {**level.spec.images, **above.overrides} if level.spec.images else above.overrides
            here = _Inherited(overrides, above.has_registry or bool(level.spec.image_registry))
        known[level.name] = here
        for image in _written(level.spec):
            yield image, here


def _written(spec: StackSpec) -> Iterator[str]:
    """The images of one level; the gateway's only if there is one."""
    if spec.has_interface and spec.gateway and spec.gateway.image:
        yield spec.gateway.image
    if spec.verify:
        yield spec.verify.image
    for service in spec.plain.values():
        yield service.image or ""
        yield from (mount.image for mount in service.volumes.values() if mount.image is not None)
