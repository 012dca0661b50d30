"""What a look at the cluster has found that an apply would do. Pure."""

from collections import Counter
from dataclasses import dataclass, field

from ailtire_operator.cli.definitions import Definition
from ailtire_operator.cli.differences import Difference
from ailtire_operator.cli.tree_impacts import TreeImpact
from ailtire_operator.cluster.kinds import Ref
from ailtire_operator.printable import plural


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
    impacts: list[TreeImpact] = field(default_factory=list)
    """What becomes of each tree that uses a template of the input."""
    unshown: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By namespace and root: the objects that would change in trees of which no object is shown."""

    @property
    def differs(self) -> bool:
        """Whether anything would change."""
        return bool(self.changes) or self.unshown.total() > 0

    def add(self, other: "Preview") -> None:
        """Take what was found in another namespace."""
        self.changes += other.changes
        self.notes += other.notes
        self.problems += other.problems
        self.impacts += other.impacts
        self.unshown += other.unshown

    def unshown_note(self) -> str:
        """What is not shown, in a sentence; empty where everything is."""
        trees = plural(len(self.unshown), "more tree")
        objects = plural(self.unshown.total(), "object")
        return f"not shown: {objects} of {trees} that would change too (--trees shows them)" if self.unshown else ""

    def note(self, change: Difference | None) -> None:
        """Take an object that would not stay as it is."""
        if change is not None:
            self.changes.append(change)
