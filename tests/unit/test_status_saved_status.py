"""How a status is read that this program may not have written."""

import re
from typing import Any

import pytest

from ailtire_operator.cli.trees import State, state_of
from ailtire_operator.status.observed import Child, LiveObject
from ailtire_operator.status.rollup import branch
from ailtire_operator.status.saved_status import SavedCondition, SavedStatus
from lab.paths import ROOT

READY = {"type": "Ready", "status": "True", "reason": "Ready", "message": "m", "lastTransitionTime": "t"}


def status(observed: int, ready: int | None) -> dict[str, Any]:
    extra = {} if ready is None else {"observedGeneration": ready}
    return {"observedGeneration": observed, "conditions": [{**READY, **extra}]}


@pytest.mark.parametrize(
    ("written", "speaks"),
    [
        (status(3, 3), True),
        (status(3, None), True),
        (status(3, 2), False),
        (status(2, 2), False),
        (status(57, 57), False),  # restored from a backup, with the object made anew
        ({"observedGeneration": 3}, False),
        ({"observedGeneration": None, "conditions": None}, False),
        ({}, False),
        (None, False),
    ],
)
def test_operator_and_command_line_agree_whether_it_speaks_of_the_definition(
    written: dict[str, Any] | None, speaks: bool
) -> None:
    assert SavedStatus.of(written).speaks_of(3) is speaks
    resource = {"metadata": {"name": "a", "generation": 3}, "spec": {}, "status": written}
    assert (state_of(resource)[0] is State.READY) is speaks
    assert branch(Child("a", "shop-a", LiveObject(3, {"status": written}))).ready is speaks


def test_what_is_not_there_is_empty_and_holds_for_nothing() -> None:
    said = SavedStatus.of({"conditions": [READY, {"type": "Stalled"}, {}]})
    assert said.condition("Ready") == SavedCondition("True", "Ready", "m", "t", None)
    assert (said.condition("Stalled"), said.condition("Suspended")) == (SavedCondition(), SavedCondition())
    assert not said.condition("Suspended").is_true


def test_the_conditions_of_a_stack_are_read_nowhere_else() -> None:
    """Those of other kinds are read by summaries, the judge of updates, and commands that show pods and routes."""
    raw = re.compile(r"(status|old|Status)[^\n]*\"conditions\"|\.get\(\"conditions\"\) or")
    sources = (ROOT / "operator" / "ailtire_operator").rglob("*.py")
    found = {f"{path.parent.name}/{path.name}" for path in sources if raw.search(path.read_text())}
    of_others = {
        "status/updates.py", "status/verification.py", "cluster/summaries.py", "cluster/pod_states.py",
        "reconcile/stop_gate.py", "cli/outside.py", "cli/pod_facts.py", "cli/pod_choice.py", "cli/pod_causes.py",
        "cli/service_details.py",
    }  # fmt: skip
    assert found <= {"status/saved_status.py", *of_others}
