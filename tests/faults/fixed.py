"""The plans that `make test` tries: of each kind of fault but the slow ones, the same ones on every machine."""

import math

from faults.plans.plan import Plan
from faults.plans.requests import of_writes
from faults.runner import Chooser
from faults.suite import Suite, beside_writes
from support.checks.threads import together

SEED = 20
_SLOW = ("seconds behind", "stays open", "Retry-After 3", "storm", "token")
"""Left to `make faults`."""


def two_stories(suite: Suite) -> None:
    """Two lives of the application beside each other, each with every second kind of fault."""
    others = beside_writes()

    def story(part: int) -> None:
        chooser = Chooser(lambda count: _half(list(of_writes(count)), part), _half(others, part))
        suite.story(chooser, math.inf)

    together([lambda: story(0), lambda: story(1)])


def _half(plans: list[Plan], part: int) -> list[Plan]:
    quick = [each for each in plans if not any(word in each.kind for word in _SLOW)]
    kinds = sorted({(each.family, each.kind) for each in quick})[part::2]
    return [each for each in quick if (each.family, each.kind) in kinds]
