"""What the status is made from: the expected members of a stack, each with what is seen of it. No I/O, no clock.

The summaries are those of the cluster package, read here as plain mappings: this package knows neither the client nor
the plan, so that every judgement in it can be tested with a handful of dictionaries.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Summary = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LiveObject:
    """One live object."""

    generation: int
    summary: Summary
    deleting: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something that runs, or is to run, is not as it should be (what is wrong with a definition is a
    ``model.problems.FieldError``). ``blockers.sentence`` makes a sentence of it, which people alone read."""

    reason: str
    """One word for programs."""
    message: str = ""
    """What is wrong, often in the cluster's words."""
    transient: bool = False
    """It is being worked on, or goes by itself: no reason to call anybody."""
    path: tuple[str, ...] = ()
    """The keys of the stacks that lead from the stack that tells of it to the one that has it."""
    subject: str = ""
    """What of that stack has it: ``service db``, ``gateway``, ``object Secret x``; empty where the message says it."""
    replicas: str = ""
    """Ready and wanted replicas, where the subject has some."""

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}" if self.message else self.reason


@dataclass(frozen=True, slots=True)
class Held:
    """An update that has failed and is not tried again until somebody changes the definition."""

    action: Literal["rollback", "pause"]
    failed: tuple[str, str]
    """Image, and hash of the pod template."""
    good: tuple[str, str]
    """The same, of what ran before."""
    problem: Problem
    """How it failed."""

    def __str__(self) -> str:
        same = self.failed[0] == self.good[0]
        failed, good = (
            f"{image} (definition {template})" if same else image for image, template in (self.failed, self.good)
        )
        done = f"was rolled back to {good}" if self.action == "rollback" else f"is paused; {good} runs on"
        return f"the update to {failed} failed ({self.problem}) and {done}"


@dataclass(frozen=True, slots=True)
class Member:
    """A plain service, or the stack's gateway (its key is empty)."""

    key: str
    kind: str
    name: str
    replicas: int | None = None
    """How many are asked for; None where an autoscaler decides."""
    floor: int = 1
    """The fewest that such an autoscaler will ask for."""
    workload: LiveObject | None = None
    pods: tuple[Summary, ...] = ()
    """Those that are not being deleted."""
    claims: Mapping[str, Summary] | None = None
    """The volume claims of the stack, by name: one that is pending explains a pod that is not scheduled."""
    warnings: tuple[tuple[str, str], ...] = ()
    """Reasons and messages of recent Warning Events, the newest first."""
    error: Problem | None = None
    """Why the API server did not take one of the service's objects."""
    held: Held | None = None
    """The update that has failed, where one has."""
    first: bool = False
    """It would be rolled back, but no definition of it has ever run."""
    waits: Problem | None = None
    """What its definition waits for before it is acted upon; until then what runs is what ran before, if anything."""


@dataclass(frozen=True, slots=True)
class Child:
    """A child stack."""

    key: str
    name: str
    resource: LiveObject | None = None
    missing: str | None = None
    """The template that it refers to and that does not exist."""
    optional: bool = False
    """Whether the stack can be ready without it."""
    error: Problem | None = None
    """Why its resource could not be written."""
    waits: Problem | None = None
    """What its definition waits for before it is written."""
