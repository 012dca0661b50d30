"""Where lines of logs go on standard output, and what there is to say of the reading on standard error."""

from dataclasses import dataclass

from ailtire_operator.cli import output
from ailtire_operator.cli.log_lines import Line, Style
from ailtire_operator.cli.log_sources import Source


@dataclass(frozen=True, slots=True)
class PrintedLog:
    """What a command prints."""

    style: Style
    quiet: bool
    """Nothing is said beside the lines of logs."""

    async def line(self, source: Source, line: Line) -> None:
        """Print a line."""
        output.log(self.style.write(source, line))

    def note(self, text: str) -> None:
        """Say something about the reading itself."""
        if not self.quiet:
            output.say(text, style="dim")

    def flush(self) -> None:
        """Let everything printed so far be read."""
        output.flush()
