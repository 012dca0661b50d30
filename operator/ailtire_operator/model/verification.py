"""``spec.verify``: a check of the whole stack, run once for each definition that has been rolled out."""

from typing import Annotated, Final

from pydantic import AfterValidator, Field

from ailtire_operator.model.base import Strict
from ailtire_operator.model.keys import VariableName
from ailtire_operator.model.values import Argument, Duration, EnvironmentValue, ImageReference, UserId, seconds

_LONGEST: Final = 24 * 3600


def _check_length(timeout: str) -> str:
    if not 1 <= seconds(timeout) <= _LONGEST:
        raise ValueError("write between 1s and 24h")
    return timeout


class Verification(Strict):
    """A container that ends: with exit code 0 if the stack does what it should."""

    image: ImageReference
    """The image; overrides and the registry prefix of the stack apply to it."""
    entrypoint: Annotated[list[Argument], Field(max_length=256)] | None = None
    """The program to run, in place of the image's entrypoint."""
    command: Annotated[list[Argument], Field(max_length=256, examples=[["smoke-test", "http://web:3000"]])] = []
    """Arguments of the entrypoint, in place of the image's."""
    environment: Annotated[
        dict[VariableName, EnvironmentValue], Field(max_length=200, examples=[{"DEPTH": "full"}])
    ] = {}
    """Further variables, beside AILTIRE_* and those of spec.env."""
    user: UserId | None = None
    """User and group of the process, as numbers: 1000 or 1000:1000. Default: the image's."""
    timeout: Annotated[Duration, AfterValidator(_check_length)] = "5m"
    """The check has failed if it has not ended after this time, from 1s to 24h; waiting for a node and pulling the
    image count."""
