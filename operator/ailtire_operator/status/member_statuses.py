"""Builds the parts of a stack's status that list its members and its notices, bounded as a resource is bounded."""

from collections.abc import Sequence

from ailtire_operator.model.limits import NOTICE_LIMIT
from ailtire_operator.model.report import Notice
from ailtire_operator.model.status import NoticeStatus, ServiceStatus, StackStatusSummary, Translation
from ailtire_operator.status.health import Health
from ailtire_operator.status.rollup import Branch
from ailtire_operator.status.text import bounded

MESSAGES_LIMIT = 50
"""Services and children that get a message; the others get a reason only, or 500 failing services would make a status
of hundreds of kilobytes."""


def services(found: Sequence[Health]) -> dict[str, ServiceStatus]:
    """The plain services, by key."""
    reported = 0
    statuses = {}
    for health in found:
        problem = health.problem
        reported += problem is not None
        with_message = problem is not None and bool(problem.message) and reported <= MESSAGES_LIMIT
        statuses[health.key] = ServiceStatus(
            kind=health.kind,
            name=health.name,
            ready=health.ready,
            wanted=health.wanted,
            reason=problem.reason if problem else None,
            message=bounded(problem.message) if problem and with_message else None,
        )
    return statuses


def stacks(found: Sequence[Branch]) -> dict[str, StackStatusSummary]:
    """The child stacks, by key."""
    reported = 0
    statuses = {}
    for branch in found:
        reported += branch.problem is not None
        statuses[branch.key] = branch.summary(brief=reported > MESSAGES_LIMIT)
    return statuses


def translation(notices: tuple[Notice, ...]) -> Translation:
    """The translation report, bounded."""
    return Translation(
        count=len(notices),
        notices=[
            NoticeStatus(
                path=bounded(notice.path),
                classification=notice.classification,
                message=bounded(notice.message),
                remedy=bounded(notice.remedy) if notice.remedy else None,
            )
            for notice in notices[:NOTICE_LIMIT]
        ],
    )
