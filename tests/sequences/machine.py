"""The state machine that draws sequences: a rule draws a step, and the runner performs it.

What is drawn depends on nothing but what was drawn before, so that a seed draws the same sequences on every machine.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from lab.errors import LabError
from sequences.breaking import broken
from sequences.edits import DEPTH, edited, services, stacks, tied
from sequences.lane import Wrong
from sequences.running import START, Runner, Step
from sequences.schema import Json
from sequences.soundness import problem


class Sequence(RuleBasedStateMachine):
    """One tree from its first definition to its end. A sequence that goes wrong is noted, and ends there."""

    begin: Callable[[], Runner]
    started = False
    """Hypothesis begins with the least of all sequences, the same each time: it is drawn, and not performed."""
    left = 0
    """How many are still to be performed: Hypothesis draws more, as it does not count what it draws too much for."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = type(self).begin()
        self.drawn: list[str] = []
        self.root: Json = START
        """The last definition that was drawn and that the operator would take."""
        self.template: Json = START
        self._over = not type(self).started or type(self).left <= 0
        type(self).started = True

    @initialize(data=st.data())
    def create(self, data: st.DataObject) -> None:
        """The first definition."""
        self.write("create", data.draw(stacks(DEPTH, self.runner.template_name)))

    @rule(data=st.data())
    def step(self, data: st.DataObject) -> None:
        """One of the steps that may come now.

        One rule for all of them, as Hypothesis leaves some rules out of each sequence: a third had no edit at all.
        """
        possible = [name for name, each in _STEPS.items() if each.may_come(self) for _ in range(each.weight)]
        _STEPS[data.draw(st.sampled_from(possible))].perform(self, data)

    def teardown(self) -> None:
        """The end of the sequence, good or not."""
        if not self.runner.steps:
            return
        self._guarded(self.runner.finish)
        self.runner.figures.count("sequences")
        type(self).left -= 1

    def is_new(self, do: str) -> bool:
        """Whether the sequence has not had such a step: edits are what it is about."""
        return do not in self.drawn

    def write(self, do: str, spec: Json) -> None:
        """A definition, of which nobody has to say anything."""
        base = self.root
        if not problem(spec, self.runner.template_name, self.template):
            self.root = spec
        self.do(Step(do, spec, base=base if do == "suspend" else None))

    def do(self, step: Step) -> None:
        """Perform a step, unless the sequence has gone wrong."""
        self.drawn.append(step.do)
        self._guarded(lambda: self.runner.perform(step))

    def _guarded(self, act: Callable[[], Any]) -> None:
        """Hypothesis would draw the same again to be sure; here the first time has to do, as it takes long."""
        if self._over:
            return
        try:
            act()
        except (Wrong, LabError) as error:
            self._over = True
            self.runner.fail(str(error))


def _edit(machine: Sequence, data: st.DataObject) -> None:
    machine.write("edit", data.draw(edited(machine.root, machine.runner.template_name)))


def _template(machine: Sequence, data: st.DataObject) -> None:
    names = ["mill", "belt"][: data.draw(st.integers(1, 2))]
    found = tied({"services": {name: data.draw(services()) for name in names}})
    if not problem(found, machine.runner.template_name, START):
        machine.template = found
    machine.do(Step("template", found))


def _break(machine: Sequence, data: st.DataObject) -> None:
    found = data.draw(broken(machine.root))
    machine.do(Step("break", found.spec, found.what, base=machine.root))


def _unsuspended(spec: Json) -> Json:
    return {key: value for key, value in spec.items() if key != "suspend"}


def _back(machine: Sequence, data: st.DataObject) -> None:
    machine.root = _unsuspended(machine.root)
    machine.do(Step("back"))


def _suspend(machine: Sequence, data: st.DataObject) -> None:
    machine.write("suspend", {**machine.root, "suspend": True})


def _resume(machine: Sequence, data: st.DataObject) -> None:
    machine.write("resume", _unsuspended(machine.root))


def _disturb(machine: Sequence, data: st.DataObject) -> None:
    machine.do(Step("disturb", index=data.draw(st.integers(0, 200))))


def _plain(do: str) -> Callable[[Sequence, st.DataObject], None]:
    return lambda machine, data: machine.do(Step(do))


def _once(do: str) -> Callable[[Sequence], bool]:
    return lambda machine: machine.is_new(do)


@dataclass(frozen=True)
class _Kind:
    """One kind of step."""

    perform: Callable[[Sequence, st.DataObject], None]
    may_come: Callable[[Sequence], bool] = lambda machine: True
    weight: int = 1


_STEPS: Final[dict[str, _Kind]] = {
    "edit": _Kind(_edit, weight=9),
    "template": _Kind(_template, _once("template")),
    "break": _Kind(_break, weight=2),
    "back": _Kind(_back, lambda machine: machine.drawn[-1:] == ["edit"]),
    "suspend": _Kind(_suspend, _once("suspend")),
    "resume": _Kind(_resume, lambda machine: bool(machine.root.get("suspend")), weight=3),
    "recreate": _Kind(_plain("recreate"), _once("recreate")),
    "disturb": _Kind(_disturb, _once("disturb")),
    "kill": _Kind(_plain("kill"), _once("kill")),
}
