"""Faults that meet the operator's writes: it is killed at them, and they are refused, lost, late or repeated."""

import random
from collections.abc import Callable, Iterator, Sequence

from ailtire_operator.cluster.kinds import DEPLOYMENT, NETWORK_POLICY, SERVICE, STACK
from faults import injections
from faults.journal import Entry
from faults.lane import Lane
from faults.plans.plan import Plan, always, nothing
from faults.proxy import Answer, Exchange, Fault, Rule

FROZEN_SECONDS = 4.0
_STORM = 40
_WHILE = 10**6

ERRORS: dict[str, Answer] = {
    "409": injections.status(409, "Conflict"),
    "429": injections.status(429, "TooManyRequests"),
    "429 with Retry-After 0": injections.throttled(0),
    "429 with Retry-After 3": injections.throttled(3),
    "500": injections.status(500, "InternalError"),
    "503": injections.status(503, "ServiceUnavailable"),
    "504": injections.status(504, "Timeout"),
    "401": injections.status(401, "Unauthorized"),
    "403": injections.status(403, "Forbidden"),
    "404": injections.status(404, "NotFound"),
    "422": injections.status(422, "Invalid"),
    "HTML 502": injections.text(502, "<html>bad gateway</html>", "text/html"),
    "an empty object": injections.text(200, "{}"),
    "no JSON": injections.text(200, "{"),
}
LOSSES: dict[str, Fault] = {
    "cut before the API server has it": injections.cuts(after=False),
    "cut before its answer": injections.cuts(after=True),
    "with half an answer": injections.truncates(),
    "answered late": injections.late(injections.LATE_SECONDS, after=True),
    "carried out after its timeout": injections.late(injections.LONG_SECONDS, after=False),
    "carried out and answered after its timeout": injections.late(injections.LONG_SECONDS, after=True),
    "sent twice": injections.twice(),
    "answered 500 though carried out": injections.answers(ERRORS["500"], after=True),
    "answered 504 though carried out": injections.answers(ERRORS["504"], after=True),
}


def writes(entry: Entry) -> bool:
    """A write of a tree."""
    return entry.writes


def of_writes(count: int) -> Iterator[Plan]:
    """A fault at each of so many writes of a step."""
    for number in range(count):
        where = f"write {number + 1} of {count}"
        for moment in ("before", "at", "after"):
            yield Plan("process", f"killed {moment} a write", where, _doing(number, moment, lambda lane: lane.kill))
        yield Plan("process", "asked to stop at a write", where, _doing(number, "after", _terminating))
        yield Plan("process", "frozen at a write", where, _doing(number, "after", _freezing))
        for name, answer in ERRORS.items():
            yield Plan("writes", f"{name} to a write", where, _at(number, injections.answers(answer)))
        for name, fault in LOSSES.items():
            yield Plan("writes", f"a write {name}", where, _at(number, fault))


def of_all_requests() -> Iterator[Plan]:
    """Faults that last for some seconds."""
    for kind in (DEPLOYMENT, SERVICE, NETWORK_POLICY, STACK):
        for name in ("403", "404", "500"):
            rules = _on_writes_of(kind.kind, injections.answers(ERRORS[name]))
            yield Plan("requests", f"{name} to all writes of a kind", kind.kind, rules, heal=nothing)
    yield Plan("requests", "all cut", "for some seconds", _on_all(injections.cuts(after=False)), heal=nothing)
    for name in ("401", "429", "503", "HTML 502"):
        rules = _on_all(injections.answers(ERRORS[name]))
        yield Plan("requests", f"{name} to all", "for some seconds", rules, heal=nothing)
    yield Plan("requests", "all late", "for the whole step", _on_all(injections.late(0.4, after=False)), limit=120.0)
    for number in range(4):
        yield Plan("requests", "a storm of errors", f"seed {number}", storm(number), limit=120.0)
    yield Plan("process", "killed at rest", "before the edit", before=lambda lane: lane.kill(), fired=always)
    yield Plan("process", "killed three times", "one after another", _crash_loop)
    yield Plan(
        "process",
        "its token is replaced",
        "before the edit",
        before=_replace_token,
        fired=_was_unauthorized,
        limit=90.0,
    )


def _at(number: int, fault: Fault) -> Callable[[Lane], list[Rule]]:
    return lambda lane: [Rule("fault", writes, fault, skip=number)]


def _on_writes_of(kind: str, fault: Fault) -> Callable[[Lane], list[Rule]]:
    return lambda lane: [Rule("fault", lambda entry: entry.writes and entry.kind == kind, fault, times=_WHILE)]


def _on_all(fault: Fault) -> Callable[[Lane], list[Rule]]:
    return lambda lane: [Rule("fault", lambda entry: entry.verb != "watch", fault, times=_WHILE)]


def _doing(number: int, moment: str, act: Callable[[Lane], Callable[[int], None]]) -> Callable[[Lane], list[Rule]]:
    return lambda lane: [Rule("process", writes, injections.does(act(lane), moment), skip=number)]


def _terminating(lane: Lane) -> Callable[[int], None]:
    return lambda number: lane.replicas[number].terminate()


def _freezing(lane: Lane) -> Callable[[int], None]:
    return lambda number: lane.replicas[number].freeze(FROZEN_SECONDS)


def _crash_loop(lane: Lane) -> list[Rule]:
    """It is killed at a write; the next process is, and the next one."""
    return [Rule("process", writes, injections.does(lane.kill, "at"), times=3)]


def _replace_token(lane: Lane) -> None:
    for replica in lane.replicas:
        replica.replace_token()


def _was_unauthorized(entries: Sequence[Entry]) -> bool:
    return any(entry.status == 401 for entry in entries)


def storm(seed: int) -> Callable[[Lane], list[Rule]]:
    """Every second request, until there were many, meets any of the faults."""

    def rules(lane: Lane) -> list[Rule]:
        del lane
        chance = random.Random(seed)
        faults = [*(injections.answers(each) for each in ERRORS.values()), *LOSSES.values()]

        async def any_of_them(exchange: Exchange) -> injections.Response:
            return await chance.choice(faults)(exchange)

        return [Rule("storm", lambda entry: entry.verb != "watch" and chance.random() < 0.5, any_of_them, times=_STORM)]

    return rules
