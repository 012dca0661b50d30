"""The field that makes a stack a template: ``spec.templateOnly``, or its former name ``spec.template``.

The former name is deprecated because kustomize takes ``spec.template`` of any resource for a pod template: an
``images:`` in the same kustomization fails on a boolean with "expected sequence or mapping node".
"""

from collections.abc import Mapping
from typing import Any, Final

FIELD: Final = "templateOnly"
FORMER_FIELD: Final = "template"
FIELDS: Final = (FIELD, FORMER_FIELD)
RESOURCE_ONLY: Final = (*FIELDS, "place", "additionalKinds")
"""Fields of a spec that an inline child cannot have."""
DIFFERENT: Final = f"{FORMER_FIELD} is the former name of {FIELD}, and the two differ; use only {FIELD}"


def is_template(spec: Mapping[str, Any]) -> bool:
    """Whether a raw definition, valid or not, is a template."""
    return any(spec.get(name) is True for name in FIELDS)


def without_marks(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The definition for a child that refers to it, without the fields that make it a template."""
    return {name: value for name, value in spec.items() if name not in FIELDS}
