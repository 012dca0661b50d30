"""Image references: their parts, illegal ones repaired, the registry's prefix."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_TAG = re.compile(r":([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})$")
_ALLOWED = re.compile(r"[A-Za-z0-9._:/@-]{1,512}")
_COMPONENT = re.compile(r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*")


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


def repaired(reference: str) -> str | None:
    """The reference in a form that a registry takes: lower case, no separators at the edges (``_mp_web``: ``mp_web``).

    None where nothing sensible can be made of it. A legal reference is returned as it is.
    """
    if not _ALLOWED.fullmatch(reference):
        return None
    image = parse(reference)
    host, slash, rest = image.name.partition("/") if image.names_registry else ("", "", image.name)
    components = [component.lower().strip("._-") for component in rest.split("/")]
    if not all(_COMPONENT.fullmatch(component) for component in components):
        return None
    return f"{host}{slash}{'/'.join(components)}{image.suffix}"


def resolve(reference: str, overrides: Mapping[str, str], registry: str | None) -> str:
    """What runs for an image as a service writes it: overrides first, then the registry's prefix."""
    chosen = overrides.get(reference) or overrides.get(parse(reference).name) or reference
    if registry and not parse(chosen).names_registry:
        return f"{registry.rstrip('/')}/{chosen}"
    return chosen
