"""The definitions that are pushed beside the images: of the application, and of each of its packages. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cli.build_images import uses
from ailtire_operator.cli.build_plan import Made
from ailtire_operator.compose import credentials, images
from ailtire_operator.compose.builds import same_image
from ailtire_operator.model.field_path import SPEC, FieldPath, path_of
from ailtire_operator.model.images import parse
from ailtire_operator.model.loading import levels, parse_stack
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.oci.reference import qualified

_INHERITED: Final = ("environment", "imageRegistry", "imagePullSecrets", "securityProfile")
"""Fields of the root by which a package runs as it does in the tree."""


@dataclass(frozen=True, slots=True)
class Definition:
    """An AiltireStack to be pushed."""

    package: str
    repository: str
    """Below the registry's prefix."""
    resource: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Unfit:
    """A package that is no definition by itself, and why."""

    package: str
    why: str


def pinned(resource: Mapping[str, Any], made: Sequence[Made], digests: Mapping[str, str]) -> dict[str, Any]:
    """The resource with the digests of the images that are built; these are by reference. Raises InvalidStack."""
    by_image = [(each.target.image, each.reference) for each in made if each.reference in digests]
    names = {
        use.written: f"{qualified(reference)}@{digests[reference]}"
        for use in uses(resource)
        for image, reference in by_image
        if same_image(image, use.written)
    }
    spec = dict(resource["spec"])
    merged = {**spec.pop("images", {}), **names}
    return _without_idle_registry({**resource, "spec": {**({"images": merged} if merged else {}), **spec}})


def _without_idle_registry(resource: dict[str, Any]) -> dict[str, Any]:
    """The resource without a registry that no image of it needs, as each names one by now. Raises InvalidStack."""
    spec = {key: value for key, value in resource["spec"].items() if key != "imageRegistry"}
    without = {**resource, "spec": spec}
    return without if all(parse(use.reference).names_registry for use in uses(without)) else resource


def credentials_in(resource: Mapping[str, Any]) -> Iterator[FieldPath]:
    """The variables of a tree that look like credentials by name or value, and stand there as they are."""
    waiting = [(SPEC, resource["spec"])]
    while waiting:
        path, spec = waiting.pop()
        yield from _credentials(spec.get("env"), path_of(path, "env"))
        for key, service in (spec.get("services") or {}).items():
            where = path_of(path, "services", key)
            yield from _credentials(service.get("environment"), path_of(where, "environment"))
            if isinstance(service.get("stack"), dict):
                waiting.append((path_of(where, "stack"), service["stack"]))


def _credentials(variables: Any, path: FieldPath) -> Iterator[FieldPath]:
    plain = variables.items() if isinstance(variables, dict) else ()
    names = credentials.found({name: value for name, value in plain if isinstance(value, str)})
    return (path_of(path, name) for name in names)


def definitions(resource: Mapping[str, Any], packages: Sequence[tuple[str, FieldPath]]) -> Iterator[Definition | Unfit]:
    """The root's definition, then one of each package as it is in the tree for the first time."""
    name = resource["metadata"]["name"]
    yield Definition(name, name, resource)
    seen = {name}
    for package, path in packages:
        repository = images.repaired(package) or naming.sanitize(package)
        if repository in seen:
            continue
        seen.add(repository)
        try:
            own = _alone(resource, package, path)
            stack = parse_stack(own)
            list(levels(stack.name, stack.spec, {}))
        except InvalidStack as error:
            yield Unfit(package, str(error))
            continue
        yield Definition(package, repository, own)


def _alone(resource: Mapping[str, Any], package: str, path: FieldPath) -> dict[str, Any]:
    """A package as a root, with what it inherits in the tree. Raises InvalidStack."""
    root, found = resource["spec"], resource["spec"]
    for step in path.steps:
        found = found[step]
    head = {key: root[key] for key in _INHERITED if key in root}
    own = {**resource, "metadata": {"name": naming.stack_name(package)}, "spec": {**head, **found}}
    written = {use.written for use in uses(own)}
    names = {image: other for image, other in root.get("images", {}).items() if image in written}
    merged = {**found.get("images", {}), **names}
    found = {key: value for key, value in found.items() if key != "images"}
    return _without_idle_registry({**own, "spec": {**head, **({"images": merged} if merged else {}), **found}})
