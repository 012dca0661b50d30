"""Two lives of an application, a fault in each step: both end as without any. `make faults` tries many more."""

import math

import pytest

from faults.plans.objects import of_admission, of_objects
from faults.plans.plan import Plan
from faults.plans.requests import of_all_requests, of_writes
from faults.plans.watches import of_watches
from faults.report import table
from faults.runner import Chooser
from faults.story import STEPS
from faults.suite import Suite
from faults.threads import together

PLANS = 40
SLOW = ("seconds behind", "stays open", "Retry-After 3", "storm")
"""Left to `make faults`."""


def fixed(plans: list[Plan], part: int) -> list[Plan]:
    """Every second kind."""
    quick = [each for each in plans if not any(word in each.kind for word in SLOW)]
    kinds = sorted({(each.family, each.kind) for each in quick})[part::2]
    return [each for each in quick if (each.family, each.kind) in kinds]


@pytest.mark.cluster
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_forty_faults_end_as_without_any(suite: Suite) -> None:
    others = [*of_all_requests(), *of_watches(), *of_objects(), *of_admission()]

    def story(part: int) -> None:
        chooser = Chooser(lambda count: fixed(list(of_writes(count)), part), fixed(others, part))
        suite.story(chooser, math.inf)

    together([lambda: story(0), lambda: story(1)])
    print(*table(suite.outcomes), sep="\n")
    assert [(str(each.plan), each.step, each.wrong) for each in suite.outcomes if each.wrong] == []
    assert len(suite.outcomes) == 2 * len(STEPS)
    assert sum(each.fired for each in suite.outcomes) >= PLANS - 6, "the faults have come about"
