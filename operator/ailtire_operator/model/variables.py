"""Variables for all services of a subtree: a copy of them is in the place of every stack below."""

from typing import Annotated, Final

from pydantic import AfterValidator, Field

from ailtire_operator.model.keys import VariableName
from ailtire_operator.model.values import EnvironmentValue

CHARACTER_LIMIT: Final = 65_536
"""Characters of all their names and values: they are part of every resource and every pod of the subtree."""


def _check_size(variables: dict[str, str]) -> dict[str, str]:
    if sum(len(name) + len(value) for name, value in variables.items()) > CHARACTER_LIMIT:
        message = f"names and values have more than {CHARACTER_LIMIT:,} characters together"
        raise ValueError(f"{message}; put large values into a config or a ConfigMap")
    return variables


SubtreeVariables = Annotated[
    dict[VariableName, EnvironmentValue],
    Field(max_length=200, examples=[{"LOG_LEVEL": "info", "REGION": "eu-1"}]),
    AfterValidator(_check_size),
]
