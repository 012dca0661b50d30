"""Which images a tree runs, which of them are built here, and under which name the cluster pulls each. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ailtire_operator.cli.build_plan import Made, named
from ailtire_operator.compose.builds import Broken, Target, in_order, same_image, tagged
from ailtire_operator.model import images
from ailtire_operator.model.field_path import SPEC, FieldPath, path_of
from ailtire_operator.model.loading import child_spec, parse_stack
from ailtire_operator.model.stack import StackSpec


@dataclass(frozen=True, slots=True)
class Use:
    """An image that a service runs or mounts."""

    where: FieldPath
    written: str
    reference: str
    """What the cluster pulls for it."""


@dataclass(frozen=True, slots=True)
class Row:
    """An image of the tree, or one that is built."""

    reference: str
    made: Made | None
    """How it is built; None where it comes from elsewhere."""
    used_by: tuple[str, ...]
    broken: Broken | None = None
    """Why it cannot be built although a file says how."""
    """The places of the tree; empty where only other images are built upon it, or nothing is."""


def uses(resource: Mapping[str, Any]) -> list[Use]:
    """All images of a tree. Raises InvalidStack."""
    return list(_of_stack(parse_stack(dict(resource)).spec, SPEC, {}, None))


def _of_stack(spec: StackSpec, path: FieldPath, overrides: Mapping[str, str], registry: str | None) -> Iterator[Use]:
    """Outer overrides precede inner ones; an inner registry precedes an outer one."""
    overrides, registry = {**spec.images, **overrides}, spec.image_registry or registry
    for key, service in spec.services.items():
        where = path_of(path, "services", key)
        if service.stack is not None:
            below = path_of(where, "stack")
            yield from _of_stack(child_spec(service, below), below, overrides, registry)
            continue
        mounted = ((path_of(where, "volumes", name, "image"), each.image) for name, each in service.volumes.items())
        for place, written in ((path_of(where, "image"), service.image), *mounted):
            if written is not None:
                yield Use(place, written, images.resolve(written, overrides, registry))


def made_images(
    targets: Sequence[Target], used: Sequence[Use], top: Mapping[str, Any], tag: str | None = None
) -> list[Made]:
    """The images that are built, each behind those that it builds upon.

    ``top`` is the root's spec, and ``tag`` is for images without one that the tree does not run. Raises
    ApplicationError where targets build upon each other in a circle.
    """
    running = {each.image for each in targets if any(same_image(each.image, use.written) for use in used)}
    ordered = in_order(targets)
    bases: set[str] = set()
    for target in reversed(ordered):
        if target.image in running | bases:
            bases |= {image for _, image in target.bases}
    registry = top.get("imageRegistry")
    return [
        Made(
            name,
            target,
            images.resolve(target.image, _names(target, target.image in running, top, tag), registry),
            target.image in running,
            target.image in bases,
        )
        for name, target in named(ordered).items()
    ]


def _names(target: Target, is_running: bool, top: Mapping[str, Any], tag: str | None) -> Mapping[str, str]:
    """The overrides by which an image gets its name."""
    return top.get("images", {}) if is_running else {target.image: tagged(target.image, tag)}


def rows(made: Sequence[Made], used: Sequence[Use], broken: Sequence[Broken] = ()) -> list[Row]:
    """Images that are built, then those that cannot be, and those from elsewhere."""
    wrong = {use.reference: each for use in used for each in broken if same_image(each.image, use.written)}
    places: dict[str, list[str]] = {}
    for use in used:
        places.setdefault(use.reference, []).append(str(use.where))
    own = [Row(each.reference, each, tuple(places.pop(each.reference, ()))) for each in made]
    return [*own, *(Row(reference, None, tuple(where), wrong.get(reference)) for reference, where in places.items())]
