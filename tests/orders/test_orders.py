"""A small tree comes to the same end in every order that is tried here; ``make orders`` tries many more.

The planted bugs come last: each has to be found among the orders in which the operator itself finds nothing wrong.
"""

import pytest

from orders.exploring import DELAY, Run, explore, run, shrunk
from orders.planted import BUGS, Bug
from orders.scenarios import SCENARIOS, named

SHARE = 0.08
"""Of the orders with one deviation: a few hundred in half a minute. ``make orders`` tries all of them."""
NAMES = [scenario.name for scenario in SCENARIOS]


@pytest.mark.parametrize("name", NAMES)
def test_every_order_comes_to_the_same_end(name: str) -> None:
    found = explore(named(name), depth=1, draws=4, seed=1, share=SHARE)
    assert found.count > 8
    for deviations, wrong in found.failed[:1]:
        pytest.fail(f"{wrong}\n{shrunk(run(found.scenario, deviations)).text()}")


def test_an_order_is_the_same_when_it_is_run_again() -> None:
    scenario = named("create a gateway")
    first = run(scenario, [(40, DELAY), (60, DELAY)])
    again = run(scenario, [(40, DELAY), (60, DELAY)])
    assert first.steps == again.steps != run(scenario).steps
    assert not first.wrong


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_is_found_and_its_schedule_made_small(bug: Bug) -> None:
    with bug.plant():
        found = explore(named(bug.scenario), depth=1, until=bug.says)
        deviations = next(deviations for deviations, wrong in found.failed if bug.says in wrong)
        assert deviations, "it does no harm in the default order"
        noise = [(deviations[0][0] + number, DELAY) for number in (30, 31, 32)]  # later than the harm
        small = shrunk(Run(found.scenario, (*deviations, *noise), wrong=bug.says))
    assert bug.says in small.wrong
    assert len(small.deviations) == 1
    assert small.text().count("<-") == 1
