"""Builds the whole status of a stack: computed anew in every reconcile, never from the status before.

Only the list of rollouts is given to it, by who has the entries of the status before.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from ailtire_operator.model.report import Notice
from ailtire_operator.model.status import (
    Counts,
    RolloutStatus,
    RouteStatus,
    StackStatus,
)
from ailtire_operator.status import conditions as c
from ailtire_operator.status.blockers import sentence, to_status
from ailtire_operator.status.conditions import Finding
from ailtire_operator.status.health import Health
from ailtire_operator.status.member_statuses import services, stacks, translation
from ailtire_operator.status.observed import Problem
from ailtire_operator.status.rollup import Branch, blocker, counts, stalled_below, tally
from ailtire_operator.status.text import listed
from ailtire_operator.status.verification import Check


@dataclass(frozen=True, slots=True)
class Refusal:
    """An object that the API server or the operator refused to write."""

    subject: str
    """``object NetworkPolicy shop--siblings--members``; of members ``service web``, ``gateway``, ``stack orders``."""
    problem: Problem
    reported: bool = False
    """Whether the status of a service or child has it already."""

    @property
    def blocker(self) -> Problem:
        """The problem, with the object as its subject."""
        return replace(self.problem, subject=self.subject)


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that a reconcile found out about a stack."""

    generation: int
    app_name: str = ""
    parent: str = ""
    url: str = ""
    services: tuple[Health, ...] = ()
    gateway: Health | None = None
    branches: tuple[Branch, ...] = ()
    routes: tuple[RouteStatus, ...] = ()
    notices: tuple[Notice, ...] = ()
    missing: Mapping[str, str] | None = None
    """Templates that do not exist, by the member's key."""
    optional: Mapping[str, str] | None = None
    """The same, for members with ``optional``."""
    refusals: tuple[Refusal, ...] = ()
    foreign: tuple[str, ...] = ()
    """Foreign objects with a name that the stack needs."""
    orphans: tuple[str, ...] = ()
    """Objects that have lost their owner."""
    root: str = ""
    """The root of the tree."""
    contested: tuple[str, ...] = ()
    """Objects of this stack whose name another stack needs too."""
    hosts: tuple[str, ...] = ()
    """Hosts that another stack published first, a sentence each."""
    stopped: str = ""
    """Where it is said that the whole stack is stopped; empty if it is not."""
    leaving: tuple[str, ...] = ()
    """Objects of this stack that are being deleted, a sentence each."""
    tree_update: Finding | None = None
    """At a root: that the update of the whole tree has failed, and what was done."""
    pending: str = ""
    """What is left to do before the definition is applied; empty if nothing is."""
    check: Check | None = None
    """The stack's check, if it has one."""


def status_of(facts: Facts, old: Mapping[str, Any], now: str, rollouts: Sequence[RolloutStatus] = ()) -> StackStatus:
    """The status of a stack that was reconciled; ``rollouts`` are all that it remembers, newest first."""
    problem = _blocker(facts)
    ready = problem is None
    findings = [*_readiness(facts, problem), c.translated(facts.notices)]
    findings += [facts.tree_update] if facts.tree_update else []
    findings += [
        c.references(facts.missing or {}, facts.optional or {}),
        *c.conflicting(facts.foreign, facts.contested, facts.orphans, facts.root, facts.hosts),
        *(each for each in _held_updates(facts) if facts.tree_update is None or each.type != facts.tree_update.type),
        *c.waiting_for_deletion(facts.leaving),
        *c.stopped(facts.stopped if ready else ""),
    ]
    return StackStatus(
        observed_generation=facts.generation,
        conditions=c.dated(findings, facts.generation, old, now),
        app_name=facts.app_name,
        parent=facts.parent,
        url=facts.url,
        counts=counts(facts.services, facts.branches, ready),
        services=services(facts.services),
        stacks=stacks(facts.branches),
        routes=list(facts.routes),
        blocker=to_status(problem) if problem else None,
        translation=translation(facts.notices),
        verify=facts.check.status(old.get("verify")) if facts.check else None,
        rollouts=list(rollouts),
    )


def status_of_new(generation: int, now: str) -> StackStatus:
    """The status of a stack before its first reconcile."""
    problem = Problem(c.PROGRESSING, "stack: the first reconcile is not finished yet", transient=True)
    findings = [
        Finding(c.READY, "False", problem.reason, problem.message),
        Finding(c.RECONCILING, "True", problem.reason, problem.message),
    ]
    return StackStatus(
        observed_generation=generation,
        conditions=c.dated(findings, generation, {}, now),
        blocker=to_status(problem),
    )


def status_of_invalid(facts: Facts, reason: str, message: str, old: Mapping[str, Any], now: str) -> StackStatus:
    """The status of a stack that cannot be reconciled: the reason, and the last state of what keeps running."""
    last = _last(old)
    return last.model_copy(
        update={
            "observed_generation": facts.generation,
            "conditions": c.dated(c.stalled(reason, message), facts.generation, old, now),
            "blocker": to_status(Problem(reason, message)),
            "counts": counts(facts.services, facts.branches, ready=False),
            "services": services(facts.services),
            "stacks": stacks(facts.branches),
        }
    )


def status_of_template(generation: int, old: Mapping[str, Any], now: str) -> StackStatus:
    """The status of a template: it is validated and never runs, so it has no counts."""
    findings = [Finding(c.READY, "True", "Template", "valid; runs only where another stack refers to it")]
    return StackStatus(
        observed_generation=generation,
        conditions=c.dated(findings, generation, old, now),
        app_name="",
        parent="",
        url="",
        counts=Counts(
            services_ready=0, services_wanted=0, stacks_ready=0, stacks_wanted=0, services="0/0", stacks="0/0"
        ),
        services={},
        stacks={},
        routes=[],
        blocker=None,
        translation=translation(()),
    )


def status_of_suspended(generation: int, by: str, old: Mapping[str, Any], now: str) -> StackStatus:
    """The status of a suspended stack: its last counts. ``by``: the suspended ancestor, empty for the stack itself."""
    last = _last(old)
    before = next((condition for condition in last.conditions if condition.type == c.READY), None)
    blocker = last.blocker
    if before is None:
        ready = Finding(c.READY, "False", c.SUSPENDED, "stack was suspended before its first reconcile")
        blocker = to_status(Problem(ready.reason, ready.message))
    else:
        ready = Finding(c.READY, before.status, before.reason, before.message)
    kept = [
        Finding(each.type, each.status, each.reason, each.message) for each in last.conditions if each.type in _KEPT
    ]
    findings = [ready, *kept, *c.suspended(by)]
    return last.model_copy(
        update={
            "observed_generation": generation,
            "conditions": c.dated(findings, generation, old, now),
            "counts": last.counts.model_copy(
                update={"stacks_suspended": max(0, last.counts.stacks_wanted - 1), "stacks_stopped": 0}
            ),
            "blocker": blocker,
        }
    )


_KEPT = (c.TRANSLATED, c.REFERENCES, c.CONFLICTING, c.ROLLED_BACK, c.UPDATE_PAUSED, c.STOPPED)


def as_json(status: StackStatus) -> dict[str, Any]:
    """The status as JSON, complete, so that applying it removes stale fields.

    Empty maps are omitted: where a map loses its last entry, server-side apply writes null in its place.
    """
    written = status.model_dump(mode="json", by_alias=True, exclude_none=True)
    written["ready"] = c.shown(status.conditions)
    return {name: value for name, value in written.items() if value not in ({}, [])}


def changed(old: Mapping[str, Any], new: StackStatus) -> bool:
    """Whether the status has to be written."""
    return dict(old) != as_json(new)


def _blocker(facts: Facts) -> Problem | None:
    if facts.tree_update is not None:
        return Problem(facts.tree_update.reason, facts.tree_update.message)
    unreported = [refusal.blocker for refusal in facts.refusals if not refusal.reported]
    if unreported:
        return unreported[0]
    members = [*facts.services, *([facts.gateway] if facts.gateway else [])]
    problem = blocker(members, facts.branches)
    if problem is None and facts.refusals:
        problem = facts.refusals[0].blocker
    if problem is None and facts.pending:
        problem = Problem(c.PROGRESSING, f"stack: {facts.pending}", transient=True)
    if problem is None and facts.leaving:
        problem = Problem(c.DELETING, f"stack: {facts.leaving[0]}", transient=True)
    if problem is None and facts.check is not None:
        problem = facts.check.problem
    return problem


def _readiness(facts: Facts, problem: Problem | None) -> Iterator[Finding]:
    if problem is None:
        total = tally(counts(facts.services, facts.branches, ready=True))
        message = "; ".join(filter(None, (facts.stopped, total, listed(facts.hosts, 1))))
        yield Finding(c.READY, "True", c.STOPPED if facts.stopped else c.READY, message)
        return
    yield Finding(c.READY, "False", problem.reason, sentence(problem))
    refused = next((refusal.blocker for refusal in facts.refusals if not refusal.problem.transient), None)
    own = problem if facts.tree_update else refused or _held_back(facts) or _failed_check(facts)
    final = own or stalled_below(facts.branches)
    if final is not None:
        yield Finding(c.STALLED, "True", final.reason, sentence(final))
    else:
        yield Finding(c.RECONCILING, "True", problem.reason, sentence(problem))


def _held(facts: Facts, action: str) -> dict[str, str]:
    return {each.key: str(each.held) for each in facts.services if each.held and each.held.action == action}


def _held_updates(facts: Facts) -> Iterator[Finding]:
    yield from c.held(c.ROLLED_BACK, _held(facts, "rollback"))
    yield from c.held(c.UPDATE_PAUSED, _held(facts, "pause"))


def _held_back(facts: Facts) -> Problem | None:
    """The first failed update that is held: it stays a problem until the definition changes."""
    blockers = (each.blocker for each in facts.services)
    return next((each for each in blockers if each and each.reason in c.HELD), None)


def _failed_check(facts: Facts) -> Problem | None:
    """The check that has failed: it stays a problem until the definition changes."""
    problem = facts.check.problem if facts.check else None
    return problem if problem is not None and not problem.transient else None


def _last(old: Mapping[str, Any]) -> StackStatus:
    """The status as it was last written; empty if an earlier release wrote it in a form that is no longer valid."""
    try:
        return StackStatus.model_validate(dict(old))
    except ValidationError:
        return StackStatus()
