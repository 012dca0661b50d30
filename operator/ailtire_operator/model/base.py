"""The base of every model: frozen, closed, camelCase outside, described by the docstring under each field."""

from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Strict(BaseModel):
    """Unknown keys are errors; values never change after validation."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        alias_generator=to_camel,
        populate_by_name=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
    )

    def to_json(self) -> dict[str, Any]:
        """The model as its author would write it: camelCase, nothing that was left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_unset=True)


def rules(*validations: tuple[str, str]) -> dict[str, Any]:
    """CEL rules for the schema, each an (expression, message) pair."""
    return {"x-kubernetes-validations": [{"rule": rule, "message": message} for rule, message in validations]}
