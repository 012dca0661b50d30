"""What happens to a tree, whatever the order: the objects that are there, and the edits one after another."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from orders.api_server import ApiServer


@dataclass(frozen=True, slots=True)
class Edit:
    """Something that a person does."""

    name: str
    make: Callable[[ApiServer], object]


@dataclass(frozen=True, eq=False)
class Scenario:
    """Edits, and what may go wrong meanwhile."""

    name: str
    edits: tuple[Edit, ...]
    base: tuple[Edit, ...] = ()
    """What was done before, and has come to rest."""
    faults: Mapping[str, int] = field(default_factory=dict)
    """How often each kind of fault may happen in one order."""
    operators: tuple[str, ...] = ("operator",)
    removes: bool = False
    """Whether an edit takes away what another brings back, so that the operator creates it again."""
