"""The field that makes a stack a template: ``spec.templateOnly``, or its former name ``spec.template``.

The former name is deprecated because kustomize takes ``spec.template`` of any resource for a pod template: an
``images:`` in the same kustomization fails on a boolean with "expected sequence or mapping node".
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

FIELD: Final = "templateOnly"
FORMER_FIELD: Final = "template"
FIELDS: Final = (FIELD, FORMER_FIELD)
RESOURCE_ONLY: Final = (*FIELDS, "place", "additionalKinds", "serviceAccounts")
"""Fields of a spec that an inline child cannot have."""
DIFFERENT: Final = f"{FORMER_FIELD} is the former name of {FIELD}, and the two differ; use only {FIELD}"


def is_template(spec: Mapping[str, Any]) -> bool:
    """Whether a raw definition, valid or not, is a template."""
    return any(spec.get(name) is True for name in FIELDS)


def without_marks(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The definition for a child that refers to it, without the fields that make it a template."""
    return {name: value for name, value in spec.items() if name not in FIELDS}


def reference_of(service: Mapping[str, Any]) -> str | None:
    """The template that a member refers to, as it is written; None if it refers to none."""
    reference = service.get("stackRef")
    name = reference.get("name") if isinstance(reference, Mapping) else None
    return name if isinstance(name, str) else None


def references(spec: Any) -> Iterator[str]:
    """The templates that a definition refers to, in itself or in a child that it spells out, as it is written.

    Nothing here may fail: the definition may be anything that the schema lets through.
    """
    waiting = [spec]
    while waiting:
        spec = waiting.pop()
        services = spec.get("services") if isinstance(spec, Mapping) else None
        for service in services.values() if isinstance(services, Mapping) else ():
            if not isinstance(service, Mapping):
                continue
            if (name := reference_of(service)) is not None:
                yield name
            waiting.append(service.get("stack"))
