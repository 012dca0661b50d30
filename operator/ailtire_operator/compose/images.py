"""Repairs image references that registries do not accept."""

import re

from ailtire_operator.model.images import parse

_ALLOWED = re.compile(r"[A-Za-z0-9._:/@-]{1,512}")
_COMPONENT = re.compile(r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*")


def repaired(reference: str) -> str | None:
    """The reference in a form that registries accept: lower case, no separators at the edges (``_mp_web``: ``mp_web``).

    None if it cannot be repaired. A valid reference is returned unchanged.
    """
    if not _ALLOWED.fullmatch(reference):
        return None
    image = parse(reference)
    host, slash, rest = image.name.partition("/") if image.names_registry else ("", "", image.name)
    components = [component.lower().strip("._-") for component in rest.split("/")]
    if not all(_COMPONENT.fullmatch(component) for component in components):
        return None
    return f"{host}{slash}{'/'.join(components)}{image.suffix}"
