"""What happens to a tree, whatever the order: the objects that are there, and the edits one after another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orders.api_server import ApiServer

if TYPE_CHECKING:
    from orders.simulation import Simulation


@dataclass(frozen=True, slots=True)
class Edit:
    """Something that a person does."""

    name: str
    make: Callable[[ApiServer], object]


@dataclass(frozen=True, slots=True)
class Scenario:
    """Edits, and what may go wrong meanwhile."""

    name: str
    edits: tuple[Edit, ...]
    faults: Mapping[str, int] = field(default_factory=dict)
    """How often each kind of fault may happen in one order."""
    operators: tuple[str, ...] = ("operator",)
    prepare: Callable[[Simulation], object] = lambda simulation: None
