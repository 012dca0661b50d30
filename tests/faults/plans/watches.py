"""Faults that meet the operator's watches, and the lists that they begin with."""

import json
from collections.abc import Callable, Iterator
from functools import partial

from ailtire_operator.cluster.kinds import OWNED_KINDS, POD
from faults import injections
from faults.injections import error_event
from faults.journal import Entry
from faults.lane import Lane
from faults.plans.plan import Plan, always
from faults.plans.requests import ERRORS, LOSSES
from faults.proxy import Exchange, Fault, Lines, Rule

_MANY = 10**6
_WATCHED = [*(kind.kind for kind in OWNED_KINDS if not kind.optional), POD.kind]

_STREAMS: dict[str, Lines] = {
    "ends at an event": injections.ends(1, broken=False),
    "breaks at an event": injections.ends(1, broken=True),
    "says 410": injections.says(error_event(410, "Expired")),
    "says 500": injections.says(error_event(500, "InternalError")),
    "says what is no JSON": injections.says(b"what?\n"),
    "says an event without an object": injections.says(b'{"type":"ADDED"}\n'),
    "says an event of no type": injections.says(b'{"type":"SOMETHING","object":{}}\n'),
    "says each event twice": injections.repeats(),
    "says each event late": injections.lags(0.3),
    "is seconds behind": injections.lags(2.0),
    "comes in pieces": injections.splits(),
    "has lines of a megabyte": injections.pads(2**20),
    "says nothing more, and stays open": injections.stalls(),
    "loses events, and then says 410": injections.loses_then(2, error_event(410, "Expired")),
}
_OPENINGS: dict[str, Fault] = {
    **{f"is opened with {name}": injections.answers(ERRORS[name]) for name in ("401", "403", "404", "429", "500")},
    "is opened with 410": injections.answers(injections.status(410, "Expired")),
    "is opened with an empty object": injections.answers(ERRORS["an empty object"]),
    "is opened with HTML": injections.answers(ERRORS["HTML 502"]),
    "is cut as it is opened": injections.cuts(after=False),
}
_LIST_LOSSES = (
    "cut before the API server has it",
    "with half an answer",
    "answered late",
    "carried out and answered after its timeout",
)


def of_watches() -> Iterator[Plan]:
    """A fault in the watch of each kind, and in the list that it begins with."""
    for kind in _WATCHED:
        for name, lines in _STREAMS.items():
            yield Plan("watches", f"a watch {name}", kind, _in_watch(kind, lines), before=_cut, limit=120.0)
        for name, fault in _OPENINGS.items():
            yield Plan("watches", f"a watch {name}", kind, _on(kind, "watch", fault), before=_cut)
        for name, answer in ERRORS.items():
            yield Plan("lists", f"{name} to a list", kind, _relisting(kind, injections.answers(answer)), before=_cut)
        for name in _LIST_LOSSES:
            yield Plan("lists", f"a list {name}", kind, _relisting(kind, LOSSES[name]), before=_cut)
        yield Plan("lists", "a list of a step ago", kind, partial(_stale, kind), before=_kill)
    yield Plan("lists", "all lists of a step ago", "at a start", _all_stale, before=_kill)
    yield Plan("watches", "all are cut", "after the edit", act=_cut, fired=always)
    bookmarks = _in_watch("", injections.loses(_MANY))
    yield Plan("watches", "nothing but bookmarks, until all are cut", "everything", bookmarks, before=_cut, heal=_cut)


def _cut(lane: Lane) -> None:
    lane.cut_connections()


def _kill(lane: Lane) -> None:
    lane.kill()


def _is(kind: str, verb: str) -> Callable[[Entry], bool]:
    return lambda entry: entry.verb == verb and kind in ("", entry.kind)


def _in_watch(kind: str, lines: Lines) -> Callable[[Lane], list[Rule]]:
    return lambda lane: [Rule("stream", _is(kind, "watch"), lines=lines, times=1 if kind else _MANY)]


def _on(kind: str, verb: str, fault: Fault) -> Callable[[Lane], list[Rule]]:
    return lambda lane: [Rule(verb, _is(kind, verb), fault)]


def _relisting(kind: str, fault: Fault) -> Callable[[Lane], list[Rule]]:
    """The watch is refused as too old, so that it lists; then the list meets the fault."""
    gone = injections.answers(injections.status(410, "Expired"))
    return lambda lane: [*_on(kind, "watch", gone)(lane), *_on(kind, "list", fault)(lane)]


def _stale(kind: str, lane: Lane) -> list[Rule]:
    """A new process is given what there was before the edit; its watch begins there, and is behind for a while."""
    api = lane.plane.api
    recorded = {target: injections.text(200, json.dumps(api.get(target))) for target in lane.list_targets}

    async def fault(exchange: Exchange) -> injections.Response:
        answer = recorded.get(exchange.target)
        return await exchange.respond(answer if answer else await exchange.send())

    behind = injections.lags(1.0)
    return [
        Rule("stale list", _is(kind, "list"), fault, times=_MANY if not kind else 3),
        Rule("behind", _is(kind, "watch"), lines=behind, times=_MANY if not kind else 3),
    ]


def _all_stale(lane: Lane) -> list[Rule]:
    return _stale("", lane)
