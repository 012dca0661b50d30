"""The child stack of a service: an inline definition, or a reference to a template."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from ailtire_operator.model.base import NEVER_NULL, Strict, rules
from ailtire_operator.model.templates import FIELDS
from ailtire_operator.model.values import ObjectName


class StackReference(Strict):
    """A template in the same namespace: an AiltireStack with ``spec.templateOnly: true``."""

    name: ObjectName
    """The AiltireStack's name. Every parent that refers to it gets its own child with that definition."""
    optional: bool = False
    """True: a missing stack is reported, but this stack can be ready without it."""


_OWN_RESOURCE_ONLY = "an inline stack cannot have {}; only a separate resource can"
_NO_TEMPLATE = "Not allowed here: only a separate resource can be a template."
_DEFINITION: dict[str, Any] = {
    "type": "object",
    "x-kubernetes-preserve-unknown-fields": True,
    **NEVER_NULL,
    "properties": {
        "suspend": {"type": "boolean", "description": "This child and its subtree are not changed."},
        **{name: {"type": "boolean", "description": _NO_TEMPLATE} for name in FIELDS},
        "place": {
            "type": "object",
            "description": "Not allowed here: the operator writes it into the child's resource.",
            "x-kubernetes-preserve-unknown-fields": True,
        },
    },
    **rules(
        *((f"!has(self.{name}) || !self.{name}", _OWN_RESOURCE_ONLY.format(name)) for name in FIELDS),
        ("!has(self.place)", _OWN_RESOURCE_ONLY.format("place")),
    ),
}
"""The schema of an inline child: open, as it would be recursive, except for the fields that need a resource."""


def _check_definition(definition: dict[str, Any]) -> dict[str, Any]:
    for field in ("suspend", *FIELDS):
        if not isinstance(definition.get(field, False), bool):
            raise ValueError(f"{field} must be true or false")
    if not isinstance(definition.get("place", {}), dict):
        raise ValueError("place must be an object")
    for field in (*FIELDS, "place"):
        if field in definition and definition[field] is not False:
            raise ValueError(_OWN_RESOURCE_ONLY.format(field))
    return definition


Definition = Annotated[dict[str, Any], AfterValidator(_check_definition), Field(json_schema_extra=_DEFINITION)]
