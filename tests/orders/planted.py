"""Bugs planted in the operator, each of which the exploration must find: they do harm in few orders only."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from unittest.mock import patch

from ailtire_operator.cluster.kinds import Manifest, Ref
from ailtire_operator.cluster.store import Record
from ailtire_operator.cluster.writer import Target, Writer
from ailtire_operator.reconcile.event_router import EventRouter


@dataclass(frozen=True)
class Bug:
    """A bug, the scenario in some orders of which it does harm, and part of what is said then."""

    name: str
    scenario: str
    says: str
    plant: Callable[[], AbstractContextManager[object]]


async def _create_whatever_is_there(self: Writer, manifest: Manifest, owner_uid: str, verb: str = "create") -> Any:
    return await self._apply(manifest, owner_uid, verb, self.check_fence)


async def _update_whoever_it_is(self: Writer, target: Target, body: Manifest, **options: Any) -> Any:
    guard = partial(self._check, target)
    return await self._apply(body, target.owner_uid, "update", guard, **options)


async def _write_status_to_any_version(self: Writer, ref: Ref, uid: str, version: str, status: Any) -> None:
    body = {**ref.address(), "status": status}
    await self._apply(body, uid, "status", self.check_fence, subresource="status")


def _take_an_edit_for_its_own(self: EventRouter, old: Record | None, new: Record | None, origin: str | None) -> None:
    for each in self._requests(old, new):
        if each.stack.uid != origin:
            self.wake(each.stack, each.priority, each.pause)


def _instead(owner: type, name: str, bug: Callable[..., Any]) -> Callable[[], AbstractContextManager[object]]:
    return lambda: patch.object(owner, name, bug)


BUGS: Final = (
    Bug(
        "create does not ask whether the object exists",
        "a name conflict that is seen",
        "which no stack owns, is changed",
        _instead(Writer, "create", _create_whatever_is_there),
    ),
    Bug(
        "update does not say which uid is meant",
        "an object is replaced by hand",
        "which no stack owns, is changed",
        _instead(Writer, "update", _update_whoever_it_is),
    ),
    Bug(
        "a status is written to any version",
        "delete and create at once",
        "is Ready before it is",
        _instead(Writer, "status", _write_status_to_any_version),
    ),
    Bug(
        "an edit is taken for the reconcile's own doing",
        "edit one service twice",
        "another end",
        _instead(EventRouter, "_changed", _take_an_edit_for_its_own),
    ),
)
