"""What a measurement has found: tables for a person, and JSON for who compares."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

from rich.console import Console
from rich.table import Table


class Figures(Protocol):
    """A dataclass of figures."""

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]

    def tables(self) -> Sequence[Table]:
        """All of them, for a person."""


def write_results(found: Figures, width: int, output: Path | None) -> None:
    """Print the tables, as wide as so many characters, and write the figures as JSON where a file is named."""
    console = Console(width=width)
    for table in found.tables():
        console.print(table)
    if output:
        output.write_text(json.dumps(dataclasses.asdict(found), indent=1) + "\n")
