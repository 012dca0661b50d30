"""The base class of the models: frozen, no unknown fields, camelCase in YAML, described by each field's docstring."""

from functools import cache
from typing import Any, Final, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationInfo, model_validator
from pydantic.alias_generators import to_camel

KEY_RULES: Final = "x-key-rules"
"""In the schema of a map's keys: the rules for each key, as ``keys.KeyRule`` (for the generators here)."""
NEVER_NULL: Final[dict[str, Any]] = {"nullable": False}
"""In the schema of an object: {} has a meaning there, so null is refused."""
OrEmpty: Final = BeforeValidator(lambda value: {} if value is None else value)
"""On the values of a map: null there is {}, see Strict."""


_WRITTEN: Final = object()
"""The context in which ``written`` validates."""


class _Null:
    """Replaces a null that the schema does not allow: it has no valid type, so the field refuses it with its path."""

    def __repr__(self) -> str:
        return "null"


_NULL: Final = _Null()
_UNKNOWN_LISTED: Final = 8
"""The most unknown keys of one map that get an error each."""


class Strict(BaseModel):
    """Unknown keys are errors; values never change after validation; null is the same as leaving a field out.

    Maps are sorted by key, as the API server does, so a definition has the same meaning and the same errors in a file
    and in a cluster.

    Server-side apply writes null when the last field of an object is removed (``aliases: [a]`` to ``{}``), and an
    empty ``deploy:`` is null in YAML. So the schema allows null where {} has no meaning of its own. ``written`` reads
    an author's input by the same rules and by the schema's field names only, so that inline children are validated
    as the API server validates a root.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        alias_generator=to_camel,
        populate_by_name=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
    )

    @classmethod
    def written(cls, data: Any) -> Self:
        """Validate an author's input as the API server does. Raises pydantic's ValidationError."""
        return cls.model_validate(data, by_alias=True, by_name=False, context=_WRITTEN)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls_and_in_order(cls, data: Any, info: ValidationInfo) -> Any:
        if not isinstance(data, dict):
            return data
        written = info.context is _WRITTEN
        if len(data) > _UNKNOWN_LISTED:
            cls._count_unknown(data, _aliases(cls) if written else _names(cls))
        ordered = {key: _in_order(value) for key, value in _in_order(data).items()}
        if written and None in ordered.values():
            wrong = _aliases(cls) - _nullable(cls)
            ordered = {key: _NULL if value is None and key in wrong else value for key, value in ordered.items()}
        return {
            key: value for key, value in ordered.items() if value is not None or (written and key not in _aliases(cls))
        }

    @classmethod
    def _count_unknown(cls, data: dict[Any, Any], known: frozenset[str]) -> None:
        """Raise one error for many unknown keys: a thousand separate ones would take long."""
        unknown = [key for key in data if key not in known]
        if len(unknown) > _UNKNOWN_LISTED:
            some = ", ".join(f"'{key}'" for key in unknown[:_UNKNOWN_LISTED])
            raise ValueError(f"{len(unknown):,} unknown fields: {some} and others")

    def to_json(self) -> dict[str, Any]:
        """The model as JSON: camelCase, only fields that were set."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_unset=True)


def _in_order(value: Any) -> Any:
    """A map sorted by its keys; nested maps are sorted by their own models."""
    return dict(sorted(value.items(), key=lambda entry: str(entry[0]))) if isinstance(value, dict) else value


@cache
def _aliases(model: type[BaseModel]) -> frozenset[str]:
    return frozenset(field.alias or name for name, field in model.model_fields.items())


@cache
def _nullable(model: type[BaseModel]) -> frozenset[str]:
    """The fields for which the schema allows null."""
    from ailtire_operator.model.structural import structural

    properties = structural(model).get("properties", {})
    return frozenset(name for name, schema in properties.items() if schema.get("nullable"))


@cache
def _names(model: type[BaseModel]) -> frozenset[str]:
    return frozenset(name for each, field in model.model_fields.items() for name in (each, field.alias or each))


def rules(*validations: tuple[str, str]) -> dict[str, Any]:
    """CEL rules for the schema, each an (expression, message) pair."""
    return {"x-kubernetes-validations": [{"rule": rule, "message": message} for rule, message in validations]}
