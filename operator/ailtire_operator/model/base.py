"""The base of every model: frozen, closed, camelCase outside, described by the docstring under each field."""

from functools import cache
from typing import Any, Final, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationInfo, model_validator
from pydantic.alias_generators import to_camel

KEY_RULES: Final = "x-key-rules"
"""In the schema of a map's keys: the rules that each key is held to, as ``keys.KeyRule`` (for the generators here)."""
NEVER_NULL: Final[dict[str, Any]] = {"nullable": False}
"""In the schema of an object: {} says something there, so that it must not turn into null unnoticed."""
OrEmpty: Final = BeforeValidator(lambda value: {} if value is None else value)
"""On the values of a map: null there is {}, see Strict."""


_WRITTEN: Final = object()
"""The context in which ``written`` validates."""


class _Null:
    """Null where the schema has a value: of no type, so that the field's own rule refuses it, at its path."""

    def __repr__(self) -> str:
        return "null"


_NULL: Final = _Null()
_UNKNOWN_TOLD: Final = 8
"""Unknown keys of one map that are told each by itself."""


class Strict(BaseModel):
    """Unknown keys are errors; values never change after validation; null is the same as leaving a field out.

    Maps are in the order of their keys, whatever the order in which they were written: the API server sorts them too,
    so a definition means the same, and is complained about alike, in a file and in a cluster.

    Null is what server-side apply leaves of an object whose last field its author removes (``aliases: [a]`` to ``{}``),
    and what an empty ``deploy:`` is in YAML. So the schema takes it wherever {} means no more than nothing. What an
    author has written is read by ``written``, which takes it there alone, and knows a field by the schema's name only:
    so the API server judges a root, and a child that stands in it is judged alike.
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
        """What an author has written, as the API server reads it. Raises pydantic's ValidationError."""
        return cls.model_validate(data, by_alias=True, by_name=False, context=_WRITTEN)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls_and_in_order(cls, data: Any, info: ValidationInfo) -> Any:
        if not isinstance(data, dict):
            return data
        written = info.context is _WRITTEN
        if len(data) > _UNKNOWN_TOLD:
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
        """Tell many unknown keys at once: a thousand errors of their own would take long, and nobody reads them."""
        unknown = [key for key in data if key not in known]
        if len(unknown) > _UNKNOWN_TOLD:
            some = ", ".join(f"'{key}'" for key in unknown[:_UNKNOWN_TOLD])
            raise ValueError(f"{len(unknown):,} fields do not exist here: {some} and others")

    def to_json(self) -> dict[str, Any]:
        """The model as its author would write it: camelCase, nothing that was left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_unset=True)


def _in_order(value: Any) -> Any:
    """A map by its keys; what is below has a model of its own."""
    return dict(sorted(value.items(), key=lambda entry: str(entry[0]))) if isinstance(value, dict) else value


@cache
def _aliases(model: type[BaseModel]) -> frozenset[str]:
    return frozenset(field.alias or name for name, field in model.model_fields.items())


@cache
def _nullable(model: type[BaseModel]) -> frozenset[str]:
    """The fields of which the schema takes null."""
    from ailtire_operator.model.structural import structural

    properties = structural(model).get("properties", {})
    return frozenset(name for name, schema in properties.items() if schema.get("nullable"))


@cache
def _names(model: type[BaseModel]) -> frozenset[str]:
    return frozenset(name for each, field in model.model_fields.items() for name in (each, field.alias or each))


def rules(*validations: tuple[str, str]) -> dict[str, Any]:
    """CEL rules for the schema, each an (expression, message) pair."""
    return {"x-kubernetes-validations": [{"rule": rule, "message": message} for rule, message in validations]}
