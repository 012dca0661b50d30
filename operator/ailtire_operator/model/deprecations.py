"""Finds deprecated field names in a definition, and the names to use instead."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ailtire_operator.model.field_path import SPEC, FieldPath, path_of
from ailtire_operator.model.problems import FieldError
from ailtire_operator.model.templates import FIELD, FORMER_FIELD

_SENTENCE: Final = f"{FORMER_FIELD} is deprecated, as kustomize takes it for a pod template; use {FIELD}: %s"


def deprecated(spec: Any, path: FieldPath = SPEC) -> Iterator[FieldError]:
    """Deprecated names in a valid definition and its inline children."""
    if not isinstance(spec, Mapping):
        return
    if FORMER_FIELD in spec:
        written = "true" if spec[FORMER_FIELD] is True else "false"
        yield FieldError(path_of(path, FORMER_FIELD), _SENTENCE % written, of_key=True)
    services = spec.get("services")
    for key, service in services.items() if isinstance(services, Mapping) else ():
        if isinstance(service, Mapping):
            yield from deprecated(service.get("stack"), path_of(path, "services", key, "stack"))
