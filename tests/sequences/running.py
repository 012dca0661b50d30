"""Performs the steps of a sequence, and holds each end against what has to be true then."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Final

import yaml

from ailtire_operator.cluster.kinds import ENDPOINT_SLICE, JOB, KINDS, VOLUME_CLAIM
from sequences.figures import Failure, Figures
from sequences.lane import Crashes, Lane, Wrong
from sequences.likeness import differences, plain, running
from sequences.schema import Json
from sequences.verdict import Verdict

START: Final[Json] = {"services": {"web": {"image": "docker.io/library/web:1", "user": "1000"}}}
"""A definition that is good wherever it is."""
_LASTING: Final = frozenset({VOLUME_CLAIM.kind, JOB.kind})
"""Not deleted at random: a claim stays until its pods have gone, and a Job that has finished is not run again."""


_ADDRESSES: Final = f"/{ENDPOINT_SLICE.kind}/"
"""Names of pods are written when the pods have addresses, which may be after the stack is ready."""


@dataclass(frozen=True)
class Step:
    """One thing that happens to a tree."""

    do: str
    spec: Json | None = None
    what: str = ""
    """The rule that a broken definition breaks."""
    index: int = 0
    """Which of the tree's objects is deleted: by this number, counted round."""
    base: Json | None = None
    """The definition from which this one differs by nothing else: it is written before."""


@dataclass(frozen=True)
class Definitions:
    """What a person has written: the root, and the template that it may refer to."""

    root: Json
    template: Json


class Runner:
    """One sequence on one lane. Every method that performs a step raises Wrong where something does not hold."""

    def __init__(self, lane: Lane, beside: Lane, crashes: Crashes, figures: Figures, name: str) -> None:
        self.lane, self.beside, self.crashes, self.figures = lane, beside, crashes, figures
        self.name, self.template_name = name, f"{name}-template"
        self.steps: list[Step] = []
        self.good = Definitions(START, START)
        """The last that was ready."""
        self.now = Definitions(START, START)
        """What the API server has."""
        self.verdict: Verdict | None = None

    @property
    def story(self) -> str:
        """The steps so far, as YAML."""
        return yaml.safe_dump([asdict(each) for each in self.steps], sort_keys=False, allow_unicode=True)

    def perform(self, step: Step) -> None:
        """Do it, and wait for its end."""
        self.steps.append(step)
        self.figures.count("steps", step.do)
        getattr(self, f"_{step.do}")(step)

    def finish(self) -> None:
        """A good definition repairs everything, and then nothing is written; deleted, nothing is left."""
        if not self.is_good:
            self.perform(Step("back"))
        self.lane.quiet()
        self._compare()
        self.lane.remove(self.name)
        self.clean()

    def fail(self, what: str) -> None:
        """Note that something did not hold, and leave nothing behind."""
        if gone := self.crashes.revive():
            what = f"{what}\n{gone}"
        self.figures.failures.append(Failure(f"{self.lane.namespace}/{self.name}", what, self.story))
        self.clean()

    def clean(self) -> None:
        """Take away what the sequence has made, whatever state it is in."""
        for lane in (self.lane, self.beside):
            lane.forget(self.name)
            lane.forget(self.template_name)
            lane.remove_claims()

    @property
    def is_good(self) -> bool:
        """Whether the tree is ready in its current definition, and not suspended."""
        return self.verdict is not None and self.verdict.ready and not self.verdict.suspended

    def _create(self, step: Step) -> None:
        self._template(Step("template", START))
        self._edit(step)
        if self.lane.read(self.name) is None:
            # Without a stack there is nothing for the steps that follow.
            self._edit(Step("edit", START))

    def _edit(self, step: Step) -> None:
        assert step.spec is not None
        before = self.lane.read(self.name)
        if not self._write(self.name, step.spec):
            if self.lane.read(self.name) != before and _definition(self.lane.read(self.name)) != _definition(before):
                raise Wrong("what the API server refuses changes something")
            return
        self.now = Definitions(step.spec, self.now.template)
        self._await()

    def _break(self, step: Step) -> None:
        before = self._running(step.base)
        last = self.now
        self._edit(step)
        if self.now is last:
            return
        otherwise = f"a broken definition ({step.what}) is not InvalidSpec"
        if self.is_good:
            raise Wrong(f"{otherwise}: {self.verdict}")
        # A stack below that is invalid is heard of after the rest: silence alone is no proof that nothing comes.
        self._await(partial(self.lane.invalid, otherwise=otherwise))
        self._still(before)

    def _suspend(self, step: Step) -> None:
        before = self._running(step.base)
        self._edit(step)
        if self.verdict is None or not self.verdict.suspended:
            raise Wrong(f"it is not suspended: {self.verdict}")
        self._still(before)

    def _resume(self, step: Step) -> None:
        self._edit(step)

    def _template(self, step: Step) -> None:
        assert step.spec is not None
        if not self._write(self.template_name, {**step.spec, "templateOnly": True}):
            return
        self.now = Definitions(self.now.root, step.spec)
        if self.lane.read(self.name) is not None:
            self.lane.quiet()
            self._await()

    def _back(self, step: Step) -> None:
        """The last good definitions again: they have to do."""
        if self.now.template != self.good.template:
            self._template(Step("template", self.good.template))
        self._write(self.name, self.good.root)
        self.now = self.good
        self._await(self.lane.ready)

    def _recreate(self, step: Step) -> None:
        self.lane.remove(self.name)
        self.lane.remove_claims()
        self._edit(Step("recreate", self.now.root))

    def _disturb(self, step: Step) -> None:
        """Delete one of the objects that the tree is made of: it comes again."""
        if not self.is_good:
            return
        objects = [key for key, each in sorted(self.lane.tree(self.name).items()) if each["kind"] not in _LASTING]
        if not objects:
            return
        kind, name = objects[step.index % len(objects)].split("/", 1)
        self.lane.delete(KINDS[kind].path(self.lane.namespace, name))
        self.lane.until(f"{kind} {name} is made again", lambda: self._is_there(f"{kind}/{name}"))
        self._await()

    def _is_there(self, key: str) -> bool:
        found = self.lane.tree(self.name).get(key)
        return found is not None and "deletionTimestamp" not in found["metadata"]

    def _kill(self, step: Step) -> None:
        self.crashes.kill()
        self._await(self.lane.ready if self.is_good else None)

    def _write(self, name: str, spec: Json) -> bool:
        self.figures.count("written")
        admitted = self.lane.write(name, spec)
        if not admitted:
            self.figures.count("refused")
        return admitted

    def _await(self, wait: Callable[[str], Verdict] | None = None) -> None:
        """The end of an admitted edit: ready, or a condition with a reason and a path."""
        begun = time.monotonic()
        self.verdict = found = (wait or self.lane.settle)(self.name)
        self.figures.ended(time.monotonic() - begun, found.ready and not found.suspended, _reason(found))
        if self.is_good:
            self.good = self.now
        elif not found.suspended and not found.has_path:
            raise Wrong(f"the message has no path: {found}")

    def _running(self, base: Json | None) -> dict[str, Any] | None:
        """What runs by a definition; None where it is not ready, as what runs may change then."""
        if base is not None and base != self.now.root:
            self._edit(Step("edit", base))
        return running(self.lane.tree(self.name)) if self.is_good else None

    def _still(self, before: dict[str, Any] | None) -> None:
        """What runs is what ran."""
        if before is not None:
            changed = list(differences(before, running(self.lane.tree(self.name))))
            if changed:
                raise Wrong("\n".join(["what ran does not run on:", *changed[:10]]))

    def _compare(self) -> None:
        """The tree against one of the same definition that has no history."""
        self.beside.write(self.template_name, {**self.now.template, "templateOnly": True})
        self.beside.write(self.name, self.now.root)
        self.beside.ready(self.name)
        self.beside.quiet()

        def unlike() -> list[str]:
            wanted = plain(self.beside.tree(self.name), self.beside.namespace)
            found = plain(self.lane.tree(self.name), self.lane.namespace)
            return list(differences(wanted, found))

        if others := [each for each in unlike() if not each.startswith(_ADDRESSES)]:
            raise Wrong("\n".join(["not as if it were made afresh:", *others[:10]]))
        self.lane.until("as if made afresh", lambda: not unlike(), lambda: "\n".join(unlike()[:10]))
        self.figures.count("compared")


def _reason(verdict: Verdict) -> str:
    return "Suspended" if verdict.suspended else verdict.reason


def _definition(stack: Json | None) -> Any:
    return None if stack is None else (stack["metadata"]["generation"], stack["spec"])
