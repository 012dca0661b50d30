"""How a service that is a stack says which: its definition inline, or a reference to one declared elsewhere."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from ailtire_operator.model.base import NEVER_NULL, Strict, rules
from ailtire_operator.model.templates import FIELDS
from ailtire_operator.model.values import ObjectName


class StackReference(Strict):
    """A stack that is declared in a resource of its own, marked ``spec.templateOnly: true``, in the same namespace."""

    name: ObjectName
    """The AiltireStack's name. Every parent that names it gets a child of its own with that definition."""
    optional: bool = False
    """A missing stack is reported but does not keep this one from being ready."""


_OWN_RESOURCE_ONLY = "only a resource of its own may have {}, not an inline stack"
_NO_TEMPLATE = "Not here: only a resource of its own is a template."
_DEFINITION: dict[str, Any] = {
    "type": "object",
    "x-kubernetes-preserve-unknown-fields": True,
    **NEVER_NULL,
    "properties": {
        "suspend": {"type": "boolean", "description": "This child and its subtree stay as they are."},
        **{name: {"type": "boolean", "description": _NO_TEMPLATE} for name in FIELDS},
        "place": {
            "type": "object",
            "description": "Not here: the operator writes it into the child's own resource.",
            "x-kubernetes-preserve-unknown-fields": True,
        },
    },
    **rules(
        *((f"!has(self.{name}) || !self.{name}", _OWN_RESOURCE_ONLY.format(name)) for name in FIELDS),
        ("!has(self.place)", _OWN_RESOURCE_ONLY.format("place")),
    ),
}
"""The schema of an inline child: recursive, so left open, but for what decides about the child's very being."""


def _check_definition(definition: dict[str, Any]) -> dict[str, Any]:
    for field in ("suspend", *FIELDS):
        if not isinstance(definition.get(field, False), bool):
            raise ValueError(f"{field} is true or false")
    if not isinstance(definition.get("place", {}), dict):
        raise ValueError("place is an object")
    for field in (*FIELDS, "place"):
        if field in definition and definition[field] is not False:
            raise ValueError(_OWN_RESOURCE_ONLY.format(field))
    return definition


Definition = Annotated[dict[str, Any], AfterValidator(_check_definition), Field(json_schema_extra=_DEFINITION)]
