"""What the page shows of one stack: a module for each view, and the table of their addresses."""

from collections.abc import Sequence
from typing import Final

from ailtire_operator.cli.ui.routing import Route

ROUTES: Final[Sequence[Route]] = ()
