"""A small tree comes to the same end in every order that is tried here; ``make orders`` tries many more.

The planted bugs come last: each has to be found among the orders in which the operator itself finds nothing wrong.
"""

from contextlib import suppress
from typing import Any
from unittest.mock import patch

import pytest

from ailtire_operator.cluster.writer import Target, Writer
from orders.exploring import DELAY, Run, explore, run, shrunk
from orders.planted import BUGS, Bug
from orders.scenarios import SCENARIOS, named
from orders.simulation import Simulation, Violation
from support.fake_cluster.records import reference_to

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


_TAKE = Writer.take


async def _with_an_owner(self: Writer, target: Target, body: Any, **options: Any) -> Any:
    owner = [reference_to("shop", target.owner_uid)]
    return await _TAKE(self, target, {**body, "metadata": {**body["metadata"], "ownerReferences": owner}}, **options)


async def _and_delete_it(self: Writer, target: Target, body: Any, **options: Any) -> Any:
    answer = await _TAKE(self, target, body, **options)
    if not options.get("rehearsal"):
        await self._connection.request("DELETE", target.record.ref.path, body={})
    return answer


@pytest.mark.parametrize(("bug", "says"), [(_with_an_owner, "gets an owner"), (_and_delete_it, "is deleted by")])
def test_a_claim_of_others_that_gets_an_owner_or_is_deleted_is_noticed(bug: Any, says: str) -> None:
    """These do harm in every order, so that they are no bugs to explore; of what is gone there is no end of asking."""
    simulation = Simulation(named("claims are taken over"), lambda number, steps: steps[0])
    with patch.object(Writer, "take", bug), suppress(Violation):
        simulation.run()
    assert [each for each in simulation.judge.wrong if says in each]
