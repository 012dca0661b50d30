"""manifests/argocd: made of one source, and of every state that the operator can tell of.

That Argo CD's own code comes to these verdicts, ``make packages-proof`` shows.
"""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ailtire_operator.status import conditions, health
from lab.paths import ROOT
from support import argocd_files
from support.stack_states import State, states

PACKAGE = ROOT / "operator" / "ailtire_operator"
STATES = list(states())
REASONED = {
    "Finding": 2, "Problem": 0, "stalled": 0, "status_of_invalid": 1, "refused_creation": 1,
}  # fmt: skip
"""Where the functions and types that make conditions have the reason among their arguments."""


def test_the_files_are_as_they_are_made() -> None:
    for path, text in argocd_files.files().items():
        assert path.exists(), f"{path}: run `python -m support.argocd_files`"
        assert path.read_text() == text, f"{path} is not current: run `python -m support.argocd_files`"


def test_there_is_no_test_data_of_states_that_are_none() -> None:
    found = set(argocd_files.SCRIPTS.rglob("*.yaml"))
    assert found == {path for path in argocd_files.files() if path.is_relative_to(argocd_files.SCRIPTS)}


def test_each_state_has_a_name_of_its_own() -> None:
    assert len({each.name for each in STATES}) == len(STATES)


def reasons_of(path: Path) -> Iterator[str]:
    """The reasons that a module names where it makes a problem or a condition."""
    module = importlib.import_module(".".join(path.relative_to(ROOT / "operator").with_suffix("").parts))
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        place = REASONED.get(name)
        if place is None or len(node.args) <= place:
            continue
        for each in ast.walk(node.args[place]):
            value = None
            if isinstance(each, ast.Constant):
                value = each.value
            elif isinstance(each, ast.Name):
                value = getattr(module, each.id, None)
            elif isinstance(each, ast.Attribute) and getattr(each.value, "id", "") == "c":
                value = getattr(conditions, each.attr, None)
            if isinstance(value, str) and re.fullmatch(r"[A-Z][A-Za-z]+", value):
                yield value


def all_reasons() -> set[str]:
    files = [*PACKAGE.glob("status/*.py"), *PACKAGE.glob("reconcile/*.py")]
    named = {reason for path in files if path.name != "__init__.py" for reason in reasons_of(path)}
    return named | health._IMAGE | health._CONFIGURATION | set(health._EVENTS.values())


def test_the_reasons_are_found_in_the_source() -> None:
    assert all_reasons() >= {"InvalidSpec", "NotPlaced", "Forbidden", "TreeRolledBack", "ImagePullBackOff", "Waiting"}


def test_each_reason_that_the_operator_can_give_is_in_a_state() -> None:
    shown = {reason for state in STATES for _, reason in state.reasons}
    assert all_reasons() - shown == set()


def test_each_type_of_condition_is_in_a_state() -> None:
    types = {
        value
        for name, value in vars(conditions).items()
        if name in ("READY", "RECONCILING", "STALLED", "TRANSLATED", "REFERENCES", "CONFLICTING", "SUSPENDED")
        or name in ("STOPPED", "ROLLED_BACK", "UPDATE_PAUSED", "WAITING_FOR_DELETION")
    }
    assert len(types) == 11
    assert {kind for state in STATES for kind, _ in state.reasons} == types


def test_what_only_somebody_can_end_is_stalled_wherever_in_the_tree_it_is() -> None:
    """So neither script nor kstatus has to know a reason by name: the same one may be final here and pass there."""
    found = {state.name: {kind for kind, _ in state.reasons} for state in STATES if state.name.startswith("stalled")}
    assert len(found) > 20
    assert {name for name, types in found.items() if conditions.STALLED not in types} == set()


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_argocd_and_kstatus_agree(state: State) -> None:
    allowed = {
        "Healthy": {"Current"},
        "Progressing": {"InProgress", "Terminating"},
        "Suspended": {"Current", "InProgress"},
        "Degraded": {"Failed"},
    }
    assert state.kstatus in allowed[state.argocd]


def test_every_action_has_its_script_and_no_other() -> None:
    assert {path.parent.name for path in argocd_files.SCRIPTS.glob("actions/*/action.lua")} == set(argocd_files.ACTIONS)
