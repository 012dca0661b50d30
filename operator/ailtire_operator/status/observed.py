"""The input of a status: the members of a stack, each with its observed objects. No I/O, no clock.

The summaries come from the cluster package and are read as plain mappings: this package imports neither the client
nor the plan, so that tests need a few dictionaries only.
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
    """Why something that runs, or should run, is not as defined (an error in a definition is a
    ``model.problems.FieldError``). ``blockers.sentence`` formats it for people."""

    reason: str
    """CamelCase, for programs."""
    message: str = ""
    """For people, often the cluster's own message."""
    transient: bool = False
    """It is in progress or ends without anybody's action."""
    path: tuple[str, ...] = ()
    """The keys of the child stacks from the reporting stack to the one that has the problem."""
    subject: str = ""
    """What has it in that stack: ``service db``, ``gateway``, ``object Secret x``; empty if the message names it."""
    replicas: str = ""
    """Ready and wanted replicas, where the subject has some."""

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}" if self.message else self.reason


@dataclass(frozen=True, slots=True)
class Held:
    """A failed update that is not retried until the definition changes."""

    action: Literal["rollback", "pause"]
    failed: tuple[str, str]
    """Image, and hash of the pod template."""
    good: tuple[str, str]
    """The same, of the definition before."""
    problem: Problem
    """How it failed."""

    def __str__(self) -> str:
        same = self.failed[0] == self.good[0]
        failed, good = (
            f"{image} (definition {template})" if same else image for image, template in (self.failed, self.good)
        )
        done = f"was rolled back to {good}" if self.action == "rollback" else f"is paused; {good} keeps running"
        return f"the update to {failed} failed ({self.problem}) and {done}"


@dataclass(frozen=True, slots=True)
class Member:
    """A plain service, or the stack's gateway (its key is empty)."""

    key: str
    kind: str
    name: str
    replicas: int | None = None
    """The requested number; None where an autoscaler decides."""
    floor: int = 1
    """The minimum of that autoscaler."""
    workload: LiveObject | None = None
    pods: tuple[Summary, ...] = ()
    """Those that are not being deleted."""
    claims: Mapping[str, Summary] | None = None
    """The volume claims of the stack, by name: one that is pending explains a pod that is not scheduled."""
    warnings: tuple[tuple[str, str], ...] = ()
    """Reasons and messages of recent Warning Events, the newest first."""
    error: Problem | None = None
    """Why the API server refused one of the service's objects."""
    held: Held | None = None
    """The update that has failed, where one has."""
    stopped: bool = False
    """Whether nothing of it is to run."""
    unended: int = 0
    """Of a service that is stopped: pods that have not ended, those that are being deleted included."""
    first: bool = False
    """Rollback is configured, but no definition of it has rolled out yet."""
    waits: Problem | None = None
    """The dependencies that its definition waits for; until then the definition before runs, if there is one."""
    addressed: int | None = None
    """How many of its pods peers find under its name; None where that name stands for one address of its Service."""


@dataclass(frozen=True, slots=True)
class Child:
    """A child stack."""

    key: str
    name: str
    resource: LiveObject | None = None
    missing: str | None = None
    """The referenced template, if it does not exist."""
    optional: bool = False
    """Whether the stack can be ready without it."""
    error: Problem | None = None
    """Why its resource could not be written."""
    waits: Problem | None = None
    """The dependencies that its definition waits for before it is written."""
