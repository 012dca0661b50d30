"""What a look at the cluster has found that an apply would do. Pure."""

from dataclasses import dataclass, field

from ailtire_operator.cli.definitions import Definition
from ailtire_operator.cli.differences import Difference
from ailtire_operator.cluster.kinds import Ref


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the API server, or the operator, would refuse."""

    message: str
    about: Definition | Ref | str
    """The definition in the input, an object of it, or the name of a stack that only the cluster has."""

    @property
    def label(self) -> str:
        """What it is about, as a person reads it."""
        return self.about.label if isinstance(self.about, Definition) else str(self.about)

    def __str__(self) -> str:
        return f"{self.label}: {self.message}"


@dataclass(slots=True)
class Preview:
    """What was found."""

    changes: list[Difference] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What the operator would leave alone, and why."""
    problems: list[Refusal] = field(default_factory=list)

    def note(self, change: Difference | None) -> None:
        """Take an object that would not stay as it is."""
        if change is not None:
            self.changes.append(change)
