"""Parses and resolves image references, for the importer, the plan and the exporter."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

DEFINITION_SCHEME: Final = "oci://"
"""How the address of a stack's definition in a registry begins."""
_TAG = re.compile(r":([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})$")


@dataclass(frozen=True, slots=True)
class Image:
    """``registry:5000/shop/web:1.4@sha256:…`` in parts."""

    name: str
    """Without tag and digest."""
    suffix: str
    """Tag and digest as they were written."""

    def __str__(self) -> str:
        return self.name + self.suffix

    @property
    def names_registry(self) -> bool:
        """Whether the first part is a registry."""
        first, slash, _ = self.name.partition("/")
        return bool(slash) and is_registry(first)


def is_registry(first: str) -> bool:
    """Whether the part before the first slash is a registry, by Docker's rule: a dot or a port, or localhost."""
    return "." in first or ":" in first or first == "localhost"


def parse(reference: str) -> Image:
    """The parts of a reference, valid or not."""
    name, at, digest = reference.partition("@")
    head, slash, tail = name.rpartition("/")
    if tag := _TAG.search(tail):
        return Image(head + slash + tail[: tag.start()], tag.group() + at + digest)
    return Image(name, at + digest)


def override_of(reference: str, overrides: Mapping[str, str]) -> str | None:
    """The key of the override for an image: the reference as written, or without tag and digest."""
    return next((key for key in (reference, parse(reference).name) if key in overrides), None)


def overridden(reference: str, overrides: Mapping[str, str]) -> str:
    """The override of an image, or the image itself."""
    key = override_of(reference, overrides)
    return reference if key is None else overrides[key]


def resolve(reference: str, overrides: Mapping[str, str], registry: str | None) -> str:
    """The image to run for an image of a service: the override, then the registry's prefix."""
    chosen = overridden(reference, overrides)
    if registry and not parse(chosen).names_registry:
        return f"{registry.rstrip('/')}/{chosen}"
    return chosen
