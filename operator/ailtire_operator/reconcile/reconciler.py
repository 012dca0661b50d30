"""One reconcile of one stack: plan it, compare with what is there, write the difference and the status.

Level-triggered: nothing that the right result depends on is remembered from one reconcile to the next, so that each
may be repeated, or cut short at any point. What may be done is decided in ``mode``, what is done in ``executor``.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from ailtire_operator.cluster.applier import Applier
from ailtire_operator.cluster.errors import ClusterError, Conflict, NotFound, NotLeader, Unavailable
from ailtire_operator.cluster.kinds import STACK, Ref
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.model.limits import ROLLOUT_LIMIT
from ailtire_operator.model.loading import levels
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.model.stack import Stack
from ailtire_operator.model.status import StackStatus
from ailtire_operator.plan.budget import Outgrown
from ailtire_operator.reconcile.definitions import Definitions
from ailtire_operator.reconcile.executor import PlanExecutor
from ailtire_operator.reconcile.mode import ModeDecision, ReconcileMode, ancestors, mode_of
from ailtire_operator.reconcile.queue import Outcome, Priority, Queue, Request
from ailtire_operator.reconcile.revisions import Keeping, Revisions
from ailtire_operator.reconcile.rollouts import messages, remembered, rollouts
from ailtire_operator.reconcile.sessions import Sessions
from ailtire_operator.reconcile.snapshot import PassResult, StackSnapshot
from ailtire_operator.reconcile.status_facts import facts, running, unexplained
from ailtire_operator.reconcile.status_throttle import StatusThrottle
from ailtire_operator.reconcile.tree_rollback import TreeRollback
from ailtire_operator.reconcile.warning_events import PATIENCE, WarningEvents
from ailtire_operator.status.conditions import DELETING, INVALID_SPEC
from ailtire_operator.status.events import put_back, status_events
from ailtire_operator.status.stack_status import (
    Facts,
    as_json,
    changed,
    status_of,
    status_of_invalid,
    status_of_new,
    status_of_suspended,
    status_of_template,
)
from ailtire_operator.status.text import listed

logger = logging.getLogger(__name__)

Key = tuple[str, str]
"""Namespace and name of a stack."""

SILENT_FAILURES: Final = 3
"""Failures in a row that the status says nothing of, where each of them may pass by itself."""


class Reconciler:
    """Reconciles stacks: any number of them at once, but each only once at a time, which the queue sees to."""

    def __init__(
        self,
        store: Store,
        applier: Applier,
        definitions: Definitions,
        executor: PlanExecutor,
        revisions: Revisions,
        tree_rollback: TreeRollback,
        warning_events: WarningEvents,
        queue: Queue[Key],
        sessions: Sessions,
        *,
        now: Callable[[], str],
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._applier = applier
        self._definitions = definitions
        self._executor = executor
        self._revisions = revisions
        self._tree_rollback = tree_rollback
        self._warning_events = warning_events
        self._queue = queue
        self._sessions = sessions
        self._now = now
        self._clock = clock
        self._throttle = StatusThrottle(sessions, clock)

    async def reconcile(self, request: Request[Key]) -> Outcome:
        """Bring one stack's objects and status to what they should be."""
        try:
            return await self._reconcile(request)
        except NotLeader:
            return Outcome.BUSY  # whoever leads does the work; if that is us again, soon
        except (NotFound, Conflict) as error:
            # Deleted or made anew under our hands: the watch brings the news.
            logger.info("%s: %s", "/".join(request.key), error)
            return Outcome.BUSY
        except Unavailable as error:
            logger.warning("%s: %s", "/".join(request.key), error)
            return Outcome.BUSY
        except ClusterError as error:
            logger.warning("%s: %s", "/".join(request.key), error)
            return Outcome.FAILED

    async def acknowledge(self, record: Record) -> None:
        """Give a stack whose first reconcile is not over a status that says so. Raises ClusterError, NotLeader."""
        if mode_of(record, self._store).mode is ReconcileMode.DELETING:
            return
        status = as_json(status_of_new(record.generation, self._now()))
        await self._applier.write_status(record.ref, record.uid, status, first=True)
        self._throttle.note_written(record)

    async def _reconcile(self, request: Request[Key]) -> Outcome:
        record = self._store.get(Ref(STACK.kind, *request.key))
        if record is None:
            self._queue.forget(request.key)
            return Outcome.DONE
        place = mode_of(record, self._store)
        if place.mode is ReconcileMode.RUN:
            return await self._run(record, request)
        if place.mode is not ReconcileMode.DELETING:
            await self._write(record, self._status_at_rest(record, place))
        return Outcome.DONE

    async def _run(self, record: Record, request: Request[Key]) -> Outcome:
        await self._tree_rollback.load(record)
        try:
            stack = self._definitions.stack(record)
            done = await self._executor.execute(record, stack, retry_refused=request.retry_refused)
            if done.released:
                self._queue.add(request.key, Priority.STATUS)
        except InvalidStack as error:
            if isinstance(error, Outgrown) and self._queue.failures(request.key) < SILENT_FAILURES:
                return Outcome.BUSY  # a template has just grown, and the stacks above are about to count again
            await self._write(record, self._invalid(record, error))
            return Outcome.DONE
        await self._emit_adoption_event(record, done)
        await self._emit_drift_event(record, done)
        await self._note_rollouts(record, done)
        if done.again is not None:
            self._queue.add(request.key, Priority.STATUS, delay=done.again)
        # What has been deleted says itself when it has gone: there is nothing to try until then.
        problems = [problem for problem in done.problems.values() if problem.reason != DELETING]
        passes = all(problem.transient for problem in problems)
        if problems and passes and self._queue.failures(request.key) < SILENT_FAILURES:
            return Outcome.BUSY
        status, kept = await self._status(record, stack, done, request, settled=not problems)
        await self._write(record, status)
        if not (problems or kept.busy or kept.refused):
            return Outcome.DONE
        if passes and not kept.refused:
            return Outcome.BUSY
        return Outcome.FAILED if request.retry_refused else Outcome.WAITING

    async def _status(
        self, record: Record, stack: Stack, done: PassResult, request: Request[Key], *, settled: bool
    ) -> tuple[StackStatus, Keeping]:
        """What there is to say after a pass. A definition that is Ready by now is kept before anybody reads so."""
        found = replace(await self._facts(record, done), tree_update=self._tree_rollback.finding(record))
        old, now = record.summary.get("status") or {}, self._now()
        recorded = remembered(self._sessions.of(record).rollouts, old)
        status = status_of(found, old, now, recorded)
        retry = request.retry_refused
        kept = await self._revisions.keep(record, stack, status, retry_refused=retry) if settled else Keeping()
        judged = await self._tree_rollback.judge(record, status, settled=settled)
        for delay in (kept.again, judged.again):
            if delay is not None:
                self._queue.add((record.ref.namespace, record.ref.name), Priority.STATUS, delay=delay)
        notices = [*self._revisions.notices(record), *self._tree_rollback.notices(record)]
        if notices:
            status = status_of(replace(found, notices=(*found.notices, *notices)), old, now, recorded)
        return status, Keeping(None, kept.busy or judged.busy, kept.refused or judged.refused)

    async def _emit_adoption_event(self, record: Record, done: PassResult) -> None:
        if done.adopted:
            message = f"had no owner and are taken over: {listed([str(ref) for ref in done.adopted])}"
            await self._applier.event(record.ref, record.uid, reason="Adopted", message=message)

    async def _emit_drift_event(self, record: Record, done: PassResult) -> None:
        """At most one Event a reconcile, and within the stack's limit: two who fight over a field fill no namespace."""
        if not done.put_back:
            return
        omitted = self._sessions.of(record).put_back.take(self._clock())
        if omitted is not None:
            message = put_back([(str(ref), str(change)) for ref, change in done.put_back], omitted)
            await self._applier.event(record.ref, record.uid, reason="PutBack", message=message)

    async def _note_rollouts(self, record: Record, done: PassResult) -> None:
        """Keep for the status which pods are replaced by this reconcile, and for what change; and tell it by Events."""
        *_, root = (record, *ancestors(record, self._store))
        went_back = self._definitions.held(root.uid) is not None
        found = rollouts(done.rolled, done.plan, root, self._now(), went_back=went_back)
        if not found:
            return
        session = self._sessions.of(record)
        session.rollouts = [*found, *session.rollouts][:ROLLOUT_LIMIT]
        if session.rolled.take(self._clock()) is None:
            return
        for message in messages(found, root.ref.name):
            await self._applier.event(record.ref, record.uid, reason="Rollout", message=message)

    async def _facts(self, record: Record, done: PassResult) -> Facts:
        snapshot = StackSnapshot(record, self._store)
        found = facts(snapshot, done, self._definitions, {})
        silent = list(unexplained(found, snapshot))
        if silent:
            self._queue.add((record.ref.namespace, record.ref.name), Priority.STATUS, delay=PATIENCE)
            warnings = await self._warning_events.explain(silent)
            if warnings:
                return facts(StackSnapshot(record, self._store), done, self._definitions, warnings)
        return found

    def _status_at_rest(self, record: Record, place: ModeDecision) -> StackStatus:
        """The status of a stack that is not acted upon."""
        old = record.summary.get("status") or {}
        if place.mode is ReconcileMode.MISPLACED:
            found = running(StackSnapshot(record, self._store))
            return status_of_invalid(found, "NotPlaced", f"spec: {place.message}", old, self._now())
        try:
            stack = self._definitions.stack(record)
            if place.mode is ReconcileMode.TEMPLATE:
                for _ in levels(stack.name, stack.spec, self._definitions.templates(record.ref.namespace)):
                    pass  # raises for what is wrong at any level: who refers to it cannot mend it
                return status_of_template(record.generation, old, self._now())
        except InvalidStack as error:
            return self._invalid(record, error)
        return status_of_suspended(record.generation, place.by, old, self._now())

    def _invalid(self, record: Record, error: InvalidStack) -> StackStatus:
        """The status where the definition cannot be acted upon: why, and what runs all the same."""
        old = record.summary.get("status") or {}
        return status_of_invalid(
            running(StackSnapshot(record, self._store)), INVALID_SPEC, str(error), old, self._now()
        )

    async def _write(self, record: Record, status: StackStatus) -> None:
        """Write the status if it differs from what is there, and tell of what has turned."""
        live = self._store.get(record.ref)
        if live is None or live.uid != record.uid:
            return
        old = live.summary.get("status") or {}
        if not changed(old, status):
            return
        if (wait := self._throttle.wait(record, old, status)) > 0:
            self._queue.add((record.ref.namespace, record.ref.name), Priority.STATUS, delay=wait)
            return
        self._throttle.note_written(record)
        await self._applier.write_status(record.ref, record.uid, as_json(status))
        session = self._sessions.of(record)
        session.rollouts = [each for each in session.rollouts if each not in status.rollouts]
        for each in status_events(old, status):
            warning = each.type == "Warning"
            await self._applier.event(record.ref, record.uid, reason=each.reason, message=each.message, warning=warning)
