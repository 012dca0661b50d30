"""Takes a whole tree back to its last revision when the update after it has failed, where the root says so.

What is decided is noted on that revision, so that everything is in the cluster: a restart of the operator finds it
there, holds the same definition and writes nothing. What the author has written is never changed; the plan of the tree
is made of the revision's definition instead, for as long as the definition that has failed is the one that is written.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from ailtire_operator import naming
from ailtire_operator.cluster.applier import Applier
from ailtire_operator.cluster.errors import ClusterError
from ailtire_operator.cluster.kinds import STACK
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.model.field_path import SPEC, path_of
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.model.report import Notice
from ailtire_operator.model.status import StackStatus
from ailtire_operator.plan.definition_changes import changes_between
from ailtire_operator.plan.tree_revisions import definition_of
from ailtire_operator.reconcile.definitions import Definitions
from ailtire_operator.reconcile.mode import ancestors, spec_of
from ailtire_operator.reconcile.revisions import Keeping, Revisions
from ailtire_operator.reconcile.tree_updates import (
    Readiness,
    Touched,
    TreeUpdate,
    TreeUpdatePolicy,
    Unready,
    likely_cause,
    policy_of,
    touched_by,
    tree_update_of,
)
from ailtire_operator.status.conditions import ROLLED_BACK, TREE_ROLLED_BACK, TREE_UPDATE_PAUSED, UPDATE_PAUSED, Finding
from ailtire_operator.status.stack_status import as_json
from ailtire_operator.status.text import bounded

logger = logging.getLogger(__name__)

_GRAIN: Final = 1.0
"""Seconds added to a wait: what a restart finds is stored in whole seconds, and must have passed in full."""
_AT_ONCE: Final = 0.0
_MESSAGE: Final = 250
"""Characters of the reason in the annotation."""


@dataclass(frozen=True, slots=True)
class _Watched:
    """An update that this process times."""

    definition: str
    begun: float
    """By the monotonic clock."""
    touched: Touched


class TreeRollback:
    """The updates of whole trees."""

    def __init__(
        self,
        store: Store,
        applier: Applier,
        definitions: Definitions,
        revisions: Revisions,
        *,
        wake: Callable[[Record], None],
        clock: Callable[[], float],
        server_time: Callable[[], float | None],
    ) -> None:
        self._store = store
        self._applier = applier
        self._definitions = definitions
        self._revisions = revisions
        self._wake = wake
        self._clock = clock
        self._server_time = server_time
        self._watched: dict[str, _Watched] = {}
        """By the root's uid."""
        self._paused = set[str]()
        """The uids of the roots whose trees were paused when they were last looked at."""
        self._refused: dict[str, str] = {}
        """Why nothing could be noted of an update, by the root's uid."""

    def is_paused(self, stack: Record) -> bool:
        """Whether the update of the stack's tree has failed, and nothing more of it is to be changed for it."""
        *_, root = (stack, *ancestors(stack, self._store))
        policy = policy_of(root)
        return policy is not None and policy.action == "pause" and self._failed(root) is not None

    async def load(self, stack: Record) -> None:
        """See to it that the stack is planned by the definition that its tree is to run. Raises ClusterError."""
        *_, root = (stack, *ancestors(stack, self._store))
        if stack is root and policy_of(root) is not None:
            await self._revisions.adopt(root)  # an update that failed stays failed
        if stack is root:
            self._go_on(root)
        revision = self._to_hold(root)
        if revision is None or self._definitions.held(root.uid) == revision.uid:
            if revision is None and self._definitions.held(root.uid) is not None:
                self._definitions.release(root.uid)
                self._wake_below(root)
            return
        kept = await self._applier.read(revision.ref, revision.uid, root.uid)
        definition = definition_of(kept) if kept is not None else None
        now = self._to_hold(root)
        if definition is None or now is None or now.uid != revision.uid:
            return  # it has changed meanwhile, or holds nothing that could run
        try:
            self._definitions.hold(root, revision.uid, definition)
        except InvalidStack as error:
            logger.warning("%s/%s: revision %s cannot run: %s", *_names(root), revision.ref.name, error)
            return
        self._wake_below(root)

    def finding(self, root: Record) -> Finding | None:
        """What the status of a root says of an update that has failed."""
        policy, revision = policy_of(root), self._revisions.last(root)
        update = self._failed(root)
        if update is None or policy is None or revision is None:
            return None
        failed = f"the update of the tree (generation {update.generation}) failed: {update.message}"
        if policy.action == "pause":
            return Finding(UPDATE_PAUSED, "True", TREE_UPDATE_PAUSED, failed)
        number = revision.summary.get("revision")
        back = (
            f"back to revision {number} until the definition changes; volumes and what Jobs have done stay as they are"
        )
        return Finding(ROLLED_BACK, "True", TREE_ROLLED_BACK, f"{failed}; {back}")

    def notices(self, root: Record) -> list[Notice]:
        """Why nothing can be noted of the update, if that is so; after ``judge``."""
        why = self._refused.get(root.uid)
        if why is None:
            return []
        message = f"what becomes of the update could not be noted on the revision before: {why}."
        remedy = "Let the operator patch ControllerRevisions again: until then no update is taken back or paused."
        return [Notice(path_of(SPEC, "updatePolicy"), "approximate", message, remedy)]

    async def judge(self, root: Record, status: StackStatus, *, settled: bool) -> Keeping:
        """Note an update that has begun, that has been ready, or that has failed, after a pass over the root.

        ``settled``: nothing of the root itself is left to write. Returns when the next reconcile is due whatever
        happens. What could not be noted has no effect, and is in ``notices``. Raises NotLeader.
        """
        self._refused.pop(root.uid, None)
        try:
            return Keeping(again=await self._judge(root, status, settled=settled))
        except ClusterError as error:
            done = Keeping().failed(error)
            if done.refused:
                self._refused[root.uid] = str(error)
            return done

    async def _judge(self, root: Record, status: StackStatus, *, settled: bool) -> float | None:
        """Seconds until the next reconcile. Raises ClusterError."""
        revision = self._revisions.last(root)
        if revision is None or spec_of(root).get("place") is not None:
            return None
        policy, digest = policy_of(root), self._revisions.digest(root)
        if policy is None or revision.summary.get("definition") == digest:
            self._watched.pop(root.uid, None)
            if revision.summary.get("update"):
                await self._applier.annotate(revision, root.uid, naming.ANNOTATION_TREE_UPDATE, None)
            return None
        update = tree_update_of(revision)
        if update is None or update.definition != digest:
            update = TreeUpdate(digest, self._time(), root.generation)
            self._watched.pop(root.uid, None)  # it is timed anew, also where somebody has taken the note away
            await self._note(root, revision, update)
        if update.reached or (update.reason and policy.action == "rollback"):
            return None
        watched = await self._watch(root, revision, update, policy)
        unready = list(
            Readiness(root, as_json(status), self._store, self._definitions).unready(watched.touched) if watched else ()
        )
        if watched is None or (not unready and settled):
            await self._note(root, revision, replace(update, reached=True, reason="", message=""))
            return _AT_ONCE if update.reason else None
        return None if update.reason else await self._fail_in_time(root, revision, update, unready, watched, policy)

    def forget(self, uid: str) -> None:
        """The stack is gone."""
        self._watched.pop(uid, None)
        self._paused.discard(uid)
        self._refused.pop(uid, None)

    async def _fail_in_time(
        self,
        root: Record,
        revision: Record,
        update: TreeUpdate,
        unready: list[Unready],
        watched: _Watched,
        policy: TreeUpdatePolicy,
    ) -> float | None:
        if unready and all(each.waits for each in unready):
            # Time that it waits for what was not changed is none of its own.
            self._watched[root.uid] = replace(watched, begun=self._clock())
            return None
        left = policy.deadline - (self._clock() - watched.begun)
        final = next((each for each in unready if each.is_final), None)
        if left > 0 and final is None:
            return left + _GRAIN
        cause = final or likely_cause(unready)
        if cause is None:
            return None
        late = "" if final else f" (not ready within {policy.deadline:g} s)"
        message = bounded(f"{cause}{late}", _MESSAGE)
        await self._note(root, revision, replace(update, reason=cause.problem.reason or "NotReady", message=message))
        return _AT_ONCE

    async def _watch(
        self, root: Record, revision: Record, update: TreeUpdate, policy: TreeUpdatePolicy
    ) -> _Watched | None:
        """The update with what it concerns, timed from when it was first seen; None if it concerns nothing."""
        known = self._watched.get(root.uid)
        if known is None or known.definition != update.definition:
            kept = await self._applier.read(revision.ref, revision.uid, root.uid)
            before = definition_of(kept) if kept is not None else None
            if before is None:
                return None
            touched = touched_by(changes_between(before, self._definitions.tree(root)))
            passed = min(max(0.0, _seconds_between(update.since, self._time())), policy.deadline)
            known = self._watched[root.uid] = _Watched(update.definition, self._clock() - passed, touched)
        return known if known.touched else None

    async def _note(self, root: Record, revision: Record, update: TreeUpdate) -> None:
        await self._applier.annotate(revision, root.uid, naming.ANNOTATION_TREE_UPDATE, update.text())

    def _time(self) -> str:
        """What time it is for the API server: that of the replica that led before may have been another one."""
        now = self._server_time()
        return "" if now is None else datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")

    def _failed(self, root: Record) -> TreeUpdate | None:
        """The update that has failed, if it is the definition that is written."""
        revision = self._revisions.last(root)
        update = tree_update_of(revision) if revision is not None and policy_of(root) is not None else None
        return update if update and update.reason and update.definition == self._revisions.digest(root) else None

    def _to_hold(self, root: Record) -> Record | None:
        """The revision whose definition the tree is to run in place of the one that is written."""
        policy = policy_of(root)
        if policy is None or policy.action != "rollback" or self._failed(root) is None:
            return None
        return self._revisions.last(root)

    def _go_on(self, root: Record) -> None:
        """Let the stacks below know when a pause has ended: their own definitions may be what they were."""
        paused = self.is_paused(root)
        if root.uid in self._paused and not paused:
            self._wake_below(root)
        (self._paused.add if paused else self._paused.discard)(root.uid)

    def _wake_below(self, root: Record) -> None:
        for each in self._below(root):
            self._wake(each)

    def _below(self, root: Record) -> Iterator[Record]:
        waiting = [root]
        while waiting:
            stack = waiting.pop()
            for each in self._store.owned_by(stack.ref.namespace, stack.uid):
                if each.ref.kind == STACK.kind:
                    waiting.append(each)
                    yield each


def _names(root: Record) -> tuple[str, str]:
    return root.ref.namespace, root.ref.name


def _seconds_between(start: str, end: str) -> float:
    """From one time to another, as they are noted; 0 where one makes no sense."""
    try:
        return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
    except (TypeError, ValueError):
        return 0.0
