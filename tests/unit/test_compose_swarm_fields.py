"""No field of a stack is dead in an export to Swarm: whatever it says, the files or the report show it."""

import types
from collections.abc import Iterator
from typing import Annotated, Any, Union, get_args, get_origin

import pytest

from ailtire_operator.compose.exporting import Exported, dump
from ailtire_operator.model.base import Strict
from ailtire_operator.model.stack import StackSpec
from support.compose.exporting import exported
from support.definitions.samples import JUDGED_ELSEWHERE, SAMPLES, WEB, WHOLE, surroundings


def models(annotation: Any) -> Iterator[tuple[str, type[Strict]]]:
    """The models in a type, each with what stands before its fields in a path."""
    origin = get_origin(annotation)
    if isinstance(annotation, type) and issubclass(annotation, Strict):
        yield "", annotation
    elif origin is Annotated:
        yield from models(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for each in get_args(annotation):
            yield from models(each)
    elif origin is dict:
        yield from ((f".*{steps}", model) for steps, model in models(get_args(annotation)[1]))


def fields(model: type[Strict], base: str = "") -> Iterator[str]:
    """The path of every field of a stack; of its services the one called web stands for all."""
    for name, field in model.model_fields.items():
        path = f"{base}.{field.alias or name}".lstrip(".")
        if path == "services":
            for _, service in models(field.annotation):
                yield from fields(service, WEB)
            continue
        if path in JUDGED_ELSEWHERE:
            continue
        yield path
        if path not in WHOLE:
            for steps, inner in models(field.annotation):
                yield from fields(inner, path + steps)


def shown(result: Exported) -> Any:
    return [(name, dump(file)) for name, file in result.files.items()], dict(result.beside), set(result.notices)


FIELDS = list(fields(StackSpec))


def test_the_samples_are_all_of_fields_that_there_are() -> None:
    assert set(SAMPLES) <= set(FIELDS)


@pytest.mark.parametrize("path", FIELDS)
def test_whatever_a_field_says_is_exported_or_reported(path: str) -> None:
    without, spec = surroundings(path), surroundings(path, said=True)
    assert spec != without
    assert shown(exported(spec)) != shown(exported(without))
