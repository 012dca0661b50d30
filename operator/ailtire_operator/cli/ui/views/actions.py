"""What may be done to a stack or service from the page: by the code of the verbs, with their dry runs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Final, Literal

from aiohttp import web
from pydantic import Field, ValidationError

from ailtire_operator import printable
from ailtire_operator.cli.edit_actions import EditAction, restart, scale, start, stop, write
from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.live import Live
from ailtire_operator.cli.rollback_writes import prepare, sentence
from ailtire_operator.cli.rollback_writes import write as write_revision
from ailtire_operator.cli.ui.answers import answer, flag, service_path, stack_of
from ailtire_operator.cli.ui.routing import ALLOW_ACTIONS
from ailtire_operator.cli.write_report import Change
from ailtire_operator.model.base import Strict
from ailtire_operator.model.nesting import loads

_BODY: Final = 16 * 1024
"""Bytes of a request."""
_LINES: Final = 2000
"""Lines of an answer."""
_EDITS: Final = {"restart": restart, "stop": stop, "start": start}


class Wish(Strict):
    """What is to be done."""

    action: Literal["restart", "stop", "start", "scale", "rollback"]
    """The verb."""
    service: Annotated[str, Field(min_length=1, max_length=63)] | None = None
    """The key of a service of the stack; the stack itself without one."""
    replicas: Annotated[int, Field(ge=0, le=999_999, strict=True)] | None = None
    """For scale."""
    revision: Annotated[int, Field(ge=1, strict=True)] | None = None
    """For rollback; without it the newest that differs."""


@dataclass(slots=True)
class Said:
    """What there is to say of a write, for the page."""

    dry_run: bool
    sentences: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    """What differs."""
    notes: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Once, also where the write had to begin again."""
        if text not in self.notes:
            self.notes.append(text)

    def change(self, change: Change) -> None:
        """The sentences say it."""

    def sentence(self, text: str) -> None:
        """One more."""
        self.sentences.append(text)

    def difference(self, lines: Iterable[str]) -> None:
        """Lines of a unified diff."""
        self.lines += lines

    def unchanged(self, lines: Sequence[str]) -> None:
        """What is so already."""
        self.same = list(lines)


async def actions(live: Live, request: web.Request) -> web.StreamResponse:
    """``done``, ``sentence``, ``lines`` (what differs), ``unchanged`` and ``notes``; ``dryRun`` changes nothing."""
    name, dry_run = stack_of(request), flag(request, "dryRun")
    if not request.app.get(ALLOW_ACTIONS, False):
        raise web.HTTPForbidden(reason="nothing is changed from this page: start it with --allow-actions")
    wish = wish_of(await request.content.read(_BODY + 1))
    said = Said(dry_run)
    if wish.action == "rollback":
        await _roll_back(live, name, wish, said)
    else:
        await write(live, edit_of(name, wish), said)
    return answer(
        {
            "done": not dry_run,
            "sentence": "; ".join(said.sentences) or "; ".join(said.same),
            "lines": said.lines[:_LINES],
            "unchanged": said.same,
            "notes": said.notes,
        }
    )


def wish_of(body: bytes) -> Wish:
    """The wish in the body of a request. Raises Failure for what is none."""
    if len(body) > _BODY:
        raise Failure(f"a request has at most {_BODY} bytes")
    try:
        wish = Wish.model_validate(loads(body))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(each) for each in first["loc"])
        raise Failure(printable.line(f"{where or 'the request'}: {first['msg']}")) from None
    except ValueError:
        raise Failure("the request is no JSON") from None
    if wish.action == "scale" and (wish.service is None or wish.replicas is None):
        raise Failure("scale wants service and replicas")
    if wish.action == "rollback" and wish.service is not None:
        raise Failure("a whole tree goes back, never one service", "Leave out service.")
    return wish


def edit_of(stack: str, wish: Wish) -> EditAction:
    """The edit that is meant. Raises Failure for a service that is none."""
    path = service_path(stack, wish.service or "")
    found = scale([f"{path}={wish.replicas}"]) if wish.action == "scale" else _EDITS[wish.action]([path])
    # The page shows what differs before each action, also where the command's sentence says it all.
    return replace(found, wording=replace(found.wording, shows_difference=True))


async def _roll_back(live: Live, name: str, wish: Wish, said: Said) -> None:
    step = await prepare(live, name, wish.revision, said)
    said.lines, said.sentences = said.sentences, []
    if step is None:
        return
    if not said.dry_run:
        await write_revision(live, step)
    said.sentence(sentence(name, step.revision.number, dry_run=said.dry_run))
