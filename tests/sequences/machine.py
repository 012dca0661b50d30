"""The state machine that draws sequences: each rule draws a step, and the runner performs it."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from lab.errors import LabError
from sequences.breaking import broken
from sequences.edits import DEPTH, edited, services, stacks, tied
from sequences.figures import Failure
from sequences.lane import Wrong
from sequences.running import Runner, Step


class Sequence(RuleBasedStateMachine):
    """One tree from its first definition to its end. A sequence that goes wrong is noted, and ends there."""

    begin: Callable[[], Runner]
    started = False
    """Hypothesis begins with the least of all sequences, the same each time: it is drawn, and not performed."""

    def __init__(self) -> None:
        super().__init__()
        self._runner = type(self).begin()
        self._over = not type(self).started
        type(self).started = True

    @initialize(data=st.data())
    def create(self, data: st.DataObject) -> None:
        """The first definition."""
        self._do(Step("create", data.draw(stacks(DEPTH, self._runner.template_name))))

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
        names = ["mill", "belt"]
        drawn = {name: data.draw(services()) for name in names[: data.draw(st.integers(1, 2))]}
        self._do(Step("template", tied({"services": drawn})))

    @rule(data=st.data())
    def break_it(self, data: st.DataObject) -> None:
        """A definition that nobody may accept."""
        found = data.draw(broken(self._runner.now.root))
        self._do(Step("break", found.spec, found.what))

    @precondition(lambda self: not self._runner.is_good)
    @rule()
    def back(self) -> None:
        """The last good definition."""
        self._do(Step("back"))

    @precondition(lambda self: self._is_new("suspend"))
    @rule()
    def suspend(self) -> None:
        """Suspend the tree."""
        self._do(Step("suspend"))

    @precondition(lambda self: self._runner.now.root.get("suspend"))
    @rule()
    def resume(self) -> None:
        """Go on."""
        self._do(Step("resume"))

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

    def _is_new(self, do: str) -> bool:
        """Whether the sequence has not had such a step: edits are what it is about."""
        return all(each.do != do for each in self._runner.steps)

    def teardown(self) -> None:
        """The end of the sequence, good or not."""
        if self._runner.steps:
            self._guarded(self._runner.finish)
            self._runner.figures.count("sequences")

    def _edit(self, data: st.DataObject) -> None:
        self._do(Step("edit", data.draw(edited(self._runner.now.root, self._runner.template_name))))

    def _do(self, step: Step) -> None:
        self._guarded(lambda: self._runner.perform(step))

    def _guarded(self, act: Callable[[], Any]) -> None:
        """Hypothesis would draw the same again to be sure; here the first time has to do, as it takes long."""
        if self._over:
            return
        try:
            act()
        except (Wrong, LabError) as error:
            self._over = True
            runner = self._runner
            runner.figures.failures.append(Failure(f"{runner.lane.namespace}/{runner.name}", str(error), runner.story))
            runner.clean()
