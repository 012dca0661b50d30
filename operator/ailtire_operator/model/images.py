"""Image references: their parts, and which one runs. The importer, the plan and the exporter read them alike."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

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
        """Whether the first part is a registry: it has a dot or a port, or is localhost (Docker's own rule)."""
        first, slash, _ = self.name.partition("/")
        return bool(slash) and ("." in first or ":" in first or first == "localhost")


def parse(reference: str) -> Image:
    """The parts of a reference, legal or not."""
    name, at, digest = reference.partition("@")
    head, slash, tail = name.rpartition("/")
    if tag := _TAG.search(tail):
        return Image(head + slash + tail[: tag.start()], tag.group() + at + digest)
    return Image(name, at + digest)


def override_of(reference: str, overrides: Mapping[str, str]) -> str | None:
    """Under which key the overrides speak of an image: as it is written, or without its tag and digest."""
    return next((key for key in (reference, parse(reference).name) if key in overrides), None)


def overridden(reference: str, overrides: Mapping[str, str]) -> str:
    """What the overrides say in place of an image, or the image."""
    key = override_of(reference, overrides)
    return reference if key is None else overrides[key]


def resolve(reference: str, overrides: Mapping[str, str], registry: str | None) -> str:
    """What runs for an image as a service writes it: overrides first, then the registry's prefix."""
    chosen = overridden(reference, overrides)
    if registry and not parse(chosen).names_registry:
        return f"{registry.rstrip('/')}/{chosen}"
    return chosen
