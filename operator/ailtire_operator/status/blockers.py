"""What keeps a stack from being ready: as data on its way up the tree, and as the one sentence that people read of it.

Nothing reads a sentence but people: what a program wants to know of a problem stands in its fields.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ailtire_operator.model.limits import DEPTH_LIMIT
from ailtire_operator.status.conditions import PROGRESSING, WAITING
from ailtire_operator.status.observed import Problem
from ailtire_operator.status.saved_status import SavedCondition
from ailtire_operator.status.text import bounded

if TYPE_CHECKING:
    from ailtire_operator.model.status import BlockerStatus

_PATH_LIMIT: Final = 200
"""Characters of the path in front of a message: the rest belongs to what is wrong there."""
_SUBJECT_LIMIT: Final = 400


def below(key: str, problem: Problem) -> Problem:
    """What a child tells of itself or of what is below it, as its parent tells it."""
    return replace(problem, path=(key, *problem.path)[:DEPTH_LIMIT])


def first_cause(problems: Iterable[Problem]) -> Problem | None:
    """The most telling one: something broken before something under way, the deepest of them.

    A deep failure is usually the cause and what fails above it the effect: a frontend waits for its database. Who is
    held until another is ready is never the cause, as long as that other is in sight.
    """
    return min(problems, key=_by_cause, default=None)


def _by_cause(problem: Problem) -> tuple[bool, bool, int]:
    return problem.transient, problem.reason == WAITING, -len(problem.path)


def sentence(problem: Problem) -> str:
    """The problem as people read it: ``cpl/dm: service db 0/1: ImagePullBackOff: no such image``.

    The message of a member that waits goes on from its subject: ``service web 0/1 waits for db to be healthy``.
    """
    where = _cut("/".join(problem.path))
    what = " ".join(filter(None, [problem.subject, problem.replicas]))
    if problem.reason == WAITING:
        said = " ".join(filter(None, [what, problem.message]))
    else:
        reason = problem.reason if problem.subject else ""
        said = ": ".join(filter(None, [what, reason, problem.message]))
    return bounded(": ".join(filter(None, [where, said])))


def _cut(path: str) -> str:
    """The path, without its middle where it is too long: its ends say most."""
    if len(path) <= _PATH_LIMIT:
        return path
    half = _PATH_LIMIT // 2 - 1
    return f"{path[:half]}…{path[-half:]}"


def to_status(problem: Problem) -> "BlockerStatus":
    """The problem as a status holds it."""
    from ailtire_operator.model.status import BlockerStatus

    return BlockerStatus(
        path=list(problem.path),
        subject=bounded(problem.subject, _SUBJECT_LIMIT),
        replicas=problem.replicas,
        reason=problem.reason,
        message=bounded(problem.message),
    )


def from_status(status: Mapping[str, Any], ready: SavedCondition, *, transient: bool) -> Problem:
    """What the status of a stack that is not ready tells; ``ready``: its condition of that name.

    A release before this one wrote no ``blocker``: what its condition says is then the message as a whole.
    """
    told = status.get("blocker")
    if not told:
        return Problem(ready.reason or PROGRESSING, ready.message, transient)
    return Problem(
        reason=told.get("reason", PROGRESSING),
        message=told.get("message", ""),
        transient=transient,
        path=tuple(told.get("path") or ()),
        subject=told.get("subject", ""),
        replicas=told.get("replicas", ""),
    )
