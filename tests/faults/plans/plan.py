"""What a plan is, and which one is tried next."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from faults.journal import Entry
from faults.lane import Lane
from faults.proxy import Rule


def _no_rules(lane: Lane) -> list[Rule]:
    del lane
    return []


def nothing(lane: Lane) -> None:
    """Do nothing; as ``heal``: the rules alone end."""
    del lane


@dataclass(frozen=True)
class Plan:
    """One fault, at one place of one step."""

    family: str
    kind: str
    """What goes wrong, without where."""
    where: str
    rules: Callable[[Lane], list[Rule]] = field(default=_no_rules, compare=False)
    """What the proxy does."""
    before: Callable[[Lane], None] = field(default=nothing, compare=False)
    """What is done before the edit."""
    act: Callable[[Lane], None] = field(default=nothing, compare=False)
    """What is done right after the edit."""
    heal: Callable[[Lane], None] | None = field(default=None, compare=False)
    """What ends the fault, some seconds after the edit; the rules end with it."""
    fired: Callable[[Sequence[Entry]], bool] | None = field(default=None, compare=False)
    """Whether the fault has come about, by what the operator sent since the edit; by the rules where not given."""
    held: float = 2.5
    """How long it lasts before it is healed, in seconds."""
    exact: bool = True
    """Whether the cluster must see the creations and deletions of a run without a fault, and no other roll-out: not
    where the plan itself takes objects away or changes them."""
    makes_again: bool = False
    """Whether the root is deleted and made again, or its history: what there was before an update is not known then."""
    pods_change: bool = False
    """Whether Kubernetes itself may find pods unready for a while, so that their addresses go and come again."""
    limit: float = 60.0
    """Seconds in which all must be as it should be, from the edit or the healing."""

    def __str__(self) -> str:
        return f"{self.family}: {self.kind}, {self.where}"


def always(entries: Sequence[Entry]) -> bool:
    """A plan that brings its fault about itself."""
    del entries
    return True


def choose(plans: Sequence[Plan], covered: Counter[tuple[str, str]], chance: random.Random) -> Plan:
    """One of those whose kind was tried least."""
    least = min(covered[plan.family, plan.kind] for plan in plans)
    return chance.choice([plan for plan in plans if covered[plan.family, plan.kind] == least])
