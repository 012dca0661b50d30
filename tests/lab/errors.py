"""The one error of the lab: a sentence that says what to do."""

import sys
from collections.abc import Callable


class LabError(Exception):
    """Something outside the lab is missing or went wrong; the text is for the person at the terminal."""


def run(commands: Callable[[], object]) -> None:
    """Run a command line; an error of the lab is a sentence, not a stack trace."""
    try:
        commands()
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        sys.exit(1)
