"""Pushes definitions beside the images that they run, and judges first what may be pushed where."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ailtire_operator.cli import output
from ailtire_operator.cli.build_definitions import Definition, credentials_in, definitions, pinned
from ailtire_operator.cli.build_images import Row
from ailtire_operator.cli.build_plan import Made
from ailtire_operator.cli.failures import Failure, Invalid
from ailtire_operator.model.field_path import FieldPath
from ailtire_operator.model.images import DEFINITION_SCHEME
from ailtire_operator.oci import artifacts
from ailtire_operator.oci.errors import RegistryError
from ailtire_operator.oci.reference import Reference, parse

_TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


@dataclass(frozen=True, slots=True)
class Pushed:
    """A definition in a registry."""

    package: str
    reference: str
    """By digest, as ``import`` takes it."""


def definition_tag(tag: str | None, environment: str | None) -> str:
    """The tag of definitions: they differ by environment, so its name is in it. Raises Failure."""
    found = "-".join(filter(None, (tag, environment))) or "latest"
    if not _TAG.fullmatch(found):
        raise Failure(f"'{found}' is no tag of a definition", "Choose another --tag.")
    return found


def check_destinations(made: Sequence[Made], registry: str | None) -> None:
    """All that is pushed goes below the registry that the user names. Raises Failure."""
    if not registry:
        hint = "Name it: --registry registry.example/shop (docker.io/NAME for Docker Hub)."
        raise Failure("--push without --registry does not know where to", hint)
    prefix = f"{registry.rstrip('/')}/"
    lines = [
        f"{each.target.where}: '{each.reference}' would be pushed, which is not below --registry {registry}"
        for each in made
        if each.is_used and not each.reference.startswith(prefix)
    ]
    if lines:
        raise Invalid(lines)
    try:
        parse(f"{prefix}x")
    except RegistryError as error:
        raise Failure(f"--registry {registry}: {error}") from None


def check_secrets(resource: Mapping[str, Any]) -> None:
    """Nothing that looks like a credential is pushed in a definition. Raises Invalid with each variable."""
    lines = [
        f"{path}: it looks like a credential, and whoever may read the registry could read it in the definition"
        for path in credentials_in(resource)
    ]
    if lines:
        raise Invalid([*lines, "move them into Secrets (environmentValuesFrom), or push them with --with-credentials"])


def image_digests(made: Iterable[Made], *, plain: bool) -> dict[str, str]:
    """The digests that the registry has for the images that the tree runs. Raises RegistryError."""
    wanted = [each.reference for each in made if each.is_used]
    return {reference: artifacts.digest_of_image(parse(reference), plain=plain) for reference in wanted}


def missing_images(rows: Iterable[Row], registry: str, *, plain: bool) -> list[str]:
    """Images from elsewhere that the cluster will ask the registry for, as they name none, and that are not there."""
    return [
        each.reference
        for each in rows
        if each.made is None and each.reference.startswith(f"{registry}/") and not _exists(each.reference, plain)
    ]


def _exists(reference: str, plain: bool) -> bool:
    try:
        return bool(artifacts.digest_of_image(parse(reference), plain=plain))
    except RegistryError:
        return False


def push_definitions(
    resource: Mapping[str, Any],
    packages: Sequence[tuple[str, FieldPath]],
    made: Sequence[Made],
    digests: Mapping[str, str],
    destination: str,
    *,
    plain: bool,
) -> list[Pushed]:
    """The definitions with images by digest, pushed to ``registry.example/shop/{}:tag``. Raises RegistryError."""
    chosen = []
    for each in definitions(pinned(resource, made, digests), packages):
        if isinstance(each, Definition):
            chosen.append((each, parse(destination.format(each.repository))))
        else:
            output.say(f"note: the package {each.package} is no stack by itself, and is not pushed: {each.why}")
    _check_names([reference for _, reference in chosen], digests)
    return [
        Pushed(each.package, f"{DEFINITION_SCHEME}{artifacts.push(reference, _text(each), plain=plain)}")
        for each, reference in chosen
    ]


def _text(definition: Definition) -> bytes:
    return output.to_yaml(definition.resource).encode()


def _check_names(references: Iterable[Reference], images: Iterable[str]) -> None:
    taken = {str(parse(each)) for each in images}
    for reference in references:
        if str(reference) in taken:
            raise RegistryError(f"{reference} is the name of an image and of a definition: choose another --name")
