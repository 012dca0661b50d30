"""Keeps each definition of a tree that has become Ready as a whole, as a revision that belongs to the root.

Everything that matters is in the cluster: which definition was kept last is read from its revision, so that a restart
between Ready and the write writes it then, and one after it writes nothing. Contents are not kept in memory.
"""

import asyncio
import logging
from dataclasses import dataclass, replace
from typing import Final

from ailtire_operator import naming
from ailtire_operator.cluster.applier import Applier
from ailtire_operator.cluster.errors import ClusterError, Conflict, Foreign, NotFound, Unavailable
from ailtire_operator.cluster.kinds import CONTROLLER_REVISION, STACK, Ref
from ailtire_operator.cluster.single_object_watch import holder
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.model.field_path import SPEC, path_of
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.model.report import Notice
from ailtire_operator.model.stack import Stack, StackSpec
from ailtire_operator.model.status import StackStatus
from ailtire_operator.model.templates import reference_of, without_marks
from ailtire_operator.plan.definition_changes import TreeDefinition, canonical
from ailtire_operator.plan.tree_revisions import DEFAULT_LIMIT, SIZE_LIMIT, Origin, compressed, revision
from ailtire_operator.reconcile.definitions import Definitions
from ailtire_operator.reconcile.failed_updates import in_order
from ailtire_operator.reconcile.mode import adopts, spec_of
from ailtire_operator.reconcile.pruning import owned
from ailtire_operator.reconcile.revision_index import RevisionIndex, is_of_a_tree, take_over
from ailtire_operator.status.conditions import READY
from ailtire_operator.status.saved_status import SavedStatus

logger = logging.getLogger(__name__)

LATER: Final = 5.0
"""Seconds until the next reconcile where a stack below is about to follow its template."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is still to be done for the revisions of a root."""

    again: float | None = None
    """Seconds after which to reconcile again, as a stack below is about to follow its template."""
    busy: bool = False
    """The API server gave an answer that passes by itself: the write is due again soon."""
    refused: bool = False
    """The API server refused a write: it is due again after a longer pause each time."""

    def failed(self, error: ClusterError) -> "Keeping":
        """The same after a write that was answered by this error."""
        return replace(self, busy=True) if _passes(error) else replace(self, refused=True)


@dataclass(frozen=True, slots=True)
class _Digest:
    """The digest of a tree's definition, and what it was made from."""

    generation: int
    templates: object
    """The templates of the namespace: another object as soon as one of them changes."""
    digest: str
    size: int
    """Bytes of the definition as JSON."""


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Why a definition could not be kept."""

    digest: str
    why: str
    ref: Ref | None = None
    """The revision that the API server refused; None where the definition itself is the reason."""
    stood: tuple[object, ...] = ()
    """What stood under that name then."""


class Revisions:
    """The revisions of all roots."""

    def __init__(self, store: Store, applier: Applier, definitions: Definitions) -> None:
        self._store = store
        self._applier = applier
        self._definitions = definitions
        self._kept = RevisionIndex(store, is_of_a_tree)
        self._digests: dict[str, _Digest] = {}
        self._refused: dict[str, _Refusal] = {}
        """By the root's uid."""
        self._left: dict[str, str] = {}
        """Why a revision beyond the limit is still there, by the root's uid."""

    def notices(self, root: Record) -> list[Notice]:
        """Why the definition in force is not kept, or one beyond the limit still is; after ``keep``."""
        return [*self._of_left(root), *self._of_refused(root)]

    def _of_left(self, root: Record) -> list[Notice]:
        if (why := self._left.get(root.uid)) is None:
            return []
        message = f"a revision beyond the limit could not be deleted: {why}."
        remedy = "It takes room and does nothing else; let the operator delete ControllerRevisions, or delete it."
        return [Notice(path_of(SPEC, "revisionHistoryLimit"), "approximate", message, remedy)]

    def _of_refused(self, root: Record) -> list[Notice]:
        if not _is_root(root) or _limit(root) == 0:
            return []
        refused, digest = self._refused.get(root.uid), self._digest(root).digest
        if refused is None or refused.digest != digest or digest == self._last(root):
            return []
        return [
            Notice(
                SPEC,
                "approximate",
                f"this definition is not kept as a revision: {refused.why}.",
                "It runs all the same, but `kubectl ailtire rollback` cannot go back to it.",
            )
        ]

    async def keep(self, root: Record, stack: Stack, status: StackStatus, *, retry_refused: bool) -> Keeping:
        """Keep the definition if it has just become Ready as a whole, and delete what is beyond the limit.

        What the API server has refused is sent again where ``retry_refused``, or where the name is another's by now.
        Raises NotLeader.
        """
        if not _is_root(root):
            return Keeping()
        await self.adopt(root)
        limit, done = _limit(root), Keeping()
        if limit and _is_ready(root, status):
            done = await self._keep_ready(root, stack, retry_refused=retry_refused)
        self._left.pop(root.uid, None)
        kept = self._of(root)
        for each in kept[: max(0, len(kept) - limit)]:
            result = await self._applier.delete(each, root.uid)
            if result.error is not None:
                done = done.failed(result.error)
                if not _passes(result.error):
                    self._left[root.uid] = f"{each.ref.name}: {result.error}"
        return done

    async def _keep_ready(self, root: Record, stack: Stack, *, retry_refused: bool) -> Keeping:
        """Keep the definition of a root that is Ready, if it is not the one that was kept last."""
        digest = self._digest(root)
        if digest.digest == self._last(root):
            return Keeping()
        refused = self._refused.get(root.uid)
        if refused is not None and refused.digest == digest.digest:
            if refused.ref is None:
                return Keeping()  # the definition itself is the reason
            if not retry_refused and holder(self._store.get(refused.ref)) == refused.stood:
                return Keeping(refused=True)
        if not has_rolled_out(root, self._store, self._definitions):
            return Keeping(again=LATER)
        return await self._write(root, stack, digest)

    def digest(self, root: Record) -> str:
        """The digest of the definition as it is written now."""
        return self._digest(root).digest

    def last(self, root: Record) -> Record | None:
        """The newest revision of a root."""
        return next(reversed(self._of(root)), None)

    def forget(self, uid: str) -> None:
        """The stack is gone."""
        self._digests.pop(uid, None)
        self._refused.pop(uid, None)
        self._left.pop(uid, None)

    async def _write(self, root: Record, stack: Stack, digest: _Digest) -> Keeping:
        definition = self._definitions.tree(root)
        large = digest.size > SIZE_LIMIT  # all else would wait for it
        content = await asyncio.to_thread(compressed, definition) if large else compressed(definition)
        if len(content) > SIZE_LIMIT:
            size = f"{len(content) // 1024:,} KiB"
            why = f"it takes {size} compressed, more than {SIZE_LIMIT // 1024} KiB"
            self._refused[root.uid] = _Refusal(digest.digest, why)
            return Keeping()
        kept = self._of(root)
        number = int(kept[-1].summary.get("revision", 0)) + 1 if kept else 1
        origin = self._origin(root, definition)
        made = owned(revision(stack.name, stack.app_name, number, digest.digest, content, origin), stack)
        result = await self._applier.apply(made, root.uid)
        error = result.error
        if error is None:
            return Keeping()
        if _passes(error):  # what another process has written meanwhile is about to come by the watch
            logger.info("%s/%s: revision %d: %s", root.ref.namespace, root.ref.name, number, error)
        else:
            ref = Ref.of(made)
            self._refused[root.uid] = _Refusal(digest.digest, str(error), ref, holder(self._store.get(ref)))
        return Keeping().failed(error)

    def _origin(self, root: Record, definition: TreeDefinition) -> Origin:
        found = [root]
        for name in definition.templates:
            template = self._definitions.template_record(root.ref.namespace, name)
            found += [template] if template is not None else []
        last = max(found, key=lambda each: str(each.summary.get("written", "")))
        manager, cause = (str(each) for each in (last.summary.get("manager", ""), root.summary.get("changeCause", "")))
        return Origin(root.generation, manager, cause)

    def _digest(self, root: Record) -> _Digest:
        known, templates = self._digests.get(root.uid), self._definitions.templates(root.ref.namespace)
        if known is None or known.generation != root.generation or known.templates is not templates:
            definition = self._definitions.tree(root)
            size = len(canonical(definition.to_json()))
            known = self._digests[root.uid] = _Digest(root.generation, templates, definition.digest(), size)
        return known

    async def adopt(self, root: Record) -> None:
        """Take over revisions that have lost their owner, where the root asks for it, so that the history goes on."""
        if not adopts(root, self._store):
            return
        for each in self._store.by_label(root.ref.namespace, naming.LABEL_STACK, root.ref.name):
            number = each.labels.get(naming.LABEL_REVISION, "")
            if each.owner_uid == root.uid or each.ref.kind != CONTROLLER_REVISION.kind or not number.isdigit():
                continue
            if each.ref.name == naming.revision(root.ref.name, int(number)):
                await take_over(self._applier, root, each, {})

    def _last(self, root: Record) -> str:
        """The digest of the definition that was kept last; empty if none was."""
        kept = self._of(root)
        return str(kept[-1].summary.get("definition", "")) if kept else ""

    def _of(self, root: Record) -> list[Record]:
        """The revisions of a root, the newest last."""
        return in_order(self._kept.of(root))


def has_rolled_out(root: Record, store: Store, definitions: Definitions) -> bool:
    """Whether every stack of the tree is ready with the definition that the templates have now.

    The root's status alone does not tell: a template that changes three levels down changes nothing of it until the
    stack that refers to it has been reconciled.
    """
    live = store.get(root.ref)
    if live is None or live.generation != root.generation:
        return False
    waiting = [live]
    while waiting:
        stack = waiting.pop()
        for each in store.owned_by(stack.ref.namespace, stack.uid):
            if each.ref.kind != STACK.kind:
                continue
            said = SavedStatus.of(each.summary.get("status"))
            ready = said.speaks_of(each.generation) and said.condition(READY).is_true
            if each.deleting or not ready or not follows(stack, each, definitions):
                return False
            waiting.append(each)
    return True


def follows(parent: Record, child: Record, definitions: Definitions) -> bool:
    """Whether a child has the definition that its template has by now."""
    place = spec_of(child).get("place") or {}
    services = spec_of(parent).get("services") or {}
    name = reference_of(services.get(place.get("parentKey")) or {})
    if name is None:
        return True
    template = definitions.templates_of(parent).get(name)
    try:
        return template is not None and _plain(template) == _plain(definitions.stack(child).spec)
    except InvalidStack:
        return False


def _passes(error: ClusterError) -> bool:
    """Whether the same write may be answered otherwise in a moment."""
    return isinstance(error, NotFound | Unavailable) or (isinstance(error, Conflict) and not isinstance(error, Foreign))


def _is_root(record: Record) -> bool:
    return spec_of(record).get("place") is None  # it may have an owner of another kind


def _limit(root: Record) -> int:
    limit = spec_of(root).get("revisionHistoryLimit")
    return limit if isinstance(limit, int) else DEFAULT_LIMIT


def _is_ready(root: Record, status: StackStatus) -> bool:
    ready = any(each.type == READY and each.status == "True" for each in status.conditions)
    return ready and status.observed_generation == root.generation


def _plain(spec: StackSpec) -> dict[str, object]:
    """What a template and a child that has its definition have in common."""
    return {name: each for name, each in without_marks(spec.to_json()).items() if name != "place"}
