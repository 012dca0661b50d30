"""The state machine that draws sequences: each rule draws a step, and the runner performs it.

What is drawn depends on nothing but what was drawn before, so that a seed draws the same sequences on every machine.
"""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

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

    def __init__(self) -> None:
        super().__init__()
        self._runner = type(self).begin()
        self._over = not type(self).started
        self._drawn: list[str] = []
        self._root: Json = START
        """The last definition that was drawn and that the operator would take."""
        self._template: Json = START
        type(self).started = True

    @initialize(data=st.data())
    def create(self, data: st.DataObject) -> None:
        """The first definition."""
        self._write("create", data.draw(stacks(DEPTH, self._runner.template_name)))

    @rule(data=st.data())
    def edit(self, data: st.DataObject) -> None:
        """An edit that a person could mean."""
        self._edit(data)

    @rule(data=st.data())
    def edit_again(self, data: st.DataObject) -> None:
        """The same, so that edits are frequent."""
        self._edit(data)

    @rule(data=st.data())
    def edit_once_more(self, data: st.DataObject) -> None:
        """The same."""
        self._edit(data)

    @precondition(lambda self: self._is_new("template"))
    @rule(data=st.data())
    def template(self, data: st.DataObject) -> None:
        """Another definition of the template that children may refer to."""
        names = ["mill", "belt"][: data.draw(st.integers(1, 2))]
        found = tied({"services": {name: data.draw(services()) for name in names}})
        if not problem(found, self._runner.template_name, START):
            self._template = found
        self._do(Step("template", found))

    @rule(data=st.data())
    def break_it(self, data: st.DataObject) -> None:
        """A definition that nobody may accept."""
        found = data.draw(broken(self._root))
        self._do(Step("break", found.spec, found.what, base=self._root))

    @precondition(lambda self: bool(self._drawn) and self._drawn[-1] == "edit")
    @rule()
    def back(self) -> None:
        """The last good definition."""
        self._root = {key: value for key, value in self._root.items() if key != "suspend"}
        self._do(Step("back"))

    @precondition(lambda self: self._is_new("suspend"))
    @rule()
    def suspend(self) -> None:
        """Suspend the tree."""
        self._write("suspend", {**self._root, "suspend": True})

    @precondition(lambda self: self._root.get("suspend"))
    @rule()
    def resume(self) -> None:
        """Go on."""
        self._write("resume", {key: value for key, value in self._root.items() if key != "suspend"})

    @precondition(lambda self: self._is_new("recreate"))
    @rule()
    def recreate(self) -> None:
        """Delete the tree and write it again."""
        self._do(Step("recreate"))

    @precondition(lambda self: self._is_new("disturb"))
    @rule(index=st.integers(0, 200))
    def disturb(self, index: int) -> None:
        """Delete one of its objects."""
        self._do(Step("disturb", index=index))

    @precondition(lambda self: self._is_new("kill"))
    @rule()
    def kill(self) -> None:
        """Kill the operator."""
        self._do(Step("kill"))

    def teardown(self) -> None:
        """The end of the sequence, good or not."""
        if not self._runner.steps:
            return
        self._guarded(self._runner.finish)
        self._runner.figures.count("sequences")

    def _is_new(self, do: str) -> bool:
        """Whether the sequence has not had such a step: edits are what it is about."""
        return do not in self._drawn

    def _edit(self, data: st.DataObject) -> None:
        self._write("edit", data.draw(edited(self._root, self._runner.template_name)))

    def _write(self, do: str, spec: Json) -> None:
        base = self._root
        if not problem(spec, self._runner.template_name, self._template):
            self._root = spec
        self._do(Step(do, spec, base=base if do == "suspend" else None))

    def _do(self, step: Step) -> None:
        self._drawn.append(step.do)
        self._guarded(lambda: self._runner.perform(step))

    def _guarded(self, act: Callable[[], Any]) -> None:
        """Hypothesis would draw the same again to be sure; here the first time has to do, as it takes long."""
        if self._over:
            return
        try:
            act()
        except (Wrong, LabError) as error:
            self._over = True
            self._runner.fail(str(error))
