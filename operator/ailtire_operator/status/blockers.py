"""The problem that keeps a stack from being ready: as data that parents copy, and as one sentence for people.

No program parses the sentence; the fields of the problem have everything.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ailtire_operator.model.limits import DEPTH_LIMIT
from ailtire_operator.status.conditions import PROGRESSING, VERIFICATION, WAITING
from ailtire_operator.status.observed import Problem
from ailtire_operator.status.saved_status import SavedCondition
from ailtire_operator.status.text import bounded

if TYPE_CHECKING:
    from ailtire_operator.model.status import BlockerStatus

_PATH_LIMIT: Final = 200
"""Characters of the path in front of a message: the rest is left for the problem itself."""
_SUBJECT_LIMIT: Final = 400


def below(key: str, problem: Problem) -> Problem:
    """A child's problem as its parent reports it: the child's key is put in front of the path."""
    return replace(problem, path=(key, *problem.path)[:DEPTH_LIMIT])


def first_cause(problems: Iterable[Problem]) -> Problem | None:
    """The likely cause: failures before progress, then the deepest.

    A deep failure usually causes those above it: a frontend waits for its database. A member that waits for another
    is not the cause as long as the other one has a problem of its own.
    """
    return min(problems, key=_by_cause, default=None)


def _by_cause(problem: Problem) -> tuple[bool, bool, bool, int]:
    # A check is reported only where nothing else is wrong: who depends on the stack does not wait for it.
    return problem.reason in VERIFICATION, problem.transient, problem.reason == WAITING, -len(problem.path)


def sentence(problem: Problem) -> str:
    """The problem as people read it: ``cpl/dm: service db 0/1: ImagePullBackOff: no such image``.

    The message of a waiting member continues its subject: ``service web 0/1 waits for db to be healthy``.
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
    """The path; if it is too long, without its middle."""
    if len(path) <= _PATH_LIMIT:
        return path
    half = _PATH_LIMIT // 2 - 1
    return f"{path[:half]}…{path[-half:]}"


def to_status(problem: Problem) -> "BlockerStatus":
    """The problem in the form of ``status.blocker``."""
    from ailtire_operator.model.status import BlockerStatus

    return BlockerStatus(
        path=list(problem.path),
        subject=bounded(problem.subject, _SUBJECT_LIMIT),
        replicas=problem.replicas,
        reason=problem.reason,
        message=bounded(problem.message),
    )


def from_status(status: Mapping[str, Any], ready: SavedCondition, *, transient: bool) -> Problem:
    """The problem in the status of a stack that is not ready; ``ready`` is its Ready condition.

    Earlier releases wrote no ``blocker``: the condition's message is then taken as a whole.
    """
    saved = status.get("blocker")
    if not saved:
        return Problem(ready.reason or PROGRESSING, ready.message, transient)
    return Problem(
        reason=saved.get("reason", PROGRESSING),
        message=saved.get("message", ""),
        transient=transient,
        path=tuple(saved.get("path") or ()),
        subject=saved.get("subject", ""),
        replicas=saved.get("replicas", ""),
    )
